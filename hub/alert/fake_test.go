package alert_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/alert"
)

// world is what a Watcher sees, and what it said. It outlives Watchers, as the
// bus does.
type world struct {
	t *testing.T

	mu      sync.Mutex
	states  map[hub.System]hub.SystemStatus
	waits   int64
	events  map[hub.Source][]time.Time
	dead    []hub.DeadLetter
	free    int64
	fail    error // of every fact
	refuse  error // of Say
	forget  error // of Remember
	said    []string
	memory  []byte
	written int
	begin   time.Time
}

const gib = int64(1) << 30

func newWorld(t *testing.T) *world {
	return &world{
		t: t, free: 50 * gib, begin: time.Now(),
		states: map[hub.System]hub.SystemStatus{"slack": {System: "slack", State: "ok"}, "matrix": {System: "matrix", State: "ok"}},
		events: map[hub.Source][]time.Time{},
	}
}

func (w *world) Systems(context.Context) ([]hub.SystemStatus, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []hub.SystemStatus
	for _, s := range w.states {
		all = append(all, s)
	}
	return all, w.fail
}

func (w *world) Backlog(context.Context, hub.System) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waits, w.fail
}

func (w *world) LastEvent(_ context.Context, source hub.Source) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if all := w.events[source]; len(all) > 0 {
		return all[len(all)-1], w.fail
	}
	return time.Time{}, w.fail
}

func (w *world) History(_ context.Context, since time.Time, visit func(hub.Source, time.Time)) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	oldest := time.Now()
	for source, all := range w.events {
		for _, at := range slices.Backward(all) {
			if at.Before(since) {
				break
			}
			visit(source, at)
			if at.Before(oldest) {
				oldest = at
			}
		}
	}
	return oldest, w.fail
}

func (w *world) DeadLetters(_ context.Context, after time.Time) ([]hub.DeadLetter, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []hub.DeadLetter
	for _, l := range slices.Backward(w.dead) {
		if !l.At.After(after) {
			break
		}
		all = append(all, l)
	}
	return all, len(all) > 100, w.fail
}

func (w *world) Rooms(context.Context) ([]alert.Room, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return []alert.Room{
		{Name: "disk", What: "the disk under ./data", Advice: "Make room.", Free: w.free, Size: 100 * gib},
		{Name: "none", What: "what has no bounds"},
	}, w.fail
}

func (w *world) Recall(context.Context) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.memory, w.fail
}

func (w *world) Remember(_ context.Context, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.forget != nil {
		return w.forget
	}
	w.memory = data
	w.written++
	return nil
}

func (w *world) Say(_ context.Context, m hub.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuse != nil {
		return w.refuse
	}
	w.said = append(w.said, m.Text)
	return nil
}

// change lets something happen.
func (w *world) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *world) state(system hub.System, state, reason string) {
	w.change(func() { w.states[system] = hub.SystemStatus{System: system, State: state, Reason: reason} })
}

// shut pauses chats of a system, and no others.
func (w *world) shut(system hub.System, chats ...string) {
	var paused []hub.PausedChat
	for _, chat := range chats {
		paused = append(paused, hub.PausedChat{Chat: chat, Reason: "not_in_channel", Since: time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)})
	}
	w.change(func() { w.states[system] = hub.SystemStatus{System: system, State: "ok", PausedChats: paused} })
}

// hears returns what was said since the last time.
func (w *world) hears() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.said
	w.said = nil
	return said
}

// after lets time pass and everything happen that it brings.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// look is long enough for one look at the facts.
const look = 16 * time.Second

// watch starts a Watcher, and returns what kills it.
func (w *world) watch(change ...func(*alert.Config)) (kill func()) {
	c := alert.Config{
		Facts: w, Memory: w, Say: w.Say, System: func(context.Context) hub.System { return "slack" }, QuietAfter: time.Hour, DiskFree: 10,
		Sources: func() []alert.Source {
			return []alert.Source{{Name: "meta", Advice: "Look at its webhook."}, {Name: "blog"}}
		},
	}
	for _, f := range change {
		f(&c)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		alert.New(c).Run(ctx)
	}()
	synctest.Wait()
	return func() {
		cancel()
		<-done
	}
}

// bubble runs a test with a clock of its own, that stands at noon of a Monday.
func bubble(t *testing.T, f func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)))
		f(t, newWorld(t))
	})
}

var errAway = errors.New("the bus is away")

func one(t *testing.T, said []string) string {
	t.Helper()
	require.Len(t, said, 1)
	return said[0]
}
