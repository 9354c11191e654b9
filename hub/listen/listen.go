// Package listen is the worker's other half: it lets a provider hear what people
// say, puts it on the bus, hands commands to a hub and shows people the replies.
//
// Of the workers of a system one listens, by a lease that another takes over
// when it ends. Each of them answers what a hub asks: the requests that the
// platform makes over HTTP, and the replies to be shown.
//
// It decides nothing: what a line means and who may do what is the hub's
// matter (hub/apps), and how the platform puts it the provider's.
package listen

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

// Config is what a Listener works with.
type Config struct {
	Bus      *bus.Bus
	Provider providers.Provider
	Log      *slog.Logger
}

// Listener hears one system.
type Listener struct {
	Config
	system  hub.System
	owner   string
	ear     *ear
	trouble atomic.Pointer[string]
	looks   *limit.Pacer // of questions about chats
}

// New makes a Listener. Run does the work.
func New(c Config) *Listener {
	d := c.Provider.Describe()
	l := &Listener{Config: c, system: d.ID, owner: rand.Text(), looks: limit.New(providers.Limits{Account: d.Limits.Inspect})}
	l.Log = c.Log.With("system", l.system)
	l.ear = &ear{bus: c.Bus, system: l.system, log: l.Log}
	return l
}

// System is the system that is heard.
func (l *Listener) System() hub.System { return l.system }

// Trouble is why nothing is heard at the moment and how to mend it, empty if
// all is well or another worker listens.
func (l *Listener) Trouble() string {
	if t := l.trouble.Load(); t != nil {
		return *t
	}
	return ""
}

// Run serves the system until ctx ends. It returns nil: trouble is waited out,
// logged and told in Trouble.
func (l *Listener) Run(ctx context.Context) error {
	stop := l.serve(ctx)
	defer stop()
	listener, ok := providers.As[providers.Listener](l.Provider)
	if !ok || !l.Provider.Describe().Can.Listens {
		<-ctx.Done()
		return nil
	}
	if _, each := providers.As[providers.Everywhere](l.Provider); each {
		l.loadMenu(ctx)
		l.listen(ctx, listener)
	}
	for ctx.Err() == nil {
		l.lead(ctx, listener)
	}
	return nil
}

// serve answers what hubs ask. The bus may be away at first.
func (l *Listener) serve(ctx context.Context) (stop func()) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		stop, err := l.Bus.ServeSystem(l.system, l.asked)
		if err == nil {
			return stop
		}
		l.Log.Warn("what hubs ask cannot be answered yet", "err", err)
		if !hub.Wait(ctx, pause) {
			return func() {}
		}
	}
}

// How a lease is kept. It is given up before it ends by itself, so that two
// never listen at once by more than what a clock may stand still.
const (
	renewEvery = bus.LeaseFor / 5
	giveUp     = 3 * bus.LeaseFor / 5
)

// lead waits for the lease and listens while it holds.
func (l *Listener) lead(ctx context.Context, listener providers.Listener) {
	key := bus.BucketKey("listen", string(l.system))
	revision, ok, err := l.Bus.Leases().Swap(ctx, key, []byte(l.owner), 0)
	if err != nil && ctx.Err() == nil {
		l.Log.Warn("who listens cannot be found out", "err", err)
	}
	if !ok {
		hub.Wait(ctx, renewEvery)
		return
	}
	leading, end := context.WithCancel(ctx)
	l.loadMenu(leading)
	var hearing sync.WaitGroup
	hearing.Go(func() { l.listen(leading, listener) })
	revision = l.renew(leading, key, revision)
	end()
	hearing.Wait()
	if revision > 0 {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = l.Bus.Leases().Delete(last, key, revision) // else it ends by itself
	}
}

// renew keeps the lease until ctx ends; it returns 0 if it was lost.
func (l *Listener) renew(ctx context.Context, key string, revision uint64) uint64 {
	held := time.Now()
	for hub.Wait(ctx, renewEvery) {
		asked := time.Now()
		one, cancel := context.WithTimeout(ctx, renewEvery)
		now, ok, err := l.Bus.Leases().Swap(one, key, []byte(l.owner), revision)
		cancel()
		switch {
		case ok:
			held, revision = asked, now
		case err == nil: // somebody else has it
			l.Log.Info("another worker listens now")
			return 0
		case ctx.Err() == nil && time.Since(held) > giveUp:
			l.Log.Warn("listening is given up, since the lease could not be renewed", "err", err)
			return 0
		}
	}
	return revision
}

// listen lets the provider hear until ctx ends.
func (l *Listener) listen(ctx context.Context, listener providers.Listener) {
	for pause := time.Second; ctx.Err() == nil; pause = min(2*pause, time.Minute) {
		l.Log.Debug("listening")
		began := time.Now()
		err := listener.Listen(ctx, l.ear)
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			err = errors.New("the provider stopped listening")
		}
		text := err.Error()
		l.trouble.Store(&text)
		l.Log.Error("nothing is heard, will try again", "err", err)
		if time.Since(began) > time.Minute {
			pause = time.Second
		}
		hub.Wait(ctx, pause)
		l.trouble.Store(nil)
	}
	l.trouble.Store(nil)
}
