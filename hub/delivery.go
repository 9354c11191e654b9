package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
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
	Again        int            `json:"again,omitempty"` // how often people had it sent again

	Status    Status    `json:"status"`
	Attempts  int       `json:"attempts"`
	Reason    string    `json:"reason,omitempty"`
	Receipt   Receipt   `json:"receipt,omitzero"`
	QueuedAt  time.Time `json:"queued_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// History is how its attempts ended, the first first. Only who asks for one
	// delivery is told.
	History []Attempt `json:"history,omitempty"`
}

// Outcome is the data of hub.message.sent and hub.message.failed, alone or in a
// list: how an attempt ended, told by the worker that made it.
type Outcome struct {
	Notification NotificationID `json:"notification"`
	Chat                        // "system", "chat"
	Event        EventID        `json:"event,omitempty"`
	Status       Status         `json:"status"`          // sent, failed or dead
	Again        int            `json:"again,omitempty"` // of the notification
	Attempt      int            `json:"attempt"`
	Receipt      Receipt        `json:"receipt,omitzero"` // of a sent one
	Fault        Fault          `json:"fault,omitempty"`
	Reason       string         `json:"reason,omitempty"` // in words, no secrets
	RetryAt      time.Time      `json:"retry_at,omitzero"`
	At           time.Time      `json:"at"`
	Exchange     *Exchange      `json:"exchange,omitempty"` // of a failed or a dead one
}

// AppendOutcomes appends the data of hub.message.*: an Outcome, or a list of them.
func AppendOutcomes(to []byte, outcomes []Outcome) (_ []byte, err error) {
	if len(outcomes) == 1 {
		return outcomes[0].AppendJSON(to)
	}
	to = append(to, '[')
	for i := range outcomes {
		if i > 0 {
			to = append(to, ',')
		}
		if to, err = outcomes[i].AppendJSON(to); err != nil {
			return to, err
		}
	}
	return append(to, ']'), nil
}

// ParseOutcomes reads what AppendOutcomes writes, with an unmarshal that may be faster
// than json.Unmarshal. Of a list that has a mistake in it, it returns with the error what
// json.Unmarshal can read: all but what is wrong.
func ParseOutcomes(data []byte, unmarshal func([]byte, any) error) ([]Outcome, error) {
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("[")) {
		all := make([]Outcome, 0, 1+len(data)/outcomeLength)
		err := unmarshal(data, &all)
		if err != nil {
			all = nil // it may have stopped where the mistake is
			err = json.Unmarshal(data, &all)
		}
		return all, err
	}
	var one Outcome
	if err := unmarshal(data, &one); err != nil {
		return nil, err
	}
	return []Outcome{one}, nil
}

// outcomeLength is about how many bytes an Outcome of a list takes.
const outcomeLength = 250

// Attempt is how one attempt ended, as the delivery log keeps it.
type Attempt struct {
	Again    int       `json:"again,omitempty"` // which sending it belongs to: 0 is the first
	Attempt  int       `json:"attempt"`
	Status   Status    `json:"status"`
	Fault    Fault     `json:"fault,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	RetryAt  time.Time `json:"retry_at,omitzero"`
	At       time.Time `json:"at"`
	Times    int       `json:"times"` // how often that was told: a wait for a rate limit is no new attempt
	Exchange *Exchange `json:"exchange,omitempty"`
}

// Exchange is the last thing that was asked of a platform in an attempt, and
// what it answered. No secret is in it, and no header.
type Exchange struct {
	Method  string    `json:"method"`
	URL     string    `json:"url"`
	Request string    `json:"request,omitempty"` // the body, its beginning
	Status  int       `json:"status,omitempty"`  // 0: there was no answer
	Answer  string    `json:"answer,omitempty"`  // the body, as much as was read of its beginning
	At      time.Time `json:"at"`
	TookMS  int64     `json:"took_ms"` // until the head of the answer, or until there was none
}

// MaxExchangeText is how many bytes of each text of an Exchange are kept.
const MaxExchangeText = 4 << 10

// Bounded is x with texts that JSON and databases take and that are no longer
// than MaxExchangeText; one that was cut ends with "…".
func (x Exchange) Bounded() Exchange {
	for _, text := range []*string{&x.Method, &x.URL, &x.Request, &x.Answer} {
		*text = cut(strings.ToValidUTF8(*text, "\uFFFD"), MaxExchangeText)
	}
	return x
}

