package bus_test

import (
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// TestAReplicaThatIsBehind holds that on a cluster no key is taken for unknown because
// a replica has not heard of it yet.
func TestAReplicaThatIsBehind(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	b := open(t, "", at(ns.ClientURL()))
	behind, err := nats.Connect(ns.ClientURL())
	require.NoError(t, err)
	t.Cleanup(behind.Close)
	noDirect(t, b, "KV_PLACES") // the server is no replica that answers, and this one is
	_, err = behind.Subscribe("$JS.API.DIRECT.GET.KV_PLACES.>", func(m *nats.Msg) {
		_ = m.RespondMsg(&nats.Msg{Header: nats.Header{"Status": {"404"}, "Description": {"Message Not Found"}}})
	})
	require.NoError(t, err)
	require.NoError(t, behind.Flush())

	require.NoError(t, b.PutPlace(t.Context(), "slack", "p", []byte("7")))
	value, _, err := b.Places().Get(t.Context(), bus.BucketKey("slack", "p"))
	require.NoError(t, err)
	require.Nil(t, value, "it has the say where nothing is replicated")
	b.Replicate(3)
	value, revision, err := b.Places().Get(t.Context(), bus.BucketKey("slack", "p"))
	require.NoError(t, err)
	require.Equal(t, "7", string(value))
	deleted, err := b.Places().Delete(t.Context(), bus.BucketKey("slack", "p"), revision)
	require.NoError(t, err)
	require.True(t, deleted)
	value, revision, err = b.Places().Get(t.Context(), bus.BucketKey("slack", "p"))
	require.NoError(t, err)
	require.Nil(t, value)
	require.Zero(t, revision)
}

// noDirect lets the server answer no direct gets of a stream.
func noDirect(t *testing.T, b *bus.Bus, stream string) {
	t.Helper()
	s, err := b.JetStream().Stream(t.Context(), stream)
	require.NoError(t, err)
	c := s.CachedInfo().Config
	c.AllowDirect = false
	_, err = b.JetStream().UpdateStream(t.Context(), c)
	require.NoError(t, err)
}

// openTwice is a bus that was started before: what holds of it a second start keeps
// to.
func openTwice(t *testing.T) *bus.Bus {
	t.Helper()
	dir := t.TempDir()
	first, err := bus.Open(t.Context(), bus.Config{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, first.Close())
	return open(t, dir)
}

// TestTheOldestThreadsGo holds that workers remember a bounded number of threads: past
// it each takes the place of the oldest, and none is refused.
func TestTheOldestThreadsGo(t *testing.T) {
	t.Parallel()
	b := openTwice(t)
	s, err := b.JetStream().Stream(t.Context(), "KV_THREADS")
	require.NoError(t, err)
	few := s.CachedInfo().Config
	require.EqualValues(t, 100_000, few.MaxMsgs)
	few.MaxMsgs = 3
	_, err = b.JetStream().UpdateStream(t.Context(), few)
	require.NoError(t, err)
	chat := hub.Chat{System: "matrix", ID: "!room:example.org"}
	threads := []string{"t1", "t2", "t3", "t4", "t5"}
	for _, thread := range threads {
		require.NoError(t, b.PutRoot(t.Context(), chat, thread, hub.MessageRef("first of "+thread)))
	}
	for i, thread := range threads {
		ref, err := b.Root(t.Context(), chat, thread)
		require.NoError(t, err)
		require.Equal(t, i >= 2, ref != "", thread)
	}
}

func TestRootsTheFirstWins(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	chat := hub.Chat{System: "matrix", ID: "!room:example.org"}
	ref, err := b.Root(t.Context(), chat, "meta/topic/301")
	require.NoError(t, err)
	require.Empty(t, ref)
	require.NoError(t, b.PutRoot(t.Context(), chat, "meta/topic/301", "$first"))
	require.NoError(t, b.PutRoot(t.Context(), chat, "meta/topic/301", "$second"))
	require.NoError(t, b.PutRoot(t.Context(), chat, "meta/topic/302", "$other"))
	ref, err = b.Root(t.Context(), chat, "meta/topic/301")
	require.NoError(t, err)
	require.EqualValues(t, "$first", ref)
	ref, err = b.Root(t.Context(), hub.Chat{System: "matrix2", ID: chat.ID}, "meta/topic/301")
	require.NoError(t, err)
	require.Empty(t, ref)
}

func TestWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir)
	w := bus.Wait{Until: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Attempt: 3, Seq: 17, Reason: "429"}
	require.NoError(t, b.PutWait(t.Context(), "slack", 1, "lane-a", w))
	require.NoError(t, b.PutWait(t.Context(), "slack", 1, "lane-b", bus.Wait{Seq: 1}))
	require.NoError(t, b.PutWait(t.Context(), "slack", 10, "lane-a", bus.Wait{Seq: 2}))
	require.NoError(t, b.PutWait(t.Context(), "slack-acme", 1, "lane-a", bus.Wait{Seq: 3}))
	require.NoError(t, b.DropWait(t.Context(), "slack", 1, "lane-b"))
	require.NoError(t, b.DropWait(t.Context(), "slack", 1, "lane-c"), "it was never there")
	require.NoError(t, b.Close())

	b = open(t, dir)
	got, err := b.Waits(t.Context(), "slack", 1)
	require.NoError(t, err)
	require.Equal(t, map[string]bus.Wait{"lane-a": w}, got)
	got, err = b.Waits(t.Context(), "slack", 2)
	require.NoError(t, err)
	require.Empty(t, got)
	require.Error(t, b.PutWait(t.Context(), "slack", 1, ">", w))
	require.Error(t, b.DropWait(t.Context(), "sl.ack", 1, "lane"))
}

