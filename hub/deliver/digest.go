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

// together settles the first messages of a lane in one digest, if that is how
// they are to be told: their rows ask for it, they waited while the chat was left
// alone, or so many wait that the chat's pace would never bring them in time. It
// reports whether the lane has been seen to; if not, its head is a message like
// any other.
//
// A digest is stored before it is sent: after a crash it is the same one again,
// with the same key.
func (w *Worker) together(ctx context.Context, pt *partition, l *lane, first *hub.Notification) bool {
	d, err := w.digestOf(ctx, pt, l, first)
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
	receipt, err := w.sendDigest(watched, pt, first, d)
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
		pt.scatter(l, len(d.Lines), d.Lines[len(d.Lines)-1].Seq)
		l.digest = ""
		w.unstore(ctx, pt, l)
		l.stored, l.attempt = false, 0
		pt.later(l, 0)
	default:
		w.rest(ctx, pt, l, first, d.Lines[0].Seq, v, err)
	}
	return true
}

// digestOf is the digest that the head of a lane belongs in, nil for none.
func (w *Worker) digestOf(ctx context.Context, pt *partition, l *lane, first *hub.Notification) (*bus.Digest, error) {
	if l.digest != "" {
		d, err := w.Bus.Digest(ctx, l.digest)
		if d != nil || err != nil {
			return d, err
		}
	}
	if l.attempt > 0 { // one that was tried by itself may be out there
		return nil, nil
	}
	seqs, bodies, why := pt.heads(l, w.Storm)
	if len(seqs) < 2 || why == bus.DigestStorm && w.Now().Sub(first.QueuedAt) < w.StormAfter {
		return nil, nil
	}
	lines, err := w.lines(ctx, pt, seqs, bodies, why)
	if err != nil || len(lines) < 2 {
		return nil, err
	}
	d := &bus.Digest{Why: why}
	ids := []string{"digest"}
	for _, line := range lines {
		ids = append(ids, string(line.Notification))
		d.Lines = append(d.Lines, line.DigestLine)
		if line.Text != "" {
			d.Alone = line.now
		}
	}
	if visible(d) != 1 {
		d.Alone = nil
	}
	d.ID = hub.NotificationID("d" + hub.Digest(ids...))
	l.digest, l.stored = d.ID, true
	intent := bus.Wait{Until: w.Now().UTC(), Attempt: l.attempt, Seq: seqs[0], Digest: d.ID}
	w.persist(ctx, "store a digest", func() error { return w.Bus.PutDigest(ctx, *d) })
	w.persist(ctx, "store what a digest is of", func() error { return w.Bus.PutWait(ctx, w.system, pt.n, l.name, intent) })
	return d, nil
}

// line is a line of a digest to be.
type line struct {
	bus.DigestLine
	now *hub.Notification // as it is by now
}

// lines are those of the first messages that a digest can tell of, as long as
// there is room: things to say, of which none has been said or is past its use,
// and what changes or takes back one of them.
func (w *Worker) lines(ctx context.Context, pt *partition, seqs []uint64, bodies []body, why bus.DigestReason) ([]line, error) {
	limits := w.Provider.Describe().Limits
	room := limits.Text * 3 / 4
	var lines []line
	said := map[hub.NotificationID]int{}
	for i, seq := range seqs {
		b, err := pt.read(ctx, seq, bodies[i])
		if err != nil {
			return nil, err
		}
		if b.unknown() {
			break
		}
		n, readable := w.decoder.known(b)
		of, isChange := said[n.Of]
		if !readable || n.Act == hub.ActSend && !w.fits(n, why) || n.Act != hub.ActSend && !isChange {
			break
		}
		receipt, err := w.Bus.Receipt(ctx, w.system, n.ID)
		if err != nil {
			return nil, err
		}
		next := line{bus.DigestLine{Notification: n.ID, Seq: seq, Again: n.Again}, n}
		text := providers.Line(n.Message)
		if n.Act == hub.ActRetract {
			text = ""
		}
		if room -= limits.Unit.Len(text) + len("\n- "); receipt != nil || room < 0 {
			break
		}
		if n.Act == hub.ActSend {
			said[n.ID], next.Text = len(lines), text
		} else {
			now := *lines[of].now
			place := now.Message
			now.Message = n.Message
			now.Message.Thread, now.Message.InThread, now.Message.Broadcast = place.Thread, place.InThread, place.Broadcast
			lines[of].Text, lines[of].now = text, &now
		}
		lines = append(lines, next)
	}
	return lines, nil
}

