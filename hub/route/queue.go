package route

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// need is what a forum must be asked before an event of it can be decided.
type need struct {
	complete bool     // what its webhook does not tell
	readers  []string // whether they may see the topic
}

// queue holds the events of one forum that wait for its API, in order.
type queue struct {
	source hub.Source
	ring   chan struct{}

	mu      sync.Mutex
	matters []*matter
}

// enqueue makes a matter wait for its forum's API.
func (d *desk) enqueue(m *matter, n need) {
	m.wants, m.queued = &n, true
	d.mu.Lock()
	d.lighten(m)
	q := d.queues[m.event.Source]
	if q == nil {
		q = &queue{source: m.event.Source, ring: make(chan struct{}, 1)}
		d.queues[m.event.Source] = q
		if d.start != nil {
			d.start(q)
		}
	}
	d.mu.Unlock()
	q.mu.Lock()
	q.matters = append(q.matters, m)
	q.mu.Unlock()
	select {
	case q.ring <- struct{}{}:
	default:
	}
}

func (d *desk) queue(source hub.Source) *queue {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.queues[source]
}

func (d *desk) waiting(source hub.Source) int {
	q := d.queue(source)
	if q == nil {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.matters)
}

// behind reports whether an earlier event of the same topic waits for the API:
// what comes after it must not overtake it.
func (d *desk) behind(m *matter) bool {
	q := d.queue(m.event.Source)
	if q == nil || m.queued {
		return false
	}
	topic := m.key().topic
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, o := range q.matters {
		if topic != "" && o.key().topic == topic {
			return true
		}
	}
	return false
}

func (q *queue) head() *matter {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.matters) == 0 {
		return nil
	}
	return q.matters[0]
}

func (q *queue) pop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.matters[0] = nil
	q.matters = q.matters[1:]
	if len(q.matters) == 0 {
		q.matters = nil
	}
}

// Bounds on how long a forum that does not answer is left alone.
const (
	askFirst = 500 * time.Millisecond
	askLast  = 30 * time.Second
)

// inquire serves the queue of one forum until ctx ends: it asks what the first
// event needs, for as long as it takes, and lets it be decided.
func (r *Router) inquire(ctx context.Context, d *desk, q *queue) {
	pause := askFirst
	for ctx.Err() == nil {
		m := q.head()
		if m == nil {
			select {
			case <-q.ring:
			case <-ctx.Done():
			}
			continue
		}
		err := r.reopen(ctx, d, m)
		if err == nil {
			err = r.inquireOf(ctx, m)
		}
		if err == nil {
			err = r.resume(ctx, d, q, m)
		}
		if err == nil {
			pause = askFirst
			continue
		}
		if ctx.Err() != nil {
			return
		}
		after := pause
		if w, ok := errors.AsType[*forum.Waits](err); ok && w.After > 0 {
			after = w.After
		}
		r.Log.Warn("events of a forum wait until it answers", "source", q.source, "waiting", d.waiting(q.source), "event", m.event.ID, "retry_in", after, "err", err)
		hub.Wait(ctx, after)
		pause = min(2*pause, askLast)
	}
}

// reopen reads again what a matter's event says, before it is looked at without
// the lock.
func (r *Router) reopen(ctx context.Context, d *desk, m *matter) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.desk != d {
		return context.Canceled
	}
	return r.newBatch(ctx).whole(m)
}

// inquireOf asks the forum for what m needs.
func (r *Router) inquireOf(ctx context.Context, m *matter) error {
	if m.forum == nil { // it is gone
		return nil
	}
	if m.wants.complete {
		told := *m.forum // what is learned is kept by Forums: m is read by others meanwhile
		if err := r.Forums.Complete(ctx, m.event.Source, &told, wanted(r.index.Load())); err != nil {
			return err
		}
	}
	for _, reader := range m.wants.readers {
		if _, err := r.Forums.Look(ctx, m.event.Source, m.key().topic, reader); err != nil {
			return err
		}
	}
	return nil
}

// resume decides m, which has what it needs, and takes it out of the queue
// unless it needs more.
func (r *Router) resume(ctx context.Context, d *desk, q *queue, m *matter) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.desk != d {
		return context.Canceled
	}
	if err := r.unstick(ctx); err != nil {
		return err
	}
	b := r.newBatch(ctx)
	n, err := b.decide(m)
	if err != nil {
		return err
	}
	if n != nil { // a table that has changed meanwhile may ask for more
		m.wants = n
		return nil
	}
	m.queued = false
	q.pop()
	return r.send(ctx, b)
}
