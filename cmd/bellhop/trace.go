package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

type traceCmd struct {
	remote `embed:""`
	Event  string `arg:"" name:"event-id" help:"The event, by its id."`
	JSON   bool   `name:"json" help:"Print JSON."`
}

func (traceCmd) Help() string {
	return `Says when the event came, what was decided about it and why, what each chat got,
and how far each message has come.

  bellhop trace eabcdefghijklmnopqrstuvwxyz

The answer to a webhook holds the id of its event; /api/v1/events lists the newest.
For what would become of it now, see bellhop explain.`
}

func (c *traceCmd) Run(w *world) error {
	if c.Event == "" {
		return errors.New("the id of the event is empty")
	}
	return c.show(w, request{method: "GET", path: "/api/v1/events/" + url.PathEscape(c.Event) + "/trace"}, c.JSON)
}

// show prints the answer to a request, in words or as JSON.
func (r *remote) show(w *world, q request, asJSON bool) error {
	q.accept = "text/plain"
	if asJSON {
		q.accept = "application/json"
	}
	answer, err := r.ask(w, q)
	if err != nil {
		return err
	}
	text := printable(string(answer))
	if asJSON {
		if text, err = indented(answer); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(w.stdout, strings.TrimRight(text, "\n"))
	return err
}

func indented(answer []byte) (string, error) {
	var b bytes.Buffer
	if err := json.Indent(&b, answer, "", "  "); err != nil {
		return "", fmt.Errorf("the hub's answer cannot be read: %w", err)
	}
	return b.String(), nil
}

// printable takes out what would steer a terminal: posts are quoted, and anyone
// may write them.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
