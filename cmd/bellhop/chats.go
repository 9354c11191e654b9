package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/hub"
)

type chatsCmd struct {
	List   chatsList   `cmd:"" default:"withargs" help:"List the chats that have quiet hours, a time zone or a snooze."`
	Quiet  chatsQuiet  `cmd:"" help:"Set the hours in which a chat is left alone, and its time zone."`
	Snooze chatsSnooze `cmd:"" help:"Send nothing to a chat for some time."`
	Resume chatsResume `cmd:"" help:"End a snooze."`
	Page   chatsPage   `cmd:"" help:"Make a link under which people without an account read what a chat is sent and why."`
	Pages  chatsPages  `cmd:"" help:"List such links of a chat."`
	Revoke chatsRevoke `cmd:"" help:"Take such a link back."`
}

func (chatsCmd) Help() string {
	return `What comes for a chat that is left alone waits, however long, and is sent in order
when that ends; more than five messages become one, with a line for each. Only
what was sent already is still changed and taken back meanwhile.

  bellhop chats quiet slack '#team' 22:00-07:00 --zone Europe/Berlin
  bellhop chats snooze slack '#team' 2h
  bellhop chats resume slack '#team'

Without --zone the clocks are those of [deliver] timezone in the configuration. A
row's option digest=daily@09:00 goes by the chat's clocks, too.`
}

// chatStatus is when a chat is left alone, as the hub tells it.
type chatStatus struct {
	hub.Chat        // "system", "chat"
	Quiet    string `json:"quiet"`
	Zone     string `json:"zone"`
	Clock    string `json:"clock"`
	Summary  string `json:"summary"`
}

type chatsList struct {
	remote `embed:""`
	System string `help:"Only this system."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

func (c *chatsList) Run(w *world) error {
	q := request{method: "GET", path: "/api/v1/chats"}
	if c.System != "" {
		q.path += "?system=" + url.QueryEscape(c.System)
	}
	if c.JSON {
		return c.show(w, q, true)
	}
	var list page[chatStatus]
	if err := c.call(w, q.method, q.path, "", nil, &list); err != nil {
		return err
	}
	return printChats(w.stdout, list.Items)
}

func printChats(out io.Writer, chats []chatStatus) error {
	if len(chats) == 0 {
		_, err := fmt.Fprintln(out, "No chat has quiet hours, a time zone or a snooze")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "SYSTEM\tCHAT\tQUIET\tCLOCK\tNOW")
	for _, c := range chats {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", cell(string(c.System)), cell(c.ID), cell(c.Quiet), cell(c.Clock), cell(c.Summary))
	}
	return t.Flush()
}

// oneChat is a chat that a command is about.
type oneChat struct {
	remote `embed:""`
	System string `arg:"" help:"The system, as in the configuration."`
	Chat   chatID `arg:"" help:"The chat, such as '#general' or a room id."`
}

func (c *oneChat) path() string {
	return "/api/v1/chats/" + url.PathEscape(c.System) + "/" + url.PathEscape(string(c.Chat))
}

// change sends in, if there is any, and says how the chat stands then.
func (c *oneChat) change(w *world, method, path string, in any) error {
	var body []byte
	contentType := ""
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		contentType = "application/json"
	}
	var now chatStatus
	if err := c.call(w, method, path, contentType, body, &now); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, cell(string(now.System)), cell(now.ID)+":", cell(now.Summary))
	return err
}

type chatsQuiet struct {
	oneChat `embed:""`
	Hours   string `arg:"" help:"From and to, such as 22:00-07:00; or off."`
	Zone    string `placeholder:"NAME" help:"The time zone, such as Europe/Berlin; without it the chat keeps the one it has."`
}

func (chatsQuiet) Help() string {
	return `The hours are those of every day and may go past midnight. When the clocks are set
forward over their beginning or end, that is when the clocks jump; when they are
set back, it is the first of the two times. Turned off, what waits is sent at once.

  bellhop chats quiet slack '#team' 22:00-07:00 --zone Europe/Berlin
  bellhop chats quiet slack '#team' off`
}

func (c *chatsQuiet) Run(w *world) error {
	var was chatStatus
	if err := c.call(w, "GET", c.path(), "", nil, &was); err != nil {
		return err
	}
	in := map[string]string{"quiet": c.Hours, "zone": c.Zone}
	if c.Hours == "off" {
		in["quiet"] = ""
	}
	if c.Zone == "" {
		in["zone"] = was.Zone
	}
	return c.change(w, "PUT", c.path(), in)
}

type chatsSnooze struct {
	oneChat `embed:""`
	When    []string `arg:"" help:"For how long: 2h, 90m, 3d. Or until when: 09:00, 2026-01-10T09:00:00Z."`
}

func (chatsSnooze) Help() string {
	return `09:00 is the next time that the chat's clocks show it. A second snooze takes the
place of the first; 30 days are the longest.

  bellhop chats snooze slack '#team' 2h
  bellhop chats snooze slack '#team' until 09:00
  bellhop chats snooze slack '#team' 2026-01-10T09:00:00+01:00`
}

func (c *chatsSnooze) Run(w *world) error {
	when := strings.TrimPrefix(strings.Join(c.When, " "), "until ")
	in := map[string]string{"for": when}
	if strings.Contains(when, ":") {
		in = map[string]string{"until": when}
	}
	return c.change(w, "POST", c.path()+"/snooze", in)
}

type chatsResume struct {
	oneChat `embed:""`
}

func (chatsResume) Help() string {
	return `What waits is sent at once, unless the chat has quiet hours now: those go on until
they end, or are turned off by bellhop chats quiet … off.`
}

func (c *chatsResume) Run(w *world) error {
	return c.change(w, "POST", c.path()+"/resume", nil)
}
