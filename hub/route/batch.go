package route

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// batch is what some decisions owe, in order. Nothing of it counts until it is
// queued on the bus.
type batch struct {
	r        *Router
	ctx      context.Context
	owed     []hub.Notification
	finished []*matter
	dry      bool // nothing is done: what is not known stays so

	decided *matter // the latest, and when
	at      time.Time
}

// when is when a matter was decided: what it owes to many chats it owes at once.
func (b *batch) when(m *matter) time.Time {
	if b.decided != m {
		b.decided, b.at = m, b.r.Now().UTC()
	}
	return b.at
}

func (r *Router) newBatch(ctx context.Context) *batch {
	r.said.trim()
	b := &batch{r: r, ctx: ctx, owed: r.spare}
	r.spare = nil
	return b
}

// mostOwed is how many notifications are gathered before they are queued.
const mostOwed = 2_000

// mostSpare is for how many notifications room is kept from one batch to the next.
const mostSpare = 1_000

// handle takes a batch of events in order. An error means that some of it is not
// done: the batch comes again, and what was taken is passed over.
func (r *Router) handle(ctx context.Context, events []bus.Received) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.unstick(ctx); err != nil {
		return err
	}
	b := r.newBatch(ctx)
	var failed error
	for _, e := range events {
		if e.Seq > 0 && e.Seq <= r.taken {
			continue
		}
		if failed = b.take(e); failed != nil {
			break
		}
		r.taken = e.Seq
		r.routed.Add(1)
		if len(b.owed) >= mostOwed {
			if err := r.send(ctx, b); err != nil {
				return err
			}
			b = r.newBatch(ctx)
		}
	}
	if err := r.send(ctx, b); err != nil {
		return err
	}
	return failed
}

// unstick queues what was decided before and could not be queued then.
func (r *Router) unstick(ctx context.Context) error {
	if r.unsent == nil {
		return nil
	}
	return r.send(ctx, r.unsent)
}

// send queues what b owes; only then are its events done with. A batch that
// could not be queued stays, and is queued before anything else is decided: each
// chat's order holds.
func (r *Router) send(ctx context.Context, b *batch) error {
	if len(b.owed) > 0 {
		if err := r.Bus.Notify(ctx, b.owed); err != nil {
			for i := range b.owed { // some of it may be queued
				b.owed[i].New = false
			}
			r.unsent = b
			return fmt.Errorf("queue notifications: %w", err)
		}
		r.journal.add(b.owed)
		clear(b.owed)
		if cap(b.owed) <= mostSpare {
			r.spare = b.owed[:0]
		}
		b.owed = nil
	}
	r.unsent = nil
	for _, m := range b.finished {
		r.desk.finish(m)
	}
	return nil
}

// watch decides what becomes due, until ctx ends.
func (r *Router) watch(ctx context.Context, d *desk) {
	for ctx.Err() == nil {
		if next := d.next(); next.IsZero() {
			select {
			case <-d.alarm:
			case <-ctx.Done():
			}
			continue
		} else if wait := next.Sub(r.Now()); wait > 0 {
			r.until(ctx, d, wait)
			continue
		}
		if err := r.decideRipe(ctx, d); err != nil && ctx.Err() == nil {
			r.Log.Warn("what is due could not be sent, will try again", "err", err)
			hub.Wait(ctx, askFirst)
		}
	}
}

// until waits, or until something else is due first.
func (r *Router) until(ctx context.Context, d *desk, wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-d.alarm:
	case <-ctx.Done():
	}
}

// decideRipe decides what is due by now.
func (r *Router) decideRipe(ctx context.Context, d *desk) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.desk != d {
		return context.Canceled
	}
	if err := r.unstick(ctx); err != nil {
		return err
	}
	b := r.newBatch(ctx)
	ripe := d.ripe(r.Now())
	for i, m := range ripe {
		if m.done {
			continue
		}
		if err := b.decideOrAsk(m); err != nil {
			for _, left := range ripe[i:] { // the database is away: all of them again
				d.later(left, left.due)
			}
			return errors.Join(err, r.send(ctx, b))
		}
	}
	return r.send(ctx, b)
}

// decideOrAsk decides a matter, or makes it wait for its forum's API.
func (b *batch) decideOrAsk(m *matter) error {
	d := b.r.desk
	if d.behind(m) {
		d.enqueue(m, need{})
		return nil
	}
	n, err := b.decide(m)
	if n != nil {
		d.enqueue(m, *n)
		b.waits(m, "for the forum's API")
	}
	return err
}
