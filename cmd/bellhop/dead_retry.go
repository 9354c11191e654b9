package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type deadRetry struct {
	remote       `embed:""`
	selectedDead `embed:""`
	IDs          []string `arg:"" optional:"" name:"id" help:"Dead letters, as list shows them."`
	All          bool     `help:"All that the other flags select; without any, every dead letter."`
	DryRun       bool     `help:"Say how many it would be, and send nothing."`
	Yes          bool     `short:"y" help:"Do not ask before."`
}

func (deadRetry) Help() string {
	return `Sends again what was given up and not sent since, in the order in which it was
queued first. It says how many there are and asks before it does; should there be
more or fewer by then, it sends nothing. Each keeps its id: one that was sent
after all is not sent twice. What would bring an older text back is superseded and
left out, and what was changed since it was to be said is said as it is by now.

  bellhop dead retry nmfrggzdfmztwq2lknnwg23tpoa
  bellhop dead retry --system slack --chat C0123456789 --all
  bellhop dead retry --fault chat_gone --since 1d --all --yes
  bellhop dead retry --all --dry-run`
}

// Validate is called when the command line has been read.
func (c *deadRetry) Validate() error {
	filtered := false
	for _, value := range c.fields() {
		filtered = filtered || value != ""
	}
	switch {
	case len(c.IDs) == 0 && !c.All:
		return errors.New("name dead letters by their ids, or say --all, with --system and the like for less than all of them")
	case len(c.IDs) > 0 && (c.All || filtered || c.DryRun):
		return errors.New("ids need neither --all nor a filter")
	}
	return nil
}

func (c *deadRetry) Run(w *world) error {
	if c.All {
		return c.retryAll(w)
	}
	for _, id := range c.IDs {
		var d hub.Delivery
		if err := c.call(w, "POST", "/api/v1/dead/"+url.PathEscape(id)+"/retry", "", nil, &d); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		if _, err := fmt.Fprintln(w.stdout, "queued again", cell(string(d.ID))); err != nil {
			return err
		}
	}
	return nil
}

func (c *deadRetry) retryAll(w *world) error {
	n, superseded, err := c.retry(w, map[string]any{"dry_run": true})
	if err != nil {
		return err
	}
	if superseded > 0 {
		if _, err := fmt.Fprintf(w.stderr, "Left out: %s, as something newer was said of the same message since\n", times(superseded, "other")); err != nil {
			return err
		}
	}
	if n == 0 || c.DryRun {
		_, err := fmt.Fprintf(w.stdout, "%s selected\n", times(n, "dead letter"))
		return err
	}
	if !c.Yes {
		sure, err := confirmed(w, fmt.Sprintf("Send %s again?", times(n, "dead letter")))
		if err != nil {
			return err
		}
		if !sure {
			_, err := fmt.Fprintln(w.stdout, "Nothing is sent")
			return err
		}
	}
	if n, _, err = c.retry(w, map[string]any{"count": n}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.stdout, "queued again: %s\n", times(n, "message"))
	return err
}

// retry asks the hub to count or to send what the flags select.
func (c *deadRetry) retry(w *world, what map[string]any) (n, superseded int, err error) {
	for name, value := range c.fields() {
		if value != "" {
			what[name] = value
		}
	}
	body, err := json.Marshal(what)
	if err != nil {
		return 0, 0, err
	}
	answer, err := c.ask(w, request{
		method: "POST", path: "/api/v1/dead/retry", contentType: "application/json", body: body,
		patience: 10 * time.Minute, // a hundred thousand are read, and queued in order
	})
	if err != nil {
		return 0, 0, err
	}
	var counted struct {
		Count      int `json:"count"`
		Superseded int `json:"superseded"`
	}
	err = decode(answer, &counted)
	return counted.Count, counted.Superseded, err
}

// confirmed asks a person, who must be there to say yes.
func confirmed(w *world, question string) (bool, error) {
	if _, err := fmt.Fprintf(w.stderr, "%s [y/N] ", question); err != nil {
		return false, err
	}
	line, err := bufio.NewReader(w.stdin).ReadString('\n')
	if err != nil && line == "" {
		return false, errors.New("nobody answers: say --yes to send without being asked")
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
