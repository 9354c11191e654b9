package deliver

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// held is a message that its lane has set aside: until its digest, or while the
// chat is left alone. What comes after it is sent meanwhile. Its body is in the
// stream.
type held struct {
	seq    uint64
	due    int64  // in nanoseconds since 1970, and not while the chat is left alone
	of     uint64 // stands for the notification that it is, or that it changes
	row    bool   // its row wants it in a digest
	change bool   // it changes or takes back what is set aside
}

// heldWeighs is how many sequences a held message is as heavy as.
const heldWeighs = 4

// group are the first messages of a lane, or those behind another group, that are
// told together. A group of one is a message like any other.
type group struct {
	n   int
	why bus.DigestReason
}

// begun is what a lane was at when its chat was to be left alone. It may have
// been sent, so that it goes on with the same later.
type begun struct {
	seqs    []uint64
	of      []uint64 // stand for the notifications
	attempt int
	digest  hub.NotificationID
	stored  bool
}

const (
	// gather is how long what is due already waits for others that are: after a
	// restart they are played back one by one.
	gather = time.Second
	// few are as many as are sent one by one after a silence.
	few = 5
	// longestRest is how long a lane with messages set aside does not look at the
	// clock, which people may set.
	longestRest = 10 * time.Minute
)

var seed = maphash.MakeSeed()

// standIn stands for an id in eight bytes.
func standIn(id hub.NotificationID) uint64 { return maphash.String(seed, string(id)) }

// inHand reports whether the platform may have what the lane is at.
func (l *lane) inHand() bool { return l.attempt > 0 || l.digest != "" }

// aside sets the head of a lane aside if it is not to be sent now. It reports
// whether the head has been seen to.
func (w *Worker) aside(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64) bool {
	l.id = n.Chat.ID
	now, chat := w.Now(), w.chats.of(n.Chat.ID)
	until := chat.Silent(now)
	if l.inHand() {
		return n.Act == hub.ActSend && !until.IsZero() && w.putBy(ctx, pt, l, n, seq)
	}
	pt.mu.Lock()
	closed := pt.closed // and what the lane has set aside is forgotten: its next owner sees to it
	h, wait := w.holds(l, n, now, until)
	pt.mu.Unlock()
	if closed {
		return true
	}
	if !wait {
		return false
	}
	h.seq = seq
	if known, err := w.Bus.Receipt(ctx, w.system, n.ID); err != nil {
		w.Log.Warn("receipts cannot be read, will try again", "system", w.system, "err", err)
		pt.later(l, time.Second)
		return true
	} else if known != nil { // it was sent before a crash
		return false
	}
	w.unstore(ctx, pt, l)
	l.stored = false
	switch {
	case pt.setAside(ctx, l, h):
		return true
	case until.IsZero(): // memory is bounded, a digest is but a form
		w.Log.Debug("a message is sent at once: no more can be set aside", "system", w.system, "chat", n.Chat.ID, "notification", n.ID)
		return false
	}
	pt.hush(l, until.Sub(now))
	return true
}

// holds says whether the head of a lane is to be set aside, and until when. until
// is the end of a silence, if there is one. The lock is held.
func (w *Worker) holds(l *lane, n *hub.Notification, now, until time.Time) (held, bool) {
	if n.Act != hub.ActSend {
		return l.joined(n)
	}
	released, h := len(l.groups) > 0, held{of: standIn(n.ID)}
	due, digest := w.due(n)
	switch {
	case digest:
		if gathers := l.gathers(now); until.IsZero() && due.Before(gathers) {
			due = gathers
		}
		h.row, h.due = true, due.UnixNano()
		return h, !released || !until.IsZero()
	case !until.IsZero():
		return h, true
	case released || n.Again > 0:
		return h, false
	}
	// What waited for the end of a silence is told together, also if the worker
	// was not there when it ended.
	end := w.chats.of(n.Chat.ID).Silent(n.QueuedAt)
	h.due = l.gathers(now).UnixNano()
	return h, !end.IsZero() && !end.After(now)
}

