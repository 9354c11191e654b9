package hub

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SpecVersion is the version of CloudEvents that an Event follows.
const SpecVersion = "1.0"

// Event says that something happened, as a source told us. Its JSON is a
// CloudEvents 1.0 event in structured mode:
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
type Event struct {
	SpecVersion     string    `json:"specversion"`
	ID              EventID   `json:"id"`
	Source          Source    `json:"source"`
	Type            EventType `json:"type"`
	Subject         string    `json:"subject,omitempty"` // "topic/301/2", "user/21"
	Time            time.Time `json:"time,omitzero"`     // when it happened, as the source says
	DataContentType string    `json:"datacontenttype,omitempty"`

	// ReceivedTime is when it came in, by our clock.
	ReceivedTime time.Time `json:"receivedtime,omitzero"`
	// ReplyTo is the id of the event that this one answers.
	ReplyTo EventID `json:"replyto,omitempty"`

	// Data is the payload: a Forum for forum.* events, a Signal for
	// hub.signal.*, an Outcome or several for hub.message.*, the sender's own for
	// user.*.
	Data json.RawMessage `json:"data,omitempty"`

	// Line is for the bus that stores the event, and is not in its JSON.
	Line Line `json:"-"`
}

// Line tells of an event that has no id but what its content makes when another of
// the same content is not the same. A topic is solved, is not, and is solved again:
// the first event and the third have one content, and the third is no second
// telling of the first if the second was told in between. A nightly "backup done"
// is no second telling of the last night's.
type Line struct {
	Name   string        // of what is told, such as whether one topic is solved; "" for no line. It has no spaces.
	Number uint64        // of the telling, as the sender counts: of what was told later, a higher one
	For    time.Duration // how long the same content is the same event; 0 until another of its line is told
}

// EventType is a dotted name from the general to the particular:
// "forum.post.created".
type EventType string

// The event types that Bellhop makes or acts on. The list of a forum's types
// is in forum.go.
const (
	HubMessageSent       EventType = "hub.message.sent"
	HubMessageFailed     EventType = "hub.message.failed"
	HubSignalUnsupported EventType = "hub.signal.unsupported"
	HubSignalPing        EventType = "hub.signal.ping"
	// HubSignalReplay asks for an event to be held against the rules again. Its
	// data is a ReplayRequest.
	HubSignalReplay EventType = "hub.signal.replay"
)

// families are the first segments an event type may have.
var families = []string{"forum", "chat", "hub", "user"}

// Family is the first segment: "forum".
func (t EventType) Family() string {
	family, _, _ := strings.Cut(string(t), ".")
	return family
}

// Valid reports whether t is two to six segments of a-z, 0-9 and _, the first
// of them one of the known families.
func (t EventType) Valid() bool {
	segments := strings.Split(string(t), ".")
	if len(segments) < 2 || len(segments) > 6 || len(t) > 100 {
		return false
	}
	for _, s := range segments {
		if s == "" || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			return false
		}
	}
	for _, f := range families {
		if segments[0] == f {
			return true
		}
	}
	return false
}

// Match reports whether t is of the kind that pattern names. A "*" segment
// stands for any one segment; at the end it stands for one or more:
// "forum.post.*" is every post event, "forum.*" every forum event.
func (t EventType) Match(pattern string) bool {
	rest, pat := string(t), pattern
	for {
		p, ptail, pmore := strings.Cut(pat, ".")
		s, stail, smore := strings.Cut(rest, ".")
		if p != "*" && p != s {
			return false
		}
		if p == "*" && !pmore {
			return true
		}
		if !pmore || !smore {
			return pmore == smore
		}
		pat, rest = ptail, stail
	}
}

// Validate says what is missing or wrong, in the words of CloudEvents.
func (e *Event) Validate() error {
	var errs []error
	if e.SpecVersion != SpecVersion {
		errs = append(errs, fmt.Errorf("specversion: %q, want %q", e.SpecVersion, SpecVersion))
	}
	if e.ID == "" || len(e.ID) > 200 {
		errs = append(errs, errors.New("id: 1 to 200 bytes are required"))
	}
	if !ValidName(string(e.Source)) {
		errs = append(errs, fmt.Errorf("source: %q is not a name of a-z, 0-9, _ and -", e.Source))
	}
	if !e.Type.Valid() {
		errs = append(errs, fmt.Errorf("type: %q is not a dotted name under forum, chat, hub or user", e.Type))
	}
	return errors.Join(errs...)
}

// Signal is the data of hub.signal.*: something reached us that is no event
// for the rules, kept so that nothing a sender says is lost.
type Signal struct {
	Name string          `json:"name"`           // the sender's word: "post_teleported"
	Body json.RawMessage `json:"body,omitempty"` // what came, personal data removed
	Note string          `json:"note,omitempty"` // why it is only a signal
}
