package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

type subsCmd struct {
	List subsList `cmd:"" default:"withargs" help:"List subscriptions, newest first."`
	Add  subsAdd  `cmd:"" help:"Add subscriptions."`
	Rm   subsRm   `cmd:"" help:"Remove subscriptions by id."`
}

type subsList struct {
	remote `embed:""`
	System string `help:"Only this system."`
	Chat   chatID `help:"Only this chat."`
	Table  bool   `help:"Print the text form, one line a row, to keep or to add again."`
}

func (c *subsList) Run(w *world) error {
	query := url.Values{}
	for key, value := range map[string]string{"system": c.System, "chat": string(c.Chat)} {
		if value != "" {
			query.Set(key, value)
		}
	}
	if c.Table {
		query.Set("format", "table")
		var table []byte
		if err := c.call(w, "GET", "/api/v1/subscriptions?"+query.Encode(), "", nil, &table); err != nil {
			return err
		}
		_, err := w.stdout.Write(table)
		return err
	}
	query.Set("limit", "500")
	var rows []hub.Subscription
	for {
		var page struct {
			Items []hub.Subscription `json:"items"`
			Next  string             `json:"next"`
		}
		if err := c.call(w, "GET", "/api/v1/subscriptions?"+query.Encode(), "", nil, &page); err != nil {
			return err
		}
		rows = append(rows, page.Items...)
		if page.Next == "" {
			return printRows(w.stdout, rows)
		}
		query.Set("cursor", page.Next)
	}
}

func printRows(out io.Writer, rows []hub.Subscription) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(out, "No subscriptions yet. Add one: bellhop subs add SYSTEM CHAT c/support")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tSYSTEM\tCHAT\tRULE\tLAST FIRED")
	for _, s := range rows {
		cells := strings.SplitN(rules.FormatRow(s), " | ", 3)
		fired := "never"
		if !s.LastFiredAt.IsZero() {
			fired = s.LastFiredAt.Local().Format(time.DateTime)
		}
		if !s.Enabled {
			fired = "switched off"
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", s.ID, s.System, s.Chat.ID, cells[2], fired)
	}
	return t.Flush()
}

type subsAdd struct {
	remote `embed:""`
	System string   `arg:"" help:"The system, such as slack."`
	Chat   chatID   `arg:"" help:"The chat, such as '#general' or a room id."`
	Rules  []string `arg:"" help:"What it hears: c/CATEGORY t/TAG u/AUTHOR topic/ID k/KIND g/GROUP or '*'; + joins, ! excludes, a mode may stand before: follow:c/news. Several are a union."`
}

func (subsAdd) Help() string {
	return `Modes: watch (first posts and replies, the default), follow (first posts only),
thread (replies go into the thread of the topic's first message), mute.

  bellhop subs add slack '#support' c/support t/urgent
  bellhop subs add matrix '!room:example.org' 'thread:c/dev/*+!t/wip'
  bellhop subs add telegram -100123456 follow:c/announcements`
}

func (c *subsAdd) Run(w *world) error {
	line := c.System + " | " + string(c.Chat) + " | " + strings.Join(c.Rules, ",")
	var added struct {
		Items     []hub.Subscription `json:"items"`
		Unchanged int                `json:"unchanged"`
	}
	if err := c.call(w, "POST", "/api/v1/subscriptions?format=table", "text/plain", []byte(line), &added); err != nil {
		return err
	}
	for _, s := range added.Items {
		if _, err := fmt.Fprintf(w.stdout, "added %s: %s\n", s.ID, rules.FormatRow(s)); err != nil {
			return err
		}
	}
	if added.Unchanged > 0 {
		_, err := fmt.Fprintf(w.stdout, "unchanged: %d that stood there already\n", added.Unchanged)
		return err
	}
	return nil
}

type subsRm struct {
	remote `embed:""`
	IDs    []string `arg:"" name:"id" help:"Ids, as list shows them."`
}

func (c *subsRm) Run(w *world) error {
	for _, id := range c.IDs {
		if err := c.call(w, "DELETE", "/api/v1/subscriptions/"+url.PathEscape(id), "", nil, nil); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		if _, err := fmt.Fprintln(w.stdout, "removed", id); err != nil {
			return err
		}
	}
	return nil
}
