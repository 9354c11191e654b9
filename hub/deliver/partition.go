package deliver

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub/bus"
)

// partition is a part of the system's chats that this worker owns.
type partition struct {
	w     *Worker
	n     int
	claim *bus.Claim
	roots roots

	mu     sync.Mutex
	lanes  map[string]*lane
	waits  map[string]bus.Wait // stored before we owned it
	closed bool
	steps  sync.WaitGroup

	leaving bool   // no new step begins
	leave   func() // ends the holding
}

// hold serves the partition until the claim is lost or ctx ends.
func (w *Worker) hold(ctx context.Context, n int, claim *bus.Claim) error {
	waits, err := w.Bus.Waits(ctx, w.system, n)
	if err != nil {
		return errors.Join(err, w.release(ctx, claim))
	}
	holding, leave := context.WithCancel(ctx)
	defer leave()
	pt := &partition{w: w, n: n, claim: claim, lanes: map[string]*lane{}, waits: waits, leave: leave}
	w.note(pt, true)
	err = claim.Run(holding, pt.ring)
	if err == nil && ctx.Err() == nil {
		err = errGiven
	}
	w.note(pt, false)
	pt.close()
	w.health.tell() // its next owner tells of what it holds
	return errors.Join(err, w.release(ctx, claim))
}

// ours reports whether the partition is still surely ours. If not, the lane has
// been parked: we were cut off or paused, and another may own it by now.
func (pt *partition) ours(l *lane) bool {
	if pt.claim.Valid() {
		return true
	}
	pt.later(l, time.Second)
	return false
}

// giveUp ends the holding when what is in hand has ended. Until then the claim is
// kept, so that nobody else begins.
func (pt *partition) giveUp() {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	if !pt.leaving {
		pt.leaving = true
		go func() {
			pt.steps.Wait()
			pt.leave()
		}()
	}
}

func (w *Worker) note(pt *partition, owned bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if owned {
		w.owned[pt] = true
	} else {
		delete(w.owned, pt)
	}
}

// release gives a claim back, once what was sent under it is settled.
func (w *Worker) release(ctx context.Context, claim *bus.Claim) error {
	settling, enough := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer enough()
	w.settler.flush(settling)
	releasing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	return claim.Release(releasing)
}

// ring notes a message of a lane. It is called in stream order.
func (pt *partition) ring(r bus.Ring) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	l := pt.lanes[r.Lane]
	if l == nil {
		l = &lane{name: r.Lane}
		if stored, ok := pt.waits[l.name]; ok {
			l.past = &stored
			delete(pt.waits, l.name)
		}
		pt.lanes[r.Lane] = l
	}
	if pt.note(l, r) {
		pt.rouse(l)
	}
}

// recall takes up what the lane's last owner knew of its head, and reports
// whether the head must wait. The lock is held.
func (pt *partition) recall(l *lane) bool {
	if l.past == nil || l.past.Seq != l.seqs[0] {
		return false
	}
	stored := *l.past
	l.past = nil
	l.attempt, l.stored, l.digest = stored.Attempt, true, stored.Digest
	if stored.Chat != "" {
		l.refused, l.chat, l.since = 1, stored.Chat, stored.Since
		pt.w.health.pauseChat(pausedChat(stored))
	}
	if left := stored.Until.Sub(pt.w.Now()); left > 0 {
		pt.sleep(l, left)
		return true
	}
	return false
}

// note adds a message to the lane, with its body while the budget lasts.
func (pt *partition) note(l *lane, r bus.Ring) bool {
	if r.Seq <= l.tail || l.behind {
		return false
	}
	if !pt.reserve(l) {
		l.behind = true
		return false
	}
	if len(l.bodies) == len(l.seqs) {
		if b, ok := pt.w.bodies.keep(r.Body); ok {
			l.bodies = append(l.bodies, b)
		}
	}
	l.seqs, l.tail = append(l.seqs, r.Seq), r.Seq
	return true
}

// reserve makes room for one more sequence. A lane's head is always known,
// whatever the bound.
func (pt *partition) reserve(l *lane) bool {
	if pt.w.seqs.take(1) {
		return true
	}
	if len(l.seqs) > 0 {
		return false
	}
	pt.w.seqs.give(-1)
	return true
}

// sleep parks the lane until d has passed. The lock is held.
func (pt *partition) sleep(l *lane, d time.Duration) {
	l.drop(pt.w.bodies)
	if l.hurry {
		l.hurry = false
		pt.w.ready.push(pt, l)
		return
	}
	l.parked = true
	l.timer = time.AfterFunc(d, func() { pt.wake(l) })
}

func (pt *partition) wake(l *lane) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	if !pt.closed {
		pt.w.ready.push(pt, l)
	}
}

// hurry ends the wait of a lane's head, if it waits.
func (pt *partition) hurry(name string) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	l := pt.lanes[name]
	switch {
	case l == nil || len(l.seqs) == 0:
	case l.timer != nil && l.timer.Stop():
		pt.w.ready.push(pt, l)
	default: // an attempt is on its way, perhaps from before things were mended
		l.hurry = true
	}
}

