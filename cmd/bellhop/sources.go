package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/hub"
)

type sourcesCmd struct {
	remote `embed:""`
	JSON   bool `name:"json" help:"Print JSON."`
}

func (sourcesCmd) Help() string {
	return `State is ok, error, or unknown for a source that has not been asked yet. WAITING
counts the events that wait until the forum's API answers: none of them is lost.
READER is in whose eyes something must be visible before it is sent.

To prove credentials before the hub runs, see bellhop check.`
}

func (c *sourcesCmd) Run(w *world) error {
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
		_, err := fmt.Fprintln(out, "No sources yet. Add a section [sources.NAME] to the configuration: config.example.toml shows how")
		return err
	}
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "SOURCE\tKIND\tSTATE\tWAITING\tDELAY\tREADER\tREASON")
	for _, s := range sources {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n",
			cell(string(s.Source)), cell(s.Kind), cell(s.State), s.Waiting, cell(s.Delay), cell(reader(s)), cell(s.Reason))
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
