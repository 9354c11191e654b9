package hub

import "time"

// NotificationVersion is the version of Notification's JSON. It grows only
// when an older worker would misread a newer message.
const NotificationVersion = 1

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

	Message  Message   `json:"message"`
	QueuedAt time.Time `json:"queued_at"`
	// StaleAt is when it is no longer worth sending; zero is never.
	StaleAt time.Time `json:"stale_at,omitzero"`
	// Root is the message to answer, when the hub knows it from an older receipt.
	Root MessageRef `json:"root,omitempty"`
}
