package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// open opens an embedded bus, closed with the test.
func open(t testing.TB, dir string, set ...func(*bus.Config)) *bus.Bus {
	t.Helper()
	c := bus.Config{Dir: dir, Partitions: 4}
	for _, s := range set {
		s(&c)
	}
	b, err := bus.Open(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// at is for buses of one NATS server.
func at(url string) func(*bus.Config) {
	return func(c *bus.Config) { c.URL, c.Dir = url, "" }
}

// natsServer starts a NATS with a port.
func natsServer(t testing.TB, set ...func(*server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true}
	for _, s := range set {
		s(o)
	}
	ns, err := server.NewServer(o)
	require.NoError(t, err)
	ns.Start()
	require.True(t, ns.ReadyForConnections(10*time.Second))
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	return ns
}

// modes runs a test against the embedded and an external server.
func modes(t *testing.T, f func(t *testing.T, b *bus.Bus)) {
	t.Run("embedded", func(t *testing.T) { f(t, open(t, t.TempDir())) })
	t.Run("external", func(t *testing.T) { f(t, open(t, "", at(natsServer(t).ClientURL()))) })
}

// each calls f every tick until it is content, in the test's own goroutine, and
// reports whether it was before d had passed.
func each(d, tick time.Duration, f func() bool) bool {
	for end := time.Now().Add(d); time.Now().Before(end); <-time.After(tick) {
		if f() {
			return true
		}
	}
	return false
}

func event(id string) *hub.Event {
	return typed(id, hub.ForumPostCreated)
}

func typed(id string, typ hub.EventType) *hub.Event {
	return &hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.EventID(id), Source: "meta", Type: typ,
		Time: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Data: json.RawMessage(`{"n":1}`),
	}
}

func publish(t testing.TB, b *bus.Bus, ids ...string) {
	t.Helper()
	for _, id := range ids {
		_, err := b.Publish(t.Context(), event(id))
		require.NoError(t, err)
	}
}

func names(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s%03d", prefix, i)
	}
	return all
}

func stored(t testing.TB, b *bus.Bus, stream string) uint64 {
	t.Helper()
	s, err := b.JetStream().Stream(t.Context(), stream)
	require.NoError(t, err)
	return s.CachedInfo().State.Msgs
}

func TestPublish(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		first, err := b.Publish(t.Context(), event("a"))
		require.NoError(t, err)
		require.Equal(t, bus.Ack{Seq: 1}, first)
		second, err := b.Publish(t.Context(), event("b"))
		require.NoError(t, err)
		require.Equal(t, bus.Ack{Seq: 2}, second)

		got, err := b.Event(t.Context(), "b")
		require.NoError(t, err)
		require.Equal(t, event("b"), got.Event)
		require.EqualValues(t, 2, got.Seq)
		require.WithinDuration(t, time.Now(), got.Stored, time.Minute)
		_, err = b.Event(t.Context(), "c")
		require.Equal(t, hub.CodeNotFound, hub.CodeOf(err))
		require.NoError(t, b.Health(t.Context()))
	})
}

func TestPublishSameIDAtOnce(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		var wg sync.WaitGroup
		acks := make([]bus.Ack, 5)
		same := event("same") // that its sender goes on reading, too
		for i := range acks {
			wg.Go(func() {
				var err error
				if acks[i], err = b.Publish(t.Context(), same); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		fresh := 0
		for _, a := range acks {
			require.EqualValues(t, 1, a.Seq)
			if !a.Duplicate {
				fresh++
			}
		}
		require.Equal(t, 1, fresh)
		require.EqualValues(t, 1, stored(t, b, "EVENTS"))
	})
}

func TestPublishRecognisesDuplicatesBeyondTheServersWindow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir)
	publish(t, b, "old", "older")
	require.NoError(t, b.Close())

	b = open(t, dir)
	require.NoError(t, b.ForgetServerIDs(t.Context()))
	require.Eventually(t, func() bool { // the server forgets, the index does not
		b.ForgetIDs()
		a, err := b.Publish(t.Context(), event("old"))
		return err == nil && !a.Duplicate
	}, 10*time.Second, 150*time.Millisecond, "the server's window is meant to be over")
	require.NoError(t, b.Close())

	b = open(t, dir) // the window is as long as ever again, but nothing is in it
	require.NoError(t, b.ForgetServerIDs(t.Context()))
	n := stored(t, b, "EVENTS")
	a, err := b.Publish(t.Context(), event("older"))
	require.NoError(t, err)
	require.Equal(t, bus.Ack{Seq: 2, Duplicate: true}, a)
	require.Equal(t, n, stored(t, b, "EVENTS"))
}

