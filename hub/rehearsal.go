package hub

import "time"

// RehearsedEvents is how many of the last events a row is held against.
const RehearsedEvents = 500

// Rehearsal is what a row would have done with the last events of its source, as
// it is, whether it is switched on or not.
type Rehearsal struct {
	Events  int       `json:"events"`         // that it was held against
	Since   time.Time `json:"since,omitzero"` // of the oldest
	Matched int       `json:"matched"`
	// Register tells of each event, the oldest first, whether it matched: "0" and "1".
	Register string `json:"register"`
	// Matches are the newest that matched, at most MaxRehearsed.
	Matches []Rehearsed `json:"matches"`
	// Taken are other rows of the chat that decide in its place, with how often.
	Taken []TakenBy `json:"taken,omitempty"`
	// Unseen counts matches of which it is not known whether the reader may see the
	// topic: before something is sent the forum is asked.
	Unseen int `json:"unseen,omitempty"`
	// Shown is the event that the messages are of.
	Shown EventID `json:"shown,omitempty"`
	// Messages are what that event would say on each platform.
	Messages []Look `json:"messages"`
	// Message is the same before a platform's worker writes it.
	Message *Message `json:"-"`
}

// MaxRehearsed bounds how many matches a rehearsal lists.
const MaxRehearsed = 50

// Rehearsed is an event that a row would have told of.
type Rehearsed struct {
	Event    EventID        `json:"event"`
	Type     EventType      `json:"type"`
	At       time.Time      `json:"at"`
	Kind     string         `json:"kind"` // what happened, in words
	Title    string         `json:"title"`
	URL      string         `json:"url,omitempty"`
	Author   string         `json:"author,omitempty"`
	Category string         `json:"category,omitempty"`
	Color    string         `json:"color,omitempty"`
	Reply    bool           `json:"reply,omitempty"`
	TakenBy  SubscriptionID `json:"taken_by,omitempty"` // the row of the chat that decides in its place
}

// TakenBy is a row that decides in place of another.
type TakenBy struct {
	Subscription SubscriptionID `json:"subscription"`
	Mode         Mode           `json:"mode"`
	Row          string         `json:"row"` // in the text form
	Times        int            `json:"times"`
}

// Look is a message as it looks on a platform.
type Look struct {
	Rendered
	Buttons []string `json:"buttons,omitempty"` // below it, where the platform has them
	Replies string   `json:"replies,omitempty"` // where a reply goes: thread, both, or empty for the chat
}
