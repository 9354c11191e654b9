package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// Simulation asks what would become of an event, which it names in one of three
// ways. A zero field of the others is all.
type Simulation struct {
	EventID hub.EventID       `json:"event_id"`
	Event   *hub.Event        `json:"event"`
	Source  hub.Source        `json:"source"`
	Webhook json.RawMessage   `json:"webhook"`
	Headers map[string]string `json:"headers"`

	System       hub.System         `json:"system"`
	Chat         string             `json:"chat"`
	Subscription hub.SubscriptionID `json:"subscription"`
	Sight        string             `json:"sight"`
	Limit        int                `json:"limit"`
}

// sightAsk is hub.SightAsk by a word.
const sightAsk = "ask"

// Simulate says what would become of the events of a question as things stand, of
// a past one also what is different from when it came. Nothing is sent.
func (s *Server) Simulate(ctx context.Context, in *Simulation) ([]*hub.Explanation, error) {
	systems, err := s.Systems(ctx)
	if err != nil {
		return nil, err
	}
	if bad := s.simulationProblems(systems, in); len(bad) > 0 {
		return nil, invalid(bad)
	}
	q := ExplainQuery{System: in.System, Chat: in.Chat, Limit: in.Limit, Sight: hub.Sight(in.Sight)}
	if in.Sight == sightAsk {
		q.Sight = hub.SightAsk
	}
	if in.Subscription != "" {
		row, err := s.Subscriptions.GetSubscription(ctx, in.Subscription)
		if err != nil {
			return nil, err
		}
		q.System, q.Chat = row.System, row.Chat.ID
	}
	events, err := s.explained(ctx, in)
	if err != nil {
		return nil, err
	}
	var all []*hub.Explanation
	for _, e := range events {
		x, err := s.Explain(ctx, e, q)
		if err != nil {
			return nil, err
		}
		x.Chats = listOf(x.Chats, "").Items
		s.waits(ctx, x)
		if err := s.compare(ctx, in, q, x); err != nil {
			return nil, err
		}
		onlyRow(x, in.Subscription)
		all = append(all, x)
	}
	return all, nil
}

// compare holds what would become of a past event against what became of it.
func (s *Server) compare(ctx context.Context, in *Simulation, q ExplainQuery, x *hub.Explanation) error {
	if in.EventID == "" || q.Sight != hub.SightAsk {
		return nil
	}
	taken, err := s.Trace(ctx, in.EventID)
	if err != nil || taken == nil {
		return err
	}
	asked := *taken
	asked.Chats = slices.DeleteFunc(slices.Clone(taken.Chats), func(c hub.TraceChat) bool {
		return q.System != "" && c.System != q.System || q.Chat != "" && c.Chat.ID != q.Chat
	})
	if taken.Verdict != hub.VerdictWaiting && taken.Verdict != hub.VerdictLearned { // else there is nothing to compare with
		x.Compare(&asked)
	}
	x.Taken = taken
	return nil
}

// onlyRow keeps of the rows one, and the one that decides.
func onlyRow(x *hub.Explanation, id hub.SubscriptionID) {
	if id == "" {
		return
	}
	for i := range x.Chats {
		x.Chats[i].Rows = slices.DeleteFunc(x.Chats[i].Rows, func(r hub.RowVerdict) bool { return !r.Wins && r.Subscription != id })
	}
}

func (s *Server) simulationProblems(systems []hub.SystemStatus, in *Simulation) map[string]string {
	bad := map[string]string{}
	ways := 0
	for _, given := range []bool{in.EventID != "", in.Event != nil, len(in.Webhook) > 0} {
		if given {
			ways++
		}
	}
	switch {
	case ways != 1:
		bad["event_id"] = "give exactly one of event_id (a past event), event (a CloudEvent) and webhook (a body, with its source)"
	case len(in.Webhook) > 0 && !slices.Contains(s.Sources(), in.Source):
		bad["source"] = s.noWebhooksOf(in.Source)
	case len(in.Webhook) == 0 && in.Source != "":
		bad["source"] = "goes with a webhook alone: an event has its own"
	case len(in.Webhook) == 0 && len(in.Headers) > 0:
		bad["headers"] = "go with a webhook alone"
	}
	if in.System != "" {
		if problem := systemProblem(systems, in.System); problem != "" {
			bad["system"] = problem
		}
	}
	if in.Limit < 0 || in.Limit > maxLimit {
		bad["limit"] = "is not 1 to 500"
	}
	if !slices.Contains([]string{"", sightAsk, string(hub.SightEveryone), string(hub.SightNobody)}, in.Sight) {
		bad["sight"] = fmt.Sprintf("is %q: one of %s, %s, %s", in.Sight, sightAsk, hub.SightEveryone, hub.SightNobody)
	}
	if in.Event != nil {
		if in.Event.ID == "" { // made up for this question
			in.Event.ID = "example"
		}
		for field, problem := range s.eventProblems(in.Event) {
			bad["event."+field] = problem
		}
	}
	return bad
}

// explained are the events that are asked about.
func (s *Server) explained(ctx context.Context, in *Simulation) ([]*hub.Event, error) {
	switch {
	case in.EventID != "":
		e, err := s.Events.Event(ctx, in.EventID)
		if err != nil {
			return nil, err
		}
		return []*hub.Event{e}, nil
	case in.Event != nil:
		in.Event.ReceivedTime = s.Now().UTC()
		return []*hub.Event{in.Event}, nil
	}
	body := []byte(in.Webhook)
	var asText string
	if body[0] == '"' && json.Unmarshal(body, &asText) == nil {
		body = []byte(asText)
	}
	header := http.Header{}
	for name, value := range in.Headers {
		header.Set(name, value)
	}
	events, err := s.Decode(in.Source, header, body)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, invalidField("webhook", "holds no event")
	}
	return events, nil
}
