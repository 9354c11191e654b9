package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/hub"
)

type eventsCmd struct {
	List   eventsList   `cmd:"" default:"withargs" help:"List what came in, newest first."`
	Show   eventsShow   `cmd:"" help:"Show an event as it came in, as JSON."`
	Trace  traceCmd     `cmd:"" help:"Say what became of an event: the decision as it was taken, and every message."`
	Replay eventsReplay `cmd:"" help:"Hold an event against the rules again, for chats that were not told of it."`
}

func (eventsCmd) Help() string {
	return `  bellhop events --since 1h                              what came in lately
  bellhop events --type 'forum.post.*' --text printer    posts that say printer
  bellhop events --outcome nobody --source meta          what nobody was told of
  bellhop events trace eabcdefghijklmnopqrstuvwxyz       why
  bellhop events replay eabcdefghijklmnopqrstuvwxyz      tell it now, after a row was added`
}

type eventsList struct {
	remote       `embed:""`
	selected     `embed:""`
	paged        `embed:""`
	Source       string `help:"Only of this source."`
	Type         string `help:"Only of this type, or of several: 'forum.post.*'."`
	Outcome      string `help:"Only those that were: sent, queued, failed, dead, nobody (nothing was sent)."`
	Subscription string `help:"Only those that this subscription decided for."`
	Text         string `help:"Only those that contain this, in any case."`
	Since        moment `placeholder:"TIME" help:"Came in then or later: 2h, 3d, 2026-01-10, '2026-01-10 09:05'."`
	Until        moment `placeholder:"TIME" help:"Came in before."`
}

func (eventsList) Help() string { return eventsCmd{}.Help() }

func (c *eventsList) Run(w *world) error {
	query := filled(c.query(), map[string]string{
		"source": c.Source, "type": c.Type, "outcome": c.Outcome, "subscription": c.Subscription,
		"text": c.Text, "since": c.Since.String(), "until": c.Until.String(),
	})
	return printPages(w, &c.remote, "/api/v1/events", query, c.paged, func(events []hub.Event) error {
		return printEvents(w.stdout, events)
	})
}

func printEvents(out io.Writer, events []hub.Event) error {
	if len(events) == 0 {
		_, err := fmt.Fprintln(out, "No such events")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tCAME\tSOURCE\tTYPE\tTITLE")
	for i := range events {
		e := &events[i]
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", cell(string(e.ID)), local(e.ReceivedTime), cell(string(e.Source)), cell(string(e.Type)), short(titleOf(e), 60))
	}
	return t.Flush()
}

// titleOf is what an event is about, if it says.
func titleOf(e *hub.Event) string {
	var data struct {
		Title string     `json:"title"`
		Text  string     `json:"text"`
		Topic *hub.Topic `json:"topic"`
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return ""
	}
	switch {
	case data.Topic != nil && data.Topic.Title != "":
		return data.Topic.Title
	case data.Title != "":
		return data.Title
	}
	return data.Text
}

type eventsShow struct {
	remote `embed:""`
	Event  string `arg:"" name:"event-id" help:"The event, by its id."`
}

func (c *eventsShow) Run(w *world) error {
	return c.show(w, request{method: "GET", path: "/api/v1/events/" + url.PathEscape(c.Event)}, true)
}

type eventsReplay struct {
	remote `embed:""`
	Event  string `arg:"" name:"event-id" help:"The event, by its id."`
	DryRun bool   `help:"Say who would be told, and send nothing."`
	Yes    bool   `short:"y" help:"Do not ask before."`
}

func (eventsReplay) Help() string {
	return `Holds an event against the rules as they stand now. Chats that were told of it, or
to which it is on its way, are not told again, and neither are those for which it
was given up: bellhop dead retry sends that again. It changes no message.

  bellhop events replay eabcdefghijklmnopqrstuvwxyz --dry-run`
}

func (c *eventsReplay) Run(w *world) error {
	x, err := c.ask(w, map[string]any{"dry_run": true})
	if err != nil {
		return err
	}
	if x.Why != "" {
		_, err := fmt.Fprintf(w.stdout, "Nobody may hear of it: %s\n", cell(x.Why))
		return err
	}
	for _, chat := range x.Chats {
		words := map[string]string{hub.ResultQueued: "is told", hub.ResultKnown: "had it", hub.ResultMuted: "is muted"}
		if _, err := fmt.Fprintf(w.stderr, "  %s %s %s\n", cell(string(chat.System)), cell(chat.Chat.ID), words[chat.Result]); err != nil {
			return err
		}
	}
	if x.Count == 0 || c.DryRun {
		_, err := fmt.Fprintf(w.stdout, "%s to be told of it, %d had it\n", times(x.Count, "chat"), x.Told)
		return err
	}
	if !c.Yes {
		sure, err := confirmed(w, fmt.Sprintf("Tell %s of it now?", times(x.Count, "chat")))
		if err != nil {
			return err
		}
		if !sure {
			_, err := fmt.Fprintln(w.stdout, "Nothing is sent")
			return err
		}
	}
	if x, err = c.ask(w, map[string]any{"count": x.Count}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.stdout, "%s will be told; the decision: bellhop trace %s\n", times(x.Count, "chat"), cell(string(x.Signal)))
	return err
}

func (c *eventsReplay) ask(w *world, what map[string]any) (x hub.Replay, err error) {
	body, err := json.Marshal(what)
	if err != nil {
		return x, err
	}
	err = c.call(w, "POST", "/api/v1/events/"+url.PathEscape(c.Event)+"/replay", "application/json", body, &x)
	return x, err
}
