package hub

import (
	"context"
	"time"
)

// Verdict is what became of an event as a whole.
type Verdict string

// The verdicts.
const (
	VerdictDropped Verdict = "dropped" // nobody may hear it, whatever the rows say
	VerdictNobody  Verdict = "nobody"  // no subscription matched
	VerdictDecided Verdict = "decided" // rows decided: see Chats
	VerdictWaiting Verdict = "waiting" // not decided yet: for its delay, or for the forum's API
	VerdictLearned Verdict = "learned" // it taught the hub something and is announced by another event
)

// Trace is the decision about an event as it was taken. It is kept with the
// event and bounded.
type Trace struct {
	Event   EventID   `json:"event"`
	Source  Source    `json:"source"`
	Type    EventType `json:"type"`
	At      time.Time `json:"at"`
	Verdict Verdict   `json:"verdict"`
	Why     string    `json:"why,omitempty"`   // of dropped, waiting and learned, in words
	Notes   []string  `json:"notes,omitempty"` // what enrichment and visibility said, in words
	Rows    int       `json:"rows"`            // in the table at that time
	// Chats is what each chat got that had a row which matched, at most
	// MaxTraceChats; More is how many are left out.
	Chats []TraceChat `json:"chats,omitempty"`
	More  int         `json:"more,omitempty"`
	// Nearest are rows that came nearest without matching, where none matched.
	Nearest []RowVerdict `json:"nearest,omitempty"`
}

// Bounds of a trace.
const (
	MaxTraceChats = 50
	MaxNearest    = 5
)

// What a chat got.
const (
	ResultQueued    = "queued"    // a notification
	ResultMuted     = "muted"     // nothing: a mute row decides
	ResultUpdated   = "updated"   // a change of what had been announced
	ResultRetracted = "retracted" // what had been announced was taken back
	ResultKnown     = "known"     // nothing: it had been announced already
	ResultWaits     = "waits"     // nothing yet: its row's delay
)

// TraceChat is what one chat got and which row decided.
type TraceChat struct {
	Chat                        // "system", "chat"
	Subscription SubscriptionID `json:"subscription,omitempty"`
	Mode         Mode           `json:"mode,omitempty"`
	Result       string         `json:"result"`
	Notification NotificationID `json:"notification,omitempty"`
	At           time.Time      `json:"at,omitzero"` // when a delay ends
}

// RowVerdict is what one row says to an event.
type RowVerdict struct {
	Subscription SubscriptionID `json:"subscription"`
	Chat                        // "system", "chat"
	Mode         Mode           `json:"mode"`
	Row          string         `json:"row"` // in the text form
	Matched      bool           `json:"matched"`
	Wins         bool           `json:"wins,omitempty"` // it decides for its chat
	Reason       string         `json:"reason"`         // in words
}

// TraceStore keeps decisions.
type TraceStore interface {
	// PutTraces stores traces; one of the same event is replaced.
	PutTraces(ctx context.Context, ts []Trace) error
	// FindTrace is nil for an event whose decision is not kept.
	FindTrace(ctx context.Context, event EventID) (*Trace, error)
	// PruneTraces deletes those of before the time and says how many.
	PruneTraces(ctx context.Context, before time.Time) (int64, error)
}

// Explanation is what would become of an event as things stand: every row of
// the chats concerned with its reason, and what each chat would get.
type Explanation struct {
	Event   *Event     `json:"event"`
	Verdict Verdict    `json:"verdict"`
	Why     string     `json:"why,omitempty"`
	Notes   []string   `json:"notes,omitempty"` // what enrichment and visibility said, in words
	Summary string     `json:"summary"`         // the event in one sentence
	Chats   []Expected `json:"chats"`
	More    int        `json:"more,omitempty"` // chats left out
	Rows    int        `json:"rows"`           // in the table
}

// Expected is what one chat would get.
type Expected struct {
	Chat                        // "system", "chat"
	Result       string         `json:"result"` // queued, muted or nothing
	Subscription SubscriptionID `json:"subscription,omitempty"`
	Rows         []RowVerdict   `json:"rows"`
	Message      *Message       `json:"message,omitempty"`
	Rendered     *Rendered      `json:"rendered,omitempty"`
	// Digest is when the row that decides wants it told: see ParseRhythm.
	Digest string `json:"digest,omitempty"`
	// SilentUntil is until when the chat is left alone, zero if it is not.
	SilentUntil time.Time `json:"silent_until,omitzero"`
	// WaitsUntil is when the message would be told that waits for its digest, or
	// while the chat is left alone; zero is at once.
	WaitsUntil time.Time `json:"waits_until,omitzero"`
}

// Wait fills in when c would be told what is owed to it now, by what was set for
// the chat.
func (c *Expected) Wait(chat Schedule, now time.Time) {
	zoned := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.In(chat.Zone())
	}
	c.SilentUntil = zoned(chat.Silent(now))
	if c.Result != ResultQueued {
		return
	}
	c.WaitsUntil = c.SilentUntil
	if rhythm, err := ParseRhythm(c.Digest); err == nil { // else its worker sends at once
		c.WaitsUntil = zoned(rhythm.Next(now, chat.Zone()))
		if until := chat.Silent(c.WaitsUntil); !until.IsZero() {
			c.WaitsUntil = zoned(until)
		}
	}
}

// ResultNothing is that a chat would get nothing: no row of it matches.
const ResultNothing = "nothing"

// Rendered is a message as one platform would be sent it.
type Rendered struct {
	Kind   string `json:"kind"`   // the platform
	Markup string `json:"markup"` // what goes out, in the platform's markup
	Plain  string `json:"plain"`  // how it reads
}
