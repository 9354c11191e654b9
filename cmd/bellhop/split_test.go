package main

import (
	"bufio"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
}

func newSplit(t *testing.T) *split {
	t.Helper()
	s := &split{platforms: newPlatforms(t), workers: map[string]*program{}}
	s.file = s.config("[nats]\nurl = \"" + natsServer(t) + "\"\n[database]\nurl = \"env:DATABASE\"\n")
	s.hub = launch(t, append([]string{"DATABASE=" + storetest.PostgresURL(t)}, hubEnv...), "hub", "--config", s.file)
	s.hub.url = strings.TrimSpace(s.hub.awaits("listening on "))
	for name := range workerEnv {
		s.work(name)
	}
	return s
}

func (s *split) work(system string) {
	s.t.Helper()
	w := launch(s.t, workerEnv[system], "worker", system, "--config", s.file)
	w.awaits("worker of " + system)
	s.workers[system] = w
}

// TestSplitReachesEveryPlatform is TestForumReachesEveryPlatform with a hub and
// four workers on an external NATS and PostgreSQL. The golden files are the same.
func TestSplitReachesEveryPlatform(t *testing.T) {
	s := newSplit(t)
	s.hub.subscribe(rooms...)
	tell(t, s.platforms, s.hub)
	checkRooms(t, s.platforms, s.hub)
	for _, w := range s.workers {
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
