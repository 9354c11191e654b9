package pane

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
)

// auditPage is the data of settings-audit.html.
type auditPage struct {
	Frame
	Tab      string
	Who      string
	Action   string
	Outcome  string
	Text     string
	Since    string // days, as they are picked
	Until    string
	Outcomes []string
	Actions  []string
	Entries  []auditRow
	Older    string // the page after this one; empty: there is none
	Newest   string // the first page; empty: this is it
	Lines    string // all of it as a file
	Days     int    // for how long entries are kept; 0: for ever
	Failed   string // why the entries cannot be shown
	One      bool   // it is a single entry
}

// Filtered reports whether some entries may be left out.
func (a *auditPage) Filtered() bool {
	return a.Who+a.Action+a.Outcome+a.Text+a.Since+a.Until != ""
}

// auditRow is an entry as it is shown.
type auditRow struct {
	hub.AuditEntry
	Kind string // of the platform
	Room string // what the chat is called
	Said string // what was done, in words
}

// Diff is what became different, in lines.
func (a auditRow) Diff() []house.Line { return house.Diff(a.Before, a.After) }

// Bad reports whether it was not done.
func (a auditRow) Bad() bool { return a.Outcome == hub.OutcomeRefused || a.Outcome == hub.OutcomeError }

// auditActions are those of the API and the pane, which have words of their own.
// Commands from chat show what was typed.
var auditActions = []string{
	"subscription.create", "subscription.update", "subscription.delete", "person.level", "person.unlink", "chat.quiet", "chat.snooze",
	"chat.resume", "settings.alerts", "settings.alerts.test", "settings.look", "house.import", "backup.create",
	"dead.retry", "message.send", "system.resume",
}

func (p *Pane) audit(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	page := p.auditFrame(r)
	page.Who, page.Action, page.Outcome, page.Text = q.Get("who"), q.Get("action"), q.Get("outcome"), strings.TrimSpace(q.Get("q"))
	page.Since, page.Until = q.Get("since"), q.Get("until")
	query := hub.AuditQuery{
		Who: page.Who, Action: page.Action, Outcome: page.Outcome, Text: page.Text,
		Since: page.dayOf(page.Since, 0), Until: page.dayOf(page.Until, 1), Page: hub.Page{Limit: 50, Cursor: q.Get("cursor")},
	}
	entries, next, err := p.Admin.AuditPage(r.Context(), query)
	if err != nil {
		_, page.Failed = p.Admin.Describe(r, err)
	}
	filters := url.Values{}
	for name, value := range map[string]string{"who": page.Who, "action": page.Action, "outcome": page.Outcome, "q": page.Text, "since": page.Since, "until": page.Until} {
		if value != "" {
			filters.Set(name, value)
		}
	}
	page.links(filters, q.Get("cursor"), next, query)
	page.Entries = p.auditRows(r.Context(), page, entries)
	name := "pane/settings-audit.html"
	if isPart(r) {
		name = "audit-list"
	}
	return p.show(w, r, name, page)
}

func (p *Pane) auditFrame(r *http.Request) *auditPage {
	page := &auditPage{Frame: p.frame(r, "settings", "settings.auditTitle"), Tab: "audit", Actions: auditActions, Outcomes: []string{
		hub.OutcomeCreated, hub.OutcomeUpdated, hub.OutcomeUnchanged, hub.OutcomeDeleted, hub.OutcomeRefused, hub.OutcomeError, hub.OutcomeOK,
	}}
	if about, err := p.Admin.About(r.Context()); err == nil {
		for _, k := range about.Kept {
			if k.Name == "audit" {
				page.Days = k.Days
			}
		}
	}
	return page
}

// links are where the page leads on. cursor is where it began.
func (a *auditPage) links(filters url.Values, cursor, next string, query hub.AuditQuery) {
	const here = "/settings/audit"
	with := func(name, value string) string {
		all := url.Values{name: {value}}
		for key, values := range filters {
			all[key] = values
		}
		return here + "?" + all.Encode()
	}
	if next != "" {
		a.Older = with("cursor", next)
	}
	if cursor != "" {
		a.Newest = here
		if len(filters) > 0 {
			a.Newest += "?" + filters.Encode()
		}
	}
	lines := url.Values{"format": {"jsonl"}}
	for name, value := range map[string]string{"who": query.Who, "action": query.Action, "outcome": query.Outcome, "text": query.Text} {
		if value != "" {
			lines.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"since": query.Since, "until": query.Until} {
		if !at.IsZero() {
			lines.Set(name, at.UTC().Format(time.RFC3339))
		}
	}
	a.Lines = "/api/v1/audit?" + lines.Encode()
}

// dayOf is the beginning of a day in the reader's zone, and of one after it. What
// is no day is none.
func (a *auditPage) dayOf(text string, after int) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, text, a.zone)
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, after)
}

func (p *Pane) auditEntry(w http.ResponseWriter, r *http.Request) error {
	e, err := p.Admin.AuditEntry(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	page := p.auditFrame(r)
	page.One = true
	page.Entries = p.auditRows(r.Context(), page, []hub.AuditEntry{*e})
	return p.show(w, r, "pane/settings-audit.html", page)
}

// auditRows puts entries into words.
func (p *Pane) auditRows(ctx context.Context, page *auditPage, entries []hub.AuditEntry) []auditRow {
	names := p.Admin.ChatNames(ctx)
	rows := make([]auditRow, len(entries))
	for i, e := range entries {
		said := e.Action
		if slices.Contains(auditActions, e.Action) {
			said = page.Say("audit.did." + strings.ReplaceAll(e.Action, ".", "_"))
		}
		room := names.Of(hub.Chat{System: e.System, ID: e.Chat})
		rows[i] = auditRow{AuditEntry: e, Kind: cmp.Or(room.Kind, "console"), Room: room.Name, Said: said}
	}
	return rows
}
