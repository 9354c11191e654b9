package route

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/rules"
)

// Bus is what the router needs of package bus.
type Bus interface {
	Follow(ctx context.Context, r bus.Reader) error
	// EventAt reads the event with a sequence; nil if it is there no more.
	EventAt(ctx context.Context, seq uint64) (*bus.Received, error)
	Publish(ctx context.Context, e *hub.Event) (bus.Ack, error)
	Notify(ctx context.Context, ns []hub.Notification) error
}

// Config is what a Router works with.
type Config struct {
	Bus           Bus
	Subscriptions hub.SubscriptionStore
	Forums        *forum.State
	Deliveries    hub.DeliveryStore
	Announcements hub.AnnouncementStore
	Traces        hub.TraceStore
	// Delay is that of a source which is no forum, for rows that name none. Nil is
	// none.
	Delay func(source hub.Source) time.Duration
	// Known reports whether a source that is none of Forums is configured, now. What
	// came from a forum that is not any more is dropped, as who may see it cannot be
	// asked. Nil is that every source is.
	Known func(ctx context.Context, source hub.Source) (bool, error)
	// MaxAge is how long a notification stays worth sending; 0 is for ever.
	MaxAge time.Duration
	// Actions are shown under each message about a topic.
	Actions []hub.Action
	// Leading runs while this hub is the one that routes, each in a goroutine of
	// its own, until ctx ends.
	Leading []func(ctx context.Context)
	Log     *slog.Logger
	Now     func() time.Time
}

// Router turns events into notifications. Of several hubs on one bus one
// routes; another takes over within seconds.
type Router struct {
	Config
	index   atomic.Pointer[rules.Index]
	loading sync.Mutex // of the table: an older reading must not replace a newer one
	journal *journal
	traces  *traces
	said    *said
	write   *writer
	routed  atomic.Uint64

	// mu is held while events are decided and what they owe is queued, so that
	// each chat's order is that of the decisions.
	mu     sync.Mutex
	desk   *desk
	unsent *batch             // decided, and not queued yet: nothing else is decided before
	spare  []hub.Notification // room for the next batch
	taken  uint64             // the last event that is on the desk or done with
	work   sync.WaitGroup     // what runs while this hub leads
	desked atomic.Pointer[desk]
}

// readerName is the name of the router's position in EVENTS.
const readerName = "route"

// gatherFor is how long the router gathers events while many come: of what they
// cost, a good part is waking the workers and writing down what was decided, once
// for each batch.
const gatherFor = 10 * time.Millisecond

// New makes a Router. Run does the work.
func New(c Config) *Router {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Known == nil {
		c.Known = func(context.Context, hub.Source) (bool, error) { return true, nil }
	}
	if c.Delay == nil {
		c.Delay = func(hub.Source) time.Duration { return 0 }
	}
	r := &Router{Config: c, journal: newJournal(c), write: newWriter()}
	r.traces = newTraces(c.Traces, c.Now)
	r.said = newSaid(c.Announcements)
	r.index.Store(rules.Compile(nil))
	r.begin(context.Background(), nil)
	return r
}

// Reload reads the table of subscriptions; events routed after it returns are
// held against the new one.
func (r *Router) Reload(ctx context.Context) error {
	r.loading.Lock()
	defer r.loading.Unlock()
	subs, err := r.Subscriptions.AllSubscriptions(ctx)
	if err != nil {
		return fmt.Errorf("read the table of subscriptions: %w", err)
	}
	r.index.Store(rules.Compile(subs))
	r.Log.Debug("subscriptions loaded", "rows", len(subs))
	return nil
}

// Refresh reads rows of the table again; none is the whole table. Events routed
// after it returns are held against what it read.
func (r *Router) Refresh(ctx context.Context, ids ...hub.SubscriptionID) error {
	if len(ids) == 0 || len(ids) > maxRefresh {
		return r.Reload(ctx)
	}
	r.loading.Lock()
	defer r.loading.Unlock()
	var put []hub.Subscription
	var drop []hub.SubscriptionID
	for _, id := range ids {
		s, err := r.Subscriptions.GetSubscription(ctx, id)
		switch {
		case err == nil:
			put = append(put, *s)
		case hub.CodeOf(err) == hub.CodeNotFound:
			drop = append(drop, id)
		default:
			return fmt.Errorf("read subscription %s: %w", id, err)
		}
	}
	r.index.Store(r.index.Load().Apply(put, drop))
	return nil
}

