package hub

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// EventQuery selects events; a zero field selects all.
type EventQuery struct {
	Source Source
	Type   string   // a pattern of EventType.Match: "forum.post.*"
	But    []string // patterns of what is left out
	Text   string   // a part of what the event holds (title, author, text, id), in any case
	// When it came in: from Since on, before Until.
	Since, Until time.Time
	Page         Page
}

// Holds reports whether q selects an event for what it says. When it came in plays
// no part.
func (q EventQuery) Holds(e *Event) bool {
	if q.Source != "" && q.Source != e.Source || q.Type != "" && !e.Type.Match(q.Type) || slices.ContainsFunc(q.But, e.Type.Match) {
		return false
	}
	return q.Text == "" || e.Says(q.Text)
}

// Says reports whether an event holds a text anywhere, in any case.
func (e *Event) Says(text string) bool {
	text = strings.ToLower(text)
	for _, own := range []string{string(e.ID), string(e.Source), string(e.Type), e.Subject} {
		if strings.Contains(strings.ToLower(own), text) {
			return true
		}
	}
	var v any
	return json.Unmarshal(e.Data, &v) == nil && holds(v, text)
}

func holds(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(strings.ToLower(v), text)
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return holds(one, text) })
	case map[string]any:
		for _, one := range v {
			if holds(one, text) {
				return true
			}
		}
	}
	return false
}

// Fate is what became of an event: how many of the notifications that it owed
// stand where, and some of them, those that went wrong first.
type Fate struct {
	Counts map[Status]int
	Some   []Delivery
}

// Total is how many notifications there are.
func (f Fate) Total() int {
	n := 0
	for _, of := range f.Counts {
		n += of
	}
	return n
}

// ActivityStore reads what became of many events at once.
type ActivityStore interface {
	// Fates tells of each event that owed something, with at most some of its
	// deliveries.
	Fates(ctx context.Context, events []EventID, some int) (map[EventID]Fate, error)
	// FindTraces reads the decisions about events that are kept, by event.
	FindTraces(ctx context.Context, events []EventID) (map[EventID]Trace, error)
}

// ReplayRequest is the data of hub.signal.replay: somebody wants an event to be
// held against the rules again.
type ReplayRequest struct {
	Event *Event `json:"event"` // as it came in
	By    string `json:"by,omitempty"`
}

// Replay is what holding an event against the rules again does, or would do: a
// chat that it was told to, or owed to, is not told again.
type Replay struct {
	Event EventID `json:"event"`
	Count int     `json:"count"`           // chats that get a message
	Told  int     `json:"told"`            // chats that were told, or owed it, before
	Muted int     `json:"muted,omitempty"` // chats where a mute row decides
	Why   string  `json:"why,omitempty"`   // nobody may hear of it, whatever the rows say
	// Chats are those that a row decides for, at most MaxTraceChats, those that get
	// a message first.
	Chats []TraceChat `json:"chats"`
	// Signal is the event that asked for it, once somebody has: its trace is the
	// decision.
	Signal EventID `json:"signal,omitempty"`
}
