package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

type subsTry struct {
	remote `embed:""`
	ID     string `arg:"" help:"Id, as list shows it."`
	Event  string `help:"An event to tell of, in place of the newest that matches."`
}

func (c *subsTry) Run(w *world) error {
	body, err := json.Marshal(map[string]string{"event": c.Event})
	if err != nil {
		return err
	}
	var t admin.Tested
	if err := c.call(w, "POST", "/api/v1/subscriptions/"+url.PathEscape(c.ID)+"/test", "application/json", body, &t); err != nil {
		return err
	}
	switch t.Status {
	case hub.StatusSent:
		_, err := fmt.Fprintln(w.stdout, "sent", t.Notification, t.URL)
		return err
	case hub.StatusDead:
		return fmt.Errorf("the test %s was not sent: %s", t.Notification, t.Reason)
	}
	_, err = fmt.Fprintf(w.stdout, "the test %s waits: %s\n", t.Notification, t.Reason)
	return err
}

type subsPreview struct {
	remote `embed:""`
	ID     string `arg:"" help:"Id, as list shows it."`
}

func (c *subsPreview) Run(w *world) error {
	var row json.RawMessage
	if err := c.call(w, "GET", "/api/v1/subscriptions/"+url.PathEscape(c.ID), "", nil, &row); err != nil {
		return err
	}
	var t admin.Trial
	if err := c.call(w, "POST", "/api/v1/subscriptions/preview", "application/json", row, &t); err != nil {
		return err
	}
	return printTrial(w.stdout, &t)
}

func printTrial(out io.Writer, t *admin.Trial) error {
	if _, err := fmt.Fprintf(out, "%s\nIt would have matched %d of the last %d events.\n", t.Sentence, t.Matched, t.Events); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, m := range t.Matches {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Event, m.Kind, m.Author, m.Title)
	}
	return table.Flush()
}

type subsRestore struct {
	remote `embed:""`
	IDs    []string `arg:"" name:"id" help:"Ids of subscriptions that were removed in the last day."`
}

func (c *subsRestore) Run(w *world) error {
	for _, id := range c.IDs {
		if err := c.call(w, "POST", "/api/v1/subscriptions/"+url.PathEscape(id)+"/restore", "", nil, nil); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		if _, err := fmt.Fprintln(w.stdout, "restored", id); err != nil {
			return err
		}
	}
	return nil
}
