package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type systemsCmd struct {
	List      systemsList      `cmd:"" default:"withargs" help:"List the chat systems, how each is, and which chats are paused."`
	Add       systemsAdd       `cmd:"" help:"Add a chat system to a running hub."`
	Set       systemsSet       `cmd:"" help:"Change settings of a system, such as its token."`
	Pause     systemsPause     `cmd:"" help:"Send nothing to a system until you resume it. What comes meanwhile waits."`
	Resume    resumeCmd        `cmd:"" help:"End a pause, and try at once whether a system or one of its chats takes messages."`
	Rm        systemsRm        `cmd:"" help:"Remove a system."`
	Check     systemsCheck     `cmd:"" help:"Ask a platform whether the credentials are right, and whose they are."`
	Preflight systemsPreflight `cmd:"" help:"Ask a platform what the bot may do in each chat that subscriptions name."`
	Kinds     systemsKinds     `cmd:"" help:"List what kinds of system there are, and their settings."`
}

func (systemsCmd) Help() string {
	return `State is ok, paused, or unknown for a system whose worker has not been heard of.
A system is paused while the platform refuses its credentials or answers nobody, or
by you; a chat while it does not take messages: nothing is lost meanwhile. What the
platform caused is tried again now and then, and at once by bellhop resume.

Systems of the configuration file are changed there. Others are added and changed
here, or in the pane, while the hub runs; a worker that is replaced finishes what it
has in hand, and the next goes on with what waits:

` + aboutSettings + `

  bellhop systems add slack token=env:MY_SLACK_TOKEN signing_secret=file:signing
  bellhop systems add acme --kind telegram token=-           asked for on standard input
  bellhop systems check slack token=env:MY_NEW_TOKEN         nothing is stored
  bellhop systems set slack token=env:MY_NEW_TOKEN
  bellhop systems pause slack --reason "we move"
  bellhop systems rm slack --yes`
}

type systemsList struct {
	remote `embed:""`
	JSON   bool `name:"json" help:"Print JSON."`
}

func (systemsList) Help() string { return systemsCmd{}.Help() }

func (c *systemsList) Run(w *world) error {
	q := request{method: "GET", path: "/api/v1/systems"}
	if c.JSON {
		return c.show(w, q, true)
	}
	var list struct {
		Items []hub.SystemStatus `json:"items"`
	}
	if err := c.call(w, q.method, q.path, "", nil, &list); err != nil {
		return err
	}
	return printSystems(w.stdout, list.Items)
}

type systemsPause struct {
	remote `embed:""`
	System string `arg:"" help:"The system."`
	Reason string `help:"Why, for those who see it paused."`
}

func (systemsPause) Help() string {
	return `It stays paused over a restart, until bellhop resume. Nothing is dropped, and what
waits does not grow stale meanwhile.`
}

func (c *systemsPause) Run(w *world) error {
	body, err := json.Marshal(map[string]string{"reason": c.Reason})
	if err != nil {
		return err
	}
	var h hub.Hold
	if err := c.call(w, "POST", "/api/v1/systems/"+url.PathEscape(c.System)+"/pause", "application/json", body, &h); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.stdout, cell(c.System), "is", cell(h.String()))
	return err
}

func printSystems(out io.Writer, systems []hub.SystemStatus) error {
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "SYSTEM\tCHAT\tSTATE\tSINCE\tNEXT TRY\tREASON")
	for _, s := range systems {
		_, _ = fmt.Fprintf(t, "%s\t\t%s\t\t\t%s\n", cell(string(s.System)), cell(s.State), cell(s.Reason))
		for _, c := range s.PausedChats {
			_, _ = fmt.Fprintf(t, "%s\t%s\tpaused\t%s\t%s\t%s\n", cell(string(s.System)), cell(c.Chat),
				c.Since.Local().Format(time.DateTime), c.NextAt.Local().Format(time.DateTime), cell(c.Reason))
		}
	}
	return t.Flush()
}

type resumeCmd struct {
	remote `embed:""`
	System string `arg:"" help:"The system, as in the configuration."`
	Chat   string `arg:"" optional:"" help:"One of its chats; without one it is the system."`
}

func (resumeCmd) Help() string {
	return `What waits for it is sent in order if it does, and goes on waiting if not.
bellhop systems tells how it went.`
}

func (c *resumeCmd) Run(w *world) error {
	path := "/api/v1/systems/" + url.PathEscape(c.System) + "/resume"
	if c.Chat != "" {
		path += "?chat=" + url.QueryEscape(c.Chat)
	}
	if err := c.call(w, "POST", path, "", nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w.stdout, "Its worker tries it now.")
	return err
}
