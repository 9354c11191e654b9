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

// journal writes the delivery log behind the router, so that no notification
// waits for the database.
type journal struct {
	deliveries hub.DeliveryStore
	rows       hub.SubscriptionStore
	full       chan struct{} // a batch is ready

	mu     sync.Mutex
	queued []hub.Delivery
	fired  map[hub.SubscriptionID]time.Time
	marked time.Time // when what fired was written last
}

// markEvery is the shortest time between two notes of when rows fired: under load
// all of them do, all the time.
const markEvery = 2 * time.Second

func newJournal(c Config) *journal {
	return &journal{
		deliveries: c.Deliveries, rows: c.Subscriptions,
		full: make(chan struct{}, 1), fired: map[hub.SubscriptionID]time.Time{},
	}
}

func (j *journal) add(ns []hub.Notification) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range ns {
		j.queued = append(j.queued, queued(&ns[i]))
		if ns[i].Subscription != "" {
			j.fired[ns[i].Subscription] = ns[i].QueuedAt
		}
	}
	if over := len(j.queued) - maxJournal; over > 0 {
		j.queued = append(j.queued[:0], j.queued[over:]...)
	}
	if len(j.queued) >= batchSize {
		select {
		case j.full <- struct{}{}:
		default:
		}
	}
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

// flush writes all that waits. What could not be written stays for the next
// time, as does when rows fired, for a while.
func (j *journal) flush(ctx context.Context) error {
	if err := j.flushQueued(ctx); err != nil {
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
	return errors.Join(j.flushQueued(ctx), j.mark(ctx))
}

func (j *journal) flushQueued(ctx context.Context) error {
	for {
		batch := j.take()
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

func (j *journal) take() []hub.Delivery {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := min(len(j.queued), batchSize)
	batch := append([]hub.Delivery(nil), j.queued[:n]...)
	j.queued = append(j.queued[:0], j.queued[n:]...)
	return batch
}

func (j *journal) giveBack(batch []hub.Delivery) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queued = append(batch, j.queued...)
}
