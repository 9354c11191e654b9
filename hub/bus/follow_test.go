package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// reader follows events until it is ended, and keeps their ids.
type reader struct {
	mu     sync.Mutex
	ids    []string
	refuse atomic.Int32 // how many batches to refuse
	cancel context.CancelFunc
	done   chan error
}

func follow(t testing.TB, b *bus.Bus, types ...string) *reader {
	ctx, cancel := context.WithCancel(context.Background())
	r := &reader{cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- b.Follow(ctx, bus.Reader{Name: "router", Types: types, Handle: r.handle}) }()
	t.Cleanup(cancel)
	return r
}

func (r *reader) handle(_ context.Context, es []bus.Received) error {
	if r.refuse.Add(-1) >= 0 {
		return errors.New("not now")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range es {
		r.ids = append(r.ids, string(e.Event.ID))
	}
	return nil
}

func (r *reader) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.ids...)
}

func (r *reader) has(t testing.TB, want []string) {
	t.Helper()
	require.Eventually(t, func() bool { return len(r.got()) >= len(want) }, 15*time.Second, 5*time.Millisecond)
	require.Equal(t, want, r.got())
}

func (r *reader) end(t testing.TB) {
	t.Helper()
	r.cancel()
	require.NoError(t, <-r.done)
}

func TestFollowInOrderAndResumes(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		first, second := names("a", 300), names("b", 40)
		var es []*hub.Event
		for _, id := range first {
			es = append(es, event(id))
		}
		require.NoError(t, b.Tell(t.Context(), es...))
		r := follow(t, b)
		r.has(t, first)
		publish(t, b, second[:20]...)
		r.has(t, append(first, second[:20]...))
		r.end(t)

		publish(t, b, second[20:]...)
		r = follow(t, b)
		r.has(t, second[20:])
		r.end(t)
	})
}

// TestFollowGathersWhileManyCome holds that a reader that gathers waits once many
// come, that its end ends the wait, and that what came meanwhile is read by the next.
func TestFollowGathersWhileManyCome(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	r := &reader{cancel: cancel, done: make(chan error, 1)}
	go func() {
		r.done <- b.Follow(ctx, bus.Reader{Name: "router", Handle: r.handle, Gather: time.Hour})
	}()
	var told []string
	keepsUp := func() bool { return len(r.got()) == len(told) }
	for gathers := false; !gathers; gathers = !each(2*time.Second, time.Millisecond, keepsUp) {
		require.Less(t, len(told), 10_000, "it never waits")
		some := names(fmt.Sprint("n", len(told), "-"), 20)
		var es []*hub.Event
		for _, id := range some {
			es = append(es, event(id))
		}
		require.NoError(t, b.Tell(t.Context(), es...))
		told = append(told, some...)
	}
	r.end(t)
	got := r.got()
	require.Equal(t, told[:len(got)], got)

	r = follow(t, b)
	r.has(t, told[len(got):])
	r.end(t)
}

// TestFollowTellsWhatNobodyHasRead holds that an event which another of the name may
// have read, or this one before, is never called the first.
func TestFollowTellsWhatNobodyHasRead(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	publish(t, b, "before")
	heard := make(chan string, 16)
	refuse := true
	handle := func(_ context.Context, es []bus.Received) error {
		for _, e := range es {
			heard <- fmt.Sprint(e.Event.ID, " ", e.First)
		}
		if es[len(es)-1].Event.ID == "refused" && refuse {
			refuse = false
			return errors.New("not now")
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Follow(ctx, bus.Reader{Name: "router", Handle: handle}) }()
	require.Equal(t, "before false", <-heard)
	for _, id := range []string{"after", "refused"} {
		publish(t, b, id)
		require.Equal(t, id+" true", <-heard)
	}
	require.Equal(t, "refused false", <-heard)
	cancel()
	require.NoError(t, <-done)
}

func TestFollowOnlyTheTypesAskedFor(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	r := follow(t, b, "forum.>", "hub.signal.*", "chat.*.posted")
	for id, typ := range map[string]hub.EventType{"no1": hub.HubMessageSent, "no2": "user.made.up", "no3": "chat.message.edited"} {
		_, err := b.Publish(t.Context(), typed(id, typ))
		require.NoError(t, err)
	}
	var want []string
	for _, typ := range []hub.EventType{hub.ForumTopicCreated, hub.HubSignalPing, "chat.message.posted"} {
		want = append(want, string(typ))
		_, err := b.Publish(t.Context(), typed(string(typ), typ))
		require.NoError(t, err)
	}
	r.has(t, want)
	r.end(t)
	for _, bad := range []string{"forum..x", "", "a b", ">.x", "Forum.>"} {
		require.Error(t, b.Follow(t.Context(), bus.Reader{Name: "router", Types: []string{bad}, Handle: r.handle}), bad)
	}
	require.Error(t, b.Follow(t.Context(), bus.Reader{Name: "a.b", Handle: r.handle}))
}

func TestFollowTriesARefusedBatchAgain(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	r := follow(t, b)
	r.refuse.Store(3)
	publish(t, b, "a", "b", "c")
	r.has(t, []string{"a", "b", "c"})
	r.end(t)
}

// A refused batch that is still refused when the reader ends is not lost.
func TestFollowDoesNotCountARefusedBatch(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	r := follow(t, b)
	publish(t, b, "a")
	r.has(t, []string{"a"})
	r.refuse.Store(1 << 20)
	publish(t, b, "b")
	require.Eventually(t, func() bool { return r.refuse.Load() < 1<<20 }, 5*time.Second, time.Millisecond)
	r.end(t)
	r = follow(t, b)
	r.has(t, []string{"b"})
	r.end(t)
}

func TestFollowLeavesOutWhatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	_, err := b.JetStream().Publish(t.Context(), "event.meta.forum.post.created", []byte("{"))
	require.NoError(t, err)
	publish(t, b, "a")
	r := follow(t, b)
	r.has(t, []string{"a"})
	r.end(t)
	got, _, err := b.Events(t.Context(), bus.EventQuery{})
	require.NoError(t, err)
	require.Len(t, got, 1)
}

