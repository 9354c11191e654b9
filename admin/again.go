package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
)

// activityRoutes are those by which what happened is sent again.
func (s *Server) activityRoutes() []route {
	return []route{{
		method: http.MethodPost, path: "/events/{id}/replay", id: "replayEvent", need: hub.Editor,
		summary: "Hold an event against the rules again, as things stand. A chat that was told of it, or is owed it, is not told again. With dry_run it is said only",
		body:    inJSON("ReplayInput"),
		answers: []outcome{
			{http.StatusOK, "What it would do.", inJSON("Replay")},
			{http.StatusAccepted, "It will be decided in its turn; signal is the event whose trace is the decision.", inJSON("Replay")},
		},
		repeats: true, handle: s.replayEvent,
	}, {
		method: http.MethodGet, path: "/retries/{id}", id: "getRetry", need: hub.Viewer, summary: "How far a bulk of dead letters has come that was sent again by this hub",
		answers: gives(http.StatusOK, "How many stand where.", "RetryProgress"),
		handle:  s.getRetry,
	}}
}

// Replay says what holding an event against the rules again would do.
func (s *Server) Replay(ctx context.Context, id hub.EventID) (*hub.Replay, error) {
	e, err := s.FindEvent(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.Foretell(ctx, e)
}

// ReplayEvent asks for an event to be held against the rules again, if as many
// chats would be told of it as count says.
func (s *Server) ReplayEvent(ctx context.Context, id hub.EventID, count int) (*hub.Replay, error) {
	e, err := s.FindEvent(ctx, id)
	if err != nil {
		return nil, err
	}
	x, err := s.Foretell(ctx, e)
	if err != nil {
		return nil, err
	}
	switch {
	case x.Why != "":
		return nil, hub.Errorf(hub.CodeConflict, "nobody may hear of it: %s; nothing is sent", x.Why)
	case x.Count != count:
		return nil, hub.Errorf(hub.CodeConflict, "%s now, not %d; nothing is sent: look again", counted(x.Count, "chat would be told", "chats would be told"), count)
	case x.Count == 0:
		return nil, hub.Errorf(hub.CodeConflict, "no chat is left to be told of it; what was given up is sent again as a dead letter")
	}
	data, err := json.Marshal(hub.ReplayRequest{Event: e, By: Who(ctx)})
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	signal := &hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.EventID("e" + hub.Digest("replay", string(e.ID), now.String())), Source: API, Type: hub.HubSignalReplay,
		Subject: e.Subject, Time: now, ReceivedTime: now, ReplyTo: e.ID, DataContentType: jsonContent, Data: data,
	}
	if _, _, err := s.Events.Publish(ctx, signal); err != nil {
		return nil, err
	}
	x.Signal = signal.ID
	s.Log.InfoContext(ctx, "event is held against the rules again", "event", id, "who", Who(ctx))
	s.record(ctx, hub.AuditEntry{
		Action: "event.replay", Outcome: hub.OutcomeOK,
		Message: fmt.Sprintf("%s: %s, %d had it", id, counted(x.Count, "chat is told", "chats are told"), x.Told),
	})
	return x, nil
}

// replayInput says how many chats it must be.
type replayInput struct {
	DryRun bool `json:"dry_run"`
	Count  *int `json:"count"`
}

func (s *Server) replayEvent(w http.ResponseWriter, r *http.Request) error {
	var in replayInput
	if err := s.decode(w, r, &in, jsonContent); err != nil {
		return err
	}
	if problem := countProblem(in.DryRun, in.Count); problem != "" {
		return invalidField("count", problem)
	}
	id := hub.EventID(r.PathValue("id"))
	if in.DryRun {
		x, err := s.Replay(r.Context(), id)
		if err != nil {
			return err
		}
		return s.answer(w, r, http.StatusOK, x)
	}
	x, err := s.ReplayEvent(r.Context(), id, *in.Count)
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusAccepted, x)
}

// countProblem says what is wrong with a count that must be seen before it is
// sent, "" for nothing.
func countProblem(dry bool, count *int) string {
	switch {
	case dry && count != nil:
		return "is what dry_run asks for: leave one of them out"
	case !dry && count == nil:
		return "is required: ask for it with dry_run, and send it back, so that no more is sent than you have seen"
	}
	return ""
}