// gathers is when the next messages are told that are due already.
func (l *lane) gathers(now time.Time) time.Time {
	at := now.Add(gather)
	if soonest := time.Unix(0, l.soonest); len(l.held) > 0 && soonest.After(now) && soonest.Before(at) {
		return soonest
	}
	return at
}

// joined is a change of a message that is set aside: it waits with it.
func (l *lane) joined(n *hub.Notification) (held, bool) {
	of := standIn(n.Of)
	for _, h := range l.held {
		if h.of == of && !h.change {
			h.change = true
			return h, true
		}
	}
	return held{of: of, change: true}, l.begun != nil && slices.Contains(l.begun.of, of)
}

// setAside moves the head of a lane to those that are held, if there is room. A
// change always finds some: it must not pass what it changes.
func (pt *partition) setAside(ctx context.Context, l *lane, h held) bool {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	if pt.closed {
		return true
	}
	if !pt.w.seqs.take(heldWeighs - 1) {
		if !h.change {
			return false
		}
		pt.w.seqs.give(-(heldWeighs - 1))
	}
	l.cut(0, pt.w.bodies)
	if len(l.held) == 0 || h.due < l.soonest {
		l.soonest = h.due
	}
	l.held = append(l.held, h)
	pt.w.held.Add(1)
	pt.next(ctx, l)
	return true
}

// hush parks a lane that has no room to set its head aside.
func (pt *partition) hush(l *lane, d time.Duration) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	if !pt.closed {
		l.hushed = true
		pt.sleep(l, d)
	}
}

// putBy sets aside what a lane is at, as it is.
func (w *Worker) putBy(ctx context.Context, pt *partition, l *lane, n *hub.Notification, seq uint64) bool {
	b := &begun{attempt: l.attempt, digest: l.digest, stored: l.stored, of: []uint64{standIn(n.ID)}}
	seqs := []uint64{seq}
	if l.digest != "" {
		d, err := w.Bus.Digest(ctx, l.digest)
		if err != nil {
			w.Log.Warn("messages that wait could not be read, will try again", "system", w.system, "err", err)
			pt.later(l, minWait)
			return true
		}
		if d == nil { // it has faded, and so has what was known of it
			l.attempt, l.digest = 0, ""
			pt.later(l, 0)
			return true
		}
		seqs, b.of = nil, nil
		for _, line := range d.Lines {
			seqs, b.of = append(seqs, line.Seq), append(b.of, standIn(line.Notification))
		}
	}
	pt.mu.Lock()
	defer pt.mu.Unlock()
	if pt.closed {
		return true
	}
	for _, seq := range seqs {
		if i := slices.Index(l.seqs, seq); i >= 0 {
			l.cut(i, pt.w.bodies)
			b.seqs = append(b.seqs, seq)
		}
	}
	l.begun, l.attempt, l.digest, l.stored = b, 0, "", false
	pt.w.held.Add(int64(len(b.seqs)))
	pt.next(ctx, l)
	return true
}

// release puts what is due by now back to the front of a lane. The lock is held.
func (pt *partition) release(l *lane) {
	if len(l.held) == 0 && l.begun == nil || l.inHand() || len(l.groups) > 0 {
		return
	}
	if l.anew {
		l.anew = false
		pt.restore(l, l.take(func(h held) bool { return h.row }))
		return
	}
	now := pt.w.Now()
	switch until := pt.w.chats.of(l.id).Silent(now); {
	case !until.IsZero():
	case l.begun != nil:
		b := l.begun
		pt.w.held.Add(-int64(len(b.seqs)))
		l.drop(pt.w.bodies)
		l.seqs = append(slices.Clone(b.seqs), l.seqs...)
		l.attempt, l.digest, l.stored, l.begun = b.attempt, b.digest, b.stored, nil
	case len(l.held) > 0 && l.soonest <= now.UnixNano():
		due := l.take(func(h held) bool { return h.due <= now.UnixNano() })
		due, l.groups = grouped(due)
		pt.restore(l, due)
	}
}

