package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type deadCmd struct {
	List  deadList  `cmd:"" default:"withargs" help:"List what was given up, newest first."`
	Show  deadShow  `cmd:"" help:"Show one: why, what the platform was asked and what it answered."`
	Retry deadRetry `cmd:"" help:"Send one again, or all that a filter selects."`
}

func (deadCmd) Help() string {
	return `A message is given up when its platform will never take it, when the chat is gone,
when eight attempts over hours have failed, or when it has waited past its use.
It is kept for 90 days. Mend the cause, then send it again: each keeps its id, so
that none arrives twice.

  bellhop dead list --since 1d
  bellhop dead show nmfrggzdfmztwq2lknnwg23tpoa
  bellhop dead retry nmfrggzdfmztwq2lknnwg23tpoa
  bellhop dead retry --system slack --fault chat_gone --all`
}

// selectedDead are the dead letters that a command is about.
type selectedDead struct {
	selected     `embed:""`
	Source       string `help:"Only because of events of this source."`
	Subscription string `help:"Only because of this subscription."`
	Fault        string `help:"Only for this fault: temporary, rate_limited, unauthorized, rejected, chat_gone, stale."`
	Text         string `help:"Only those whose title, text or reason contains this, in any case."`
	Since        moment `placeholder:"TIME" help:"Given up then or later: 2h, 3d, 2026-01-10, '2026-01-10 09:05'."`
	Until        moment `placeholder:"TIME" help:"Given up before."`
}

func (s selectedDead) fields() map[string]string {
	return map[string]string{
		"system": s.System, "chat": string(s.Chat), "source": s.Source, "subscription": s.Subscription, "fault": s.Fault,
		"text": s.Text, "since": s.Since.String(), "until": s.Until.String(),
	}
}

// deadLetter is a dead letter as the hub tells it.
type deadLetter struct {
	ID           hub.NotificationID `json:"id"`
	hub.Chat                        // "system", "chat"
	Event        hub.EventID        `json:"event"`
	EventType    hub.EventType      `json:"event_type"`
	Source       hub.Source         `json:"source"`
	Subscription hub.SubscriptionID `json:"subscription"`
	Act          hub.Act            `json:"act"`
	Title        string             `json:"title"`
	Status       hub.Status         `json:"status"`
	SupersededBy hub.NotificationID `json:"superseded_by"`
	Again        int                `json:"again"`
	Fault        hub.Fault          `json:"fault"`
	Reason       string             `json:"reason"`
	Attempts     int                `json:"attempts"`
	QueuedAt     time.Time          `json:"queued_at"`
	At           time.Time          `json:"at"`
	Exchange     *hub.Exchange      `json:"exchange"`
	History      []hub.Attempt      `json:"history"`
}

type deadList struct {
	remote       `embed:""`
	selectedDead `embed:""`
	paged        `embed:""`
}

func (deadList) Help() string {
	return `STATUS is dead, or what became of it since it was sent again: queued, failed, sent.
It is superseded when something newer was said of the same message, so that it is
not sent again.

` + deadCmd{}.Help()
}

func (c *deadList) Run(w *world) error {
	return printPages(w, &c.remote, "/api/v1/dead", filled(url.Values{}, c.fields()), c.paged, func(letters []deadLetter) error {
		return printDead(w.stdout, letters)
	})
}

func printDead(out io.Writer, letters []deadLetter) error {
	if len(letters) == 0 {
		_, err := fmt.Fprintln(out, "No such dead letters")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tGIVEN UP\tSTATUS\tSYSTEM\tCHAT\tTITLE\tREASON")
	for _, d := range letters {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", cell(string(d.ID)), local(d.At), cell(string(d.Status)),
			cell(string(d.System)), short(d.Chat.ID, 30), short(d.Title, 40), short(why(d.Fault, d.Reason), 80))
	}
	return t.Flush()
}

type deadShow struct {
	remote `embed:""`
	ID     string `arg:"" name:"id" help:"The dead letter, as list shows it."`
	JSON   bool   `name:"json" help:"Print JSON, with the message."`
}

func (c *deadShow) Run(w *world) error {
	path := "/api/v1/dead/" + url.PathEscape(c.ID)
	if c.JSON {
		return c.show(w, request{method: "GET", path: path}, true)
	}
	var d deadLetter
	if err := c.call(w, "GET", path, "", nil, &d); err != nil {
		return err
	}
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s was given up at %s after %s, and is %s now\n", d.ID, local(d.At), times(d.Attempts, "attempt"), d.Status)
	facts(b, [][2]string{
		{"to", string(d.System) + " " + d.Chat.ID},
		{"title", d.Title},
		{"because", because(d.Event, d.EventType, d.Source)},
		{"row", string(d.Subscription)},
		{"act", string(d.Act)},
		{"queued", local(d.QueuedAt)},
		{"again", again(d.Again)},
		{"reason", why(d.Fault, d.Reason)},
	})
	if len(d.History) == 0 { // the log has forgotten it
		tellExchange(b, d.Exchange)
	}
	tellHistory(b, d.History)
	if d.SupersededBy != "" {
		fmt.Fprintf(b, "\nSomething newer was said of the same message, by %s: it is not sent again\n", d.SupersededBy)
	}
	if d.Status == hub.StatusDead {
		fmt.Fprintf(b, "\nWhen the cause is mended: bellhop dead retry %s\n", d.ID)
	}
	_, err := io.WriteString(w.stdout, printable(b.String()))
	return err
}
