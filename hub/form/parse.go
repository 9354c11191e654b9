package form

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// MaxLine is how many bytes a line may have: more than any platform lets a
// person write.
const MaxLine = 64 << 10

// Parse reads a slash line, less the words that name the function, for a form.
// What it gives is as it was typed: Validate says whether it is right. See the
// package's documentation for the grammar.
//
// Every error is a *hub.Error with CodeInvalid.
func Parse(f hub.Form, line string) (hub.Values, error) {
	if len(line) > MaxLine {
		return nil, hub.Errorf(hub.CodeInvalid, "The line is too long: it has %d bytes, and %d are allowed.", len(line), MaxLine)
	}
	p := newParser(&f, line)
	for !p.inRest {
		w, ok, err := p.scan.next()
		if !ok {
			return p.values, p.end()
		}
		if err := p.take(w, err); err != nil {
			return nil, err
		}
	}
	return p.values, nil
}

// parser knows how far a line has been read.
type parser struct {
	form   *hub.Form
	scan   scanner
	values hub.Values
	places []*hub.Field // that await a word
	rest   *hub.Field
	ended  bool // "--" was read: no more names
	inRest bool // all the rest was taken

	awaits *hub.Field // whose value is the next word
	as     string     // how the person named it
	list   bool       // it has values, and a comma promised another
	flag   *hub.Field // a bool that was just set by its name alone
}

func newParser(f *hub.Form, line string) *parser {
	p := &parser{form: f, scan: scanner{line: line}, values: hub.Values{}}
	p.places, p.rest = places(f)
	return p
}

// places are the fields that need no name, in order, and the one that takes the
// rest.
func places(f *hub.Form) (in []*hub.Field, rest *hub.Field) {
	for i := range f.Fields {
		switch field := &f.Fields[i]; {
		case field.Rest && rest == nil:
			rest = field
		case field.Place > 0:
			in = append(in, field)
		}
	}
	slices.SortStableFunc(in, func(a, b *hub.Field) int { return a.Place - b.Place })
	return in, rest
}

// end says what is missing at the end of the line.
func (p *parser) end() error {
	if p.awaits != nil && !p.list {
		return p.needs()
	}
	return nil
}

func (p *parser) needs() error {
	return about(p.awaits, "%s needs a value after it: %s.", p.as, expected(p.awaits))
}

// take reads one word. open is the scanner's error, if the word has one.
func (p *parser) take(w word, open error) error {
	if p.answersFlag(w) {
		return nil
	}
	name, size := p.name(w)
	if p.awaits != nil {
		switch {
		case name == "" && (!p.list || !p.prefixed(w)):
			if open != nil {
				return open
			}
			return p.give(p.awaits, p.as, w)
		case !p.list:
			return p.needs()
		}
		p.awaits = nil
	}
	if name == "json" && p.find(name) == nil {
		return p.json(w, size)
	}
	if open != nil && (name != "" || p.prefixed(w) || p.free() != nil || p.rest == nil) {
		return open
	}
	switch {
	case name != "":
		return p.named(w, name, size)
	case p.ended:
	case w.plain == len(w.text) && (w.text == "--" || w.text == "—" || w.text == "–"):
		p.ended = true
		return nil
	case p.prefixed(w):
		field, n := p.prefix(w)
		if n == len(w.text) && !w.quoted {
			p.awaits, p.as, p.list = field, field.Prefix, false
			return nil
		}
		return p.give(field, field.Prefix, w.after(n))
	}
	return p.placed(w)
}

// free is the field that the next word without a name is for.
func (p *parser) free() *hub.Field {
	for len(p.places) > 0 {
		if field := p.places[0]; field.Multi || len(p.values[field.Name]) == 0 {
			return field
		}
		p.places = p.places[1:]
	}
	return nil
}

// placed takes a word that has no name.
func (p *parser) placed(w word) error {
	if field := p.free(); field != nil {
		if err := p.mistaken(w); err != nil {
			return err
		}
		return p.give(field, placeholder(field), w)
	}
	if p.rest == nil || len(p.values[p.rest.Name]) > 0 {
		if err := p.mistaken(w); err != nil {
			return err
		}
		return p.unfit(w)
	}
	p.inRest = true
	p.scan.at = w.from
	raw := strings.ToValidUTF8(p.scan.line[w.from:], "\uFFFD")
	return p.set(p.rest, "the text", strings.TrimFunc(raw, blank))
}

func (p *parser) unfit(w word) error {
	usage := Usage("", *p.form)
	if usage == "" {
		return hub.Errorf(hub.CodeInvalid, `"%s" is too much: nothing is expected here.`, short(w.text))
	}
	return hub.Errorf(hub.CodeInvalid, `I do not know what "%s" is for. What fits here: %s`, short(w.text), usage)
}

// give gives a field what a word says, which is a list for some fields.
func (p *parser) give(field *hub.Field, as string, w word) error {
	p.awaits = nil
	if !lists(field) {
		return p.set(field, as, w.text)
	}
	parts, more := w.list()
	if len(parts) == 0 && !p.list {
		p.awaits, p.as = field, as
		return p.needs()
	}
	if err := p.set(field, as, parts...); err != nil {
		return err
	}
	if p.list = more; more {
		p.awaits, p.as = field, as
	}
	return nil
}

// lists reports whether commas part the values of a field. In a text they belong
// to it.
func lists(field *hub.Field) bool {
	return field.Multi && field.Type != hub.FieldText && field.Type != hub.FieldMarkdown
}

func (p *parser) set(field *hub.Field, as string, values ...string) error {
	have := p.values[field.Name]
	if len(have) > 0 && !field.Multi {
		return about(field, `%s is given twice: "%s" and "%s".`, as, short(have[0]), short(values[0]))
	}
	p.values[field.Name] = append(have, values...)
	return nil
}

// about is an error that concerns a field.
func about(field *hub.Field, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	return &hub.Error{Code: hub.CodeInvalid, Message: text, Fields: map[string]string{field.Name: text}}
}

// or joins what a person may choose of.
func or(words []string) string { return join(words, "or") }

func join(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