// A power cut can take the end of the stream but not the cursor; what is stored
// then, under sequences used before, must be read.
func TestFollowClampsACursorBeyondTheEnd(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	publish(t, b, "a", "b")
	require.NoError(t, b.SetCursor(t.Context(), "router", 100))
	r := follow(t, b)
	require.Eventually(t, func() bool {
		seq, err := b.Cursor(t.Context(), "router")
		return err == nil && seq == 2
	}, 5*time.Second, 10*time.Millisecond)
	publish(t, b, "c")
	r.has(t, []string{"c"})
	r.end(t)
	seq, err := b.Cursor(t.Context(), "router")
	require.NoError(t, err)
	require.EqualValues(t, 3, seq)
}

// The stored place trails, so that events whose notifications were not on disk
// when the power went are read again; in the end it is exact.
func TestFollowStoresAPlaceThatTrails(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	begin := time.Now()
	r := follow(t, b)
	publish(t, b, "a", "b")
	r.has(t, []string{"a", "b"})
	require.Eventually(t, func() bool {
		seq, err := b.Cursor(t.Context(), "router")
		return err == nil && seq == 2
	}, 15*time.Second, 20*time.Millisecond)
	require.Greater(t, time.Since(begin), 3*time.Second)
	publish(t, b, "c")
	r.has(t, []string{"a", "b", "c"})
	seq, err := b.Cursor(t.Context(), "router")
	require.NoError(t, err)
	require.EqualValues(t, 2, seq)
	r.end(t)
	seq, err = b.Cursor(t.Context(), "router")
	require.NoError(t, err)
	require.EqualValues(t, 3, seq)
}

func TestFollowSurvivesALostConsumer(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	r := follow(t, b)
	var want []string
	for i := range 3 {
		id := fmt.Sprint("e", i)
		publish(t, b, id)
		want = append(want, id)
		r.has(t, want)
		require.NoError(t, b.JetStream().DeleteConsumer(t.Context(), "EVENTS", "router"))
	}
	publish(t, b, "last")
	r.has(t, append(want, "last"))
	r.end(t)
}

// Another that pulls from our consumer takes messages away: the gap is seen and
// read again.
func TestFollowReadsStolenMessagesAgain(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	r := follow(t, b)
	publish(t, b, "e0")
	r.has(t, []string{"e0"})
	c, err := b.JetStream().Consumer(t.Context(), "EVENTS", "router")
	require.NoError(t, err)
	stolen := make(chan struct{})
	go func() {
		defer close(stolen)
		got, err := c.Fetch(5, jetstream.FetchMaxWait(2*time.Second))
		if err != nil {
			t.Error(err)
			return
		}
		n := 0
		for range got.Messages() {
			n++
		}
		if n == 0 {
			t.Error("nothing was stolen")
		}
	}()
	require.Eventually(t, func() bool {
		info, err := c.Info(t.Context())
		return err == nil && info.NumWaiting == 2
	}, 5*time.Second, 5*time.Millisecond)
	want := []string{"e0"}
	for i := range 20 {
		id := fmt.Sprint("s", i)
		publish(t, b, id)
		want = append(want, id)
	}
	<-stolen
	r.has(t, want)
	r.end(t)
}

func TestFollowOneAtATime(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	first := follow(t, one)
	publish(t, one, "a")
	first.has(t, []string{"a"})
	second := follow(t, two)
	publish(t, two, "b")
	first.has(t, []string{"a", "b"})
	require.Never(t, func() bool { return len(second.got()) > 0 }, time.Second, 20*time.Millisecond)

	begin := time.Now()
	first.end(t)
	publish(t, two, "c")
	second.has(t, []string{"c"})
	require.Less(t, time.Since(begin), 3*time.Second)
	second.end(t)
}

func TestFollowTakesOverFromOneThatVanished(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	first := follow(t, one)
	publish(t, one, "a")
	first.has(t, []string{"a"})
	second := follow(t, two)
	one.CutOff()
	begin := time.Now()
	publish(t, two, "b")
	second.has(t, []string{"a", "b"}) // a's place was not stored yet
	require.Less(t, time.Since(begin), 9*time.Second)
	second.end(t)
	first.cancel()
}

// A handler that takes longer than the server waits for a reader keeps its
// place, though no pull is out and messages wait.
func TestFollowKeepsItsPlaceWhileHandling(t *testing.T) {
	t.Parallel()
	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	ids := names("e", 300) // more than one pull brings
	var es []*hub.Event
	for _, id := range ids {
		es = append(es, event(id))
	}
	require.NoError(t, one.Tell(t.Context(), es...))
	first := follow(t, one)
	first.mu.Lock() // handle hangs
	require.Eventually(t, func() bool { return first.refuse.Load() < 0 }, 5*time.Second, time.Millisecond)
	second := follow(t, two)
	require.Never(t, func() bool { return len(second.got()) > 0 }, 8*time.Second, 50*time.Millisecond)
	first.mu.Unlock()
	first.has(t, ids)
	first.end(t)
	second.end(t)
}
