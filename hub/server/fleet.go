package server

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/hub/listen"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/all"
)

// fleet are the systems that this process serves. They come, go and are replaced
// while it runs: what waits stays on the bus, and the next worker goes on with it.
type fleet struct {
	s *Server

	changing sync.Mutex // one change at a time

	mu     sync.Mutex // guards the rest; held for moments
	served map[hub.System]*served
	ctx    context.Context // of the server, nil before it has started

	due due
}

// served is one of them.
type served struct {
	provider providers.Provider
	mark     string             // says which settings it was made from
	worker   *deliver.Worker    // nil before it has started
	stop     context.CancelFunc // nil before it has started
	done     sync.WaitGroup
}

// wanted is a system that is to be served.
type wanted struct {
	section config.Section
	mark    string
}

func newFleet(s *Server) *fleet { return &fleet{s: s, served: map[hub.System]*served{}} }

// providers are those of the systems that are served, by name.
func (f *fleet) providers() []providers.Provider {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []providers.Provider
	for _, name := range slices.Sorted(maps.Keys(f.served)) {
		out = append(out, f.served[name].provider)
	}
	return out
}

// provider is that of a system, nil if it is not served here.
func (f *fleet) provider(system hub.System) providers.Provider {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one := f.served[system]; one != nil {
		return one.provider
	}
	return nil
}

// worker is that of a system, nil if it is not served here, or not yet.
func (f *fleet) worker(system hub.System) *deliver.Worker {
	f.mu.Lock()
	defer f.mu.Unlock()
	if one := f.served[system]; one != nil {
		return one.worker
	}
	return nil
}

// set serves what is wanted, and nothing else; it is asked when it is its turn, and
// may say that nothing is to change. A system whose settings are the same
// as before is not touched. It returns when those that are to go have stopped: what
// they had in hand is sent or left to the next. A system that cannot be made is
// left out, and the error says why.
func (f *fleet) set(wanted func() (list []wanted, changed bool)) map[hub.System]error {
	f.changing.Lock()
	defer f.changing.Unlock()
	list, changed := wanted()
	if !changed {
		return nil
	}
	failed := map[hub.System]error{}
	next, fresh := map[hub.System]*served{}, []*served{}
	was := f.snapshot()
	for _, w := range list {
		name := hub.System(w.section.Name())
		if one := was[name]; one != nil && one.mark == w.mark {
			next[name] = one
			continue
		}
		provider, err := f.s.openSystem(w.section)
		if err != nil {
			failed[name] = err
			if one := was[name]; one != nil { // better the older than none
				next[name] = one
			}
			continue
		}
		one := &served{provider: provider, mark: w.mark}
		next[name] = one
		fresh = append(fresh, one)
	}
	var going sync.WaitGroup
	for name, one := range was {
		if next[name] != one {
			going.Go(one.end)
		}
	}
	f.mu.Lock()
	f.served = next
	ctx := f.ctx
	f.mu.Unlock()
	going.Wait() // of two workers of a system the new one would only wait for the old
	if ctx != nil {
		for _, one := range fresh {
			f.begin(ctx, one)
		}
	}
	return failed
}

func (f *fleet) snapshot() map[hub.System]*served {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.served)
}

// run serves until ctx ends and everything has stopped.
func (f *fleet) run(ctx context.Context) {
	f.changing.Lock()
	f.mu.Lock()
	f.ctx = ctx
	f.mu.Unlock()
	for _, one := range f.snapshot() {
		f.begin(ctx, one)
	}
	f.changing.Unlock()
	<-ctx.Done()
	f.changing.Lock()
	defer f.changing.Unlock()
	f.mu.Lock()
	f.ctx = nil // nothing begins any more
	f.mu.Unlock()
	var going sync.WaitGroup
	for _, one := range f.snapshot() {
		going.Go(one.end)
	}
	going.Wait()
}

// begin starts the worker and the listener of a system. Both hold on by
// themselves: trouble is waited out.
func (f *fleet) begin(ctx context.Context, one *served) {
	s, c := f.s, f.s.Config.Deliver
	ctx, one.stop = context.WithCancel(ctx)
	worker := deliver.New(deliver.Config{
		Bus: s.bus, Provider: s.metrics.provider(one.provider), Attempts: c.Attempts, Backoff: c.Backoff, Unpaced: s.unpaced(one.provider), Storm: c.Storm,
		Zone: s.zone(), Observe: s.metrics.ended, Log: s.Log,
	})
	f.mu.Lock()
	one.worker = worker
	f.mu.Unlock()
	s.metrics.notifications.serves(worker, s.Role == WorkerOnly)
	ear := listen.New(listen.Config{Bus: s.bus, Provider: one.provider, Log: s.Log})
	done := f.due.serves(worker)
	one.done.Go(func() {
		defer done()
		f.trouble(one, worker.Run(ctx))
	})
	one.done.Go(func() { f.trouble(one, ear.Run(ctx)) })
}

func (f *fleet) trouble(one *served, err error) {
	if err != nil {
		f.s.Log.Error("a system is not served any more", "system", one.provider.Describe().ID, "err", err)
	}
}

// end stops a system's worker and listener, when what they have in hand is done.
func (o *served) end() {
	if o.stop != nil {
		o.stop()
	}
	o.done.Wait()
}

// openSystem makes the provider of a section. It does no I/O.
func (s *Server) openSystem(section config.Section) (providers.Provider, error) {
	registry := all.Registry(s.console)
	var p config.Problems
	own := decode(registry, section, &p)
	if err := p.Err(); err != nil {
		return nil, err
	}
	if own == nil {
		return nil, fmt.Errorf("kind: there is no platform called %q", section.Kind())
	}
	return openProvider(s.Options, registry, section, own, s.pictures)
}
