package deliver

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/limit"
)

// Config is what a Worker works with. Zero numbers take the defaults.
type Config struct {
	Bus       *bus.Bus
	Provider  providers.Provider
	Attempts  int             // at one message before it is given up; default 8
	Backoff   []time.Duration // after each attempt that failed, the last repeats; default 2 s
	Timeout   time.Duration   // of one attempt; default 30 s
	Grace     time.Duration   // for sends in hand when the worker stops; default 5 s
	Probe     time.Duration   // after refused credentials, before they are tried again; default 15 s, doubling
	InFlight  int             // posts at once; default 1,024
	Bytes     int64           // of messages kept in memory; default 16 MiB
	Sequences int64           // of messages known to wait; default 4 M (32 MiB)
	// Storm is how many messages of a chat must wait, the first of them for
	// StormAfter, before they are told in one; 0 is never. StormAfter's default is a
	// minute.
	Storm      int
	StormAfter time.Duration
	Zone       *time.Location // of chats for which none was set; default UTC
	Unpaced    bool           // the platform's documented rates do not bind this account
	// Observe, if set, is told how each attempt ended, by whichever goroutine made it.
	Observe func(n *hub.Notification, o hub.Outcome)
	Log     *slog.Logger
	Now     func() time.Time
}

// Worker serves one system: it sends every notification owed to the system's
// chats, in the order of each chat, or buries it with a reason.
type Worker struct {
	Config
	system  hub.System
	owner   string
	bodies  *bodies
	seqs    *budget
	ready   *ready
	settler *settler
	decoder decoder
	health  *health
	pacer   *limit.Pacer
	group   func(chat string) string // whose pace a chat shares
	chats   *chats
	held    atomic.Int64  // messages set aside
	sentAt  atomic.Int64  // when a message was sent last, in Unix milliseconds
	now     chan struct{} // somebody wants to know now whether a paused system goes on
	halts   chan struct{} // an operator has paused the system, or ended that
	counts  Counts

	mu    sync.Mutex
	owned map[*partition]bool
	freed chan struct{} // closed when partitions of the dead were freed here
	gave  time.Time     // when a partition was given up for another worker

	refused atomic.Bool     // a partition that we want has an owner, who may be dead
	wants   atomic.Bool     // and may have too many
	send    context.Context // ends when sends in hand must
}

// Counts are what a worker has done since it started.
type Counts struct {
	Sent, Retried, Waited, Dead atomic.Uint64
	// Paced are those of Waited that are too short for the delivery log.
	Paced atomic.Uint64
}