// cut shortens valid UTF-8 to at most n bytes, between two characters.
func cut(s string, n int) string {
	const mark = "…"
	if len(s) <= n {
		return s
	}
	end := n - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// DeadLetter is a notification that was given up: the payload of DEAD.
type DeadLetter struct {
	Notification Notification `json:"notification"`
	Fault        Fault        `json:"fault"`
	Reason       string       `json:"reason"` // in words, no secrets
	Attempts     int          `json:"attempts"`
	At           time.Time    `json:"at"`
	Exchange     *Exchange    `json:"exchange,omitempty"` // of the last attempt
}

// DeadQuery selects dead letters; a zero field selects all.
type DeadQuery struct {
	System       System
	Chat         string
	Source       Source
	Subscription SubscriptionID
	Fault        Fault
	Text         string    // a part of title, text or reason, in any case
	Since, Until time.Time // when it was given up: from Since on, before Until
	Page         Page
}

// Match reports whether q selects d. Its page plays no part.
func (q DeadQuery) Match(d *DeadLetter) bool {
	n := &d.Notification
	return (q.System == "" || q.System == n.System) &&
		(q.Chat == "" || q.Chat == n.Chat.ID) &&
		(q.Source == "" || q.Source == n.Source) &&
		(q.Subscription == "" || q.Subscription == n.Subscription) &&
		(q.Fault == "" || q.Fault == d.Fault) &&
		(q.Since.IsZero() || !d.At.Before(q.Since)) &&
		(q.Until.IsZero() || d.At.Before(q.Until)) &&
		(q.Text == "" || d.says(strings.ToLower(q.Text)))
}

func (d *DeadLetter) says(text string) bool {
	words := []string{d.Reason, d.Notification.Message.Text}
	if card := d.Notification.Message.Card; card != nil {
		words = append(words, card.Title, card.Text)
	}
	for _, w := range words {
		if strings.Contains(strings.ToLower(w), text) {
			return true
		}
	}
	return false
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

// Faults lists the faults.
func Faults() []Fault {
	return []Fault{FaultTemporary, FaultRateLimited, FaultUnauthorized, FaultRejected, FaultChatGone, FaultStale}
}

// DeliveryQuery selects deliveries; a zero field selects all.
type DeliveryQuery struct {
	System       System
	Chat         string
	Event        EventID
	Source       Source
	Subscription SubscriptionID
	Status       []Status  // any of them
	Text         string    // a part of title or reason, in any case
	Since, Until time.Time // when it was queued: from Since on, before Until
	Page         Page
}

// DeliveryStore keeps the delivery log. Records may come twice and in any
// order. Of all that was told of a notification its row shows the last by
// Again, then by status (queued, failed, sent, dead), attempt and time: what
// people had sent again is queued again, whatever comes late.
type DeliveryStore interface {
	// RecordQueued notes notifications as owed; one that is known already stays
	// as it is, but for one with a higher Again, which is queued again.
	RecordQueued(ctx context.Context, ds []Delivery) error
	// RecordOutcomes notes what workers told. An outcome whose notification is
	// not known yet makes its row. Of owed, which RecordQueued was not told of, all
	// is noted, and what is sent by now is written once.
	RecordOutcomes(ctx context.Context, os []Outcome, owed ...Delivery) error
	GetDelivery(ctx context.Context, id NotificationID) (*Delivery, error)
	// FindDeliveries reads those of ids that are known, in no order.
	FindDeliveries(ctx context.Context, ids []NotificationID) ([]Delivery, error)
	// ListDeliveries pages, newest first; next is "" on the last page. A search for
	// words looks at so many rows a page: it may be short, even empty, and still have
	// a next.
	ListDeliveries(ctx context.Context, q DeliveryQuery) (rows []Delivery, next string, err error)
	// Attempts lists how the attempts at a notification ended, the first first.
	Attempts(ctx context.Context, id NotificationID) ([]Attempt, error)
	// PruneDeliveries deletes rows queued before the time, with their attempts,
	// and says how many rows.
	PruneDeliveries(ctx context.Context, before time.Time) (int64, error)
}
