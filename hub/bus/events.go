package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/bellhop-chat/bellhop/hub"
)

// How many stored messages one call looks at.
const (
	lookForOne  = 20_000
	lookForPage = 2_000
)

// EventQuery selects events; a zero field selects all.
type EventQuery struct {
	Source hub.Source
	Type   string // pattern of hub.EventType.Match: "forum.post.*"
	Page   hub.Page
}

func (q EventQuery) match(subject string) bool {
	source, t := eventOf(subject)
	return (q.Source == "" || q.Source == source) && (q.Type == "" || t.Match(q.Type))
}

// Event reads the event with id: one of the last day wherever it is, an older
// one if it is among the newest 20,000. Otherwise it is an Error with
// CodeNotFound.
func (b *Bus) Event(ctx context.Context, id hub.EventID) (*Received, error) {
	s, err := b.findEvent(ctx, id)
	if err != nil {
		return nil, err
	}
	if s == nil {
		quoted, err := json.Marshal(id)
		if err != nil {
			return nil, err
		}
		_, err = b.backward(ctx, streamEvents, 0, lookForOne, func(m *stored) bool {
			if bytes.Contains(m.data, quoted) && received(m) != nil && received(m).Event.ID == id {
				s = m
			}
			return s == nil
		})
		if err != nil {
			return nil, err
		}
	}
	if s != nil {
		if r := received(s); r != nil {
			return r, nil
		}
	}
	return nil, hub.Errorf(hub.CodeNotFound, "no event %q among the newest", id)
}

// EventAt reads the event with a sequence; nil if it is there no more.
func (b *Bus) EventAt(ctx context.Context, seq uint64) (*Received, error) {
	s, err := b.get(ctx, streamEvents, seq)
	if err != nil || s == nil {
		return nil, err
	}
	return received(s), nil
}

// Newest reads the event that came last from a source, nil if there is none.
func (b *Bus) Newest(ctx context.Context, source hub.Source) (*Received, error) {
	if !hub.ValidName(string(source)) {
		return nil, hub.Errorf(hub.CodeInvalid, "source %q is not a name of a-z, 0-9, _ and -", source)
	}
	s, err := b.getFromLeader(ctx, streamEvents, getRequest{LastFor: "event." + string(source) + ".>"})
	if err != nil || s == nil {
		return nil, err
	}
	return received(s), nil
}

// Events lists events, newest first. It looks at 2,000 at most: a page may hold
// fewer than asked for, even none, and still have a next.
func (b *Bus) Events(ctx context.Context, q EventQuery) (events []Received, next string, err error) {
	from, limit, err := pageOf(q.Page)
	if err != nil {
		return nil, "", err
	}
	on, err := b.backward(ctx, streamEvents, from, lookForPage, func(m *stored) bool {
		if q.match(m.subject) {
			if r := received(m); r != nil {
				events = append(events, *r)
			}
		}
		return len(events) < limit
	})
	return events, cursorOf(on), err
}

// received decodes a stored event, nil if that is not possible.
func received(s *stored) *Received {
	e := new(hub.Event)
	if json.Unmarshal(s.data, e) != nil {
		return nil
	}
	return &Received{Seq: s.seq, Stored: s.at, Event: e}
}

// pageOf is where a page begins and how many rows it has.
func pageOf(p hub.Page) (from uint64, limit int, err error) {
	if p.Cursor != "" {
		from, err = strconv.ParseUint(p.Cursor, 10, 64)
		if err != nil || from == 0 {
			return 0, 0, hub.Errorf(hub.CodeInvalid, "cursor %q is not one of ours: leave it out to begin with the newest", p.Cursor)
		}
	}
	if p.Limit <= 0 {
		p.Limit = 50
	}
	return from, min(p.Limit, 500), nil
}

func cursorOf(seq uint64) string {
	if seq == 0 {
		return ""
	}
	return strconv.FormatUint(seq, 10)
}