func TestSystems(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	all, err := one.Systems(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)
	slack := hub.SystemStatus{System: "slack", Kind: "slack", State: "ok", Features: hub.Features{Threads: true}}
	matrix := hub.SystemStatus{System: "matrix", Kind: "matrix", State: "paused", Reason: "the token was revoked"}
	require.NoError(t, one.Announce(t.Context(), "w1", slack))
	require.NoError(t, two.Announce(t.Context(), "w2", matrix))
	slack.State = "paused"
	require.NoError(t, one.Announce(t.Context(), "w1", slack))
	all, err = two.Systems(t.Context())
	require.NoError(t, err)
	slack.Workers, matrix.Workers = 1, 1
	require.Equal(t, []hub.SystemStatus{matrix, slack}, all)
	require.Error(t, one.Announce(t.Context(), "w1", hub.SystemStatus{System: "*"}))
}

// TestSystemsOfSeveralWorkers holds that each worker's word stands until it is
// taken back.
func TestSystemsOfSeveralWorkers(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	say := func(worker, state, reason string, held int64, chats ...string) hub.SystemStatus {
		s := hub.SystemStatus{System: "slack", Kind: "slack", State: state, Reason: reason, Held: held}
		for _, c := range chats {
			s.PausedChats = append(s.PausedChats, hub.PausedChat{Chat: c})
		}
		require.NoError(t, b.Announce(t.Context(), worker, s))
		return s
	}
	now := func() hub.SystemStatus {
		all, err := b.Systems(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		return all[0]
	}
	first := say("A", "paused", "invalid_auth", 3, "C1")
	second := say("B", "ok", "", 4, "C2")
	require.Equal(t, hub.SystemStatus{
		System: "slack", Kind: "slack", State: "paused", Reason: "1 of its 2 workers: invalid_auth", Held: 7, Workers: 2,
		PausedChats: []hub.PausedChat{{Chat: "C1"}, {Chat: "C2"}},
	}, now())
	require.NoError(t, b.Leave(t.Context(), "A", first))
	second.Workers = 1
	require.Equal(t, second, now())
	require.NoError(t, b.Leave(t.Context(), "B", second))
	last := now()
	require.Equal(t, "unknown", last.State, "the system is known still: its worker may be started anew")
	require.Contains(t, last.Reason, "its worker has stopped")
	require.Zero(t, last.Held+int64(len(last.PausedChats)+last.Workers))
	say("C", "ok", "", 0)
	require.Equal(t, "ok", now().State)
}

func TestChanged(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	heard := make(chan string, 10)
	stop := one.OnChange("subscriptions", func([]string) { heard <- "one" })
	defer two.OnChange("subscriptions", func([]string) { heard <- "two" })()
	defer two.OnChange("other", func([]string) { heard <- "other" })()
	require.NoError(t, one.Health(t.Context())) // a round trip: the subscriptions are known
	require.NoError(t, two.Health(t.Context()))
	two.Changed("subscriptions")
	require.ElementsMatch(t, []string{"one", "two"}, []string{<-heard, <-heard})
	stop()
	one.Changed("subscriptions")
	require.Equal(t, "two", <-heard)
	one.Changed("*")
	one.Changed("other")
	require.Equal(t, "other", <-heard)
	require.Empty(t, heard)
}
