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

	Restore subsRestore `cmd:"" help:"Bring back subscriptions that were removed in the last day."`
	Preview subsPreview `cmd:"" help:"Say what a subscription does, and which of the last events it matches."`
	Test    subsTry     `cmd:"" help:"Send a test to a subscription's chat."`

	Export subsExport `cmd:"" help:"Write all subscriptions to a file, to keep or to import elsewhere."`
	Import subsImport `cmd:"" help:"Make the subscriptions of a file that are not there yet."`
}

// selected are the rows that a command is about.
type selected struct {
	System string `help:"Only this system."`
	Chat   chatID `help:"Only this chat."`
}

func (s selected) query() url.Values {
	query := url.Values{}
	for key, value := range map[string]string{"system": s.System, "chat": string(s.Chat)} {
		if value != "" {
			query.Set(key, value)
		}
	}
	return query
}

type subsList struct {
	remote   `embed:""`
	selected `embed:""`
	Table    bool `help:"Print the text form, one line a row, to keep or to add again."`
}

func (c *subsList) Run(w *world) error {
	if c.Table {
		table, err := c.subscriptionTable(w, c.query())
		if err != nil {
			return err
		}
		_, err = w.stdout.Write(table)
		return err
	}
	rows, err := subscriptions[hub.Subscription](w, &c.remote, c.query())
	if err != nil {
		return err
	}
	return printRows(w.stdout, rows)
}

// subscriptionTable reads the text form of all rows that a query selects.
func (r *remote) subscriptionTable(w *world, query url.Values) (table []byte, err error) {
	query.Set("format", "table")
	err = r.call(w, "GET", "/api/v1/subscriptions?"+query.Encode(), "", nil, &table)
	return table, err
}

// subscriptions reads all rows that a query selects, page by page, newest first.
func subscriptions[T any](w *world, r *remote, query url.Values) (rows []T, err error) {
	query.Set("limit", "500")
	for {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := r.call(w, "GET", "/api/v1/subscriptions?"+query.Encode(), "", nil, &page); err != nil {
			return nil, err
		}
		rows = append(rows, page.Items...)
		if page.Next == "" {
			return rows, nil
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
		cells := strings.SplitN(rules.FormatLine(s), " | ", 3)
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
	Option []string `short:"o" placeholder:"KEY=VALUE" help:"source=NAME, delay=20s, max_age=24h, digest=15m, read_as=USER, style=compact, excerpt=200, thread=both, unlisted or off; as often as needed."`
	Force  bool     `help:"Take names that the forum does not know, too: a category that is still to be made."`
}

func (subsAdd) Help() string {
	return `Modes: watch (first posts and replies, the default), follow (first posts only),
thread (replies go into the thread of the topic's first message), mute.

  bellhop subs add slack '#support' c/support t/urgent
  bellhop subs add matrix '!room:example.org' 'thread:c/dev/*+!t/wip'
  bellhop subs add telegram -100123456 follow:c/announcements
  bellhop subs add slack '#team' pm/support_team -o source=meta -o read_as=carol
  bellhop subs add slack '#team' 'c/dev/*' -o digest=daily@09:00`
}

func (c *subsAdd) Run(w *world) error {
	// A row for everything, printed, has the chat as the text form writes it.
	everything := hub.Subscription{Chat: hub.Chat{System: hub.System(c.System), ID: string(c.Chat)}, Mode: hub.Watch}
	line := strings.TrimSuffix(rules.FormatRow(everything), "*") + strings.Join(c.Rules, ",")
	if len(c.Option) > 0 {
		line += " | " + strings.Join(c.Option, " ")
	}
	added, err := c.addTable(w, line, c.Force)
	if err != nil {
		return err
	}
	if err := printAdded(w.stdout, added.Items...); err != nil {
		return err
	}
	if added.Unchanged > 0 {
		_, err := fmt.Fprintf(w.stdout, "unchanged: %d that stood there already\n", added.Unchanged)
		return err
	}
	return nil
}

// addition is what came of a table that was sent.
type addition struct {
	Items     []hub.Subscription `json:"items"`
	Unchanged int                `json:"unchanged"`
}

// addTable sends lines of the text form. Force takes names that are not known.
func (r *remote) addTable(w *world, table string, force bool) (added addition, err error) {
	answer, err := r.ask(w, request{
		method: "POST", path: forced("/api/v1/subscriptions?format=table", force),
		contentType: "text/plain", body: []byte(table),
		patience: 5 * time.Minute, // a thousand rows are a thousand writes to a disk
	})
	if err != nil {
		return added, err
	}
	return added, decode(answer, &added)
}

// forced asks the hub to take names that it does not know.
func forced(path string, force bool) string {
	switch {
	case !force:
		return path
	case strings.Contains(path, "?"):
		return path + "&force=1"
	}
	return path + "?force=1"
}

func printAdded(out io.Writer, rows ...hub.Subscription) error {
	for _, s := range rows {
		if _, err := fmt.Fprintf(out, "added %s: %s\n", s.ID, rules.FormatLine(s)); err != nil {
			return err
		}
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