func TestIDsOfOtherHubsAreKnown(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	require.NoError(t, one.ForgetServerIDs(t.Context()))
	publish(t, two, "theirs")
	require.Eventually(t, func() bool {
		a, err := one.Publish(t.Context(), event("theirs"))
		return err == nil && a == bus.Ack{Seq: 1, Duplicate: true}
	}, 5*time.Second, 200*time.Millisecond)
	for range 3 { // each after the server's window of 100 ms
		<-time.After(120 * time.Millisecond)
		a, err := one.Publish(t.Context(), event("theirs"))
		require.NoError(t, err)
		require.True(t, a.Duplicate)
	}
	require.EqualValues(t, 1, stored(t, one, "EVENTS"))
}

func TestPublishRefusesWhatTheBusCannotCarry(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), func(c *bus.Config) { c.MaxPayload = 64 << 10 })
	big := event("big")
	big.Data = json.RawMessage(`"` + strings.Repeat("x", 64<<10) + `"`)
	foreign := event("foreign")
	foreign.Source = "a.>"
	for _, e := range []*hub.Event{big, foreign, typed("t", "forum.*"), {}} {
		_, err := b.Publish(t.Context(), e)
		require.Equal(t, hub.CodeInvalid, hub.CodeOf(err), "%v", err)
		require.Equal(t, hub.CodeInvalid, hub.CodeOf(b.Tell(t.Context(), e)))
	}
	require.EqualValues(t, 0, stored(t, b, "EVENTS"))
}

func TestPublishKeepsAnyID(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	for _, id := range []string{"line\r\nNats-Rollup: all", " padded ", "ümlaut", `quo"te`, "a,b"} {
		a, err := b.Publish(t.Context(), event(id))
		require.NoError(t, err)
		require.False(t, a.Duplicate, id)
		a, err = b.Publish(t.Context(), event(id))
		require.NoError(t, err)
		require.True(t, a.Duplicate, id)
		got, err := b.Event(t.Context(), hub.EventID(id))
		require.NoError(t, err)
		require.Equal(t, hub.EventID(id), got.Event.ID)
	}
}

// After a failed fsync the kernel counts the pages as clean: nothing may be
// acknowledged until the server has been started anew, which the bus does.
func TestPublishAfterAFailedSync(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), func(c *bus.Config) { c.Log = slog.New(slog.NewTextHandler(t.Output(), nil)) })
	publish(t, b, "before")
	b.BreakDisk()
	_, err := b.Publish(t.Context(), event("during"))
	require.ErrorIs(t, err, bus.ErrUnavailable)
	require.Equal(t, hub.CodeUnavailable, hub.CodeOf(err))
	require.Eventually(t, func() bool {
		_, err := b.Publish(t.Context(), event("after"))
		t.Log(err)
		return err == nil
	}, 15*time.Second, 50*time.Millisecond)
	require.NoError(t, b.Health(t.Context()))
	require.True(t, b.Syncing())
	for _, id := range []hub.EventID{"before", "after"} {
		_, err := b.Event(t.Context(), id)
		require.NoError(t, err)
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	require.NoError(t, b.Tell(t.Context(), typed("s1", hub.HubMessageSent), typed("s2", hub.HubMessageFailed)))
	require.NoError(t, b.Tell(t.Context()))
	require.EqualValues(t, 2, stored(t, b, "EVENTS"))
	got, err := b.Event(t.Context(), "s2") // not in the index
	require.NoError(t, err)
	require.Equal(t, hub.HubMessageFailed, got.Event.Type)
}

