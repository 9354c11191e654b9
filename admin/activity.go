package admin

import (
	"context"
	"net/http"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// Outcome is what became of an event, in a word.
type Outcome string

// The outcomes: those of its notifications, the worst first, then why there is
// none. An event of which no decision is kept has none.
const (
	OutcomeDead    Outcome = "dead"    // a notification was given up
	OutcomeFailed  Outcome = "failed"  // one failed and is tried again
	OutcomeQueued  Outcome = "queued"  // one waits, or the event does
	OutcomeSent    Outcome = "sent"    // all were sent
	OutcomeMuted   Outcome = "muted"   // a mute decided, everywhere
	OutcomeKnown   Outcome = "known"   // it had been told before
	OutcomeNobody  Outcome = "nobody"  // no row matched
	OutcomeDropped Outcome = "dropped" // nobody may hear of it
	OutcomeLearned Outcome = "learned" // another event tells of it
	OutcomeNone    Outcome = ""
)

// Outcomes are the words by which events can be picked; nobody is all of which
// nothing was sent.
func Outcomes() []string {
	return words([]Outcome{OutcomeSent, OutcomeQueued, OutcomeFailed, OutcomeDead, OutcomeNobody})
}

// Happening is an event with what became of it.
type Happening struct {
	Event hub.Event
	Fate  hub.Fate
	Trace *hub.Trace // nil: none is kept
}

// Outcome is what became of it, in a word.
func (h *Happening) Outcome() Outcome {
	for _, status := range []hub.Status{hub.StatusDead, hub.StatusFailed, hub.StatusQueued} {
		if h.Fate.Counts[status] > 0 {
			return Outcome(status)
		}
	}
	switch {
	case h.Trace != nil && h.Trace.Verdict == hub.VerdictWaiting:
		return OutcomeQueued
	case h.Fate.Counts[hub.StatusSent] > 0:
		return OutcomeSent
	case h.Trace == nil:
		return OutcomeNone
	case h.Trace.Verdict == hub.VerdictDropped:
		return OutcomeDropped
	case h.Trace.Verdict == hub.VerdictLearned:
		return OutcomeLearned
	case h.Got(hub.ResultQueued), h.Got(hub.ResultUpdated), h.Got(hub.ResultRetracted):
		return OutcomeQueued // and not in the log yet
	case h.Got(hub.ResultKnown):
		return OutcomeKnown
	case h.Got(hub.ResultMuted):
		return OutcomeMuted
	}
	return OutcomeNobody
}

// Got reports whether a chat got a result.
func (h *Happening) Got(result string) bool {
	return slices.ContainsFunc(h.Trace.Chats, func(c hub.TraceChat) bool { return c.Result == result })
}

// is reports whether what became of it is what is asked for.
func (h *Happening) is(outcome Outcome) bool {
	o := h.Outcome()
	if outcome == OutcomeNobody {
		return slices.Contains([]Outcome{OutcomeNobody, OutcomeMuted, OutcomeKnown, OutcomeDropped, OutcomeLearned}, o)
	}
	return o == outcome
}

// ActivityQuery selects events by what they are and by what became of them; a
// zero field selects all.
type ActivityQuery struct {
	hub.EventQuery
	Outcome Outcome
	// A row of these decided.
	System       hub.System
	Chat         string
	Subscription hub.SubscriptionID
}

// later reports whether it takes more than the event to answer.
func (q ActivityQuery) later() bool {
	return q.Outcome != "" || q.System != "" || q.Chat != "" || q.Subscription != ""
}

// Match reports whether q selects an event for what became of it.
func (q ActivityQuery) Match(h *Happening) bool {
	if q.Outcome != "" && !h.is(q.Outcome) {
		return false
	}
	if q.System == "" && q.Chat == "" && q.Subscription == "" {
		return true
	}
	concerns := func(c hub.Chat, s hub.SubscriptionID) bool {
		return (q.System == "" || q.System == c.System) && (q.Chat == "" || q.Chat == c.ID) && (q.Subscription == "" || q.Subscription == s)
	}
	if h.Trace != nil && slices.ContainsFunc(h.Trace.Chats, func(c hub.TraceChat) bool { return concerns(c.Chat, c.Subscription) }) {
		return true
	}
	return slices.ContainsFunc(h.Fate.Some, func(d hub.Delivery) bool { return concerns(d.Chat, d.Subscription) })
}

// FewDeliveries is how many of an event's deliveries a Happening holds.
const FewDeliveries = 6

// maxRounds is how often a list of happenings asks for more events: those that it
// is not for count, too.
const maxRounds = 8

// Happenings pages through events with what became of them, newest first. A page
// may be short, even empty, and still have a next.
func (s *Server) Happenings(ctx context.Context, q ActivityQuery) (list []Happening, next string, err error) {
	want := q.Page.Limit
	if want <= 0 {
		want = defaultLimit
	}
	for range maxRounds {
		events := q.EventQuery
		events.Page.Limit = want - len(list)
		if q.later() {
			events.Page.Limit = max(events.Page.Limit, 100)
		}
		told, on, err := s.happened(ctx, events)
		if n := q.enough(told, want-len(list)); err == nil && n < len(told) { // the next page begins behind them
			events.Page.Limit = n
			told, on, err = s.happened(ctx, events)
		}
		if err != nil {
			return nil, "", err
		}
		for i := range told {
			if q.Match(&told[i]) {
				list = append(list, told[i])
			}
		}
		if next = on; next == "" || len(list) >= want || !q.later() {
			break
		}
		q.Page.Cursor = next
	}
	return list, next, nil
}

func (s *Server) happened(ctx context.Context, q hub.EventQuery) (told []Happening, next string, err error) {
	found, next, err := s.Events.SearchEvents(ctx, q)
	if err == nil {
		told, err = s.Tell(ctx, found...)
	}
	return told, next, err
}

// enough is how many of the first have so many that q selects among them.
func (q ActivityQuery) enough(told []Happening, want int) int {
	for i := range told {
		if q.Match(&told[i]) {
			if want--; want == 0 {
				return i + 1
			}
		}
	}
	return len(told)
}

// Tell says of events what became of them.
func (s *Server) Tell(ctx context.Context, events ...hub.Event) ([]Happening, error) {
	if len(events) == 0 {
		return nil, nil
	}
	ids := make([]hub.EventID, len(events))
	for i := range events {
		ids[i] = events[i].ID
	}
	fates, err := s.Activity.Fates(ctx, ids, FewDeliveries)
	if err != nil {
		return nil, err
	}
	traces, err := s.Activity.FindTraces(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]Happening, len(events))
	for i, e := range events {
		list[i] = Happening{Event: e, Fate: fates[e.ID]}
		if t, kept := traces[e.ID]; kept {
			list[i].Trace = &t
		}
		if e.Type == hub.HubSignalReplay && list[i].Trace != nil {
			if list[i].Fate, err = s.fateOfReplay(ctx, list[i].Trace); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// fateOfReplay is what became of the notifications that a replay made: they are
// those of the event that was replayed.
func (s *Server) fateOfReplay(ctx context.Context, t *hub.Trace) (hub.Fate, error) {
	var ids []hub.NotificationID
	for _, c := range t.Chats {
		if c.Result == hub.ResultQueued {
			ids = append(ids, c.Notification)
		}
	}
	f := hub.Fate{Counts: map[hub.Status]int{}}
	rows, err := s.Deliveries.FindDeliveries(ctx, ids)
	for _, d := range rows {
		f.Counts[d.Status]++
	}
	f.Some = rows[:min(len(rows), FewDeliveries)]
	return f, err
}

// FindEvent reads an event. One that is too old to be found by its id alone is
// looked for where its decision says that it came.
func (s *Server) FindEvent(ctx context.Context, id hub.EventID) (*hub.Event, error) {
	e, err := s.Events.Event(ctx, id)
	if hub.CodeOf(err) != hub.CodeNotFound {
		return e, err
	}
	t, traceErr := s.Trace(ctx, id)
	if traceErr != nil || t == nil {
		return nil, err
	}
	return s.Events.EventNear(ctx, id, t.At)
}

// searchEvents answers a list of events that were asked for by more than their
// source and type.
func (s *Server) searchEvents(w http.ResponseWriter, r *http.Request) error {
	v := r.URL.Query()
	q := ActivityQuery{
		EventQuery: hub.EventQuery{
			Source: hub.Source(v.Get("source")), Type: v.Get("type"), Text: v.Get("text"),
			Since: timeOf(v.Get("since")), Until: timeOf(v.Get("until")), Page: pageOf(r),
		},
		Outcome: Outcome(v.Get("outcome")), System: hub.System(v.Get("system")), Chat: v.Get("chat"), Subscription: hub.SubscriptionID(v.Get("subscription")),
	}
	var events []hub.Event
	var next string
	var err error
	if q.later() {
		var list []Happening
		list, next, err = s.Happenings(r.Context(), q)
		for i := range list {
			events = append(events, list[i].Event)
		}
	} else {
		events, next, err = s.Events.SearchEvents(r.Context(), q.EventQuery)
	}
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(events, next))
}
