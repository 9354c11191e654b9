package hub

import "time"

// NotificationVersion is the newest version of Notification's JSON that this
// program understands. It grows only when an older worker would misread a newer
// message.
const NotificationVersion = 2

// Act is what a notification does.
type Act string

// The acts.
const (
	ActSend    Act = ""        // say something
	ActEdit    Act = "edit"    // say it differently: Message replaces that of an earlier notification
	ActRetract Act = "retract" // take back what an earlier notification said
)

// Version is the version of a notification that does a: a worker of version 1
// would take an edit for a message of its own.
func (a Act) Version() int {
	if a == ActSend {
		return 1
	}
	return 2
}

// Notification is one message owed to one chat: the payload of
// notify_chat.<system>.<partition>.<lane>.
type Notification struct {
	Version int            `json:"v"`
	ID      NotificationID `json:"id"`
	Chat                   // "system", "chat"

	Event        EventID        `json:"event,omitempty"` // empty: asked for by a person
	EventType    EventType      `json:"event_type,omitempty"`
	Source       Source         `json:"source,omitempty"`
	Subscription SubscriptionID `json:"subscription,omitempty"`

	Act Act `json:"act,omitempty"`
	// Of is the notification whose message is edited or retracted.
	Of NotificationID `json:"of,omitempty"`
	// Ref is the platform's id of that message, when the hub knows it from an
	// older receipt.
	Ref MessageRef `json:"ref,omitempty"`

	// ReceivedAt is when the event came in, zero where there was none.
	ReceivedAt time.Time `json:"received_at,omitzero"`
	Message    Message   `json:"message"`
	QueuedAt   time.Time `json:"queued_at"`
	// New says that it cannot have been queued before: nobody looks whether it was, and
	// whoever has it first may send it without looking for a receipt.
	New bool `json:"new,omitempty"`
	// Again is how often people had it sent again, after it had been given up.
	Again int `json:"again,omitempty"`
	// StaleAt is when it is no longer worth sending; zero is never.
	StaleAt time.Time `json:"stale_at,omitzero"`
	// Digest is when it is told, together with others: see ParseRhythm. Empty is at
	// once and by itself.
	Digest string `json:"digest,omitempty"`
	// Root is the message to answer, when the hub knows it from an older receipt.
	Root MessageRef `json:"root,omitempty"`
}
