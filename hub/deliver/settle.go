package deliver

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

const (
	// settleEvery is the time for which what was sent is gathered. Until it is over
	// no lane waits for anything: a receipt is stored by then, so that after a crash
	// nothing is sent again.
	settleEvery = 10 * time.Millisecond
	// mostSettling is how many messages that were sent may wait to be settled.
	// Lanes wait beyond it: the bus does not take what became of them.
	mostSettling = 1024
)

// settled is a message that was sent and whose receipt is stored. The hub is to
// hear of it, and it is to leave the queue.
type settled struct {
	claim   *bus.Claim
	seq     uint64
	outcome hub.Outcome

	passed chan<- struct{} // of a mark: closed when all before it is settled
}

// settler settles what all lanes of a worker have sent, many at a time: they wait
// for none of it, and the hub hears of many in one event.
type settler struct {
	w     *Worker
	queue chan *settled
	over  chan struct{} // closed when nothing is settled any more
}

func newSettler(w *Worker) *settler {
	return &settler{w: w, queue: make(chan *settled, mostSettling), over: make(chan struct{})}
}

// add hands over a message that was sent. It blocks while there are too many.
func (s *settler) add(ctx context.Context, m *settled) {
	select {
	case s.queue <- m:
	case <-s.over: // it stays in the queue, and its receipt decides
	case <-ctx.Done():
	}
}

// flush returns when all that was handed over before is settled, or ctx ends.
func (s *settler) flush(ctx context.Context) {
	passed := make(chan struct{})
	s.add(ctx, &settled{passed: passed})
	select {
	case <-passed:
	case <-s.over:
	case <-ctx.Done():
	}
}

// run settles until ctx ends. It runs once.
func (s *settler) run(ctx context.Context) {
	defer close(s.over)
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-s.queue:
			batch := append(make([]*settled, 0, 1+len(s.queue)), first)
			if first.passed == nil {
				hub.Wait(ctx, settleEvery)
			}
			for range len(s.queue) {
				batch = append(batch, <-s.queue)
			}
			s.settle(ctx, batch)
		}
	}
}

// settle tells the hub, then acknowledges: what was acknowledged and not told
// would be owed for ever in the delivery log.
func (s *settler) settle(ctx context.Context, batch []*settled) {
	outcomes, rung := make([]hub.Outcome, 0, len(batch)), make([]bus.Rung, 0, len(batch))
	for _, m := range batch {
		if m.passed == nil {
			outcomes = append(outcomes, m.outcome)
			rung = append(rung, bus.Rung{Claim: m.claim, Seq: m.seq})
		}
	}
	if !s.w.publish(ctx, outcomes...) {
		return // we are stopping: whoever is next tells them
	}
	s.w.persist(ctx, "acknowledge", func() error { return s.w.Bus.Ack(ctx, rung...) })
	for _, m := range batch {
		if m.passed != nil {
			close(m.passed)
		}
	}
}