// take removes those that fit from what is held, and gives them in their order.
func (l *lane) take(fits func(held) bool) (taken []held) {
	var rest []held
	for _, h := range l.held {
		if fits(h) {
			taken = append(taken, h)
		} else {
			rest = append(rest, h)
		}
	}
	l.held, l.soonest = rest, 0
	if len(rest) > 0 {
		l.soonest = slices.MinFunc(rest, func(a, b held) int { return cmp.Compare(a.due, b.due) }).due
	}
	slices.SortFunc(taken, func(a, b held) int { return cmp.Compare(a.seq, b.seq) })
	return taken
}

// restore puts messages before all others of a lane. The lock is held.
func (pt *partition) restore(l *lane, first []held) {
	if len(first) == 0 {
		return
	}
	l.drop(pt.w.bodies)
	seqs := make([]uint64, 0, len(first)+len(l.seqs))
	for _, h := range first {
		seqs = append(seqs, h.seq)
	}
	l.seqs = append(seqs, l.seqs...)
	pt.w.held.Add(-int64(len(first)))
	pt.w.seqs.give(int64(len(first)) * (heldWeighs - 1))
}

// grouped puts what is due into the order in which it is told, changes behind
// what they change, and says what of it is told together: all that a row wants in
// a digest, and the rest where it is more than a few.
func grouped(due []held) (ordered []held, groups []group) {
	at := map[uint64]int{}
	var said [][]held // each message with its changes
	rest := 0
	for _, h := range due {
		if i, known := at[h.of]; known && h.change {
			said[i] = append(said[i], h)
			continue
		}
		at[h.of] = len(said)
		said = append(said, []held{h})
		if !h.row {
			rest++
		}
	}
	why := bus.DigestRow
	if rest > few {
		why = bus.DigestSilence
	}
	one := group{why: why}
	for _, s := range said {
		if s[0].row || rest > few {
			ordered, one.n = append(ordered, s...), one.n+len(s)
		}
	}
	if one.n > 0 {
		groups = append(groups, one)
	}
	for _, s := range said {
		if !s[0].row && rest <= few {
			ordered, groups = append(ordered, s...), append(groups, group{len(s), bus.DigestSilence})
		}
	}
	return ordered, groups
}

// idle lets a lane rest that has nothing to send now, or forgets it if it holds
// nothing. The lock is held.
func (pt *partition) idle(l *lane) {
	if len(l.held) == 0 && l.begun == nil {
		delete(pt.lanes, l.name)
		return
	}
	now := pt.w.Now()
	at := pt.w.chats.of(l.id).Silent(now)
	if at.IsZero() {
		at = time.Unix(0, l.soonest)
		if l.begun != nil {
			at = now
		}
	}
	if !at.After(now) || l.anew { // its chat's clocks were set while it was busy
		pt.w.ready.push(pt, l)
		return
	}
	l.busy = false
	l.stopAlarm()
	l.alarm = time.AfterFunc(min(at.Sub(now), longestRest), func() {
		pt.mu.Lock()
		defer pt.mu.Unlock()
		pt.rouse(l)
	})
}

func (l *lane) stopAlarm() {
	if l.alarm != nil {
		l.alarm.Stop()
	}
}

// rouse lets a lane that rests look at the clock. The lock is held.
func (pt *partition) rouse(l *lane) {
	if !l.busy && !pt.closed && pt.lanes[l.name] == l {
		l.busy = true
		pt.w.ready.push(pt, l)
	}
}

// reconsider lets a lane look again whether its chat is left alone. moved is that
// the chat's clocks go differently.
func (pt *partition) reconsider(name string, moved bool) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	l := pt.lanes[name]
	if l == nil {
		return
	}
	l.anew = l.anew || moved
	if l.hushed && l.timer != nil && l.timer.Stop() {
		l.hushed = false
		pt.w.ready.push(pt, l)
	}
	pt.rouse(l)
}
