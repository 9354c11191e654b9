package deliver_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/deliver"
)

// node is a NATS server of a cluster, a process of its own.
type node struct {
	name string
	url  string
	cmd  *exec.Cmd
}

// cluster starts three NATS servers that can keep each stream three times.
func cluster(t *testing.T) []node {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "nats-server")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/nats-io/nats-server/v2").CombinedOutput()
	require.NoError(t, err, "%s", out)
	clients, peers := freePorts(t, 3), freePorts(t, 3)
	routes := make([]string, len(peers))
	for i, port := range peers {
		routes[i] = "nats://127.0.0.1:" + port
	}
	var nodes []node
	for i := range 3 {
		n := node{name: fmt.Sprint("node-", i), url: "nats://127.0.0.1:" + clients[i]}
		n.cmd = exec.Command(binary, "-n", n.name, "-a", "127.0.0.1", "-p", clients[i], "-js", "-sd", t.TempDir(),
			"-cluster_name", "bellhop", "-cluster", routes[i], "-routes", strings.Join(routes, ","))
		require.NoError(t, n.cmd.Start())
		t.Cleanup(n.kill)
		nodes = append(nodes, n)
	}
	return nodes
}

func (n node) kill() { _ = n.cmd.Process.Kill(); _ = n.cmd.Wait() }

// freePorts are ports that nobody listens on.
func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		_, port, err := net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
		ports = append(ports, port)
	}
	return ports
}

// join opens a bus on a cluster, once that has found a leader.
func join(t *testing.T, nodes []node) *bus.Bus {
	t.Helper()
	var urls []string
	for _, n := range nodes {
		urls = append(urls, n.url)
	}
	var b *bus.Bus
	require.Eventually(t, func() bool {
		var err error
		b, err = bus.Open(t.Context(), bus.Config{URL: strings.Join(urls, ","), Replicas: 3, Log: slog.New(slog.DiscardHandler)})
		return err == nil
	}, 30*time.Second, 100*time.Millisecond, "the cluster does not answer")
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// leader is the node that leads the queue.
func leader(t *testing.T, nodes []node) node {
	t.Helper()
	nc, err := nats.Connect(nodes[0].url)
	require.NoError(t, err)
	defer nc.Close()
	js, err := jetstream.New(nc)
	require.NoError(t, err)
	s, err := js.Stream(t.Context(), "NOTIFY")
	require.NoError(t, err)
	require.NotNil(t, s.CachedInfo().Cluster)
	for _, n := range nodes {
		if n.name == s.CachedInfo().Cluster.Leader {
			return n
		}
	}
	t.Fatal("nobody leads the queue")
	return node{}
}

// TestAClusterLosesItsLeader kills the node that leads the queue, under load:
// events and messages are taken again within ten seconds, and every chat gets all
// of its messages, in order.
func TestAClusterLosesItsLeader(t *testing.T) {
	nodes := cluster(t)
	hubs, workers := join(t, nodes), join(t, nodes)
	const chats, each = 5, 60
	f := newPlatform(nil)
	run(t, deliver.Config{Bus: workers, Provider: f})

	load := func(from, to int) (longest time.Duration) {
		for i := from; i < to; i++ {
			event := &hub.Event{
				SpecVersion: hub.SpecVersion, ID: hub.EventID(fmt.Sprint("e", i)), Source: "meta", Type: hub.ForumPostCreated, Time: time.Now(),
			}
			longest = max(longest, repeated(t, func() error { _, err := hubs.Publish(t.Context(), event); return err }))
			for c := range chats {
				n := note(fmt.Sprint("chat-", c), i)
				longest = max(longest, repeated(t, func() error { return hubs.Notify(t.Context(), []hub.Notification{n}) }))
			}
		}
		return longest
	}
	load(0, each/4)
	require.Eventually(t, func() bool { return f.count() == chats*each/4 }, time.Minute, 20*time.Millisecond)
	load(each/4, each/2)
	leader(t, nodes).kill() // while the worker is at its work
	longest := load(each/2, each)
	t.Logf("the bus took nothing for at most %s", longest.Round(time.Millisecond))
	require.Less(t, longest, 10*time.Second)

	require.Eventually(t, func() bool { return f.count() >= chats*each }, time.Minute, 20*time.Millisecond)
	for c := range chats {
		chat, want := fmt.Sprint("chat-", c), []string{}
		for i := range each {
			want = append(want, fmt.Sprint(i))
		}
		require.Equal(t, want, slices.Compact(f.texts(chat)), chat)
	}
	t.Logf("%d messages came twice", f.count()-chats*each)
	require.LessOrEqual(t, f.count()-chats*each, chats, "more than what was in flight")
	require.False(t, f.together, "two posts of one chat at once")
}

// repeated does something until it succeeds, and says how long that took.
func repeated(t *testing.T, do func() error) time.Duration {
	begin := time.Now()
	for t.Context().Err() == nil {
		err := do()
		if err == nil {
			break
		}
		if !errors.Is(err, bus.ErrUnavailable) {
			t.Errorf("the bus refused for good: %s", err)
			break
		}
	}
	return time.Since(begin)
}
