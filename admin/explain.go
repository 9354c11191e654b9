package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// ExplainQuery says which chats an explanation is about; a zero field is all.
type ExplainQuery struct {
	System hub.System
	Chat   string
	Limit  int // of chats
}

// explainInput names an event in one of three ways.
type explainInput struct {
	EventID hub.EventID       `json:"event_id"`
	Event   *hub.Event        `json:"event"`
	Source  hub.Source        `json:"source"`
	Webhook json.RawMessage   `json:"webhook"`
	Headers map[string]string `json:"headers"`

	System hub.System `json:"system"`
	Chat   string     `json:"chat"`
	Limit  int        `json:"limit"`
}

func (s *Server) explain(w http.ResponseWriter, r *http.Request) error {
	var in explainInput
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	systems, err := s.Systems(r.Context())
	if err != nil {
		return err
	}
	if bad := s.explainProblems(systems, &in); len(bad) > 0 {
		return invalid(bad)
	}
	events, err := s.explained(r, &in)
	if err != nil {
		return err
	}
	words := wantsText(r)
	if len(events) > 1 && !words {
		return invalidField("webhook", fmt.Sprintf("holds %d events, and JSON has room for one: ask with format=text, or about each by itself as event", len(events)))
	}
	var text strings.Builder
	for i, e := range events {
		x, err := s.Explain(r.Context(), e, ExplainQuery{System: in.System, Chat: in.Chat, Limit: in.Limit})
		if err != nil {
			return err
		}
		x.Chats = listOf(x.Chats, "").Items
		s.waits(r.Context(), x)
		if !words {
			return s.answer(w, r, http.StatusOK, x)
		}
		n := s.names(r.Context())
		for _, c := range x.Chats {
			if err := n.nameRows(c.Rows); err != nil {
				return err
			}
		}
		if i > 0 {
			text.WriteString("\n\n")
		}
		text.WriteString(ExplanationText(x))
	}
	send(w, http.StatusOK, plainText, []byte(text.String()))
	return nil
}

// waits says of each chat whether it is left alone, and when it would be told.
func (s *Server) waits(ctx context.Context, x *hub.Explanation) {
	if len(x.Chats) == 0 {
		return
	}
	all, err := s.ChatSettings.AllChatSettings(ctx, "")
	if err != nil {
		s.Log.WarnContext(ctx, "the quiet hours of chats cannot be read", "err", err)
		x.Notes = append(x.Notes, "what was set for the chats cannot be read: whether one is left alone is not known")
		return
	}
	settings := make(map[hub.Chat]hub.ChatSettings, len(all))
	for _, c := range all {
		settings[c.Chat] = c
	}
	now := s.Now()
	for i := range x.Chats {
		c := settings[x.Chats[i].Chat]
		schedule, _ := c.Schedule(s.Zone) // one that cannot be read is never silent, as the worker has it
		x.Chats[i].Wait(schedule, now)
	}
}

const plainText = "text/plain; charset=utf-8"

// wantsText reports whether the caller asks for words in place of JSON.
func wantsText(r *http.Request) bool {
	switch r.URL.Query().Get("format") {
	case "text":
		return true
	case "json":
		return false
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, textContent) && !strings.Contains(accept, jsonContent)
}

func (s *Server) explainProblems(systems []hub.SystemStatus, in *explainInput) map[string]string {
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
	case len(in.Webhook) > 0 && !slices.Contains(s.Sources, in.Source):
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

func (s *Server) noWebhooksOf(source hub.Source) string {
	switch {
	case len(s.Sources) == 0:
		return "is not configured: there is no source at all"
	case source == "":
		return "is required with a webhook: " + alternatives(s.Sources)
	}
	return "is not configured" + meant(string(source), words(s.Sources)) + ": the sources are " + strings.Join(words(s.Sources), ", ")
}

// explained are the events that are asked about.
func (s *Server) explained(r *http.Request, in *explainInput) ([]*hub.Event, error) {
	switch {
	case in.EventID != "":
		e, err := s.Events.Event(r.Context(), in.EventID)
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

func (s *Server) getTrace(w http.ResponseWriter, r *http.Request) error {
	id := hub.EventID(r.PathValue("id"))
	trace, err := s.Trace(r.Context(), id)
	if err != nil {
		return err
	}
	if trace == nil {
		if _, err := s.Events.Event(r.Context(), id); err != nil {
			return err
		}
		return hub.Errorf(hub.CodeNotFound, "no decision about event %q is kept: it is too old, has only just come in, or came in a flood; POST /api/v1/explain tells what the table says now", id)
	}
	if !wantsText(r) {
		return s.answer(w, r, http.StatusOK, trace)
	}
	if err := s.names(r.Context()).nameRows(trace.Nearest); err != nil {
		return err
	}
	sent, _, err := s.Deliveries.ListDeliveries(r.Context(), hub.DeliveryQuery{Event: id, Page: hub.Page{Limit: maxLimit}})
	if err != nil {
		return err
	}
	send(w, http.StatusOK, plainText, []byte(TraceText(trace, sent...)))
	return nil
}
