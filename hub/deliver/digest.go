package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/observe"
)

// mostLines is how many notifications one digest tells.
const mostLines = 50

// together settles the first messages of a lane in one digest, if so many wait
// that the chat's pace would never bring them in time. It reports whether the lane
// has been seen to; if not, its head is a message like any other.
//
// A digest is stored before it is sent: after a crash it is the same one again,
// with the same key.
func (w *Worker) together(ctx context.Context, pt *partition, l *lane, body []byte) bool {
	d, first, err := w.digestOf(ctx, pt, l, body)
	if err != nil {
		w.Log.Warn("messages that wait could not be read, will try again", "system", w.system, "err", err)
		pt.later(l, minWait)
		return true
	}
	if d == nil {
		return false
	}
	if !w.turn(pt, l, first.Chat.ID) {
		return true
	}
	if !w.health.admit() {
		pt.later(l, -1)
		return true
	}
	watched, trail := observe.Watch(ctx)
	receipt, err := w.sendDigest(watched, first, d)
	l.saw(trail, err)
	if ctx.Err() != nil && err != nil { // we are stopping
		return true
	}
	v := judge(err, l.attempt+1, w.patience(), rand.Float64())
	switch {
	case w.silent(err):
		pt.later(l, -1)
	case v.do == done:
		w.tookOne(l, first, nil)
		w.told(ctx, pt, l, first, d, receipt)
	case v.do == bury: // perhaps one line of it: each is tried by itself
		w.Log.Warn("the platform refuses a digest, its messages are sent one by one", "system", w.system, "chat", first.Chat.ID, "err", err)
		l.digest, l.single = "", d.Lines[len(d.Lines)-1].Seq
		w.unstore(ctx, pt, l)
		l.stored, l.attempt = false, 0
		pt.later(l, 0)
	default:
		w.rest(ctx, pt, l, first, d.Lines[0].Seq, v, err)
	}
	return true
}

// digestOf is the digest that the head of a lane belongs in, nil for none, and
// the head.
func (w *Worker) digestOf(ctx context.Context, pt *partition, l *lane, body []byte) (*bus.Digest, *hub.Notification, error) {
	if l.digest == "" && !pt.crowded(l) {
		return nil, nil, nil
	}
	first, readable := decoded(body)
	if !readable { // it is buried by itself
		return nil, nil, nil
	}
	if l.digest != "" {
		d, err := w.Bus.Digest(ctx, l.digest)
		if d != nil || err != nil {
			return d, first, err
		}
	}
	if w.Now().Sub(first.QueuedAt) < w.StormAfter || !pt.crowded(l) {
		return nil, nil, nil
	}
	seqs, bodies := pt.heads(l, mostLines)
	lines, err := w.lines(ctx, pt, seqs, bodies)
	if err != nil || len(lines) < 2 {
		return nil, nil, err
	}
	d := &bus.Digest{Lines: lines}
	ids := []string{"digest"}
	for _, line := range lines {
		ids = append(ids, string(line.Notification))
	}
	d.ID = hub.NotificationID("d" + hub.Digest(ids...))
	l.digest, l.stored = d.ID, true
	intent := bus.Wait{Until: w.Now().UTC(), Attempt: l.attempt, Seq: seqs[0], Digest: d.ID}
	w.persist(ctx, "store a digest", func() error { return w.Bus.PutDigest(ctx, *d) })
	w.persist(ctx, "store what a digest is of", func() error { return w.Bus.PutWait(ctx, w.system, pt.n, l.name, intent) })
	return d, first, nil
}

// crowded reports whether enough messages wait for a digest. A head that was tried
// by itself may be out there.
func (pt *partition) crowded(l *lane) bool {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	return pt.w.Storm > 0 && len(l.seqs) >= pt.w.Storm && l.attempt == 0 && l.seqs[0] > l.single
}

