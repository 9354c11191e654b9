package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// DeadLetter is a dead letter as the API tells it.
type DeadLetter struct {
	ID           hub.NotificationID `json:"id"`
	hub.Chat                        // "system", "chat"
	Event        hub.EventID        `json:"event,omitempty"`
	EventType    hub.EventType      `json:"event_type,omitempty"`
	Source       hub.Source         `json:"source,omitempty"`
	Subscription hub.SubscriptionID `json:"subscription,omitempty"`
	Act          hub.Act            `json:"act,omitempty"`
	Title        string             `json:"title,omitempty"`

	Status hub.Status `json:"status"` // as things stand
	// SupersededBy is what was said later of the same message.
	SupersededBy hub.NotificationID `json:"superseded_by,omitempty"`

	Again    int       `json:"again,omitempty"`
	Fault    hub.Fault `json:"fault"`
	Reason   string    `json:"reason"`
	Attempts int       `json:"attempts"`
	QueuedAt time.Time `json:"queued_at"`
	At       time.Time `json:"at"`

	// Of one that was asked for by its id.
	Message  *hub.Message  `json:"message,omitempty"`
	Exchange *hub.Exchange `json:"exchange,omitempty"`
	History  []hub.Attempt `json:"history,omitempty"`
}

func tell(d *hub.DeadLetter, status hub.Status) DeadLetter {
	n := &d.Notification
	return DeadLetter{
		ID: n.ID, Chat: n.Chat, Event: n.Event, EventType: n.EventType, Source: n.Source, Subscription: n.Subscription, Act: n.Act,
		Title: titleOf(n), Status: status, Again: n.Again, Fault: d.Fault, Reason: d.Reason, Attempts: d.Attempts,
		QueuedAt: n.QueuedAt, At: d.At,
	}
}

// titleOf is what the delivery log shows of a notification.
func titleOf(n *hub.Notification) string {
	if n.Message.Card != nil {
		return n.Message.Card.Title
	}
	return title(n.Message.Text)
}

func (s *Server) listDead(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	items, next, err := s.DeadLetters(r.Context(), hub.DeadQuery{
		System: hub.System(q.Get("system")), Chat: q.Get("chat"), Source: hub.Source(q.Get("source")),
		Subscription: hub.SubscriptionID(q.Get("subscription")), Fault: hub.Fault(q.Get("fault")),
		Text: q.Get("text"), Since: timeOf(q.Get("since")), Until: timeOf(q.Get("until")), Page: pageOf(r),
	})
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(items, next))
}

// DeadLetters pages, newest first. A page may be short, even empty, and still have
// a next.
func (s *Server) DeadLetters(ctx context.Context, q hub.DeadQuery) (items []DeadLetter, next string, err error) {
	letters, next, err := s.Dead.SearchDead(ctx, q)
	if err != nil {
		return nil, "", err
	}
	k, err := s.known(ctx, letters)
	if err != nil {
		return nil, "", err
	}
	for i := range letters {
		d := &letters[i]
		status, last := k.standing(d)
		if last || status != hub.StatusDead { // of one that died again the later letter tells
			items = append(items, k.tell(d, status))
		}
	}
	return items, next, nil
}

func (s *Server) getDead(w http.ResponseWriter, r *http.Request) error {
	told, err := s.DeadLetter(r.Context(), hub.NotificationID(r.PathValue("id")))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, told)
}

// DeadLetter is the last about a notification, with its message and its attempts.
func (s *Server) DeadLetter(ctx context.Context, id hub.NotificationID) (*DeadLetter, error) {
	d, err := s.Dead.DeadLetter(ctx, id)
	if err != nil {
		return nil, err
	}
	k, err := s.known(ctx, []hub.DeadLetter{*d})
	if err != nil {
		return nil, err
	}
	status, _ := k.standing(d)
	told := k.tell(d, status)
	told.Message, told.Exchange = &d.Notification.Message, d.Exchange
	if told.History, err = s.Deliveries.Attempts(ctx, d.Notification.ID); err != nil {
		return nil, err
	}
	return &told, nil
}

// logged is what the delivery log knows of letters.
func (s *Server) logged(ctx context.Context, letters []hub.DeadLetter) (map[hub.NotificationID]*hub.Delivery, error) {
	var ids []hub.NotificationID
	for i := range letters {
		if id := letters[i].Notification.ID; id != "" { // what could not be read has none
			ids = append(ids, id)
		}
	}
	rows, err := s.Deliveries.FindDeliveries(ctx, ids)
	if err != nil {
		return nil, err
	}
	log := make(map[hub.NotificationID]*hub.Delivery, len(rows))
	for i := range rows {
		log[rows[i].ID] = &rows[i]
	}
	return log, nil
}

// standing is where the notification of a letter stands by the log, and whether the
// letter is the last word of its sending. The log, which may be a moment behind
// the letter and may have forgotten, is nil where it does not know.
func standing(d *hub.DeadLetter, log *hub.Delivery) (status hub.Status, last bool) {
	switch {
	case log == nil || log.Again < d.Notification.Again:
		return hub.StatusDead, true
	case log.Again > d.Notification.Again:
		return log.Status, false
	case log.Status == hub.StatusSent || log.Receipt != (hub.Receipt{}): // the message is out there, whatever followed
		return hub.StatusSent, true
	}
	return hub.StatusDead, true
}