func TestEvents(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		got, next, err := b.Events(t.Context(), bus.EventQuery{})
		require.NoError(t, err)
		require.Empty(t, got)
		require.Empty(t, next)

		var es []*hub.Event
		for i := range 300 {
			typ := hub.ForumPostCreated
			if i%100 == 0 {
				typ = hub.ForumTopicCreated
			}
			es = append(es, typed(fmt.Sprint("e", i), typ))
		}
		require.NoError(t, b.Tell(t.Context(), es...))
		s, err := b.JetStream().Stream(t.Context(), "EVENTS")
		require.NoError(t, err)
		require.NoError(t, s.DeleteMsg(t.Context(), 300)) // e299
		require.NoError(t, s.DeleteMsg(t.Context(), 150)) // e149

		var seen []uint64
		for cursor, page := "", 0; ; page++ {
			got, next, err := b.Events(t.Context(), bus.EventQuery{Page: hub.Page{Limit: 90, Cursor: cursor}})
			require.NoError(t, err)
			require.LessOrEqual(t, len(got), 90)
			for _, r := range got {
				seen = append(seen, r.Seq)
				require.Equal(t, fmt.Sprint("e", r.Seq-1), string(r.Event.ID))
			}
			if cursor = next; next == "" {
				require.Equal(t, 3, page)
				break
			}
		}
		require.Len(t, seen, 298)
		for i := range seen[1:] {
			require.Less(t, seen[i+1], seen[i], "newest first")
		}

		got, next, err = b.Events(t.Context(), bus.EventQuery{Source: "meta", Type: "forum.topic.*"})
		require.NoError(t, err)
		require.Empty(t, next)
		require.Len(t, got, 3)
		require.EqualValues(t, "e200", got[0].Event.ID)
		got, _, err = b.Events(t.Context(), bus.EventQuery{Source: "other"})
		require.NoError(t, err)
		require.Empty(t, got)
		_, _, err = b.Events(t.Context(), bus.EventQuery{Page: hub.Page{Cursor: "x"}})
		require.Equal(t, hub.CodeInvalid, hub.CodeOf(err))
	})
}

func TestEventsLooksAtABoundedNumber(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	require.NoError(t, b.Tell(t.Context(), typed("first", hub.ForumTopicCreated)))
	for range 3 {
		var es []*hub.Event
		for i := range 1000 {
			es = append(es, typed(fmt.Sprint("x", i), hub.HubMessageSent))
		}
		require.NoError(t, b.Tell(t.Context(), es...))
	}
	q := bus.EventQuery{Type: "forum.*"}
	got, next, err := b.Events(t.Context(), q)
	require.NoError(t, err)
	require.Empty(t, got)
	require.Equal(t, "1001", next)
	q.Page.Cursor = next
	got, next, err = b.Events(t.Context(), q)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Empty(t, next)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]bus.Config{
		"no directory": {},
		"sync":         {Dir: t.TempDir(), Sync: "sometimes"},
		"partitions":   {Dir: t.TempDir(), Partitions: 1000},
		"payload":      {Dir: t.TempDir(), MaxPayload: 1},
		"system":       {Dir: t.TempDir(), Systems: []hub.System{"a.b"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bus.Open(t.Context(), c)
			require.Error(t, err)
		})
	}
	t.Run("directory in use", func(t *testing.T) {
		dir := t.TempDir()
		open(t, dir)
		_, err := bus.Open(t.Context(), bus.Config{Dir: dir})
		require.ErrorContains(t, err, "in use by another process")
	})
}

func TestSyncInterval(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir(), func(c *bus.Config) { c.Sync = bus.SyncInterval })
	publish(t, b, "a")
	require.False(t, b.Syncing())
}

func TestCloseIsQuickAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	publish(t, b, "a")
	begin := time.Now()
	require.NoError(t, b.Close())
	require.NoError(t, b.Close())
	require.Less(t, time.Since(begin), time.Second)
	_, err := b.Publish(context.Background(), event("b"))
	require.ErrorIs(t, err, bus.ErrUnavailable)
}