// fits reports whether something to say may be told in a digest by now.
func (w *Worker) fits(n *hub.Notification, why bus.DigestReason) bool {
	if due, digest := w.due(n); digest && why == bus.DigestStorm && due.After(w.Now()) {
		return false // it has a digest of its own
	}
	return !w.stale(n)
}

// read is a message's body, from the stream unless it is at hand; it stays unknown if
// the message was removed.
func (pt *partition) read(ctx context.Context, seq uint64, b body) (body, error) {
	if !b.unknown() {
		return b, nil
	}
	data, err := pt.claim.Get(ctx, seq)
	if errors.Is(err, bus.ErrGone) {
		return body{}, nil
	}
	return whole(data), err
}

// sendDigest makes the one attempt to send.
func (w *Worker) sendDigest(ctx context.Context, pt *partition, first *hub.Notification, d *bus.Digest) (hub.Receipt, error) {
	known, err := w.Bus.Receipt(ctx, w.system, d.ID)
	if err != nil || known != nil || visible(d) == 0 { // it was sent before a crash, or there is nothing left to tell
		return deref(known), err
	}
	post := providers.Post{Key: string(d.ID), To: first.Chat, Message: digestMessage(d)}
	if d.Alone != nil {
		post.Key, post.Message = string(d.Alone.ID), d.Alone.Message
		if post.Root, err = w.root(ctx, pt, d.Alone); err != nil {
			return hub.Receipt{}, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	return w.Provider.Send(ctx, post)
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

// headings are what a digest begins with.
var headings = map[bus.DigestReason]string{
	bus.DigestStorm:   "%d messages that had to wait",
	bus.DigestRow:     "%d new messages",
	bus.DigestSilence: "%d messages while it was quiet here",
}

// becauses say why a message was told in a digest.
var becauses = map[bus.DigestReason]string{
	bus.DigestStorm:   "so many waited for the chat",
	bus.DigestRow:     "as its row asks for",
	bus.DigestSilence: "they waited while the chat was left alone",
}

// digestMessage is what a digest says.
func digestMessage(d *bus.Digest) hub.Message {
	var b strings.Builder
	fmt.Fprintf(&b, "**"+headings[d.Why]+"**\n", visible(d))
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
	w.persist(ctx, "keep the receipt", func() error { return w.Bus.PutReceipt(ctx, w.system, d.ID, r) })
	if d.Alone == nil {
		d.Ref = r.Ref
		w.persist(ctx, "keep a digest", func() error { return w.Bus.PutDigest(ctx, *d) })
	}
	seqs := make([]uint64, len(d.Lines))
	for i, line := range d.Lines {
		n := &hub.Notification{ID: line.Notification, Chat: first.Chat, Again: line.Again}
		own := hub.Receipt{URL: r.URL, At: r.At, Note: noteOf(d), Digest: d.ID}
		if d.Alone != nil && d.Alone.ID == line.Notification {
			n, own = d.Alone, r
		}
		w.took(ctx, pt, l, n, line.Seq, aim{}, own)
		seqs[i] = line.Seq
	}
	w.unstore(ctx, pt, l)
	pt.pop(ctx, l, seqs...)
}

// noteOf says of a message how it was told.
func noteOf(d *bus.Digest) string {
	switch {
	case visible(d) == 0:
		return "taken back before it was told"
	case d.Alone != nil:
		return "changed or taken back before it was told"
	}
	return fmt.Sprintf("told with %d others in one message: %s", len(d.Lines)-1, becauses[d.Why])
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
		if d != nil && d.Ref == "" {
			receipt.Note = stays(n.Act) + ": it was taken back before it was told"
		}
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
