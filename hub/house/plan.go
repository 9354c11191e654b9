package house

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// House knows all kinds of things that people make.
type House struct{ parts []part }

// New makes a House of Kinds, in the order of the document. Two of one name are a
// mistake of the program.
func New(kinds ...part) *House {
	seen := map[string]bool{versionKey: true}
	for _, k := range kinds {
		if seen[k.name()] {
			panic("house: two parts are called " + k.name())
		}
		seen[k.name()] = true
	}
	return &House{kinds}
}

// Parts are the names of all kinds.
func (h *House) Parts() []string {
	var all []string
	for _, p := range h.parts {
		all = append(all, p.name())
	}
	return all
}

// Op is what a change does.
type Op string

// The ops.
const (
	Add    Op = "add"
	Alter  Op = "change"
	Remove Op = "remove"
)

// Sign is how an op is written: + ~ -.
func (o Op) Sign() string {
	switch o {
	case Add:
		return "+"
	case Remove:
		return "-"
	}
	return "~"
}

// Changed is a change in words.
type Changed struct {
	Part string `json:"part"`
	Op   Op     `json:"op"`
	Key  string `json:"key"`
	Line string `json:"line"`          // as it will be; of what goes, as it is
	Was  string `json:"was,omitempty"` // as it is, where the line says another thing
	// Before and After are the whole of it.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Diff is what becomes different, line by line: of what changes, only what differs.
func (c Changed) Diff() []Line {
	if c.Op != Alter {
		return nil
	}
	var lines []Line
	for _, l := range Diff(c.Before, c.After) {
		if l.Sign != " " {
			lines = append(lines, l)
		}
	}
	return lines
}

// Plan is what a document would change.
type Plan struct {
	// Digest names the plan: another one has another.
	Digest  string    `json:"digest"`
	Changes []Changed `json:"changes"`
	// Left is how much is there that the document does not name, and stays.
	Left int `json:"left"`

	apply []func(ctx context.Context) error
}

// Count is how many changes of an op there are.
func (p *Plan) Count(op Op) (n int) {
	for _, c := range p.Changes {
		if c.Op == op {
			n++
		}
	}
	return n
}

// Summary counts: "3 added, 1 changed, none removed".
func (p *Plan) Summary() string {
	some := func(n int) string {
		if n == 0 {
			return "none"
		}
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s added, %s changed, %s removed", some(p.Count(Add)), some(p.Count(Alter)), some(p.Count(Remove)))
}

// Text is the plan for people.
func (p *Plan) Text() string {
	var b strings.Builder
	part := ""
	for _, c := range p.Changes {
		if c.Part != part {
			part = c.Part
			fmt.Fprintf(&b, "# %s\n", part)
		}
		if c.Was != "" {
			fmt.Fprintf(&b, "~ %s\n    becomes  %s\n", c.Was, c.Line)
			continue
		}
		fmt.Fprintf(&b, "%s %s\n", c.Op.Sign(), c.Line)
		for _, l := range c.Diff() {
			fmt.Fprintf(&b, "    %s %s\n", l.Sign, l.Text)
		}
	}
	if len(p.Changes) == 0 {
		b.WriteString("Nothing changes.\n")
	}
	if p.Left > 0 {
		fmt.Fprintf(&b, "%d that the file does not name stay as they are; prune removes them.\n", p.Left)
	}
	return b.String()
}

// Plan holds a document against what is there. prune is that what the document
// does not name is removed. What is wrong with the document is a *Problems.
func (h *House) Plan(ctx context.Context, doc *Document, prune bool) (*Plan, error) {
	bad := &Problems{}
	h.checkKeys(doc, bad)
	plan := &Plan{Changes: []Changed{}}
	for _, p := range h.parts {
		held, err := p.hold(ctx, doc.said[p.name()], prune, bad)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name(), err)
		}
		plan.Changes = append(plan.Changes, held.changes...)
		plan.Left += held.left
		if held.apply != nil {
			plan.apply = append(plan.apply, held.apply)
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(encoded(plan.Changes))
	plan.Digest = hex.EncodeToString(sum[:16])
	return plan, nil
}

// Apply does what the plan says, part by part. After an error the parts before it
// are done.
func (p *Plan) Apply(ctx context.Context) error {
	for _, apply := range p.apply {
		if err := apply(ctx); err != nil {
			return err
		}
	}
	return nil
}
