package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

// natsServer builds the server of go.mod and runs it as its own process.
func natsServer(t *testing.T) (url string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nats-server")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/nats-io/nats-server/v2")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	cmd := exec.Command(binary, "-a", host, "-p", port, "-js", "-sd", t.TempDir())
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Server is ready") {
			go func() {
				for lines.Scan() { // a full pipe would stop the server
				}
			}()
			return "nats://" + address
		}
	}
	t.Fatal("nats-server did not start")
	return ""
}

// split is a hub and four workers, each a process of its own with only the
// secrets it needs.
type split struct {
	*platforms
	hub     *program
	workers map[string]*program
	file    string
	env     []string // of a hub
}

func newSplit(t *testing.T) *split {
	t.Helper()
	s := &split{platforms: newPlatforms(t), workers: map[string]*program{}}
	s.file = s.config("[nats]\nurl = \"" + natsServer(t) + "\"\n[database]\nurl = \"env:DATABASE\"\n")
	s.env = append([]string{"DATABASE=" + storetest.PostgresURL(t)}, hubEnv...)
	s.hub = s.another()
	for name := range workerEnv {
		s.work(name)
	}
	return s
}

// another starts a hub on the same NATS and PostgreSQL.
func (s *split) another() *program {
	s.t.Helper()
	h := launch(s.t, s.env, "hub", "--config", s.file)
	h.url = strings.TrimSpace(h.awaits("listening on "))
	return h
}

func (s *split) work(system string) {
	s.t.Helper()
	w := launch(s.t, workerEnv[system], "worker", system, "--config", s.file, "--listen", "127.0.0.1:0")
	w.awaits("worker of " + system)
	w.url, _, _ = strings.Cut(w.awaits("Health and metrics: "), "/readyz")
	s.workers[system] = w
}

// TestSplitReachesEveryPlatform is TestForumReachesEveryPlatform with a hub and
// four workers on an external NATS and PostgreSQL. The golden files are the same.
func TestSplitReachesEveryPlatform(t *testing.T) {
	s := newSplit(t)
	s.hub.subscribe(rooms...)
	tell(t, s.platforms, s.hub)
	checkRooms(t, s.platforms, s.hub)
	for system, w := range s.workers {
		resp, err := http.Get(w.url + "/readyz")
		require.NoError(t, err)
		is, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.JSONEq(t, `{"ready":true,"nats":"ok","system":"`+system+`","state":"ok","partitions":8}`, string(is))
		w.stop()
	}
	s.hub.stop()
}

// TestKilledWorkerStopsOnlyItsPlatform kills the Slack worker: the others go on,
// and what Slack is owed arrives once after the worker is back.
func TestKilledWorkerStopsOnlyItsPlatform(t *testing.T) {
	s := newSplit(t)
	s.hub.subscribe("slack | C0SUPPORT1 | *", "telegram | -1001234567890 | *")
	first := discoursetest.Get("post_created_first.json")
	require.Equal(t, http.StatusAccepted, s.hub.webhook(first))
	sends(t, s.slack, 1)
	s.hub.settled(2) // nothing is in flight
	s.workers["slack"].kill()

	files := heard["slack"][1:]
	for _, file := range files {
		require.Equal(t, http.StatusAccepted, s.hub.webhook(discoursetest.Get(file+".json")))
	}
	sends(t, s.telegram, 1+len(files))
	require.Len(t, s.slack.Sent(), 1)

	begin := time.Now()
	s.work("slack")
	sends(t, s.slack, 1+len(files))
	t.Logf("the first worker's lanes were taken over and drained in %s", time.Since(begin).Round(10*time.Millisecond))
	s.hub.settled(2 * (1 + len(files)))
	require.Len(t, s.slack.Sent(), 1+len(files), "each once")
	require.Len(t, s.telegram.Sent(), 1+len(files))
}

// TestTwoHubs holds that a row made on one hub is live on the other, that the
// same webhook at both doors is one event, and that a hub which takes over knows
// what the first one had learned.
func TestTwoHubs(t *testing.T) {
	s := newSplit(t)
	other := s.another()
	other.subscribe("slack | C0SUPPORT1 | t/linux")
	other.subscribe("telegram | -1001234567890 | c/5")
	for _, file := range []string{"topic_created.json", "post_created_first.json"} {
		require.Equal(t, http.StatusAccepted, s.hub.webhook(discoursetest.Get(file)))
		require.Equal(t, http.StatusAccepted, other.webhook(discoursetest.Get(file)))
	}
	sends(t, s.slack, 1)
	sends(t, s.telegram, 1)

	var rows struct{ Items []hub.Subscription }
	s.hub.api("GET", "/api/v1/subscriptions?system=telegram", "", "", &rows)
	require.Len(t, rows.Items, 1)
	other.api("DELETE", "/api/v1/subscriptions/"+string(rows.Items[0].ID), "", "", nil)
	begin := time.Now()
	require.Eventually(t, func() bool {
		return !strings.Contains(s.hub.explains(discoursetest.Get("post_created_reply.json")), "telegram")
	}, 10*time.Second, 10*time.Millisecond)
	t.Logf("the other hub's change was live after %s", time.Since(begin).Round(time.Millisecond))

	require.Less(t, s.hub.stop(), 10*time.Second)
	require.Equal(t, http.StatusAccepted, other.webhook(discoursetest.Get("post_created_reply.json"))) // does not tell its topic's tags
	sends(t, s.slack, 2)
	other.settled(3)
	require.Len(t, s.telegram.Sent(), 1)
}
