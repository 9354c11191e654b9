package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/observe"
)

// step settles the head of a lane, or parks the lane until it may be tried
// again.
func (w *Worker) step(pt *partition, l *lane) {
	seq, b, ok := pt.begin(l)
	if !ok {
		return
	}
	defer pt.steps.Done()
	ctx := w.send
	if w.health.shut() {
		pt.later(l, -1)
		return
	}
	if b.unknown() {
		data, err := pt.claim.Get(ctx, seq)
		if errors.Is(err, bus.ErrGone) {
			pt.pop(ctx, l, seq) // removed by hand
			return
		} else if err != nil {
			w.Log.Warn("a message could not be read from the stream, will try again", "system", w.system, "err", err)
			pt.later(l, time.Second)
			return
		}
		b = whole(data)
	}
	if !pt.ours(l) {
		return
	}
	n, err := w.decoder.decode(b)
	if err == nil && (w.aside(ctx, pt, l, n, seq) || w.together(ctx, pt, l, n)) {
		return
	}
	if w.try(ctx, pt, l, seq, n, err) {
		w.unstore(ctx, pt, l)
		pt.pop(ctx, l, seq)
	}
}

// try makes one attempt at a message, unless something is wrong with it. It
// reports whether the message is done with: sent, or dead. If not, the lane has
// been parked.
func (w *Worker) try(ctx context.Context, pt *partition, l *lane, seq uint64, n *hub.Notification, wrong error) bool {
	if errors.Is(wrong, errTooNew) { // a worker that was updated will take over
		w.putOff(ctx, pt, l, n, seq, verdict{wait, time.Minute}, wrong)
		return false
	}
	if wrong != nil {
		n.System = w.system // what could be read goes among the dead letters of ours
		return w.bury(ctx, pt, l, n, seq, l.attempt, wrong)
	}
	if known, err := w.receipt(ctx, pt, seq, n); err != nil {
		w.Log.Warn("receipts cannot be read, will try again", "system", w.system, "err", err)
		pt.later(l, time.Second)
		return false
	} else if known != nil { // sent before a crash, or routed twice
		return w.sent(ctx, pt, l, n, seq, *known)
	}
	at, err := w.aim(ctx, pt, n)
	if err != nil {
		w.Log.Warn("the message to answer or to change cannot be found, will try again", "system", w.system, "err", err)
		pt.later(l, time.Second)
		return false
	}
	if !w.turn(pt, l, n.Chat.ID) {
		return false
	}
	if !w.health.admit() {
		pt.later(l, -1)
		return false
	}
	watched, trail := observe.Watch(ctx)
	receipt, err := w.attempt(watched, n, at)
	l.saw(trail, err)
	if ctx.Err() != nil { // we are stopping
		return w.leave(ctx, pt, l, n, seq, at, receipt, err)
	}
	v := judge(err, l.attempt+1, w.patience(), rand.Float64())
	if w.silent(err) {
		pt.later(l, -1)
		return false
	}
	w.tookOne(l, n, err)
	switch v.do {
	case done:
		return w.took(ctx, pt, l, n, seq, at, receipt)
	case bury:
		if n.Act != hub.ActSend || at.ref == "" || at.ref == n.Root || providers.FaultOf(err) != hub.FaultRejected {
			return w.bury(ctx, pt, l, n, seq, l.attempt+1, err)
		}
		// Perhaps somebody deleted the message to answer, which Mattermost refuses
		// to answer then: without a thread the message may still be taken.
		pt.roots.drop(n)
		w.persist(ctx, "forget the thread", func() error { return w.Bus.DropRoot(ctx, n.Chat, n.Message.Thread) })
		v = verdict{wait, minWait}
	}
	w.rest(ctx, pt, l, n, seq, v, err)
	return false
}

// receipt is what is known of a message that was sent already. Of one that the hub
// has queued once, and nobody else has had, there is none.
func (w *Worker) receipt(ctx context.Context, pt *partition, seq uint64, n *hub.Notification) (*hub.Receipt, error) {
	if n.New && n.Again == 0 && pt.claim.First(seq) {
		return nil, nil
	}
	return w.Bus.Receipt(ctx, w.system, n.ID)
}

