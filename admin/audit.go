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
	if r.URL.Query().Get("format") == "jsonl" {
		return s.auditLines(w, r)
	}
	entries, next, err := s.Audit.ListAudit(r.Context(), auditQuery(r))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(entries, next))
}

func auditQuery(r *http.Request) hub.AuditQuery {
	q := r.URL.Query()
	return hub.AuditQuery{
		Who: q.Get("who"), System: hub.System(q.Get("system")), User: q.Get("user"), Chat: q.Get("chat"), Action: q.Get("action"),
		Outcome: q.Get("outcome"), Text: q.Get("text"), Since: timeOf(q.Get("since")), Until: timeOf(q.Get("until")), Page: pageOf(r),
	}
}

// auditLines answers with all that is selected, an entry in a line.
func (s *Server) auditLines(w http.ResponseWriter, r *http.Request) error {
	q := auditQuery(r)
	q.Page.Limit = maxLimit
	entries, next, err := s.Audit.ListAudit(r.Context(), q)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", jsonLines)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", `attachment; filename="bellhop-audit.jsonl"`)
	for enc := json.NewEncoder(w); ; {
		for _, e := range entries {
			if err := enc.Encode(e); err != nil {
				return nil //nolint:nilerr // who asked has gone away
			}
		}
		if next == "" {
			return nil
		}
		q.Page.Cursor = next
		if entries, next, err = s.Audit.ListAudit(r.Context(), q); err != nil {
			s.Log.ErrorContext(r.Context(), "the audit log breaks off in the middle of an answer", "err", err)
			panic(http.ErrAbortHandler) // or it would look whole
		}
	}
}

// AuditPage is a page of the audit log, newest first.
func (s *Server) AuditPage(ctx context.Context, q hub.AuditQuery) ([]hub.AuditEntry, string, error) {
	return s.Audit.ListAudit(ctx, q)
}

// AuditEntry is one entry of the audit log.
func (s *Server) AuditEntry(ctx context.Context, id string) (*hub.AuditEntry, error) {
	entries, _, err := s.Audit.ListAudit(ctx, hub.AuditQuery{ID: id, Page: hub.Page{Limit: 1}})
	if err != nil {
		return nil, err
	}
	if id == "" || len(entries) == 0 {
		return nil, hub.Errorf(hub.CodeNotFound, "there is no entry %q in the audit log: entries are kept for admin.audit_retention", id)
	}
	return &entries[0], nil
}

func (s *Server) getAudit(w http.ResponseWriter, r *http.Request) error {
	e, err := s.AuditEntry(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, e)
}

type viaKey struct{}

// via notes where a request comes from.
func via(ctx context.Context, from string) context.Context {
	return context.WithValue(ctx, viaKey{}, from)
}

func viaOf(ctx context.Context) string {
	from, _ := ctx.Value(viaKey{}).(string)
	return from
}

// record notes what whoever asks has changed. The change is done by then: that it
// cannot be noted is for the log.
func (s *Server) record(ctx context.Context, entries ...hub.AuditEntry) {
	now := s.Now().UTC()
	for i := range entries {
		entries[i].At, entries[i].Who, entries[i].Via = now, Who(ctx), viaOf(ctx)
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
