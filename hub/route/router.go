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
	"github.com/bellhop-chat/bellhop/rules"
)

// Bus is what the router needs of package bus.
type Bus interface {
	Follow(ctx context.Context, name string, types []string, handle func(context.Context, []bus.Received) error) error
	Notify(ctx context.Context, ns []hub.Notification) error
}

// Config is what a Router works with.
type Config struct {
	Bus           Bus
	Subscriptions hub.SubscriptionStore
	Forums        hub.ForumStore
	Deliveries    hub.DeliveryStore
	// MaxAge is how long a notification stays worth sending; 0 is for ever.
	MaxAge time.Duration
	Log    *slog.Logger
	Now    func() time.Time
}

// Router turns events into notifications. Of several hubs on one bus one
// routes; another takes over within seconds.
type Router struct {
	Config
	index   atomic.Pointer[rules.Index]
	loading sync.Mutex // of the table: an older reading must not replace a newer one
	state   *state
	journal *journal
	write   *writer
	routed  atomic.Uint64
}

// readerName is the name of the router's position in EVENTS.
const readerName = "route"

// New makes a Router. Run does the work.
func New(c Config) *Router {
	if c.Now == nil {
		c.Now = time.Now
	}
	r := &Router{Config: c, state: newState(c.Forums), journal: newJournal(c), write: newWriter()}
	r.index.Store(rules.Compile(nil))
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

// Routed is how many events have been held against the rules since the start.
func (r *Router) Routed() uint64 { return r.routed.Load() }

// Run routes until ctx ends, then writes down what it has learned. It blocks.
func (r *Router) Run(ctx context.Context) error {
	if err := r.Reload(ctx); err != nil {
		return err
	}
	var behind sync.WaitGroup
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	behind.Go(func() { r.writeBehind(writing) })
	// Signals are not only of forums; what workers tell of messages (hub.message.*)
	// is for the delivery log and would make the router hear itself.
	types := []string{"forum.>", "chat.>", "user.>", "hub.signal.>", "hub.session.>", "hub.system.>"}
	err := r.Bus.Follow(ctx, readerName, types, r.handle)
	stop() // only now: nothing is learned or queued any more
	behind.Wait()
	return err
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
			return
		}
		r.flush(ctx)
	}
}

func (r *Router) flush(ctx context.Context) {
	if err := r.state.flush(ctx); err != nil {
		r.Log.Warn("what the hub learned of a forum could not be stored, will try again", "err", err)
	}
	if err := r.journal.flush(ctx); err != nil {
		r.Log.Warn("the delivery log could not be written, will try again", "err", err)
	}
}

// handle routes a batch of events in order. An error means that none of it is
// done: the batch comes again, and ids keep anything from going out twice.
func (r *Router) handle(ctx context.Context, batch []bus.Received) error {
	var owed []hub.Notification
	for _, e := range batch {
		ns, err := r.route(ctx, e.Event)
		if err != nil {
			return err
		}
		owed = append(owed, ns...)
	}
	if len(owed) > 0 {
		if err := r.Bus.Notify(ctx, owed); err != nil {
			return fmt.Errorf("queue notifications: %w", err)
		}
		r.journal.add(owed)
	}
	r.routed.Add(uint64(len(batch)))
	return nil
}

// route makes the notifications that one event owes.
func (r *Router) route(ctx context.Context, e *hub.Event) ([]hub.Notification, error) {
	if e.Type.Family() != "forum" {
		return nil, nil
	}
	var f hub.Forum
	if err := bus.Decode(e.Data, &f); err != nil {
		r.Log.Error("an event on the bus cannot be read, it is passed over", "event", e.ID, "err", err)
		return nil, nil
	}
	if err := r.state.learn(ctx, e, &f); err != nil {
		return nil, err
	}
	if why := dropped(e, &f); why != "" {
		r.Log.Debug("nobody hears the event", "event", e.ID, "type", e.Type, "because", why)
		return nil, nil
	}
	var line []hub.ForumCategory
	if f.Topic != nil {
		var err error
		if line, err = r.state.lineage(ctx, e.Source, f.Topic.CategoryID); err != nil {
			return nil, err
		}
	}
	index := r.index.Load()
	return r.owed(e, &f, line, index.Match(facts(e, &f, line, index.ReadsText()))), nil
}

func (r *Router) owed(e *hub.Event, f *hub.Forum, line []hub.ForumCategory, decisions []rules.Decision) []hub.Notification {
	c := composer{write: r.write, event: e, forum: f, line: line}
	now := r.Now().UTC()
	var ns []hub.Notification
	for _, d := range decisions {
		if d.Mute {
			continue
		}
		s := d.Subscription
		n := hub.Notification{
			Version: hub.NotificationVersion, ID: hub.NotificationFor(e.ID, s.Chat), Chat: s.Chat,
			Event: e.ID, EventType: e.Type, Source: e.Source, Subscription: s.ID,
			Message: c.message(s), QueuedAt: now,
		}
		if r.MaxAge > 0 {
			n.StaleAt = now.Add(r.MaxAge)
		}
		ns = append(ns, n)
	}
	return ns
}
