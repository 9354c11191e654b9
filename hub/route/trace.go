package route

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Bounds on how many decisions are kept: far more than a busy forum has events.
// In a flood those that led to something come before those that nobody hears.
const (
	maxTraces   = 5_000 // that wait to be written
	loudTraces  = 500   // a second
	quietTraces = 100   // a second, of events that nobody hears
)

// traces writes decisions behind the router.
type traces struct {
	store    hub.TraceStore
	now      func() time.Time
	flushing sync.Mutex // an older decision must not be stored over a newer one

	mu     sync.Mutex
	waits  map[hub.EventID]*hub.Trace
	second int64
	kept   map[bool]int // in this second, of events that are quiet or not
}

func newTraces(store hub.TraceStore, now func() time.Time) *traces {
	return &traces{store: store, now: now, waits: map[hub.EventID]*hub.Trace{}, kept: map[bool]int{}}
}

// wants reports whether a decision is to be kept; quiet is that nobody hears of
// the event.
func (t *traces) wants(quiet bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := t.now().Unix(); now != t.second {
		t.second = now
		clear(t.kept)
	}
	t.kept[quiet]++
	limit := loudTraces
	if quiet {
		limit = quietTraces
	}
	return t.kept[quiet] <= limit && len(t.waits) < maxTraces
}

func (t *traces) add(trace *hub.Trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waits) < maxTraces {
		t.waits[trace.Event] = trace
	}
}

func (t *traces) flush(ctx context.Context) error {
	t.flushing.Lock()
	defer t.flushing.Unlock()
	t.mu.Lock()
	batch := t.waits
	t.waits = map[hub.EventID]*hub.Trace{}
	t.mu.Unlock()
	list := make([]hub.Trace, 0, min(len(batch), batchSize))
	for _, trace := range batch {
		if list = append(list, *trace); len(list) == batchSize {
			if err := t.store.PutTraces(ctx, list); err != nil {
				t.giveBack(batch)
				return err
			}
			list = list[:0]
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := t.store.PutTraces(ctx, list); err != nil {
		t.giveBack(batch)
		return err
	}
	return nil
}

// giveBack keeps what could not be written for the next time, unless there is a
// newer decision.
func (t *traces) giveBack(batch map[hub.EventID]*hub.Trace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, trace := range batch {
		if t.waits[id] == nil && len(t.waits) < maxTraces {
			t.waits[id] = trace
		}
	}
}

// conclude keeps what was decided about a matter.
func (b *batch) conclude(m *matter, v *view) {
	verdict := hub.VerdictDecided
	switch {
	case v.waits:
		verdict = hub.VerdictWaiting
	case len(v.chats) == 0:
		verdict = hub.VerdictNobody
	}
	b.trace(m, v, verdict, "")
}

func (b *batch) trace(m *matter, v *view, verdict hub.Verdict, why string) {
	if !b.r.traces.wants(len(v.chats)+len(m.traced) == 0) {
		return
	}
	t := b.newTrace(m, verdict, why)
	t.Notes, t.Rows, t.Chats = v.notes, v.index.Len(), v.chats
	if len(t.Chats) == 0 {
		t.Chats = m.traced
	}
	if verdict == hub.VerdictWaiting {
		t.Why = "it waits for the delay of its rows, and is decided again with what is known then"
	}
	if verdict == hub.VerdictNobody {
		for _, near := range v.index.Nearest(v.facts, hub.MaxNearest) {
			t.Nearest = append(t.Nearest, near.RowVerdict)
		}
	}
	if over := len(t.Chats) - hub.MaxTraceChats; over > 0 {
		t.Chats, t.More = t.Chats[:hub.MaxTraceChats], over
	}
	b.r.traces.add(t)
}

func (b *batch) newTrace(m *matter, verdict hub.Verdict, why string) *hub.Trace {
	return &hub.Trace{
		Event: cmp.Or(m.again, m.event.ID), Source: m.event.Source, Type: m.event.Type, At: b.r.Now().UTC(), Verdict: verdict, Why: why,
	}
}

// waits notes that a matter is not decided yet.
func (b *batch) waits(m *matter, what string) {
	if !b.r.traces.wants(true) {
		return
	}
	t := b.newTrace(m, hub.VerdictWaiting, "it waits "+what)
	t.Rows = b.r.index.Load().Len()
	b.r.traces.add(t)
}

// learned notes that another event tells of a matter.
func (b *batch) learned(m *matter, by hub.EventID) {
	if !b.r.traces.wants(true) {
		return
	}
	b.r.traces.add(b.newTrace(m, hub.VerdictLearned, "a topic's creation comes as two events and is told once: see event "+string(by)))
}
