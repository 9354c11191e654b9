package form

import (
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// MaxCandidates is how many candidates Complete gives at most.
const MaxCandidates = 50

// Function is what Complete needs to know of a function of an app.
type Function struct {
	Name    string
	Aliases []string
	Summary string
	Form    hub.Form
}

// Candidate is one way to go on with a line: Insert takes the place of what
// stands from byte Start on.
type Candidate struct {
	Insert string `json:"insert"`
	Label  string `json:"label"`
	Note   string `json:"note,omitempty"`
	Start  int    `json:"start"`
}

// Completion is what fits at the end of a line.
type Completion struct {
	Candidates []Candidate
	// Function is whose form the line is read for, "" while it is being named.
	Function string
	// Field is the dynamic field whose options the app is to be asked for, "" if
	// there is none, and Query what they have to match. Offer makes candidates of
	// them.
	Field, Query string
	// Values are what the line says so far of the other fields: the options may
	// depend on them.
	Values hub.Values

	start int    // of the candidates of Field
	head  string // stands before the value in what they insert
}

// Offer makes candidates of the options of c.Field that the app gave.
func (c *Completion) Offer(options []hub.Option) []Candidate {
	var all []Candidate
	for _, option := range options[:min(MaxCandidates, len(options))] {
		all = append(all, c.option(option))
	}
	return all
}

func (c *Completion) option(option hub.Option) Candidate {
	note := option.Note
	if note == "" && !strings.EqualFold(option.Label, option.Value) {
		note = option.Value
	}
	return Candidate{Insert: c.head + quoteIfNeeded(option.Value) + " ", Label: optionLabel(option), Note: note, Start: c.start}
}

// Complete says how a line can go on that is typed so far, less the namespace:
// with a verb, else with what fits into the form of its verb, which is a value,
// a prefix or a name that was not given yet. What is wrong with the line earlier
// on is passed over: that is for Parse to say.
func Complete(functions []Function, line string) Completion {
	s := scanner{line: line}
	verb, ok, _ := s.next()
	if !ok || verb.to == len(line) {
		return Completion{Candidates: verbs(functions, verb)}
	}
	for i := range functions {
		if f := &functions[i]; f.called(verb.text) {
			return completeForm(f, line, verb.to)
		}
	}
	return Completion{}
}

func (f *Function) called(name string) bool {
	is := func(of string) bool { return strings.EqualFold(of, name) }
	return is(f.Name) || slices.ContainsFunc(f.Aliases, is)
}

// verbs are the functions that a word is the beginning of, else those whose name
// is near.
func verbs(functions []Function, typed word) []Candidate {
	var found []Candidate
	var names []string
	for _, f := range functions {
		names = append(names, f.Name)
		begins := func(name string) bool { return begins(name, typed.text) }
		name := f.Name
		if i := slices.IndexFunc(f.Aliases, begins); !begins(name) {
			if i < 0 {
				continue
			}
			name = f.Aliases[i]
		}
		found = append(found, Candidate{Insert: name + " ", Label: name, Note: f.Summary, Start: typed.from})
	}
	if len(found) > 0 {
		return found[:min(MaxCandidates, len(found))]
	}
	for _, name := range hub.Nearest(typed.text, names, 3) {
		f := functions[slices.Index(names, name)]
		found = append(found, Candidate{Insert: name + " ", Label: name, Note: f.Summary, Start: typed.from})
	}
	return found
}

// begins reports whether typed is the beginning of text, in any case.
func begins(text, typed string) bool {
	return strings.HasPrefix(strings.ToLower(text), strings.ToLower(typed))
}

// completeForm completes what follows a verb, from byte from of the line on.
func completeForm(f *Function, line string, from int) Completion {
	p := newParser(&f.Form, line)
	p.scan.at = from
	var last word
	for !p.inRest {
		w, ok, err := p.scan.next()
		if last = w; !ok || w.to == len(line) {
			break // this is the word that is being typed
		}
		if p.take(w, err) != nil {
			p.awaits = nil
		}
	}
	c := Completion{Function: f.Name, Values: p.values}
	if !p.inRest {
		c.word(p, last)
	}
	c.Candidates = c.Candidates[:min(MaxCandidates, len(c.Candidates))]
	return c
}

// word completes the word that is being typed, which may be empty.
func (c *Completion) word(p *parser, w word) {
	name, size := p.name(w)
	field, n := p.prefix(w)
	switch {
	case p.awaits != nil && name == "":
		c.value(p.awaits, w, 0)
	case name != "" && size < len(w.text):
		if field := p.find(name); field != nil {
			c.value(field, w, size+1)
		}
	case name != "":
		c.names(p, w, name)
	case field != nil:
		c.value(field, w, n)
	default:
		if field := p.free(); field != nil {
			c.value(field, w, 0)
		} else if p.rest != nil && len(p.values[p.rest.Name]) == 0 {
			c.value(p.rest, w, 0)
		}
		if !w.quoted && !p.ended {
			c.prefixes(p, w)
			c.names(p, w, strings.TrimLeft(w.text, "-–—"))
		}
	}
}

// names adds the names of fields that may still be given and begin as typed.
func (c *Completion) names(p *parser, w word, typed string) {
	if r, _ := p.scan.rune(w.from); w.text != "" && !dash(r) {
		return
	}
	for i := range p.form.Fields {
		field := &p.form.Fields[i]
		name := fold(field.Name)
		if !open(p, field) || w.text == "" && (field.Place > 0 || field.Rest || field.Prefix != "") {
			continue // there is a shorter way
		}
		if field.Type == hub.FieldBool && (begins("no-"+name, typed) && typed != "" || isTrue(field.Value)) {
			name = "no-" + name
		}
		if begins(name, typed) {
			c.Candidates = append(c.Candidates, Candidate{Insert: "--" + name + " ", Label: "--" + name, Note: label(field), Start: w.from})
		}
	}
}

func isTrue(values []string) bool { return len(values) > 0 && values[0] == "true" }

// prefixes adds the prefixes that begin as typed.
func (c *Completion) prefixes(p *parser, w word) {
	for i := range p.form.Fields {
		if field := &p.form.Fields[i]; field.Prefix != "" && open(p, field) && begins(field.Prefix, w.text) {
			c.Candidates = append(c.Candidates, Candidate{Insert: field.Prefix, Label: field.Prefix, Note: label(field), Start: w.from})
		}
	}
}

// open reports whether a field may still be given.
func open(p *parser, field *hub.Field) bool {
	return field.Multi || len(p.values[field.Name]) == 0
}

// value adds the values of a field that match what is typed of one from byte n
// of the word on. In a list that is what follows the last comma.
func (c *Completion) value(field *hub.Field, w word, n int) {
	if lists(field) && len(w.commas) > 0 {
		if last := w.commas[len(w.commas)-1] + 1; last > n {
			c.head = listed(w.text[:n], w.after(n))
			n = last
		}
	}
	if c.head == "" {
		c.head = w.text[:n]
	}
	typed := w.text[n:]
	c.start = w.from
	var options []hub.Option
	switch field.Type {
	case hub.FieldSelect:
		if field.Dynamic {
			c.Field, c.Query = field.Name, typed
			return
		}
		options = field.Options
	case hub.FieldBool:
		options = []hub.Option{{Label: "yes", Value: "yes"}, {Label: "no", Value: "no"}}
	case hub.FieldDate:
		options = []hub.Option{{Label: "today", Value: "today"}, {Label: "tomorrow", Value: "tomorrow"}}
	}
	for _, option := range matching(options, typed) {
		c.Candidates = append(c.Candidates, c.option(option))
	}
}

// listed is what stands before the part of a list that is being typed.
func listed(head string, w word) string {
	from := 0
	for _, at := range w.commas {
		head += quoteIfNeeded(w.text[from:at]) + ","
		from = at + 1
	}
	return head
}

// matching are the options that a text is the beginning of, then those that it
// is the beginning of a word of, then those that have it anywhere.
func matching(options []hub.Option, text string) []hub.Option {
	text = strings.ToLower(text)
	var found []hub.Option
	taken := make([]bool, len(options))
	for _, match := range []func(string) bool{
		func(s string) bool { return strings.HasPrefix(s, text) },
		func(s string) bool { return strings.Contains(s, " "+text) || strings.Contains(s, "-"+text) },
		func(s string) bool { return strings.Contains(s, text) },
	} {
		for i, option := range options {
			if !taken[i] && (match(strings.ToLower(option.Label)) || match(strings.ToLower(option.Value))) {
				taken[i] = true
				found = append(found, option)
			}
		}
	}
	return found
}
