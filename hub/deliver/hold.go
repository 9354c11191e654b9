package deliver

import (
	"context"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// readHold takes in whether an operator has paused the system. Nothing is sent
// before that is known.
func (w *Worker) readHold(ctx context.Context) {
	for pause := 50 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 5*time.Second) {
		one, cancel := context.WithTimeout(ctx, 5*time.Second)
		h, err := w.Bus.Hold(one, w.system)
		cancel()
		if err == nil {
			w.health.hold(h)
			return
		}
		if ctx.Err() == nil {
			w.Log.Warn("whether the system is paused cannot be read, will try again", "system", w.system, "err", err)
		}
		hub.Wait(ctx, pause)
	}
}

// watchHold reads it again whenever somebody has changed it.
func (w *Worker) watchHold(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.halts:
			w.readHold(ctx)
		}
	}
}

// onHold is told of the systems whose hold has changed; of none is any.
func (w *Worker) onHold(ids []string) {
	if len(ids) > 0 && !slices.Contains(ids, string(w.system)) {
		return
	}
	select {
	case w.halts <- struct{}{}:
	default:
	}
}

// hold takes in what an operator wants. While it lasts no lane goes on.
func (h *health) hold(now *hub.Hold) {
	h.mu.Lock()
	was := h.held.Lasts()
	h.held = now
	var parked []func()
	if was && !now.Lasts() && h.reason == "" {
		parked, h.parked = h.parked, nil
	}
	h.mu.Unlock()
	if was != now.Lasts() {
		h.tell()
	}
	for _, wake := range parked {
		wake()
	}
}

// lasting is the hold, nil if none lasts.
func (h *health) lasting() *hub.Hold {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held.Lasts() {
		return h.held
	}
	return nil
}

// heldFor is how much of the time between two moments the last hold took.
func (h *health) heldFor(from, to time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held.Overlap(from, to)
}
