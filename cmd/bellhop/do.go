package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

type doCmd struct {
	remote `embed:""`
	Line   []string `arg:"" help:"The command as it is given in chat."`
	Chat   string   `required:"" help:"The chat that it is about: SYSTEM:CHAT, such as slack:C0123."`
	JSON   bool     `name:"json" help:"Print the reply as JSON."`
}

func (doCmd) Help() string {
	return `It is run as you, the admin, and answered here; nobody in the chat sees it.

  bellhop do "/discourse watch support tag:bug" --chat slack:C0123
  bellhop do /discourse status --chat console:dev
  bellhop do help --chat console:dev

What was refused or is missing ends with exit code 1.`
}

// reply is what a command led to.
type reply struct {
	hub.Reply
}

func (c *doCmd) Run(w *world) error {
	system, chat, ok := strings.Cut(c.Chat, ":")
	if !ok {
		return fmt.Errorf("--chat: %q is not SYSTEM:CHAT, such as slack:C0123", c.Chat)
	}
	body, err := json.Marshal(map[string]string{"line": strings.Join(c.Line, " "), "system": system, "chat": chat})
	if err != nil {
		return err
	}
	answer, err := c.ask(w, request{method: "POST", path: "/api/v1/commands", contentType: "application/json", body: body, patience: hub.MostPatience})
	if err != nil {
		return err
	}
	var r reply
	if err := json.Unmarshal(answer, &r); err != nil {
		return fmt.Errorf("the hub's answer is not a reply: %w", err)
	}
	if c.JSON {
		_, err = fmt.Fprintf(w.stdout, "%s\n", strings.TrimSpace(string(answer)))
	} else {
		err = r.print(w.stdout)
	}
	return errors.Join(err, r.failed())
}

// failed is an error if the command was not carried out.
func (r *reply) failed() error {
	switch r.Outcome() {
	case hub.OutcomeError, hub.OutcomeRefused:
		return errors.New("the command was not carried out")
	case hub.OutcomeForm:
		return errors.New("the command needs to know more")
	}
	return nil
}

func (r *reply) print(out io.Writer) error {
	var b strings.Builder
	switch {
	case r.OK != nil:
		b.WriteString(r.OK.Text + "\n")
		for _, a := range r.OK.Actions {
			fmt.Fprintf(&b, "  [%s]\n", a.Label)
		}
	case r.Error != nil:
		b.WriteString(r.Error.Text + "\n")
		for _, name := range slices.Sorted(maps.Keys(r.Error.Fields)) {
			fmt.Fprintf(&b, "  %s: %s\n", name, r.Error.Fields[name])
		}
	case r.Navigate != nil:
		b.WriteString(strings.TrimSpace(r.Navigate.Text+" "+r.Navigate.URL) + "\n")
	case r.Form != nil:
		fmt.Fprintf(&b, "%s: say it in the line, or as --NAME VALUE\n", r.Form.Title)
		for _, f := range r.Form.Fields {
			mark := " "
			if f.Required {
				mark = "*"
			}
			fmt.Fprintf(&b, "%s %s  %s\n", mark, f.Name, strings.TrimSpace(f.Label+". "+f.Description))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}
