package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
)

// statusTTL is how long a system is known after its worker was last heard of.
const statusTTL = 60 * time.Second

// Announce tells all hubs that a system is served and how it is. A worker says
// so again before a minute has passed.
func (b *Bus) Announce(ctx context.Context, s hub.SystemStatus) error {
	if !hub.ValidName(string(s.System)) {
		return hub.Errorf(hub.CodeInvalid, "system %q is not a name of a-z, 0-9, _ and -", s.System)
	}
	return b.save(ctx, bucketSystems, string(s.System), s)
}

// Systems lists the systems that were announced within the last minute, by name.
func (b *Bus) Systems(ctx context.Context) ([]hub.SystemStatus, error) {
	var all []hub.SystemStatus
	err := b.each(ctx, bucketSystems, ">", func(key string, value []byte) error {
		var s hub.SystemStatus
		if err := json.Unmarshal(value, &s); err != nil {
			return fmt.Errorf("status of %s: %w", key, err)
		}
		all = append(all, s)
		return nil
	})
	slices.SortFunc(all, func(x, y hub.SystemStatus) int { return strings.Compare(string(x.System), string(y.System)) })
	return all, err
}

// Changed tells every hub, this one too, that what has changed, and which of
// it; no ids is that any may have. It is not stored: a hub that is not connected
// misses it, and is told that anything may have changed once it is connected
// again.
func (b *Bus) Changed(what string, ids ...string) {
	if len(ids) > maxChanged {
		ids = nil
	}
	subject, err := controlSubject(what)
	if err == nil {
		err = b.nc.Publish(subject, []byte(strings.Join(ids, "\n")))
	}
	if err != nil {
		b.log.Warn("other hubs could not be told of a change", "what", what, "err", err)
	}
}

// maxChanged is how many ids a change names; with more, anything may have
// changed.
const maxChanged = 1000

// OnChange calls f with the ids whenever what was Changed, here or elsewhere,
// and without any after each lost connection. Calls do not overlap; f should be
// quick. After stop no call begins.
func (b *Bus) OnChange(what string, f func(ids []string)) (stop func()) {
	subject, err := controlSubject(what)
	if err != nil {
		b.log.Error("changes cannot be watched", "what", what, "err", err)
		return func() {}
	}
	w := &watcher{f: f}
	sub, err := b.nc.Subscribe(subject, func(m *nats.Msg) { w.call(strings.Fields(string(m.Data))) })
	if err != nil {
		b.log.Error("changes cannot be watched", "what", what, "err", err)
		return func() {}
	}
	b.watchers.add(w)
	return func() {
		_ = sub.Unsubscribe()
		b.watchers.remove(w)
		w.end()
	}
}

// watcher is someone who wants to know of changes.
type watcher struct {
	mu sync.Mutex
	f  func([]string)
}

func (w *watcher) call(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.f != nil {
		w.f(ids)
	}
}

func (w *watcher) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.f = nil
}

// watchers are all of them.
type watchers struct {
	mu  sync.Mutex
	all map[*watcher]struct{}
}

func (ws *watchers) add(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all = map[*watcher]struct{}{}
	}
	ws.all[w] = struct{}{}
}

func (ws *watchers) remove(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
}

func (ws *watchers) callAll() {
	ws.mu.Lock()
	all := make([]*watcher, 0, len(ws.all))
	for w := range ws.all {
		all = append(all, w)
	}
	ws.mu.Unlock()
	for _, w := range all {
		w.call(nil)
	}
}
