package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

type subsImport struct {
	remote `embed:""`
	File   string `arg:"" help:"A file that export wrote, or lines of the text form; - is standard input."`
	Force  bool   `help:"Take names that the forum does not know, too."`
	DryRun bool   `help:"Say what would be made, and make nothing."`
}

func (subsImport) Help() string {
	return `Rows that stand there already stay as they are, and none is removed: to import a
file twice is the same as once. Whether it is JSON or the table, import sees itself.

A table with a mistake is refused as a whole, and the line is named; more than 1,000
rows go in parts. Of JSON rows each stands for itself: those that are refused are
named, and the others are made.
A row that stands there already but is switched off, or has other options, is named
as well: remove it first, or change it in the pane.

  bellhop subs import subs.json --dry-run
  bellhop subs import subs.json
  echo 'slack | #support | c/support' | bellhop subs import -

The dry run compares with what is there. It does not ask the forum for names.`
}

func (c *subsImport) Run(w *world) error {
	data, err := readInput(w, c.File)
	if err != nil {
		return err
	}
	sum := tally{dry: c.DryRun}
	err = c.take(w, data, &sum)
	if err != nil && sum.seen() == 0 {
		return err
	}
	if _, said := fmt.Fprintln(w.stdout, sum.String()); err == nil {
		err = said
	}
	if err == nil && sum.failed > 0 {
		return errReported
	}
	return err
}

func (c *subsImport) take(w *world, data []byte, sum *tally) error {
	switch {
	case isJSON(data):
		return c.takeRows(w, data, sum)
	case c.DryRun:
		return c.compareTable(w, string(data), sum)
	}
	for _, part := range tableParts(string(data)) {
		added, err := c.addTable(w, part, c.Force)
		if err != nil {
			return err
		}
		if err := printAdded(w.stdout, added.Items...); err != nil {
			return err
		}
		sum.created += len(added.Items)
		sum.unchanged += added.Unchanged
	}
	return nil
}

// tally counts what became of rows.
type tally struct {
	created, unchanged, failed int
	dry                        bool // nothing is made
}

func (t tally) seen() int { return t.created + t.unchanged + t.failed }

func (t tally) String() string {
	created := "created"
	if t.dry {
		created = "to be created"
	}
	s := fmt.Sprintf("%d %s, %d unchanged", t.created, created, t.unchanged)
	if t.failed > 0 {
		s += fmt.Sprintf(", %d failed", t.failed)
	}
	return s
}

// What one request may carry: the hub takes 1,000 rows, and a MiB unless its
// server.max_body says otherwise.
const (
	maxTableRows  = 1000
	maxTableBytes = 512 << 10
)

// tableParts splits a table into parts that the hub takes. Each begins with as
// many empty lines as stand before it, so that the hub names lines by their
// numbers in the file.
func tableParts(table string) []string {
	var parts []string
	var part strings.Builder
	lines, rows, size := 0, 0, 0 // rows and size are of the part so far
	for line := range strings.Lines(table) {
		// Tokens are parted by commas: there may be fewer rows, but not more.
		n := 1 + strings.Count(line, ",")
		if blank(line) {
			line, n = "\n", 0
		}
		if rows > 0 && (rows+n > maxTableRows || size+len(line) > maxTableBytes) {
			parts = append(parts, part.String())
			part.Reset()
			part.WriteString(strings.Repeat("\n", lines))
			rows, size = 0, 0
		}
		part.WriteString(line)
		lines, rows, size = lines+1, rows+n, size+len(line)
	}
	if rows > 0 {
		parts = append(parts, part.String())
	}
	return parts
}

// isJSON reports whether data is no table: a system's name begins with none of
// these characters.
func isJSON(data []byte) bool {
	data = bytes.TrimSpace(data)
	return len(data) > 0 && (data[0] == '[' || data[0] == '{')
}

// maxInput bounds what is read from a file or standard input.
const maxInput = 64 << 20

// readInput reads a file that is named on the command line; - is standard input.
func readInput(w *world, name string) ([]byte, error) {
	in := w.stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > maxInput {
		return nil, fmt.Errorf("%s is larger than %d MiB", name, maxInput>>20)
	}
	// Editors of Windows begin a file with a byte order mark.
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}
