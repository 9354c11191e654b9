package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/hub"
)

type auditCmd struct {
	remote   `embed:""`
	selected `embed:""`
	paged    `embed:""`
	User     chatID `help:"Only by this user, by the platform's id."`
	Action   string `help:"Only this action, or those that begin so: discourse. or subscription.delete."`
	Outcome  string `help:"Only with this outcome: created, updated, unchanged, deleted, refused, error, ok."`
	Text     string `help:"Only where what was typed, who did it or what came of it contains this, in any case."`
	Since    moment `placeholder:"TIME" help:"Then or later: 2h, 3d, 2026-01-10, '2026-01-10 09:05'."`
	Until    moment `placeholder:"TIME" help:"Before."`
}

func (auditCmd) Help() string {
	return `The audit log has every command that somebody gave in a chat, and every change by the
API, the pages and this program, newest first. Who has shown the admin token is
called admin. Entries are kept for [admin] audit_retention, a year if it is not set.

  bellhop audit                                         the newest
  bellhop audit --since 2h --outcome refused            who wanted what they may not
  bellhop audit --system slack --chat C0123456789       what was done in or about a chat
  bellhop audit --action subscription.                  changes of rows by the API
  bellhop audit --action person. --json                 changes of levels, with before and after
  bellhop audit --text anna                             what has to do with anna`
}

func (c *auditCmd) Run(w *world) error {
	query := filled(c.query(), map[string]string{
		"user": string(c.User), "action": c.Action, "outcome": c.Outcome, "text": c.Text, "since": c.Since.String(), "until": c.Until.String(),
	})
	return printPages(w, &c.remote, "/api/v1/audit", query, c.paged, func(entries []hub.AuditEntry) error {
		return printAudit(w.stdout, entries)
	})
}

func printAudit(out io.Writer, entries []hub.AuditEntry) error {
	if len(entries) == 0 {
		_, err := fmt.Fprintln(out, "Nothing of the kind. Entries are kept for admin.audit_retention")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHEN\tWHO\tSYSTEM\tCHAT\tACTION\tOUTCOME\tWHAT")
	for _, e := range entries {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", local(e.At), short(e.Who, 30), cell(string(e.System)), short(e.Chat, 30),
			cell(e.Action), cell(e.Outcome), short(what(e), 80))
	}
	return t.Flush()
}

// what is what somebody typed and what came of it, as far as that is told.
func what(e hub.AuditEntry) string {
	if e.Line == "" || e.Message == "" {
		return cmp.Or(e.Line, e.Message)
	}
	return strings.TrimSpace(e.Line) + " → " + e.Message
}
