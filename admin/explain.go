package admin

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// ExplainQuery says which chats an explanation is about; a zero field is all.
type ExplainQuery struct {
	System hub.System
	Chat   string
	Limit  int // of chats
	Sight  hub.Sight
}

func (s *Server) explain(w http.ResponseWriter, r *http.Request) error {
	var in Simulation
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	all, err := s.Simulate(r.Context(), &in)
	if err != nil {
		return err
	}
	if !wantsText(r) {
		if len(all) > 1 {
			return invalidField("webhook", fmt.Sprintf("holds %d events, and JSON has room for one: ask with format=text, or about each by itself as event", len(all)))
		}
		return s.answer(w, r, http.StatusOK, all[0])
	}
	var text strings.Builder
	n := s.names(r.Context())
	for i, x := range all {
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

func (s *Server) noWebhooksOf(source hub.Source) string {
	switch {
	case len(s.Sources()) == 0:
		return "is not configured: there is no source at all"
	case source == "":
		return "is required with a webhook: " + alternatives(s.Sources())
	}
	return "is not configured" + meant(string(source), words(s.Sources())) + ": the sources are " + strings.Join(words(s.Sources()), ", ")
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
