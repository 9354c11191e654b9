package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub/house"
)

// bulk is how long a document of a hundred thousand rows may take.
const bulk = 5 * time.Minute

type exportCmd struct {
	remote `embed:""`
	Format string `enum:"toml,json" default:"toml" help:"toml or json, which say the same."`
	Output string `short:"o" placeholder:"FILE" help:"Where to write, in place of standard output."`
}

func (exportCmd) Help() string {
	return `The file has what people made: subscriptions, quiet hours and time zones of chats,
levels and links of people, settings. It always has the same order, so that git shows
what has changed. Secrets are not in it, and history is not: that is in a backup.

  bellhop export -o bellhop.toml
  bellhop export | git diff --no-index bellhop.toml -`
}

func (c *exportCmd) Run(w *world) error {
	text, err := c.ask(w, request{method: "GET", path: "/api/v1/export?format=" + c.Format, accept: "*/*", patience: bulk})
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
	return nil
}

// wanted is a file with what ought to be.
type wanted struct {
	remote `embed:""`
	File   string `arg:"" help:"A file that export wrote, or one that you did; - is standard input."`
	Prune  bool   `help:"Remove what the file does not name. Without it nothing is removed."`
	Force  bool   `help:"Take rows that name a system, a category or the like that is not there."`
}

// send has the hub hold the file against what is there; with a digest, it does what
// that plan says.
func (c *wanted) send(w *world, text []byte, digest string) (*house.Plan, error) {
	query := url.Values{}
	for name, on := range map[string]bool{"prune": c.Prune, "force": c.Force, "dry_run": digest == ""} {
		if on {
			query.Set(name, "1")
		}
	}
	if digest != "" {
		query.Set("digest", digest)
	}
	answer, err := c.ask(w, request{
		method: "POST", path: "/api/v1/import?" + query.Encode(), contentType: "application/" + house.FormatOf(text), body: text, patience: bulk,
	})
	if err != nil {
		return nil, err
	}
	var plan house.Plan
	return &plan, decode(answer, &plan)
}

type planCmd struct {
	wanted `embed:""`
	Check  bool `help:"Exit with code 2 if something would change."`
	JSON   bool `name:"json" help:"Print JSON."`
}

func (planCmd) Help() string {
	return `A line for each change: + comes, ~ changes, - goes. Rows are matched by their id; one
without an id by what it asks for.

  bellhop plan bellhop.toml
  bellhop plan bellhop.toml --prune            also what would be removed
  bellhop plan bellhop.toml --prune --check    for a job that watches for drift`
}

func (c *planCmd) Run(w *world) error {
	text, err := readInput(w, c.File)
	if err != nil {
		return err
	}
	plan, err := c.send(w, text, "")
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(w.stdout).Encode(plan)
	} else {
		err = printPlan(w, plan)
	}
	if err == nil && c.Check && len(plan.Changes) > 0 {
		return errDrift
	}
	return err
}

func printPlan(w *world, plan *house.Plan) error {
	_, err := fmt.Fprint(w.stdout, printable(plan.Text()))
	if err == nil && len(plan.Changes) > 0 {
		_, err = fmt.Fprintln(w.stdout, plan.Summary())
	}
	return err
}

type applyCmd struct {
	wanted `embed:""`
	Yes    bool `short:"y" help:"Do not ask before."`
}

func (applyCmd) Help() string {
	return `Shows the plan, asks, and does what the plan says. Should something have changed by
then, nothing is done. Each change is in the audit log.

  bellhop apply bellhop.toml
  bellhop apply bellhop.toml --prune --yes`
}

func (c *applyCmd) Run(w *world) error {
	text, err := readInput(w, c.File)
	if err != nil {
		return err
	}
	plan, err := c.send(w, text, "")
	if err != nil {
		return err
	}
	if err := printPlan(w, plan); err != nil || len(plan.Changes) == 0 {
		return err
	}
	if !c.Yes {
		if yes, err := c.confirmed(w, len(plan.Changes)); err != nil || !yes {
			return err
		}
	}
	if _, err := c.send(w, text, plan.Digest); err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.stdout, "applied")
	return err
}

// confirmed asks a person. Where there is none it is an error.
func (c *applyCmd) confirmed(w *world, n int) (bool, error) {
	if f, isFile := w.stdin.(*os.File); c.File == "-" || isFile && !terminal(f) {
		return false, errors.New("nobody is there to be asked: say --yes")
	}
	if _, err := fmt.Fprintf(w.stdout, "Apply %d changes? [y/N] ", n); err != nil {
		return false, err
	}
	line, err := bufio.NewReader(w.stdin).ReadString('\n')
	if err != nil && line == "" {
		return false, errors.New("nobody has answered: say --yes")
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer == "y" || answer == "yes" {
		return true, nil
	}
	_, err = fmt.Fprintln(w.stdout, "nothing is changed")
	return false, err
}
