package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

const testToken = "admin-token-of-the-tests"

// running is a server in this process.
type running struct {
	t    testing.TB
	url  string
	stop func()

	server *server.Server
}

// start runs a server with a configuration, with its data in dir.
func start(t *testing.T, dir, text string) *running {
	t.Helper()
	return startAs(t, dir, text, server.Everything, "")
}

// startAs runs the parts of a role.
func startAs(t testing.TB, dir, text string, role server.Role, system hub.System, change ...func(*server.Options)) *running {
	t.Helper()
	file := filepath.Join(dir, "config.toml")
	head := "[server]\nlisten = \"127.0.0.1:0\"\ndata_dir = '" + filepath.Join(dir, "data") + "'\n[admin]\ntoken = \"" + testToken + "\"\n"
	require.NoError(t, os.WriteFile(file, []byte(head+text), 0o600))
	storetest.Prepare(t, filepath.Join(dir, "data"))
	c, err := config.Load(file, nil, nil, server.Validate(role, system))
	require.NoError(t, err)
	ready := make(chan server.Ready, 1)
	options := server.Options{
		Config: c, Role: role, System: system, Version: "v1.2.3", Log: slog.New(slog.DiscardHandler), LookEvery: time.Second,
		Started: func(r server.Ready) { ready <- r },
	}
	for _, f := range change {
		f(&options)
	}
	s, err := server.New(options)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	r := &running{t: t, server: s, stop: sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})}
	t.Cleanup(r.stop)
	select {
	case at := <-ready:
		r.url = at.URL
	case err := <-ended:
		t.Fatalf("the server did not start: %v", err)
	case <-time.After(30 * time.Second):
		t.Fatal("the server did not start")
	}
	return r
}

// ask makes a request as the admin does.
func (r *running) ask(method, path, body string, header ...string) (status int, answer string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(body))
	require.NoError(r.t, err)
	req.Header.Set("Authorization", "Bearer "+testToken)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	return resp.StatusCode, string(text)
}

// room waits until a room of the console shows a text, and returns the page.
func (r *running) room(name, text string) (page string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		_, page = r.ask(http.MethodGet, "/console/"+name, "")
		return strings.Contains(page, text)
	}, 30*time.Second, 20*time.Millisecond, "the room does not show it")
	return page
}

// platform is a look-alike whose answers can be exchanged.
type platform struct{ now atomic.Pointer[http.Handler] }

func (p *platform) become(h http.Handler) { p.now.Store(&h) }

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*p.now.Load()).ServeHTTP(w, r) }

// TestOperatorsHear has a platform refuse our credentials: the operators read so
// in their room, once, whatever is restarted, and when it is over.
func TestOperatorsHear(t *testing.T) {
	p := &platform{}
	p.become(slacktest.New("xoxb-another-token"))
	slack := httptest.NewServer(p)
	defer slack.Close()
	dir := t.TempDir()
	settings := "[providers.slack]\ntoken = \"xoxb-0000-test-secret\"\napi_url = \"" + slack.URL + "/api/\"\n" +
		"[alerts]\nsystem = \"console\"\nchat = \"ops\"\n"

	r := start(t, dir, settings)
	page := r.room("ops", "slack is paused.")
	require.Contains(t, page, "invalid_auth")
	require.Contains(t, page, "[providers.slack]")
	require.NotContains(t, page, "xoxb-")
	_, log := r.ask(http.MethodGet, "/api/v1/deliveries?system=console&chat=ops", "")
	require.Contains(t, log, `"event_type":"hub.alert.told"`)
	require.Contains(t, log, `"title":"slack is paused.`)
	_, events := r.ask(http.MethodGet, "/api/v1/events?source=hub", "")
	require.Contains(t, events, `"hub.alert.told"`)
	r.stop()

	r = start(t, dir, settings) // the trouble lasts
	waitFor(t, r, `bellhop_system_paused{system="slack"} 1`)
	r.stop()

	p.become(slacktest.New("xoxb-0000-test-secret"))
	r = start(t, dir, settings)
	page = r.room("ops", "slack goes on.")
	require.Equal(t, 1, strings.Count(page, "slack is paused."), "told once")
	require.NotContains(t, page, "given up")
}

// waitFor waits until a metric has a value.
func waitFor(t *testing.T, r *running, line string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, text := r.ask(http.MethodGet, "/metrics", "")
		return strings.Contains(text, line+"\n")
	}, 30*time.Second, 20*time.Millisecond, line)
}