// New makes a Worker. Run does the work.
func New(c Config) *Worker {
	c.Attempts = or(c.Attempts, 8)
	if len(c.Backoff) == 0 {
		c.Backoff = []time.Duration{2 * time.Second}
	}
	c.Timeout = or(c.Timeout, 30*time.Second)
	c.Grace = or(c.Grace, 5*time.Second)
	c.Probe = or(c.Probe, 15*time.Second)
	c.InFlight = or(c.InFlight, 1024)
	c.Bytes = or(c.Bytes, 16<<20)
	c.Sequences = or(c.Sequences, 4<<20)
	c.StormAfter = or(c.StormAfter, time.Minute)
	c.Zone = or(c.Zone, time.UTC)
	if c.Now == nil {
		c.Now = time.Now
	}
	w := &Worker{
		Config: c, system: c.Provider.Describe().ID, owner: rand.Text(),
		bodies: newBodies(c.Bytes), seqs: newBudget(c.Sequences), health: newHealth(),
		pacer: limit.New(paceOf(c)), group: groupOf(c.Provider), chats: newChats(c.Zone), now: make(chan struct{}, 1), halts: make(chan struct{}, 1), owned: map[*partition]bool{}, freed: make(chan struct{}),
	}
	w.ready = newReady(c.InFlight, w.step)
	w.settler = newSettler(w)
	return w
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (w *Worker) patience() patience { return patience{w.Attempts, w.Backoff} }

// System is the system that the worker serves.
func (w *Worker) System() hub.System { return w.system }

// Owner is what the worker is called where workers are told apart: another name
// each time one is made.
func (w *Worker) Owner() string { return w.owner }

// Counts tells what the worker has done.
func (w *Worker) Counts() *Counts { return &w.counts }

// State says how the system is: "ok", "paused" or "unknown", and why.
func (w *Worker) State() (state, reason string) { return w.health.state() }

// Held is how many messages are set aside: for their digest, or while their chat
// is left alone.
func (w *Worker) Held() int64 { return w.held.Load() }

// PausedChats are the chats that take no messages, those paused longest first.
func (w *Worker) PausedChats() []hub.PausedChat { return w.health.pausedChats() }

// Run sends until ctx ends, then lets the sends in hand finish within the
// grace. It blocks. It returns nil: trouble is waited out, logged and told in
// State.
func (w *Worker) Run(ctx context.Context) error {
	send, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	w.send = send
	defer context.AfterFunc(ctx, func() { time.AfterFunc(w.Grace, cancel) })()
	defer w.Bus.OnChange(Resume, w.onResume)()
	defer w.Bus.OnChange(shares, w.onShare)()
	defer w.Bus.OnChange(bus.Held, w.onHold)()
	settling, end := lasting(send)
	var settler sync.WaitGroup
	settler.Go(func() { w.settler.run(settling) })
	defer settler.Wait()
	defer end()
	w.readHold(ctx)
	var all sync.WaitGroup
	known := make(chan struct{})
	all.Go(func() { w.follow(ctx, sync.OnceFunc(func() { close(known) })) })
	all.Go(func() { w.watch(ctx) })
	all.Go(func() { w.watchHold(ctx) })
	all.Go(func() { w.undertake(ctx) })
	all.Go(func() { w.share(ctx) })
	all.Go(func() { w.tellDue(ctx) })
	if r, ok := providers.As[providers.Runner](w.Provider); ok {
		all.Go(func() {
			if err := r.Run(ctx); err != nil && ctx.Err() == nil {
				w.Log.Error("a provider stopped its own work", "system", w.system, "err", err)
			}
		})
	}
	select {
	case <-known: // nobody is woken before we know who sleeps
	case <-ctx.Done():
	}
	for n := range w.Bus.Partitions() {
		all.Go(func() { w.own(ctx, n) })
	}
	all.Wait()
	w.bow(ctx)
	return nil
}

// claimEvery is how often a worker tries for a partition that another owns.
const claimEvery = 500 * time.Millisecond

// own claims a partition and holds it, again and again.
func (w *Worker) own(ctx context.Context, n int) {
	for ctx.Err() == nil {
		claim, err := w.Bus.Claim(ctx, w.system, n, w.owner)
		if err == nil {
			w.Log.Debug("partition owned", "system", w.system, "partition", n)
			err = w.hold(ctx, n, claim)
		}
		switch {
		case errors.Is(err, bus.ErrOwned):
			w.refused.Store(true)
			w.wants.Store(true)
		case errors.Is(err, errGiven):
			hub.Wait(ctx, 2*claimEvery) // who wants it claims it meanwhile
		case err != nil && ctx.Err() == nil:
			w.Log.Warn("a partition could not be held, will try again", "system", w.system, "partition", n, "err", err)
		}
		w.awaitClaim(ctx)
	}
}

// awaitClaim waits until it is time to try for a partition again: a while, or at
// once when one was freed here.
func (w *Worker) awaitClaim(ctx context.Context) {
	w.mu.Lock()
	freed := w.freed
	w.mu.Unlock()
	t := time.NewTimer(claimEvery)
	defer t.Stop()
	select {
	case <-t.C:
	case <-freed:
	case <-ctx.Done():
	}
}

// suspectEvery is how often a worker looks at an owner that is not heard of, so
// that no time is lost once it is known to be dead.
const suspectEvery = 100 * time.Millisecond

// undertake buries the claims of workers that died without a word.
func (w *Worker) undertake(ctx context.Context) {
	var found bus.Burial
	for ctx.Err() == nil {
		if found.Suspected > 0 {
			hub.Wait(ctx, suspectEvery)
		} else {
			hub.Wait(ctx, claimEvery)
		}
		if !w.refused.Swap(false) && found.Suspected == 0 {
			continue
		}
		var err error
		if found, err = w.Bus.BuryDead(ctx, w.system); err != nil && ctx.Err() == nil {
			found.Suspected = 0
			w.Log.Warn("claims of dead workers could not be looked at, will try again", "system", w.system, "err", err)
		}
		if found.Freed > 0 { // all who wait for one
			w.mu.Lock()
			close(w.freed)
			w.freed = make(chan struct{})
			w.mu.Unlock()
		}
	}
}
