package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

const auditColumns = `id, at, who, system, user_id, chat, action, line, outcome, message, command, before_json, after_json, via`

// readAudit are auditColumns as they are read.
const readAudit = `id, at, who, system, user_id, chat, action, line, outcome, message, COALESCE(command, ''), before_json, after_json, via`

// How many bytes of an entry are kept: somebody may type megabytes, and what
// they did is an entry all the same.
const (
	longestLine = 4000 // of what was typed and what was answered
	longestWord = 200  // of all else
)

// AppendAudit stores entries, all or none. One whose Command, or whose id, is
// there already is left out. Long texts are cut.
func (s *Store) AppendAudit(ctx context.Context, entries ...hub.AuditEntry) error {
	if len(entries) == 0 {
		return nil
	}
	rows := make([][]any, len(entries))
	for i, e := range entries {
		var err error
		if rows[i], err = auditArgs(e); err != nil {
			return err
		}
	}
	put := insert{
		into: `audit (` + auditColumns + `, folded)`,
		row:  marks(15),
		tail: `ON CONFLICT DO NOTHING`,
	}
	return s.transact(ctx, "append to audit log", func(tx *sql.Tx) error {
		_, err := s.insertRows(ctx, tx, put, rows)
		return err
	})
}

func auditArgs(e hub.AuditEntry) ([]any, error) {
	if err := checkKeys("system and id", string(e.System)+e.ID, "user", e.User, "chat", e.Chat, "command", string(e.Command)); err != nil {
		return nil, err
	}
	for name, doc := range map[string]json.RawMessage{"before": e.Before, "after": e.After} {
		if len(doc) > 0 && !json.Valid(doc) {
			return nil, hub.Errorf(hub.CodeInvalid, "audit of %s: %s is no JSON", e.Action, name)
		}
	}
	if e.ID == "" {
		e.ID = newAuditID()
	}
	e.Who, e.Action, e.Outcome = cut(e.Who, longestWord), cut(e.Action, longestWord), cut(e.Outcome, longestWord)
	e.Line, e.Message = cut(e.Line, longestLine), cut(e.Message, longestLine)
	command := sql.NullString{String: text(e.Command), Valid: e.Command != ""}
	return []any{
		text(e.ID), microsOrNow(e.At), e.Who, text(e.System), text(e.User), text(e.Chat), e.Action, e.Line, e.Outcome, e.Message,
		command, text(string(e.Before)), text(string(e.After)), cut(e.Via, longestWord), folded(strings.Join([]string{e.Line, e.Who, e.Message}, "\n")),
	}, nil
}

// cut is s as it is stored, at most n bytes of it.
func cut(s string, n int) string {
	if s = text(s); len(s) <= n {
		return s
	}
	s = s[:n-len("…")]
	for !utf8.ValidString(s) { // the last character was cut through
		s = s[:len(s)-1]
	}
	return s + "…"
}

func newAuditID() string { return "a" + strings.ToLower(rand.Text()) }

// ListAudit pages, newest first.
func (s *Store) ListAudit(ctx context.Context, q hub.AuditQuery) ([]hub.AuditEntry, string, error) {
	sel := selectAudit(q)
	w := window{table: "audit", columns: auditColumns, read: readAudit, at: "at", folded: []string{"folded"}}
	if err := w.goOn(sel, auditList, q.Page.Cursor); err != nil {
		return nil, "", err
	}
	limit := clampLimit(q.Page.Limit)
	query, args := w.list(sel, limit), sel.args
	if q.Text != "" {
		query, args = w.search(sel, q.Text, limit)
	}
	entries, err := s.audit(ctx, query, args...)
	if err != nil {
		return nil, "", fault(ctx, "list audit log", err)
	}
	if len(entries) > limit {
		last := entries[limit-1]
		return entries[:limit], cursor{n: micros(last.At), id: last.ID}.seal(auditList), nil
	}
	if q.Text == "" {
		return entries, "", nil
	}
	end, more, err := s.windowEnd(ctx, w, sel)
	if err != nil || !more {
		return entries, "", fault(ctx, "list audit log", err)
	}
	return entries, end.seal(auditList), nil
}

// auditList tells the cursors of the audit log from others.
const auditList = "audit"

// selectAudit selects all that a query asks for but its words.
func selectAudit(q hub.AuditQuery) *selection {
	var sel selection
	sel.equal("id", q.ID)
	sel.equal("who", q.Who)
	sel.equal("system", string(q.System))
	sel.equal("user_id", q.User)
	sel.equal("chat", q.Chat)
	sel.equal("outcome", q.Outcome)
	if q.Action != "" {
		// Not LIKE: on SQLite that takes "A" for "a".
		beginning := text(q.Action)
		sel.add(fmt.Sprintf("SUBSTR(action, 1, %d) = %s", utf8.RuneCountInString(beginning), sel.bind(beginning)))
	}
	if !q.Since.IsZero() {
		sel.add("at >= " + sel.bind(micros(q.Since)))
	}
	if !q.Until.IsZero() {
		sel.add("at < " + sel.bind(micros(q.Until)))
	}
	return &sel
}

func (s *Store) audit(ctx context.Context, query string, args ...any) (list []hub.AuditEntry, err error) {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e hub.AuditEntry
		var before, after string
		if err := rows.Scan(&e.ID, timeColumn{&e.At}, &e.Who, &e.System, &e.User, &e.Chat, &e.Action, &e.Line, &e.Outcome,
			&e.Message, &e.Command, &before, &after, &e.Via); err != nil {
			return nil, err
		}
		e.Before, e.After = rawJSON(before), rawJSON(after)
		list = append(list, e)
	}
	return list, rows.Err()
}

// rawJSON is nil for an empty column, which as JSON would be broken.
func rawJSON(column string) json.RawMessage {
	if column == "" {
		return nil
	}
	return json.RawMessage(column)
}

// PruneAudit deletes in small transactions what is older. After an error the
// number counts what was deleted before it.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (int64, error) {
	return s.prune(ctx, "audit", "id", "at", before)
}
