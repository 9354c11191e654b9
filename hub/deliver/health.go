package deliver

import (
	"context"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// health says whether the system takes messages at all. While its credentials
// are refused every lane is parked here, with its messages in the stream.
type health struct {
	mu      sync.Mutex
	checked bool
	reason  string // why it is paused; "" is not paused
	parked  []func()
	changed chan struct{}
}

func newHealth() *health { return &health{changed: make(chan struct{}, 1)} }

func (h *health) paused() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reason != ""
}

// pause stops the system, with the reason that people will read.
func (h *health) pause(reason string) {
	h.mu.Lock()
	begins := h.reason == ""
	h.checked, h.reason = true, reason
	h.mu.Unlock()
	if begins { // every lane in flight may find it out: told once
		h.tell()
	}
}

// park calls wake when the system goes on; at once if it is not paused.
func (h *health) park(wake func()) {
	h.mu.Lock()
	paused := h.reason != ""
	if paused {
		h.parked = append(h.parked, wake)
	}
	h.mu.Unlock()
	if !paused {
		go wake()
	}
}

// resume lets every parked lane go on.
func (h *health) resume() {
	h.mu.Lock()
	parked := h.parked
	h.checked, h.reason, h.parked = true, "", nil
	h.mu.Unlock()
	h.tell()
	for _, wake := range parked {
		wake()
	}
}

func (h *health) tell() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

func (h *health) state() (state, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.reason != "":
		return "paused", h.reason
	case h.checked:
		return "ok", ""
	}
	return "unknown", "its credentials have not been checked yet"
}

// announceEvery is how often a worker says that it lives; what the bus keeps of
// it fades after a minute.
const announceEvery = 15 * time.Second

// watch proves the credentials at the start and, while the system is paused, at
// growing intervals up to five minutes; and tells the bus how the system is.
func (w *Worker) watch(ctx context.Context) {
	check := time.NewTimer(0)
	defer check.Stop()
	announce := time.NewTicker(announceEvery)
	defer announce.Stop()
	pauseFor := w.Probe
	for {
		select {
		case <-ctx.Done():
			return
		case <-check.C:
			w.prove(ctx)
			if w.health.paused() {
				check.Reset(pauseFor)
				pauseFor = min(2*pauseFor, 5*time.Minute)
			}
		case <-w.health.changed:
			if pauseFor = w.Probe; w.health.paused() {
				check.Reset(pauseFor)
			}
			w.announce(ctx)
		case <-announce.C:
			w.announce(ctx)
		}
	}
}

func (w *Worker) announce(ctx context.Context) {
	state, reason := w.health.state()
	d := w.Provider.Describe()
	s := hub.SystemStatus{System: w.system, Kind: d.Kind, Features: d.Can, State: state, Reason: reason}
	if err := w.Bus.Announce(ctx, s); err != nil && ctx.Err() == nil {
		w.Log.Warn("the state of the system could not be told to the hub", "system", w.system, "err", err)
	}
}
