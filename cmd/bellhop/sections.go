package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/bellhop-chat/bellhop/hub"
)

const aboutSettings = `A setting is KEY=VALUE, by the keys of the configuration file (bellhop sources kinds,
bellhop systems kinds); KEY= takes it away. Those of a mapping (mapping.title=…) are
set all together. A value may be env:NAME, file:PATH or - for standard input, so that
no secret stands in the shell's history; the file is read here. Before anything is
stored the platform or the forum is asked.`

// section is a source or a system that a command is about.
type section struct {
	remote `embed:""`
	Name   string `arg:"" help:"Its name."`
}

// typed are settings that are typed.
type typed struct {
	Settings []string `arg:"" optional:"" name:"key=value" help:"Settings; a value may be env:NAME, file:PATH or - for standard input."`
}

type proving struct {
	Unproved bool `help:"Store it without asking the platform or the forum first."`
}

func (p proving) query() string {
	if p.Unproved {
		return "?unproved=1"
	}
	return ""
}

// change is what is typed, for the API.
func (c *typed) change(w *world, name, kind string) (body []byte, err error) {
	settings := map[string]any{}
	for _, s := range c.Settings {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is no setting: want KEY=VALUE", s)
		}
		table := settings
		if outer, inner, nested := strings.Cut(key, "."); nested { // mapping.title
			if table, ok = settings[outer].(map[string]any); !ok {
				table = map[string]any{}
				settings[outer] = table
			}
			key = inner
		}
		if table[key], err = valueOf(w, key, value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(hub.SectionChange{Name: name, Kind: kind, Settings: settings})
}

// mostSecret is longer than any secret.
const mostSecret = 64 << 10

// valueOf is what a value says or points to; nothing is that it is taken away.
func valueOf(w *world, key, value string) (any, error) {
	if value == "" {
		return nil, nil
	}
	var text []byte
	var err error
	switch name, isEnv := strings.CutPrefix(value, "env:"); {
	case isEnv:
		for _, kv := range w.env {
			if v, found := strings.CutPrefix(kv, name+"="); found && v != "" {
				return v, nil
			}
		}
		return nil, fmt.Errorf("%s: the variable %s is not set", key, name)
	case value == "-":
		text, err = io.ReadAll(io.LimitReader(w.stdin, mostSecret))
	case strings.HasPrefix(value, "file:"):
		text, err = os.ReadFile(strings.TrimPrefix(value, "file:"))
	default:
		return value, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	if out := strings.TrimRight(string(text), "\r\n"); out != "" {
		return out, nil
	}
	return nil, fmt.Errorf("%s: there is nothing in %s", key, value)
}

// answered is what the hub says of a section.
type answered struct {
	hub.SectionShown
	Proof  *hub.Proof `json:"proof"`
	Secret string     `json:"secret"`
}

// send changes a section and tells what came of it.
func (c *section) send(w *world, part hub.SectionPart, method, path string, body []byte, did string) error {
	var a answered
	if err := c.call(w, method, "/api/v1/"+string(part)+"s"+path, "application/json", body, &a); err != nil {
		return err
	}
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s %s %s\n", part, cell(a.Name), did)
	if a.Proof != nil {
		b.WriteString(proofText(*a.Proof))
	}
	if a.Problem != "" {
		fmt.Fprintf(b, "  It is not in force: %s\n", cell(a.Problem))
	}
	if a.Address != "" && method == "POST" {
		fmt.Fprintf(b, "  Its address: %s\n", cell(a.Address))
	}
	if a.Secret != "" {
		fmt.Fprintf(b, "  Its new secret, shown this once: %s\n", a.Secret)
	}
	_, err := io.WriteString(w.stdout, printable(b.String()))
	return err
}

// proofText is what a platform or a forum said.
func proofText(p hub.Proof) string {
	b := &strings.Builder{}
	if p.Account != "" || p.Place != "" {
		fmt.Fprintf(b, "  It is %s at %s\n", cell(p.Account), cell(p.Place))
	}
	for _, may := range p.May {
		fmt.Fprintf(b, "  It can %s\n", cell(may))
	}
	for _, m := range p.Missing {
		fmt.Fprintf(b, "  It lacks %s, to %s\n", cell(m.Permission), cell(m.For))
	}
	return b.String()
}

func (c *section) path() string { return "/" + url.PathEscape(c.Name) }

func (c *section) check(w *world, part hub.SectionPart, body []byte) error {
	var p hub.Proof
	if err := c.call(w, "POST", "/api/v1/"+string(part)+"s"+c.path()+"/check", "application/json", body, &p); err != nil {
		return err
	}
	if !p.OK {
		for key, problem := range p.Fields {
			_, _ = fmt.Fprintln(w.stdout, " ", cell(key), cell(problem))
		}
		return errors.New(cell(p.Problem))
	}
	_, err := io.WriteString(w.stdout, printable(fmt.Sprintf("%s %s is right\n%s", part, cell(c.Name), proofText(p))))
	return err
}

// remove says what would end, and with yes removes it.
func (c *section) remove(w *world, part hub.SectionPart, yes bool) error {
	query := "?dry_run=1"
	if yes {
		query = ""
	}
	var out hub.Removal
	if err := c.call(w, "DELETE", "/api/v1/"+string(part)+"s"+c.path()+query, "", nil, &out); err != nil {
		return err
	}
	waits := map[hub.SectionPart]string{hub.PartSource: "events that wait for its forum", hub.PartSystem: "messages that wait for it"}[part]
	text := fmt.Sprintf("With %s %s %d subscriptions end that name it; there are %d %s. Both are kept for one of the same name.\n", part, cell(c.Name), out.Subscriptions, out.Waiting, waits)
	if out.Deleted {
		text = fmt.Sprintf("%s %s is removed; %d subscriptions name it, and there are %d %s.\n", part, cell(c.Name), out.Subscriptions, out.Waiting, waits)
	} else {
		text += "Nothing was removed yet: add --yes.\n"
	}
	_, err := io.WriteString(w.stdout, text)
	return err
}

// kinds prints what there is of a part.
func (r *remote) kinds(w *world, part hub.SectionPart) error {
	var list struct{ Items []hub.SectionKind }
	if err := r.call(w, "GET", "/api/v1/kinds", "", nil, &list); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w.stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "KIND\tKEY\tTYPE\tDEFAULT\tABOUT")
	for _, k := range list.Items {
		if k.Part == part {
			printFields(t, k.Kind, "", k.Fields)
		}
	}
	return t.Flush()
}

func printFields(t io.Writer, kind, before string, fields []hub.SectionKey) {
	for _, f := range fields {
		if len(f.Fields) > 0 {
			printFields(t, kind, before+f.Name+".", f.Fields)
			continue
		}
		typ := string(f.Type)
		if len(f.OneOf) > 0 {
			typ = strings.Join(f.OneOf, "|")
		}
		otherwise := ""
		switch {
		case f.Required:
			otherwise = "(required)"
		case f.Default != nil:
			otherwise = fmt.Sprint(f.Default)
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", cell(kind), cell(before+f.Name), cell(typ), cell(otherwise), cell(f.About))
	}
}