// rest parks the lane after an attempt that failed, and will be made again.
func (w *Worker) rest(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64, v verdict, err error) {
	switch v.do {
	case pause:
		w.Log.Error("the platform refuses our credentials: the system is paused, its messages wait", "system", w.system, "err", err)
		w.health.pause(err.Error())
		pt.later(l, -1)
		return
	case hold:
		w.pauseChat(ctx, pt, l, n, seq, err)
		return
	case again:
		l.attempt++
		w.counts.Retried.Add(1)
	case wait:
		w.slowDown(n.Chat, v.after, err)
		w.counts.Waited.Add(1)
		if v.after < worthTelling {
			w.counts.Paced.Add(1)
		}
	}
	w.putOff(ctx, pt, l, n, seq, v, err)
}

var errTooNew = errors.New("the message is of a newer version of Bellhop: update this worker")

// leave settles what it can of an attempt that ended while we stop: a message
// that went out is noted as sent, any other is left to whoever is next.
func (w *Worker) leave(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64, at aim, r hub.Receipt, err error) bool {
	if err != nil {
		return false
	}
	ctx, cancel := lasting(ctx)
	defer cancel()
	return w.took(ctx, pt, l, n, seq, at, r)
}

// lasting is a context that ends a second after ctx.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, cancel) })
	return longer, func() { stop(); cancel() }
}

// aim is the message that a notification is about: the one to change, or the
// one to answer.
type aim struct {
	ref    hub.MessageRef
	digest hub.NotificationID // what was said is a line of this one
}

func (w *Worker) aim(ctx context.Context, pt *partition, n *hub.Notification) (aim, error) {
	if n.Act == hub.ActSend {
		ref, err := w.root(ctx, pt, n)
		return aim{ref: ref}, err
	}
	return w.target(ctx, n)
}

// attempt makes the one attempt at what n asks for.
func (w *Worker) attempt(ctx context.Context, n *hub.Notification, at aim) (hub.Receipt, error) {
	switch {
	case n.Act == hub.ActSend:
		return w.post(ctx, n, at.ref)
	case at.digest != "":
		return w.changeLine(ctx, n, at.digest)
	}
	return w.change(ctx, n, at.ref)
}

// root is the message to answer, if n belongs into a thread that has begun.
func (w *Worker) root(ctx context.Context, pt *partition, n *hub.Notification) (hub.MessageRef, error) {
	if !n.Message.InThread || n.Root != "" || !w.Provider.Describe().Can.Threads {
		return n.Root, nil
	}
	if ref := pt.roots.find(n); ref != "" {
		return ref, nil
	}
	ref, err := w.Bus.Root(ctx, n.Chat, n.Message.Thread)
	if ref != "" {
		pt.roots.keep(n, ref)
	}
	return ref, err
}

// post makes the one attempt to send.
func (w *Worker) post(ctx context.Context, n *hub.Notification, root hub.MessageRef) (hub.Receipt, error) {
	if w.stale(n) {
		err := fmt.Errorf("it waited since %s, past its use", n.QueuedAt.Format(time.RFC3339))
		return hub.Receipt{}, &providers.Error{Fault: hub.FaultStale, Op: "send", Err: err}
	}
	p := providers.Post{Key: string(n.ID), To: n.Chat, Message: w.carried(n.Message), Root: root}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	return w.Provider.Send(ctx, p)
}

// took keeps the receipt of what a platform has taken. Only then may the lane go
// on, and the message be acknowledged: after a crash the receipt decides that it
// is not sent again.
func (w *Worker) took(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64, at aim, r hub.Receipt) bool {
	w.counts.Sent.Add(1)
	w.sentAt.Store(w.Now().UnixMilli())
	if r.At.IsZero() {
		r.At = w.Now().UTC()
	}
	var thread sync.WaitGroup
	if n.Act == hub.ActSend && n.Message.InThread && at.ref == "" && r.Ref != "" {
		thread.Go(func() {
			w.persist(ctx, "keep the thread", func() error { return w.Bus.PutRoot(ctx, n.Chat, n.Message.Thread, r.Ref) })
		})
	}
	w.persist(ctx, "keep the receipt", func() error { return w.Bus.PutReceipt(ctx, w.system, n.ID, r) })
	thread.Wait()
	return w.sent(ctx, pt, l, n, seq, r)
}

