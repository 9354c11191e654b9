package hub

import (
	"context"
	"time"
)

// Status is where a notification stands.
type Status string

// The statuses of a delivery.
const (
	StatusQueued Status = "queued" // owed
	StatusFailed Status = "failed" // an attempt failed, another will follow
	StatusSent   Status = "sent"
	StatusDead   Status = "dead" // given up, with a reason
)

// Delivery is what became of a notification.
type Delivery struct {
	ID           NotificationID `json:"id"`
	Chat                        // "system", "chat"
	Event        EventID        `json:"event,omitempty"`
	EventType    EventType      `json:"event_type,omitempty"`
	Source       Source         `json:"source,omitempty"`
	Subscription SubscriptionID `json:"subscription,omitempty"`
	Act          Act            `json:"act,omitempty"`
	Title        string         `json:"title,omitempty"`

	Status    Status    `json:"status"`
	Attempts  int       `json:"attempts"`
	Reason    string    `json:"reason,omitempty"`
	Receipt   Receipt   `json:"receipt,omitzero"`
	QueuedAt  time.Time `json:"queued_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Outcome is the data of hub.message.sent and hub.message.failed: how an
// attempt ended, told by the worker that made it.
type Outcome struct {
	Notification NotificationID `json:"notification"`
	Chat                        // "system", "chat"
	Event        EventID        `json:"event,omitempty"`
	Status       Status         `json:"status"` // sent, failed or dead
	Attempt      int            `json:"attempt"`
	Receipt      Receipt        `json:"receipt,omitzero"` // of a sent one
	Fault        Fault          `json:"fault,omitempty"`
	Reason       string         `json:"reason,omitempty"` // in words, no secrets
	RetryAt      time.Time      `json:"retry_at,omitzero"`
	At           time.Time      `json:"at"`
}

// DeadLetter is a notification that was given up: the payload of DEAD.
type DeadLetter struct {
	Notification Notification `json:"notification"`
	Fault        Fault        `json:"fault"`
	Reason       string       `json:"reason"` // in words, no secrets
	Attempts     int          `json:"attempts"`
	At           time.Time    `json:"at"`
}

// Fault says how an attempt to send went wrong; it decides what happens next.
type Fault string

// The faults. An error that names none is Temporary.
const (
	FaultTemporary    Fault = "temporary"    // try again: timeout, 5xx, connection refused
	FaultRateLimited  Fault = "rate_limited" // wait as long as the platform says; not an attempt
	FaultUnauthorized Fault = "unauthorized" // the account's credentials are refused: pause the system
	FaultRejected     Fault = "rejected"     // the platform will never take this message
	FaultChatGone     Fault = "chat_gone"    // the chat does not exist or we are not in it
	FaultStale        Fault = "stale"        // it waited past its use
)

// DeliveryQuery selects deliveries; a zero field selects all.
type DeliveryQuery struct {
	System       System
	Chat         string
	Event        EventID
	Subscription SubscriptionID
	Status       Status
	Page         Page
}

// DeliveryStore keeps the delivery log. Records may come twice and in any
// order: a later status never gives way to an earlier one (sent and dead are
// last, queued is first).
type DeliveryStore interface {
	// RecordQueued notes notifications as owed; one that is known already stays
	// as it is.
	RecordQueued(ctx context.Context, ds []Delivery) error
	// RecordOutcomes notes what workers told. An outcome whose notification is
	// not known yet makes its row.
	RecordOutcomes(ctx context.Context, os []Outcome) error
	GetDelivery(ctx context.Context, id NotificationID) (*Delivery, error)
	// ListDeliveries pages, newest first; next is "" on the last page.
	ListDeliveries(ctx context.Context, q DeliveryQuery) (rows []Delivery, next string, err error)
	// PruneDeliveries deletes rows queued before the time and says how many.
	PruneDeliveries(ctx context.Context, before time.Time) (int64, error)
}