// begin takes the lane's head for a step, unless the partition closes or the
// head must wait.
func (pt *partition) begin(l *lane) (seq uint64, b body, ok bool) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	if pt.closed || pt.leaving {
		return 0, body{}, false
	}
	l.hushed, l.parked = false, false
	pt.release(l)
	if len(l.seqs) == 0 {
		pt.idle(l)
		return 0, body{}, false
	}
	if pt.recall(l) {
		return 0, body{}, false
	}
	pt.steps.Add(1)
	seq, b = l.head()
	return seq, b, true
}

// pop removes messages that were settled together, the head among them, and goes
// on with the next.
func (pt *partition) pop(ctx context.Context, l *lane, seqs ...uint64) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	if pt.closed {
		return
	}
	for _, seq := range seqs {
		if i := slices.Index(l.seqs, seq); i >= 0 {
			l.cut(i, pt.w.bodies)
			pt.w.seqs.give(1)
		} else if gone := l.take(func(h held) bool { return h.seq == seq }); len(gone) > 0 {
			pt.w.seqs.give(heldWeighs)
			pt.w.held.Add(-1)
		}
	}
	l.attempt, l.stored, l.digest = 0, false, ""
	l.hurry = false
	pt.next(ctx, l)
}

// heads are the first messages of a lane that may be told together, and why: a
// group, or as many as make a storm. A body that is unknown must be read.
func (pt *partition) heads(l *lane, storm int) (seqs []uint64, bodies []body, why bus.DigestReason) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	n := mostLines
	switch {
	case len(l.groups) > 0:
		n, why = l.groups[0].n, l.groups[0].why
		if n < 2 {
			return nil, nil, why
		}
	case storm == 0 || len(l.seqs) < storm || l.seqs[0] <= l.single:
		return nil, nil, bus.DigestStorm
	}
	seqs = slices.Clone(l.seqs[:min(n, mostLines, len(l.seqs))])
	bodies = make([]body, len(seqs))
	copy(bodies, l.bodies)
	return seqs, bodies, why
}

// scatter lets the first n messages of a lane be sent one by one: the platform
// refuses to take them together.
func (pt *partition) scatter(l *lane, n int, last uint64) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	if len(l.groups) == 0 {
		l.single = last
		return
	}
	first := l.groups[0]
	n = min(n, first.n)
	groups := slices.Repeat([]group{{1, first.why}}, n)
	if first.n > n {
		groups = append(groups, group{first.n - n, first.why})
	}
	l.groups = append(groups, l.groups[1:]...)
}

// next goes on with a lane whose head is new. The lock is held.
func (pt *partition) next(ctx context.Context, l *lane) {
	if len(l.seqs) == 0 && l.behind {
		if err := pt.refill(ctx, l); err != nil { // the bus is away
			l.timer = time.AfterFunc(time.Second, func() {
				pt.mu.Lock()
				defer pt.mu.Unlock()
				if !pt.closed {
					pt.next(ctx, l)
				}
			})
			return
		}
	}
	if len(l.seqs) > 0 {
		pt.w.ready.push(pt, l)
	} else {
		pt.idle(l)
	}
}

// refill reads on where the lane stopped taking notes. Rings for the lane are
// ignored until it has caught up, so nothing comes twice.
func (pt *partition) refill(ctx context.Context, l *lane) error {
	rings, err := pt.claim.Refill(ctx, l.name, l.tail, refillBatch)
	if err != nil {
		return err
	}
	l.behind = len(rings) == refillBatch
	for _, r := range rings {
		if !pt.reserve(l) {
			l.behind = true
			break
		}
		l.seqs, l.tail = append(l.seqs, r.Seq), r.Seq
	}
	return nil
}

// refillBatch is how many sequences a lane that fell behind reads at once.
const refillBatch = 64

// later parks the lane after an attempt that did not settle its head: until
// d has passed, or, with d < 0, until the system is resumed.
func (pt *partition) later(l *lane, d time.Duration) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	switch {
	case pt.closed:
	case d < 0:
		l.drop(pt.w.bodies)
		l.parked = true
		pt.w.health.park(func() { pt.wake(l) })
	default:
		pt.sleep(l, d)
	}
}

// close ends the partition: no new step begins, and it returns when those in
// hand have ended.
func (pt *partition) close() {
	pt.mu.Lock()
	pt.closed = true
	for _, l := range pt.lanes {
		if l.timer != nil {
			l.timer.Stop()
		}
		l.stopAlarm()
		l.drop(pt.w.bodies)
		pt.w.seqs.give(int64(len(l.seqs) + heldWeighs*len(l.held)))
		pt.w.held.Add(-int64(len(l.held)))
		if l.begun != nil {
			pt.w.held.Add(-int64(len(l.begun.seqs)))
			pt.w.seqs.give(int64(len(l.begun.seqs)))
		}
		l.seqs, l.held = nil, nil // and what else a lane knows is its step's alone
	}
	pt.mu.Unlock()
	pt.steps.Wait()
	for _, l := range pt.lanes {
		if l.refused > 0 { // its next owner tells of it
			pt.w.health.resumeChat(l.chat)
		}
	}
}
