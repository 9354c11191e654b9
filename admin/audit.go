package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// Audit keeps who did what. Its methods are those of hub.AuditStore.
type Audit interface {
	AppendAudit(ctx context.Context, entries ...hub.AuditEntry) error
	ListAudit(ctx context.Context, q hub.AuditQuery) (entries []hub.AuditEntry, next string, err error)
}

func (s *Server) listAudit(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	entries, next, err := s.Audit.ListAudit(r.Context(), hub.AuditQuery{
		System: hub.System(q.Get("system")), User: q.Get("user"), Chat: q.Get("chat"), Action: q.Get("action"),
		Outcome: q.Get("outcome"), Text: q.Get("text"), Since: timeOf(q.Get("since")), Until: timeOf(q.Get("until")), Page: pageOf(r),
	})
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(entries, next))
}

// record notes what whoever asks has changed. The change is done by then: that it
// cannot be noted is for the log.
func (s *Server) record(ctx context.Context, entries ...hub.AuditEntry) {
	now := s.Now().UTC()
	for i := range entries {
		entries[i].At, entries[i].Who = now, Who(ctx)
	}
	// A client that has gone away has changed it all the same.
	if err := s.Audit.AppendAudit(context.WithoutCancel(ctx), entries...); err != nil {
		for _, e := range entries {
			s.Log.ErrorContext(ctx, "a change could not be written to the audit log", "action", e.Action, "who", e.Who, "outcome", e.Outcome, "message", e.Message, "err", err)
		}
	}
}

// auditRow is the record of a change of a row, which may have been none before or
// be none after.
func auditRow(action, outcome string, before, after *hub.Subscription) hub.AuditEntry {
	row := cmp.Or(after, before)
	e := hub.AuditEntry{
		System: row.System, Chat: row.Chat.ID, Action: action, Outcome: outcome,
		Message: string(row.ID) + ": " + rules.FormatLine(*row),
	}
	if before != nil {
		e.Before = asJSON(before)
	}
	if after != nil {
		e.After = asJSON(after)
	}
	return e
}

// asJSON is v for the log, nil if it cannot be told.
func asJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}
