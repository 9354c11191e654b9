package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/hub"
)

type deliveriesCmd struct {
	List  deliveriesList  `cmd:"" default:"withargs" help:"List what became of messages, newest first."`
	Show  deliveriesShow  `cmd:"" help:"Show one with every attempt: what the platform was asked and what it answered."`
	Retry deliveriesRetry `cmd:"" help:"Send again what was given up: the same as bellhop dead retry."`
}

func (deliveriesCmd) Help() string {
	return `A delivery is queued, failed (another attempt follows), sent, or dead (given up:
see bellhop dead).

  bellhop deliveries                                     the newest
  bellhop deliveries --status failed,dead --since 2h     what went wrong lately
  bellhop deliveries --system slack --text printer       whose title or reason says printer
  bellhop deliveries show nmfrggzdfmztwq2lknnwg23tpoa    every attempt at one`
}

type deliveriesList struct {
	remote       `embed:""`
	selected     `embed:""`
	paged        `embed:""`
	Source       string   `help:"Only because of events of this source."`
	Event        string   `help:"Only because of this event."`
	Subscription string   `help:"Only because of this subscription."`
	Status       []string `enum:"queued,failed,sent,dead" help:"Only with these statuses: queued, failed, sent, dead."`
	Text         string   `help:"Only those whose title or reason contains this, in any case."`
	Since        moment   `placeholder:"TIME" help:"Queued then or later: 2h, 3d, 2026-01-10, '2026-01-10 09:05'."`
	Until        moment   `placeholder:"TIME" help:"Queued before."`
}

func (deliveriesList) Help() string { return deliveriesCmd{}.Help() }

func (c *deliveriesList) Run(w *world) error {
	query := filled(c.query(), map[string]string{
		"source": c.Source, "event": c.Event, "subscription": c.Subscription, "status": strings.Join(c.Status, ","),
		"text": c.Text, "since": c.Since.String(), "until": c.Until.String(),
	})
	return printPages(w, &c.remote, "/api/v1/deliveries", query, c.paged, func(rows []hub.Delivery) error {
		return printDeliveries(w.stdout, rows)
	})
}

func printDeliveries(out io.Writer, rows []hub.Delivery) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(out, "No such deliveries. They are kept for deliver.retention")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tQUEUED\tSTATUS\tATTEMPTS\tSYSTEM\tCHAT\tTITLE\tREASON")
	for _, d := range rows {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", cell(string(d.ID)), local(d.QueuedAt), cell(string(d.Status)), d.Attempts,
			cell(string(d.System)), short(d.Chat.ID, 30), short(d.Title, 40), short(d.Reason, 60))
	}
	return t.Flush()
}

type deliveriesRetry struct {
	remote `embed:""`
	IDs    []string `arg:"" name:"id" help:"Deliveries, as list shows them."`
}

func (c *deliveriesRetry) Run(w *world) error {
	return (&deadRetry{remote: c.remote, IDs: c.IDs}).Run(w)
}

type deliveriesShow struct {
	remote `embed:""`
	ID     string `arg:"" name:"id" help:"The delivery, as list shows it."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

func (c *deliveriesShow) Run(w *world) error {
	path := "/api/v1/deliveries/" + url.PathEscape(c.ID)
	if c.JSON {
		return c.show(w, request{method: "GET", path: path}, true)
	}
	var d hub.Delivery
	if err := c.call(w, "GET", path, "", nil, &d); err != nil {
		return err
	}
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s is %s after %s\n", d.ID, d.Status, times(d.Attempts, "attempt"))
	facts(b, [][2]string{
		{"to", string(d.System) + " " + d.Chat.ID},
		{"title", d.Title},
		{"because", because(d.Event, d.EventType, d.Source)},
		{"row", string(d.Subscription)},
		{"act", string(d.Act)},
		{"queued", local(d.QueuedAt)},
		{"updated", local(d.UpdatedAt)},
		{"again", again(d.Again)},
		{"reason", d.Reason},
		{"receipt", strings.Join(strings.Fields(fmt.Sprintln(d.Receipt.Ref, d.Receipt.URL, d.Receipt.Note)), " ")},
	})
	tellHistory(b, d.History)
	_, err := io.WriteString(w.stdout, printable(b.String()))
	return err
}

// facts prints names and values, one a line, but for empty ones.
func facts(out io.Writer, list [][2]string) {
	for _, f := range list {
		if value := cell(f[1]); value != "-" {
			_, _ = fmt.Fprintf(out, "  %-9s%s\n", f[0], value)
		}
	}
}

func because(event hub.EventID, kind hub.EventType, source hub.Source) string {
	switch {
	case event == "":
		return "somebody asked for it"
	case kind == "":
		return string(event)
	}
	return fmt.Sprintf("%s, a %s of %s", event, kind, source)
}

func again(n int) string {
	if n == 0 {
		return ""
	}
	return "sent again by hand, " + times(n, "time")
}

func times(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// tellHistory prints how attempts ended.
func tellHistory(out io.Writer, history []hub.Attempt) {
	sending := 0
	for _, a := range history {
		if a.Again != sending {
			sending = a.Again
			_, _ = fmt.Fprintf(out, "\nSent again by hand, %s:\n", times(a.Again, "time"))
		}
		_, _ = fmt.Fprintf(out, "\n%s  attempt %d %s", local(a.At), a.Attempt, a.Status)
		if a.Times > 1 {
			_, _ = fmt.Fprintf(out, ", told %s", times(a.Times, "time"))
		}
		if !a.RetryAt.IsZero() {
			_, _ = fmt.Fprintf(out, ", next at %s", local(a.RetryAt))
		}
		_, _ = fmt.Fprintln(out)
		if text := why(a.Fault, a.Reason); text != "" {
			_, _ = fmt.Fprintf(out, "  %s\n", cell(text))
		}
		tellExchange(out, a.Exchange)
	}
}

// tellExchange prints what a platform was asked and what it answered.
func tellExchange(out io.Writer, x *hub.Exchange) {
	if x == nil {
		return
	}
	_, _ = fmt.Fprintf(out, "  > %s %s\n", cell(x.Method), cell(x.URL))
	quote(out, "  > ", x.Request)
	answer := "no answer"
	if x.Status > 0 {
		answer = fmt.Sprint(x.Status)
	}
	_, _ = fmt.Fprintf(out, "  < %s, after %d ms\n", answer, x.TookMS)
	quote(out, "  < ", x.Answer)
}

func quote(out io.Writer, mark, text string) {
	if text == "" {
		return
	}
	for line := range strings.Lines(text) {
		_, _ = fmt.Fprintln(out, mark+strings.TrimRight(line, "\r\n"))
	}
}

// why is a fault with its reason, "" where there is neither.
func why(fault hub.Fault, reason string) string {
	return strings.Trim(string(fault)+": "+reason, ": ")
}
