package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

type subsExport struct {
	remote   `embed:""`
	selected `embed:""`
	Format   string `enum:"table,json" default:"table" help:"table, for people: a line for each row; json, for another hub: everything about each row."`
	Output   string `short:"o" placeholder:"FILE" help:"Where to write, in place of standard output."`
}

func (subsExport) Help() string {
	return `Rows come oldest first, the order in which they decide, and import makes them in
that order again.

  bellhop subs export                               look at the table
  bellhop subs export --format json -o subs.json    keep everything
  bellhop subs export --system slack | sed 's/^slack /slack-new /' | bellhop subs import -`
}

func (c *subsExport) Run(w *world) error {
	text, rows, err := c.read(w)
	if err != nil {
		return err
	}
	if c.Output == "" || c.Output == "-" {
		_, err := w.stdout.Write(text)
		return err
	}
	if err := os.WriteFile(c.Output, text, 0o600); err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	_, err = fmt.Fprintf(w.stderr, "%s written to %s\n", rowCount(rows), c.Output)
	return err
}

// read gives the rows in the format that was asked for, and says how many.
func (c *subsExport) read(w *world) (text []byte, rows int, err error) {
	if c.Format == "table" {
		text, err = c.subscriptionTable(w, c.query())
		return text, lineCount(string(text)), err
	}
	// Rows go as the hub tells them, with what only a newer release knows.
	items, err := subscriptions[json.RawMessage](w, &c.remote, c.query())
	if err != nil {
		return nil, 0, err
	}
	slices.Reverse(items)
	text, err = exported(items)
	return text, len(items), err
}

// exported is the JSON of rows, never null.
func exported(items []json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(append([]json.RawMessage{}, items...))
	return b.Bytes(), err
}

// lineCount counts the lines of a table that are rows.
func lineCount(table string) (n int) {
	for line := range strings.Lines(table) {
		if !blank(line) {
			n++
		}
	}
	return n
}

// blank reports whether a line of a table is empty or a comment.
func blank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#'
}

func rowCount(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}