func TestOpenWaitsForTheServer(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	url := ns.ClientURL()
	ns.Shutdown()
	ns.WaitForShutdown()
	var said bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := bus.Open(ctx, bus.Config{URL: url, Log: slog.New(slog.NewTextHandler(&said, nil))})
	require.ErrorContains(t, err, "no connection to NATS (nats.url)")
	require.Contains(t, said.String(), "no connection to NATS yet")
}

func TestNoSecretIsTold(t *testing.T) {
	t.Parallel()
	ns := natsServer(t, func(o *server.Options) { o.Username, o.Password = "bellhop", "right" })
	host := strings.TrimPrefix(ns.ClientURL(), "nats://")
	host = host[strings.LastIndex(host, "@")+1:]
	missing := filepath.Join(t.TempDir(), "missing.creds")
	for name, c := range map[string]bus.Config{
		"wrong password": {URL: "nats://bellhop:hush-hush@" + host},
		"no URL":         {URL: "nats://bellhop:hush-hush%zz@" + host},
		"no server":      {URL: "nats://hush-hush@127.0.0.1:1"},
		"credentials":    {URL: "nats://bellhop:hush-hush@" + host, Credentials: missing},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			c.Log = slog.New(slog.NewTextHandler(&said, nil))
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			_, err := bus.Open(ctx, c)
			require.Error(t, err)
			require.NotContains(t, err.Error()+said.String(), "hush-hush")
			require.Contains(t, err.Error(), "nats.url")
		})
	}
}

func TestExternalServerGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ns := natsServer(t, func(o *server.Options) { o.StoreDir = dir })
	b := open(t, "", at(ns.ClientURL()))
	publish(t, b, "a")
	told := make(chan struct{}, 10)
	defer b.OnChange("subscriptions", func([]string) { told <- struct{}{} })()

	port := ns.Addr().String()
	ns.Shutdown()
	ns.WaitForShutdown()
	_, err := b.Publish(t.Context(), event("b"))
	require.ErrorIs(t, err, bus.ErrUnavailable)
	require.Error(t, b.Health(t.Context()))

	natsServer(t, func(o *server.Options) {
		o.StoreDir = dir
		_, _ = fmt.Sscanf(port[strings.LastIndex(port, ":")+1:], "%d", &o.Port)
	})
	require.Eventually(t, func() bool {
		_, err := b.Publish(t.Context(), event("b"))
		return err == nil
	}, 10*time.Second, 50*time.Millisecond)
	<-told // changes may have been missed
	require.Eventually(t, func() bool { return b.Health(t.Context()) == nil }, 5*time.Second, 50*time.Millisecond)
	got, _, err := b.Events(t.Context(), bus.EventQuery{})
	require.NoError(t, err)
	require.Len(t, got, 2)
}

func TestWarnsOfAnExternalServerThatAcksBeforeTheDisk(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	open(t, "", at(ns.ClientURL()))
	var said bytes.Buffer
	open(t, "", at(ns.ClientURL()), func(c *bus.Config) { c.Log = slog.New(slog.NewTextHandler(&said, nil)) })
	require.Contains(t, said.String(), "acknowledged before it is on disk")
}

// What is acknowledged lies in the newest block file when Publish returns.
func TestAckedEventIsInTheNewestBlock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir)
	for i := range 20 {
		id := fmt.Sprintf("the-id-of-event-%d", i)
		publish(t, b, id)
		blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "$G", "streams", "EVENTS", "msgs", "*.blk"))
		require.NoError(t, err)
		require.Len(t, blocks, 1)
		data, err := os.ReadFile(blocks[0])
		require.NoError(t, err)
		require.True(t, bytes.Contains(data, []byte(id)))
	}
}

func BenchmarkPublish(b *testing.B) {
	h := open(b, b.TempDir())
	e := event("")
	e.Data = json.RawMessage(`"` + strings.Repeat("x", 700) + `"`)
	var n sync.Mutex
	count := 0
	b.SetParallelism(32) // of 2 processors
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n.Lock()
			count++
			own := *e
			own.ID = hub.EventID(fmt.Sprintf("e-%020d", count))
			n.Unlock()
			if _, err := h.Publish(context.Background(), &own); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