// sent has a message settled whose receipt is stored. It reports whether the lane
// may go on; not if the worker must stop.
func (w *Worker) sent(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64, r hub.Receipt) bool {
	if ctx.Err() != nil {
		return false
	}
	outcome := w.ended(n, hub.Outcome{Status: hub.StatusSent, Attempt: l.attempt + 1, Receipt: r})
	w.settler.add(ctx, &settled{claim: pt.claim, seq: seq, outcome: outcome})
	return true
}

// bury gives a message up: to DEAD with the reason, and the hub is told.
func (w *Worker) bury(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64, attempts int, err error) bool {
	w.counts.Dead.Add(1)
	w.Log.Error("a message is given up", "system", w.system, "chat", n.Chat.ID, "notification", n.ID, "attempt", attempts, "err", err)
	fault, now := providers.FaultOf(err), w.Now().UTC()
	letter := hub.DeadLetter{Notification: *n, Fault: fault, Reason: err.Error(), Attempts: attempts, At: now, Exchange: l.seen}
	w.persist(ctx, "bury", func() error { return w.Bus.Dead(ctx, letter) })
	if n.ID != "" { // if it could not be read, nobody waits to hear of it
		w.tell(ctx, n, hub.Outcome{
			Status: hub.StatusDead, Attempt: attempts, Fault: fault, Reason: err.Error(), Exchange: l.seen,
		})
	}
	w.persist(ctx, "acknowledge", func() error { return pt.claim.Ack(ctx, seq) })
	return ctx.Err() == nil
}

// worthTelling is the shortest pause for a rate limit that the delivery log
// hears of: a chat at its platform's pace pauses after every message.
const worthTelling = 10 * time.Second

// putOff parks the lane until the message may be tried again, and stores a wait
// that a restart must honour.
func (w *Worker) putOff(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64, v verdict, err error) {
	until := w.Now().Add(v.after).UTC()
	w.Log.Warn("a message must wait", "system", w.system, "chat", n.Chat.ID, "notification", n.ID, "attempt", l.attempt, "until", until, "err", err)
	if v.after > time.Second && l.begun == nil { // one wait is kept of a lane: that of what was begun
		stored := bus.Wait{Until: until, Attempt: l.attempt, Seq: seq, Reason: err.Error(), Digest: l.digest}
		l.stored = true
		w.persist(ctx, "store the wait", func() error { return w.Bus.PutWait(ctx, w.system, pt.n, l.name, stored) })
	}
	if v.do == again || v.after >= worthTelling {
		w.tell(ctx, n, hub.Outcome{
			Status: hub.StatusFailed, Attempt: l.attempt, Fault: providers.FaultOf(err), Reason: err.Error(), RetryAt: until, Exchange: l.seen,
		})
	}
	l.seen = nil
	pt.later(l, max(until.Sub(w.Now()), 0))
}

// unstore forgets the stored wait of a message that is settled.
func (w *Worker) unstore(ctx context.Context, pt *partition, l *lane) {
	if l.stored {
		w.persist(ctx, "forget the wait", func() error { return w.Bus.DropWait(ctx, w.system, pt.n, l.name) })
	}
}

// persist repeats what must not be lost until it succeeds or the worker must
// stop: the platform has the message, and only the bus is slow. What only the
// partition's owner may do is given up once that is another. It reports whether it
// was done.
func (w *Worker) persist(ctx context.Context, what string, do func() error) bool {
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, 5*time.Second) {
		err := do()
		if err == nil || ctx.Err() != nil || errors.Is(err, bus.ErrLost) {
			return err == nil
		}
		w.Log.Warn("the bus did not take it, will try again", "system", w.system, "what", what, "err", err)
		hub.Wait(ctx, delay)
	}
}
