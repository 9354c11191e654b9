package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Dead stores what was given up, and returns when the server has it. It is safe
// to repeat within two minutes. A letter that is too long for the bus goes
// without the exchange, then with less of its reason: the notification itself
// fitted before.
func (b *Bus) Dead(ctx context.Context, d hub.DeadLetter) error {
	subject, err := deadSubject(d.Notification.System, d.Notification.ID)
	if err != nil {
		return err
	}
	data, err := b.letter(d)
	if err != nil {
		return err
	}
	if fault := b.fault.Load(); fault != nil {
		return unavailable("bury notification", *fault)
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	m := &nats.Msg{Subject: subject, Data: data, Header: nats.Header{jetstream.MsgIDHeader: {letterID(&d, data)}}}
	if _, err := b.js.PublishMsg(ctx, m); err != nil {
		b.suspect(nil)
		return unavailable("bury notification", err)
	}
	return nil
}

// letterID is the Nats-Msg-Id of a dead letter. A notification that was sent
// again and died again is a letter of its own; one that could not be read has no
// id, and is told from others by all that there is.
func letterID(d *hub.DeadLetter, data []byte) string {
	n := &d.Notification
	if n.ID == "" {
		return hub.Digest(string(data))
	}
	return hub.Digest(string(n.ID), n.QueuedAt.UTC().String(), strconv.Itoa(n.Again))
}

// shortReason is what a reason is cut to where there is no room.
const shortReason = 200

func (b *Bus) letter(d hub.DeadLetter) ([]byte, error) {
	data, err := json.Marshal(d)
	if err != nil || len(data)+headerRoom/2 <= b.MaxPayload() {
		return data, err
	}
	d.Exchange = nil
	if data, err = json.Marshal(d); err != nil || len(data)+headerRoom/2 <= b.MaxPayload() {
		return data, err
	}
	d.Reason = string([]rune(d.Reason)[:min(len([]rune(d.Reason)), shortReason)]) + "…"
	return json.Marshal(d)
}

// DeadLetters lists what was given up, newest first: SearchDead without a
// filter.
func (b *Bus) DeadLetters(ctx context.Context, page hub.Page) (letters []hub.DeadLetter, next string, err error) {
	return b.SearchDead(ctx, hub.DeadQuery{Page: page})
}

// SearchDead lists what was given up, newest first. It looks at 2,000 at most: a
// page may hold fewer than asked for, even none, and still have a next.
func (b *Bus) SearchDead(ctx context.Context, q hub.DeadQuery) (letters []hub.DeadLetter, next string, err error) {
	from, limit, err := pageOf(q.Page)
	if err != nil {
		return nil, "", err
	}
	on, err := b.backward(ctx, streamDead, from, lookForPage, func(m *stored) bool {
		if d := b.readLetter(m, q.System); d != nil && q.Match(d) {
			letters = append(letters, *d)
		}
		return len(letters) < limit
	})
	if err != nil {
		return nil, "", fmt.Errorf("list dead letters: %w", err)
	}
	return letters, cursorOf(on), nil
}

// readLetter decodes a dead letter, nil if it is of another system than the one
// wanted ("" is any) or cannot be read.
func (b *Bus) readLetter(m *stored, system hub.System) *hub.DeadLetter {
	if system != "" && system != deadSystem(m.subject) {
		return nil
	}
	d := new(hub.DeadLetter)
	if err := Decode(m.data, d); err != nil {
		b.log.Warn("a dead letter cannot be decoded", "seq", m.seq, "err", err)
		return nil
	}
	return d
}

// EachDead visits all letters that a query selects, the oldest first, with the
// number by which DeadAt finds each. The query's page plays no part. It ends
// with the first error of visit.
func (b *Bus) EachDead(ctx context.Context, q hub.DeadQuery, visit func(seq uint64, d *hub.DeadLetter) error) error {
	first, last, err := b.bounds(ctx, streamDead)
	if err != nil {
		return err
	}
	for low := max(first, 1); low <= last; { // a stream that never held anything begins with 0
		got, err := b.getBatch(ctx, streamDead, getRequest{Seq: low, Batch: window})
		if err != nil {
			return fmt.Errorf("look through dead letters: %w", err)
		}
		if len(got) == 0 {
			return nil
		}
		for _, m := range got {
			if d := b.readLetter(m, q.System); d != nil && q.Match(d) {
				if err := visit(m.seq, d); err != nil {
					return err
				}
			}
		}
		low = got[len(got)-1].seq + 1
	}
	return nil
}

// DeadAt reads the letter with a number that EachDead told, nil if it is gone.
func (b *Bus) DeadAt(ctx context.Context, seq uint64) (*hub.DeadLetter, error) {
	m, err := b.get(ctx, streamDead, seq)
	if err != nil || m == nil {
		return nil, err
	}
	return b.readLetter(m, ""), nil
}

// DeadLetter reads the last letter about a notification. It is an Error with
// CodeNotFound if there is none.
func (b *Bus) DeadLetter(ctx context.Context, id hub.NotificationID) (*hub.DeadLetter, error) {
	none := hub.Errorf(hub.CodeNotFound, "there is no dead letter %q; they are kept for 90 days, if there is room", id)
	if id == "" {
		return nil, none
	}
	m, err := b.lastDead(ctx, id)
	if err == nil && m == nil {
		m, err = b.misplaced(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	if m != nil {
		if d := b.readLetter(m, ""); d != nil && d.Notification.ID == id {
			return d, nil
		}
	}
	return nil, none
}

func (b *Bus) lastDead(ctx context.Context, id hub.NotificationID) (*stored, error) {
	ctx, cancel := context.WithTimeout(ctx, getTimeout)
	defer cancel()
	return b.getFromLeader(ctx, streamDead, getRequest{LastFor: deadFilter(id)})
}

// misplaced looks among the newest for a letter on the subject of its system
// alone, where older releases and other workers may put it.
func (b *Bus) misplaced(ctx context.Context, id hub.NotificationID) (found *stored, err error) {
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	_, err = b.backward(ctx, streamDead, 0, lookForOne, func(m *stored) bool {
		if bytes.Contains(m.data, quoted) {
			if d := b.readLetter(m, ""); d != nil && d.Notification.ID == id {
				found = m
			}
		}
		return found == nil
	})
	return found, err
}
