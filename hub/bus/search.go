package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// SearchEvents lists events that a query selects, newest first. It looks at 2,000
// at most: a page may hold fewer than asked for, even none, and still have a
// next.
func (b *Bus) SearchEvents(ctx context.Context, q hub.EventQuery) (events []Received, next string, err error) {
	from, limit, err := pageOf(q.Page)
	if err != nil {
		return nil, "", err
	}
	if from == 0 && !q.Until.IsZero() {
		first, err := b.firstSince(ctx, q.Until)
		if err != nil {
			return nil, "", err
		}
		if first == 1 {
			return nil, "", nil
		}
		if first > 0 {
			from = first - 1
		}
	}
	find, past := newFinder(q), false
	on, err := b.backward(ctx, streamEvents, from, lookForPage, func(m *stored) bool {
		if past = !q.Since.IsZero() && m.at.Before(q.Since); past {
			return false
		}
		if r := find.take(m); r != nil {
			events = append(events, *r)
		}
		return len(events) < limit
	})
	if past {
		on = 0
	}
	return events, cursorOf(on), err
}

// firstSince is the sequence of the first event that was stored then or later, 0
// if there is none.
func (b *Bus) firstSince(ctx context.Context, t time.Time) (uint64, error) {
	got, err := b.getBatch(ctx, streamEvents, getRequest{From: &t, Batch: 1})
	if err != nil || len(got) == 0 || got[0].at.Before(t) {
		return 0, err
	}
	return got[0].seq, nil
}

// EventNear reads an event that was stored about then: Event finds one that is
// older than a day among the newest only. It is an Error with CodeNotFound if it
// is not there.
func (b *Bus) EventNear(ctx context.Context, id hub.EventID, at time.Time) (*Received, error) {
	quoted, err := json.Marshal(id)
	if err != nil {
		return nil, err
	}
	from, err := b.firstSince(ctx, at.Add(time.Second))
	if err != nil {
		return nil, err
	}
	var found *Received
	_, err = b.backward(ctx, streamEvents, from, lookForPage, func(m *stored) bool {
		if bytes.Contains(m.data, quoted) {
			if r := received(m); r != nil && r.Event.ID == id {
				found = r
			}
		}
		return found == nil
	})
	if err == nil && found == nil {
		err = hub.Errorf(hub.CodeNotFound, "event %q is not there any more", id)
	}
	return found, err
}

// NewerEvents reads the events after a sequence, oldest first, at most limit: of
// more the newest. last is where to go on; 0 begins with what comes from now on.
func (b *Bus) NewerEvents(ctx context.Context, after uint64, limit int) (events []Received, last uint64, err error) {
	_, last, err = b.bounds(ctx, streamEvents)
	if err != nil || after == 0 || last <= after {
		return nil, last, err
	}
	low := max(after+1, last-min(last-1, uint64(limit)-1))
	got, err := b.span(ctx, streamEvents, low, last)
	if err != nil {
		return nil, after, err
	}
	for _, m := range got {
		if r := received(m); r != nil {
			events = append(events, *r)
		}
	}
	return events, last, nil
}

// finder picks the events that a query selects.
type finder struct {
	query hub.EventQuery
	text  []byte // in small letters
	plain bool   // JSON holds such a text as it is: most events need no decoding
}

func newFinder(q hub.EventQuery) finder {
	f := finder{query: q, text: bytes.ToLower([]byte(q.Text)), plain: true}
	for _, c := range q.Text {
		f.plain = f.plain && c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c < 0x7f
	}
	return f
}

// take decodes a message, nil if the query does not select it.
func (f finder) take(m *stored) *Received {
	source, t := eventOf(m.subject)
	q := f.query
	if q.Source != "" && q.Source != source || q.Type != "" && !t.Match(q.Type) || slices.ContainsFunc(q.But, t.Match) {
		return nil
	}
	if !q.Until.IsZero() && !m.at.Before(q.Until) {
		return nil
	}
	if f.plain && !bytes.Contains(bytes.ToLower(m.data), f.text) {
		return nil
	}
	r := received(m)
	if r == nil || q.Text != "" && !r.Event.Says(q.Text) {
		return nil
	}
	return r
}
