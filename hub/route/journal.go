package route

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// maxJournal bounds what waits to be written while the database is away. Past
// it the oldest are let go: their rows come with the outcome that the worker
// tells.
const maxJournal = 20_000

// batchSize is how many rows go into one transaction.
const batchSize = 1_000

// A notification that is sent soon is written of once, when its worker tells of it:
// until then it waits for so long, unless too many do.
const (
	soon     = time.Second
	mostSoon = 10_000
)

// journal writes the delivery log behind the router, so that no notification
// waits for the database.
type journal struct {
	deliveries hub.DeliveryStore
	rows       hub.SubscriptionStore
	full       chan struct{} // too many wait

	mu     sync.Mutex
	queue  []*owed                      // the oldest first
	known  map[hub.NotificationID]*owed // those of queue that nobody has taken
	fired  map[hub.SubscriptionID]time.Time
	marked time.Time // when what fired was written last
}

// owed is a notification of which nothing is written yet.
type owed struct {
	hub.Delivery
	due   time.Time
	taken bool // whoever took it writes of it
}

// markEvery is the shortest time between two notes of when rows fired: under load
// all of them do, all the time.
const markEvery = 2 * time.Second

func newJournal(c Config) *journal {
	return &journal{
		deliveries: c.Deliveries, rows: c.Subscriptions, full: make(chan struct{}, 1),
		known: map[hub.NotificationID]*owed{}, fired: map[hub.SubscriptionID]time.Time{},
	}
}

func (j *journal) add(ns []hub.Notification) {
	j.mu.Lock()
	defer j.mu.Unlock()
	due := time.Now().Add(soon)
	for i := range ns {
		j.enter(&owed{Delivery: queued(&ns[i]), due: due})
		if ns[i].Subscription != "" {
			j.fired[ns[i].Subscription] = ns[i].QueuedAt
		}
	}
	for len(j.queue) > 0 && len(j.known) > maxJournal {
		j.pop()
	}
	if len(j.known) >= mostSoon+batchSize {
		select {
		case j.full <- struct{}{}:
		default:
		}
	}
}

// enter adds a notification. The lock is held, as for pop.
func (j *journal) enter(o *owed) {
	j.queue = append(j.queue, o)
	j.known[o.ID] = o
}

// pop takes the oldest notification.
func (j *journal) pop() *owed {
	o := j.queue[0]
	j.queue[0] = nil
	j.queue = j.queue[1:]
	if j.known[o.ID] == o {
		delete(j.known, o.ID)
	}
	return o
}

// settle takes the notifications that outcomes tell of: they are to be written
// together.
func (j *journal) settle(os []hub.Outcome) (ds []hub.Delivery) {
	j.mu.Lock()
	defer j.mu.Unlock()
	ds = make([]hub.Delivery, 0, len(os))
	for _, o := range os {
		if owed := j.known[o.Notification]; owed != nil {
			owed.taken = true
			delete(j.known, o.Notification)
			ds = append(ds, owed.Delivery)
		}
	}
	return ds
}

func queued(n *hub.Notification) hub.Delivery {
	d := hub.Delivery{
		ID: n.ID, Chat: n.Chat, Event: n.Event, EventType: n.EventType, Source: n.Source, Subscription: n.Subscription, Act: n.Act,
		Status: hub.StatusQueued, QueuedAt: n.QueuedAt, UpdatedAt: n.QueuedAt,
	}
	if n.Message.Card != nil {
		d.Title = n.Message.Card.Title
	}
	return d
}

// flush writes what has waited long enough, or is too much. What could not be
// written stays for the next time, as does when rows fired, for a while.
func (j *journal) flush(ctx context.Context) error {
	if err := j.flushQueued(ctx, time.Now()); err != nil {
		return err
	}
	j.mu.Lock()
	due := time.Since(j.marked) >= markEvery
	j.mu.Unlock()
	if !due {
		return nil
	}
	return j.mark(ctx)
}

// finish writes all that waits, for the last time.
func (j *journal) finish(ctx context.Context) error {
	return errors.Join(j.flushQueued(ctx, time.Now().Add(soon)), j.mark(ctx))
}

// flushQueued writes what is due by now.
func (j *journal) flushQueued(ctx context.Context, now time.Time) error {
	for {
		batch := j.take(now)
		if len(batch) == 0 {
			return nil
		}
		if err := j.deliveries.RecordQueued(ctx, batch); err != nil {
			j.giveBack(batch)
			return fmt.Errorf("note what is queued: %w", err)
		}
	}
}

// mark writes when rows fired.
func (j *journal) mark(ctx context.Context) error {
	j.mu.Lock()
	j.marked = time.Now()
	fired := maps.Clone(j.fired)
	clear(j.fired)
	j.mu.Unlock()
	if len(fired) == 0 {
		return nil
	}
	if err := j.rows.MarkFired(ctx, fired); err != nil {
		j.unmark(fired)
		return fmt.Errorf("note when rows fired: %w", err)
	}
	return nil
}

// unmark keeps what could not be written for the next time.
func (j *journal) unmark(fired map[hub.SubscriptionID]time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for id, at := range fired {
		if j.fired[id].Before(at) {
			j.fired[id] = at
		}
	}
}

func (j *journal) take(now time.Time) (batch []hub.Delivery) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.queue) > 0 && len(batch) < batchSize {
		if oldest := j.queue[0]; !oldest.taken && now.Before(oldest.due) && len(j.known) <= mostSoon {
			break
		}
		if o := j.pop(); !o.taken {
			if batch == nil {
				batch = make([]hub.Delivery, 0, min(1+len(j.queue), batchSize))
			}
			batch = append(batch, o.Delivery)
		}
	}
	return batch
}

func (j *journal) giveBack(batch []hub.Delivery) {
	j.mu.Lock()
	defer j.mu.Unlock()
	newer := j.queue
	j.queue = nil
	for _, d := range batch {
		j.enter(&owed{Delivery: d})
	}
	j.queue = append(j.queue, newer...)
}
