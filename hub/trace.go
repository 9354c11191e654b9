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
	// Because is the reason as a word for programs, such as lacks_any, of the filter
	// and the value, where there are such. None of a row that decides.
	Because string     `json:"because,omitempty"`
	Filter  FilterType `json:"filter,omitempty"`
	Value   string     `json:"value,omitempty"`
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
	// Taken is the decision as it was taken, of a past event of which it is kept, and
	// Changes where what a chat would get now differs from it.
	Taken   *Trace   `json:"taken,omitempty"`
	Changes []Change `json:"changes,omitempty"`
}

// Change is that a chat would get something else now than it got then.
type Change struct {
	Chat                   // "system", "chat"
	Then    string         `json:"then"` // a result of a Trace, or nothing
	ThenRow SubscriptionID `json:"then_row,omitempty"`
	Now     string         `json:"now"` // a result of an Explanation
	NowRow  SubscriptionID `json:"now_row,omitempty"`
}

// Compare fills in what has changed since the decision was taken. A chat that one
// of the two leaves out for its length is passed over.
func (x *Explanation) Compare(taken *Trace) {
	x.Taken, x.Changes = taken, nil
	if taken == nil {
		return
	}
	then := map[Chat]TraceChat{}
	for _, c := range taken.Chats {
		then[c.Chat] = c
	}
	for _, c := range x.Chats {
		was, known := then[c.Chat]
		delete(then, c.Chat)
		if !known {
			if taken.More > 0 {
				continue
			}
			was.Result = ResultNothing
		}
		if told(was.Result) != told(c.Result) || was.Subscription != c.Subscription {
			x.Changes = append(x.Changes, Change{c.Chat, was.Result, was.Subscription, c.Result, c.Subscription})
		}
	}
	if x.More > 0 {
		return
	}
	for _, c := range taken.Chats {
		if _, gone := then[c.Chat]; gone {
			x.Changes = append(x.Changes, Change{c.Chat, c.Result, c.Subscription, ResultNothing, ""})
		}
	}
}

// told is what a result comes to: a chat that was told already, or whose message
// was changed, is told all the same.
func told(result string) string {
	switch result {
	case ResultMuted, ResultNothing:
		return result
	}
	return ResultQueued
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

// Sight says who may see the topic of an event that is asked about.
type Sight string

// The sights. An event that somebody has made up is about no topic that the forum
// could be asked about.
const (
	SightAsk      Sight = ""
	SightEveryone Sight = "everyone"
	SightNobody   Sight = "nobody"
)

// ResultNothing is that a chat would get nothing: no row of it matches.
const ResultNothing = "nothing"

// Rendered is a message as one platform would be sent it.
type Rendered struct {
	Kind   string `json:"kind"`   // the platform
	Markup string `json:"markup"` // what goes out, in the platform's markup
	Plain  string `json:"plain"`  // how it reads
	// Parts are the same from top to bottom, as the platform sets them apart.
	Parts []Part `json:"parts,omitempty"`
	// Length is how much of Limit it takes up, in what the platform counts by; 0 is
	// that nobody has to know.
	Length int `json:"length,omitempty"`
	Limit  int `json:"limit,omitempty"`
}

// Part is a piece of a message as a platform lays it out.
type Part struct {
	As   PartKind `json:"as"`
	Name string   `json:"name,omitempty"` // of a field
	// Text is in the platform's markup where the kind says so, else plain.
	Text  string `json:"text,omitempty"`
	URL   string `json:"url,omitempty"`   // where a title, an author, an image or a button leads
	Color string `json:"color,omitempty"` // of a card: "#0088cc"
}

// PartKind is what a part of a message is.
type PartKind string

// The kinds of parts.
const (
	PartText    PartKind = "text"    // markup
	PartContext PartKind = "context" // markup, small
	PartCard    PartKind = "card"    // what follows up to the buttons stands in a frame
	PartAuthor  PartKind = "author"
	PartTitle   PartKind = "title"
	PartField   PartKind = "field" // markup
	PartImage   PartKind = "image"
	PartFooter  PartKind = "footer"
	PartButton  PartKind = "button"
	PartSelect  PartKind = "select"
)
