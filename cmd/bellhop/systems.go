package main

import (
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type systemsCmd struct {
	remote `embed:""`
	JSON   bool `name:"json" help:"Print JSON."`
}

func (systemsCmd) Help() string {
	return `State is ok, paused, or unknown for a system whose worker has not been heard of.
A system is paused while the platform refuses its credentials or answers nobody, a
chat while it does not take messages: nothing is lost meanwhile, and each is tried
now and then. When you have mended what REASON says, bellhop resume tries at once.`
}

func (c *systemsCmd) Run(w *world) error {
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
