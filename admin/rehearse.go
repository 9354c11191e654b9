package admin

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Trial is what a row that is being made would do.
type Trial struct {
	Sentence string            `json:"sentence"`
	Problems map[string]string `json:"problems,omitempty"` // by field; names that no forum has are among them
	*hub.Rehearsal
}

// mostRows is how many rows of its chat a row is held against.
const mostRows = 500

// TryRow says in words what a row would do, what is wrong with it, and what it
// would have told of. A row that cannot be read is held against nothing.
func (s *Server) TryRow(ctx context.Context, words *web.Words, row hub.Subscription, shown hub.EventID) (*Trial, error) {
	t := &Trial{Rehearsal: &hub.Rehearsal{Matches: []hub.Rehearsed{}, Messages: []hub.Look{}}}
	t.Sentence = s.Teller(ctx, words).Whole(&row, s.ChatName(ctx, row.Chat).Name).Plain
	var err error
	if t.Problems, err = s.Problems(ctx, &row); err != nil {
		return nil, err
	}
	for field := range t.Problems {
		if strings.HasPrefix(field, "filters") && !s.isKnowable(&row) || strings.HasPrefix(field, "mode") {
			return t, nil
		}
	}
	var others []hub.Subscription
	if row.System != "" && row.Chat.ID != "" {
		if others, _, err = s.Table.SubscriptionsByChat(ctx, hub.TableQuery{System: row.System, Chat: row.Chat.ID, Limit: mostRows}); err != nil {
			return nil, err
		}
	}
	t.Rehearsal, err = s.Rehearse(ctx, row, others, shown)
	return t, err
}

// isKnowable reports whether the rules can read a row's filters, whatever they
// name.
func (s *Server) isKnowable(row *hub.Subscription) bool {
	for field := range s.rowProblems(nil, *row) {
		if strings.HasPrefix(field, "filters") {
			return false
		}
	}
	return true
}

// tryInput is a row and the event to show.
type tryInput struct {
	hub.Subscription
	Event hub.EventID `json:"event"`
}

func (s *Server) previewSubscription(w http.ResponseWriter, r *http.Request) error {
	var in tryInput
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	t, err := s.TryRow(r.Context(), web.WordsOf(r), in.Subscription, in.Event)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, t)
}

// Tested is what became of a test message.
type Tested struct {
	Notification hub.NotificationID `json:"notification"`
	Event        hub.EventID        `json:"event,omitempty"` // that it told of
	Status       hub.Status         `json:"status"`
	URL          string             `json:"url,omitempty"`
	Reason       string             `json:"reason,omitempty"` // why it was not sent, or not yet
}

// testPatience is how long a test waits for what the platform says.
const testPatience = 8 * time.Second

// TestRow sends what a row would say of an event to its chat, marked as a test,
// and waits a moment for what becomes of it. Without an event it is the newest
// that matches; where none does, the message says what the row would tell.
func (s *Server) TestRow(ctx context.Context, words *web.Words, row hub.Subscription, shown hub.EventID) (*Tested, error) {
	switch bad, err := s.Problems(ctx, &row); {
	case err != nil:
		return nil, err
	case bad["system"] != "" || bad["chat"] != "":
		return nil, invalid(bad)
	case row.Mode == hub.Mute:
		return nil, invalidField("mode", "is mute, which sends nothing: there is nothing to test")
	}
	x, err := s.Rehearse(ctx, row, nil, shown)
	if err != nil {
		return nil, err
	}
	if shown != "" && x.Shown != shown {
		return nil, invalidField("event", "is none of the last that this row matches")
	}
	m := hub.Message{}
	if x.Message != nil {
		m = *x.Message
	}
	// It stands alone: nobody should answer a test in a topic's thread, or mute a
	// topic by it.
	m.Thread, m.InThread, m.Broadcast, m.Actions = "", false, false, nil
	m.Text = words.Say("subs.testSaid", "Who", escape(Who(ctx)), "Sentence", escape(s.Teller(ctx, words).Row(&row).Plain))
	n := hub.Notification{
		Version: hub.ActSend.Version(), ID: hub.NotificationID("n" + hub.Digest("test", rand.Text())), Chat: row.Chat,
		Subscription: row.ID, Message: m, QueuedAt: s.Now().UTC(), StaleAt: s.Now().Add(time.Hour).UTC(),
	}
	if err := s.Notifier.Notify(ctx, n); err != nil {
		return nil, err
	}
	d := hub.Delivery{ID: n.ID, Chat: n.Chat, Subscription: row.ID, Title: title(words.Say("subs.testTitle")), Status: hub.StatusQueued, QueuedAt: n.QueuedAt, UpdatedAt: n.QueuedAt}
	if err := s.Deliveries.RecordQueued(ctx, []hub.Delivery{d}); err != nil {
		s.Log.WarnContext(ctx, "test queued but not in the delivery log", "notification", n.ID, "err", err)
	}
	s.record(ctx, hub.AuditEntry{System: row.System, Chat: row.Chat.ID, Action: "subscription.test", Outcome: hub.OutcomeCreated, Message: string(row.ID)})
	t := &Tested{Notification: n.ID, Event: x.Shown, Status: hub.StatusQueued}
	return t, s.awaitTest(ctx, row.System, t)
}

// escape keeps CommonMark from reading markup into what people wrote.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#+-.!|~&@", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// awaitTest waits until a test was sent or refused.
func (s *Server) awaitTest(ctx context.Context, system hub.System, t *Tested) error {
	ctx, cancel := context.WithTimeout(ctx, testPatience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		found, err := s.Deliveries.FindDeliveries(ctx, []hub.NotificationID{t.Notification})
		if err != nil && ctx.Err() == nil {
			return err
		}
		for _, d := range found {
			t.Status, t.Reason, t.URL = d.Status, d.Reason, d.Receipt.URL
		}
		if t.Status == hub.StatusSent || t.Status == hub.StatusDead {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return s.whyNot(system, t)
		}
	}
}

// whyNot says why a test still waits.
func (s *Server) whyNot(system hub.System, t *Tested) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	systems, err := s.Systems(ctx)
	if err != nil {
		return err
	}
	for _, status := range systems {
		if status.System == system && status.State != hub.SystemOK && t.Reason == "" {
			t.Reason = status.Reason
		}
	}
	return nil
}

func (s *Server) testSubscription(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Event hub.EventID `json:"event"`
	}
	if r.ContentLength != 0 {
		if err := s.decode(w, r, &in, jsonContent); err != nil {
			return err
		}
	}
	row, err := s.Subscriptions.GetSubscription(r.Context(), subscriptionID(r))
	if err != nil {
		return err
	}
	t, err := s.TestRow(r.Context(), web.WordsOf(r), *row, in.Event)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, t)
}

func (s *Server) restoreSubscription(w http.ResponseWriter, r *http.Request) error {
	row, err := s.RestoreRow(r.Context(), subscriptionID(r))
	if err != nil {
		return err
	}
	return s.answerRow(w, r, http.StatusOK, row)
}
