package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
)

// statusTTL is how long a system is known after its worker was last heard of.
const statusTTL = 60 * time.Second

// workerStatus is how one worker of a system finds it.
type workerStatus struct {
	hub.SystemStatus
	Left bool `json:"left,omitempty"` // it has stopped
}

// Announce tells all hubs that a worker serves a system and how it finds it. The
// worker says so again before a minute has passed, and in the end that it leaves.
func (b *Bus) Announce(ctx context.Context, worker string, s hub.SystemStatus) error {
	s.Workers = 1
	return b.announce(ctx, worker, workerStatus{SystemStatus: s})
}

// Leave tells all hubs that a worker serves a system no more: what it has said
// of chats and messages holds no longer. The system itself is known for another
// minute, in which a worker may be started anew.
func (b *Bus) Leave(ctx context.Context, worker string, s hub.SystemStatus) error {
	s.State, s.Reason = hub.SystemUnknown, "its worker has stopped: is `bellhop worker "+string(s.System)+"` to be started again?"
	s.PausedChats, s.Held, s.Workers, s.Hold = nil, 0, 0, nil
	return b.announce(ctx, worker, workerStatus{s, true})
}

func (b *Bus) announce(ctx context.Context, worker string, s workerStatus) error {
	k, err := workerKey(s.System, worker)
	if err != nil {
		return err
	}
	return b.save(ctx, bucketSystems, k, s)
}

// forgetWorker takes back what a worker said that has vanished.
func (b *Bus) forgetWorker(ctx context.Context, system hub.System, worker string) error {
	k, err := workerKey(system, worker)
	if err != nil {
		return err
	}
	if err := b.buckets[bucketSystems].Delete(ctx, k); err != nil {
		return fmt.Errorf("forget a worker of %s: %w", system, err)
	}
	return nil
}

func workerKey(system hub.System, worker string) (string, error) {
	if !hub.ValidName(string(system)) {
		return "", hub.Errorf(hub.CodeInvalid, "system %q is not a name of a-z, 0-9, _ and -", system)
	}
	return string(system) + "." + key(worker), nil
}

// Systems lists the systems of which a worker was heard within the last minute,
// by name, each as all of its workers find it together.
func (b *Bus) Systems(ctx context.Context) ([]hub.SystemStatus, error) {
	all := map[string]workerStatus{} // by key
	err := b.each(ctx, bucketSystems, ">", func(key string, value []byte) error {
		var s workerStatus
		if err := json.Unmarshal(value, &s); err != nil {
			return fmt.Errorf("status of %s: %w", key, err)
		}
		all[key] = s
		return nil
	})
	told, left := map[hub.System][]hub.SystemStatus{}, map[hub.System]hub.SystemStatus{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if s := all[key]; s.Left {
			left[s.System] = s.SystemStatus
		} else {
			told[s.System] = append(told[s.System], s.SystemStatus)
		}
	}
	for system, s := range left {
		if told[system] == nil {
			told[system] = []hub.SystemStatus{s}
		}
	}
	var systems []hub.SystemStatus
	for _, system := range slices.Sorted(maps.Keys(told)) {
		systems = append(systems, hub.JoinStatus(told[system]))
	}
	return systems, err
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