// lines are those of the first messages that a digest can tell of, as long as
// there is room: things to say, of which none has been said or is past its use,
// and what changes or takes back one of them.
func (w *Worker) lines(ctx context.Context, pt *partition, seqs []uint64, bodies [][]byte) ([]bus.DigestLine, error) {
	limits := w.Provider.Describe().Limits
	room := limits.Text * 3 / 4
	var lines []bus.DigestLine
	said := map[hub.NotificationID]int{}
	for i, seq := range seqs[:min(len(seqs), mostLines)] {
		body, err := pt.read(ctx, seq, bodies[i])
		if errors.Is(err, bus.ErrGone) {
			break
		}
		if err != nil {
			return nil, err
		}
		n, readable := decoded(body)
		if !readable || n.Version > hub.NotificationVersion || !knows(n.Act) || w.stale(n) {
			break
		}
		of, isChange := said[n.Of]
		if n.Act != hub.ActSend && !isChange {
			break
		}
		known, err := w.Bus.Receipt(ctx, n.ID)
		if err != nil {
			return nil, err
		}
		line := bus.DigestLine{Notification: n.ID, Seq: seq, Again: n.Again}
		text := providers.Line(n.Message)
		if n.Act == hub.ActRetract {
			text = ""
		}
		if room -= limits.Unit.Len(text) + len("\n- "); known != nil || room < 0 {
			break
		}
		if n.Act == hub.ActSend {
			said[n.ID], line.Text = len(lines), text
		} else {
			lines[of].Text = text
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// read is a message's body, from the stream unless it is at hand.
func (pt *partition) read(ctx context.Context, seq uint64, body []byte) ([]byte, error) {
	if body != nil {
		return body, nil
	}
	return pt.claim.Get(ctx, seq)
}

// decoded is the notification of a body, if it is one.
func decoded(body []byte) (*hub.Notification, bool) {
	n := new(hub.Notification)
	err := bus.Decode(body, n)
	return n, err == nil
}

// sendDigest makes the one attempt to send.
func (w *Worker) sendDigest(ctx context.Context, first *hub.Notification, d *bus.Digest) (hub.Receipt, error) {
	known, err := w.Bus.Receipt(ctx, d.ID)
	if err != nil || known != nil || visible(d) == 0 { // it was sent before a crash, or there is nothing left to tell
		return deref(known), err
	}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	return w.Provider.Send(ctx, providers.Post{Key: string(d.ID), To: first.Chat, Message: digestMessage(d)})
}

func deref(r *hub.Receipt) hub.Receipt {
	if r == nil {
		return hub.Receipt{}
	}
	return *r
}

func visible(d *bus.Digest) int {
	n := 0
	for _, line := range d.Lines {
		if line.Text != "" {
			n++
		}
	}
	return n
}

// digestMessage is what a digest says.
func digestMessage(d *bus.Digest) hub.Message {
	var b strings.Builder
	fmt.Fprintf(&b, "**%d messages that had to wait**\n", visible(d))
	for _, line := range d.Lines {
		if line.Text != "" {
			b.WriteString("\n- " + line.Text)
		}
	}
	return hub.Message{Text: b.String()}
}

// told settles the messages of a digest that was sent.
func (w *Worker) told(ctx context.Context, pt *partition, l *lane, first *hub.Notification, d *bus.Digest, r hub.Receipt) {
	ctx, cancel := lasting(ctx) // it is out there
	defer cancel()
	w.persist(ctx, "keep the receipt", func() error { return w.Bus.PutReceipt(ctx, d.ID, r) })
	d.Ref = r.Ref
	w.persist(ctx, "keep a digest", func() error { return w.Bus.PutDigest(ctx, *d) })
	note := fmt.Sprintf("told with %d others in one message: so many waited for the chat", len(d.Lines)-1)
	for _, line := range d.Lines {
		n := &hub.Notification{ID: line.Notification, Chat: first.Chat, Again: line.Again}
		w.sent(ctx, n, l, hub.Receipt{URL: r.URL, At: r.At, Note: note, Digest: d.ID}, true)
		w.persist(ctx, "acknowledge", func() error { return pt.claim.Ack(ctx, line.Seq) })
	}
	w.unstore(ctx, pt, l)
	pt.popAll(ctx, l, len(d.Lines))
}

// changeLine changes what a digest tells of a notification.
func (w *Worker) changeLine(ctx context.Context, n *hub.Notification, id hub.NotificationID) (hub.Receipt, error) {
	d, err := w.Bus.Digest(ctx, id)
	if err != nil {
		return hub.Receipt{}, err
	}
	receipt := hub.Receipt{Digest: id}
	if d == nil || d.Ref == "" || !w.Provider.Describe().Can.Edits {
		receipt.Note = stays(n.Act) + ": it was told in one message with others, which cannot be changed"
		return receipt, nil
	}
	text := providers.Line(n.Message)
	if n.Act == hub.ActRetract {
		text = removed
	}
	for i := range d.Lines {
		if d.Lines[i].Notification == n.Of {
			d.Lines[i].Text = text
		}
	}
	said := *n
	said.Message = digestMessage(d)
	if err := w.editWithin(ctx, &said, d.Ref); hopeless(err) {
		receipt.Note = fmt.Sprintf("%s: %s", stays(n.Act), err)
		return receipt, nil
	} else if err != nil {
		return hub.Receipt{}, err
	}
	w.persist(ctx, "keep a digest", func() error { return w.Bus.PutDigest(ctx, *d) })
	receipt.Note = "changed in the message that told of it with others"
	return receipt, nil
}

func (w *Worker) editWithin(ctx context.Context, n *hub.Notification, ref hub.MessageRef) error {
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	_, err := w.edit(ctx, n, ref)
	return err
}
