package ingest

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// A forum sends its next webhook when the last was answered. Where more comes in than
// can be sent, answers wait a little, though what they answer is stored. Then there is
// CPU time for what was taken before, which is sent within seconds, while it is still
// in memory. Nothing is refused for it: most senders do not try again.
const (
	slowedFrom  = 4_000 // messages that could be sent: a burst is taken as fast as it comes
	slowestFrom = 20_000
	// slowest is how long an answer waits at most, which no sender minds.
	slowest = 200 * time.Millisecond
)

// slowed is how long an answer waits while so many messages could be sent.
func slowed(due int) time.Duration {
	over := min(max(due, slowedFrom), slowestFrom) - slowedFrom
	return slowest * time.Duration(over) / (slowestFrom - slowedFrom)
}

// slowDown makes the sender of what was accepted wait for its answer, if it must.
func (h *Handler) slowDown(ctx context.Context) {
	if d := slowed(h.due()); d > 0 {
		hub.Wait(ctx, d)
	}
}
