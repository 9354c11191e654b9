package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// get asks without a credential.
func (r *running) get(path string) (status int, answer string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.url+path, nil)
	require.NoError(r.t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	return resp.StatusCode, string(text)
}

// TestWorkerOfItsOwn holds that a worker that is a process of its own says how it is
// to whoever asks, and that its hub knows how much it has to send.
func TestWorkerOfItsOwn(t *testing.T) {
	slack := slacktest.New("xoxb-0000-test-secret")
	answers := make(chan struct{})
	answer := sync.OnceFunc(func() { close(answers) })
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/chat.postMessage") {
			<-answers
		}
		slack.ServeHTTP(w, r)
	}))
	t.Cleanup(platform.Close)
	t.Cleanup(answer)
	bus := "[nats]\nurl = \"" + startNATS(t) + "\"\n"
	h := startAs(t, t.TempDir(), bus, server.HubOnly, "")
	w := startAs(t, t.TempDir(), bus+"[providers.slack]\ntoken = \"xoxb-0000-test-secret\"\napi_url = \""+platform.URL+"/api/\"\n",
		server.WorkerOnly, "slack", func(o *server.Options) { o.Listen = "127.0.0.1:0" })

	status, text := w.get("/healthz")
	require.Equal(t, http.StatusOK, status, text)
	require.Eventually(t, func() bool {
		var is struct {
			Ready               bool
			NATS, System, State string
			Partitions          int
		}
		status, text = w.get("/readyz")
		return status == http.StatusOK && json.Unmarshal([]byte(text), &is) == nil && is.Ready && is.NATS == "ok" && is.System == "slack" && is.State == "ok" && is.Partitions == 8
	}, 20*time.Second, 10*time.Millisecond, "it is not ready")
	status, text = w.get("/version")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "v1.2.3")
	for _, path := range []string{"/", "/login", "/api/v1/subscriptions", "/in/meta"} {
		status, _ = w.get(path)
		require.Equal(t, http.StatusNotFound, status, "a worker has no %s", path)
	}

	for i := range 120 {
		status, text := h.ask(http.MethodPost, "/api/v1/messages", fmt.Sprintf(`{"system":"slack","chat":%q,"text":"message %d"}`, slacktest.Support, i), "Content-Type", "application/json")
		require.Equal(t, http.StatusAccepted, status, text)
	}
	waitFor(t, h, "bellhop_notifications_due 120")
	_, series := w.scrape()
	require.Equal(t, "120", series["bellhop_notifications_due"])
	require.Equal(t, "0", series[`bellhop_notifications_total{outcome="waited",system="slack"}`])
	require.NotContains(t, series, `bellhop_notifications_total{outcome="sent",system="slack"}`, "which hubs count")
	answer()
	waitFor(t, h, "bellhop_notifications_due 0") // they wait for Slack's pace
	_, series = w.scrape()
	require.Contains(t, series, `bellhop_attempt_seconds_count{outcome="sent",system="slack"}`)
}

// TestWorkerWaitsForItsHub holds that a worker of a system that no hub has told it
// of says so, and is not ready.
func TestWorkerWaitsForItsHub(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "data"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "secret.key"), []byte(sealKey.Reveal()+"\n"), 0o600))
	w := startAs(t, dir, "[nats]\nurl = \""+startNATS(t)+"\"\n", server.WorkerOnly, "acme", func(o *server.Options) { o.Listen = "127.0.0.1:0" })
	status, text := w.get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.JSONEq(t, `{"ready":false,"nats":"ok","system":"acme","state":"unknown","partitions":0,
		"reason":"no hub has told yet what this system is: is one running, and has it this system?"}`, text)
}
