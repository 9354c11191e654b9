package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type sourcesCmd struct {
	List   sourcesList   `cmd:"" default:"withargs" help:"List the sources and how each is."`
	Add    sourcesAdd    `cmd:"" help:"Add a forum or another source to a running hub."`
	Set    sourcesSet    `cmd:"" help:"Change settings of a source."`
	Rotate sourcesRotate `cmd:"" help:"Give a source's webhook a new secret; the old one is still accepted."`
	Rm     sourcesRm     `cmd:"" help:"Remove a source."`
	Check  sourcesCheck  `cmd:"" help:"Ask a forum or a feed whether the settings are right."`
	Kinds  sourcesKinds  `cmd:"" help:"List what kinds of source there are, and their settings."`
}

func (sourcesCmd) Help() string {
	return `State is ok, error, or unknown for a source that has not been asked yet. WAITING
counts the events that wait until the forum's API answers: none of them is lost.
READER is in whose eyes something must be visible before it is sent. HEARD is when
the newest event came in.

Sources of the configuration file are changed there. Others are added and changed
here, or in the pane, while the hub runs:

` + aboutSettings + `

  bellhop sources add meta url=https://forum.example.com secret=env:MY_SECRET
  bellhop sources add blog --kind feed url=https://blog.example.com/feed.xml
  bellhop sources set meta api_key=file:forum.key read_as=alice
  bellhop sources set meta read_as=                  take it away
  bellhop sources rotate meta                        prints the new secret, this once
  bellhop sources rm meta --yes

To prove credentials of the file before the hub runs, see bellhop check.`
}

type sourcesList struct {
	remote `embed:""`
	JSON   bool `name:"json" help:"Print JSON."`
}

func (sourcesList) Help() string { return sourcesCmd{}.Help() }

func (c *sourcesList) Run(w *world) error {
	q := request{method: "GET", path: "/api/v1/sources"}
	if c.JSON {
		return c.show(w, q, true)
	}
	var list struct {
		Items []hub.SourceStatus `json:"items"`
	}
	if err := c.call(w, q.method, q.path, "", nil, &list); err != nil {
		return err
	}
	return printSources(w.stdout, list.Items)
}

func printSources(out io.Writer, sources []hub.SourceStatus) error {
	if len(sources) == 0 {
		_, err := fmt.Fprintln(out, "No sources yet. Add one with bellhop sources add, or in the configuration file: config.example.toml shows how")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "SOURCE\tKIND\tSTATE\tHEARD\tWAITING\tDELAY\tREADER\tREASON")
	for _, s := range sources {
		heard := ""
		if !s.LastEventAt.IsZero() {
			heard = s.LastEventAt.Local().Format(time.DateTime)
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n",
			cell(string(s.Source)), cell(s.Kind), cell(s.State), cell(heard), s.Waiting, cell(s.Delay), cell(reader(s)), cell(s.Reason))
	}
	return t.Flush()
}

// reader is in whose eyes a source's events must be visible.
func reader(s hub.SourceStatus) string {
	switch s.Visibility {
	case "":
		return ""
	case "check":
		return cmp.Or(s.ReadAs, "anyone")
	}
	return s.Visibility
}

// cell is text as it stands in a table: on one line, and not empty.
func cell(text string) string {
	return cmp.Or(strings.Join(strings.Fields(printable(text)), " "), "-")
}