// maxRefresh is how many rows are read one by one; more are read as a table.
const maxRefresh = 50

// Routed is how many events have been held against the rules since the start.
func (r *Router) Routed() uint64 { return r.routed.Load() }

// Waiting is how many events of a source wait for its API.
func (r *Router) Waiting(source hub.Source) int {
	if d := r.desked.Load(); d != nil {
		return d.waiting(source)
	}
	return 0
}

// Run routes until ctx ends, then writes down what it has learned. It blocks.
func (r *Router) Run(ctx context.Context) error {
	if err := r.Reload(ctx); err != nil {
		if ctx.Err() != nil { // it was stopped before it had begun
			return nil //nolint:nilerr // stopping is no failure
		}
		return err
	}
	var behind sync.WaitGroup
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	behind.Go(func() { r.writeBehind(writing) })
	err := r.Bus.Follow(ctx, bus.Reader{
		Name: readerName,
		// Signals are not only of forums; what workers tell of messages (hub.message.*)
		// is for the delivery log and would make the router hear itself.
		Types:  []string{"forum.>", "chat.>", "user.>", "hub.signal.>", "hub.session.>", "hub.system.>"},
		Handle: r.handle,
		Gather: gatherFor,
		Begin:  r.lead,
		Floor:  func() uint64 { return r.desked.Load().floor() },
	})
	r.work.Wait()
	stop() // only now: nothing is learned or queued any more
	behind.Wait()
	return err
}

// lead begins anew: another hub may have routed since this one did.
func (r *Router) lead(ctx context.Context) {
	r.work.Wait() // what ran while this hub led before
	r.flush(ctx)
	r.Forums.Reset()
	r.said.reset()
	r.begin(ctx, r.Leading)
}

// begin sets up a desk, and what runs while ctx lasts.
func (r *Router) begin(ctx context.Context, leading []func(context.Context)) {
	r.mu.Lock()
	d := newDesk()
	r.desk, r.unsent, r.taken = d, nil, 0
	r.desked.Store(d)
	r.mu.Unlock()
	if ctx.Done() == nil {
		return
	}
	r.work.Go(func() { r.watch(ctx, d) })
	for _, f := range leading {
		r.work.Go(func() { f(ctx) })
	}
	d.start = func(q *queue) { r.work.Go(func() { r.inquire(ctx, d, q) }) }
}

// writeBehind stores what was learned and queued, twice a second and at the end.
func (r *Router) writeBehind(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-r.journal.full:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			r.flush(last)
			r.stored(last, "the delivery log", r.journal.finish)
			return
		}
		r.flush(ctx)
	}
}

// FindAnnouncements tells what the messages say by now that notifications sent
// first, as the last event had it that this hub decided.
func (r *Router) FindAnnouncements(ctx context.Context, ids []hub.NotificationID) ([]hub.Announcement, error) {
	if err := r.said.flush(ctx); err != nil {
		return nil, err
	}
	return r.Announcements.FindAnnouncements(ctx, ids)
}

// Owed hands over the notifications of outcomes of which the delivery log does not
// know yet. What is not written is to be handed back.
func (r *Router) Owed(outcomes []hub.Outcome) []hub.Delivery { return r.journal.settle(outcomes) }

// Owe takes back what Owed handed over.
func (r *Router) Owe(ds []hub.Delivery) { r.journal.giveBack(ds) }

func (r *Router) flush(ctx context.Context) {
	for what, flush := range map[string]func(context.Context) error{
		"what the hub learned of a forum": r.Forums.Flush,
		"what was announced":              r.said.flush,
		"the delivery log":                r.journal.flush,
		"the decisions":                   r.traces.flush,
	} {
		r.stored(ctx, what, flush)
	}
}

func (r *Router) stored(ctx context.Context, what string, flush func(context.Context) error) {
	if err := flush(ctx); err != nil && ctx.Err() == nil {
		r.Log.Warn("it could not be stored, will try again", "what", what, "err", err)
	}
}
