package form

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// answersFlag takes the "no" of "--flag no". Where the rest of the line is a text
// it is the text's: "--public no worries".
func (p *parser) answersFlag(w word) bool {
	field := p.flag
	p.flag = nil
	if field == nil || p.rest != nil || w.plain < len(w.text) || len(w.text) < 2 || boolWords[strings.ToLower(w.text)] == "" {
		return false
	}
	p.values[field.Name] = []string{w.text}
	return true
}

// name is the name in a word such as --name or --name=value, as names are
// compared, and how many bytes of its text it takes; "" if it is none.
func (p *parser) name(w word) (name string, size int) {
	if p.ended {
		return "", 0
	}
	from := 0
	r, width := utf8.DecodeRuneInString(w.text)
	switch {
	case strings.HasPrefix(w.text, "--"):
		from = 2
	case (r == '–' || r == '—') && !p.prefixed(w): // but –tag: is -tag:
		from = width
	default:
		return "", 0
	}
	first, width := utf8.DecodeRuneInString(w.text[from:])
	if w.plain < from+width || !unicode.IsLetter(first) && (from != 2 || w.text[0] != '-' || !unicode.IsDigit(first)) {
		return "", 0
	}
	size = len(w.text)
	if at := strings.IndexByte(w.text[:w.plain], '='); at >= 0 {
		size = at
	}
	return fold(w.text[from:size]), size
}

// fold is a name as names are compared: people write --max-age for max_age.
func fold(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

func (p *parser) find(name string) *hub.Field {
	for i := range p.form.Fields {
		if fold(p.form.Fields[i].Name) == name {
			return &p.form.Fields[i]
		}
	}
	return nil
}

// named takes --name, --name=value and --no-name.
func (p *parser) named(w word, name string, size int) error {
	field, as := p.find(name), "--"+name
	if field == nil {
		of, no := strings.CutPrefix(name, "no-")
		if field = p.find(of); !no || field == nil || field.Type != hub.FieldBool {
			return p.unknown(as)
		}
		if size < len(w.text) {
			return about(field, "%s takes no value: write %s or --%s.", as, as, of)
		}
		return p.set(field, as, "false")
	}
	switch {
	case size < len(w.text):
		return p.give(field, as, w.after(size+1))
	case field.Type == hub.FieldBool:
		p.flag = field
		return p.set(field, as, "true")
	}
	p.awaits, p.as, p.list = field, as, false
	return nil
}

func (p *parser) unknown(as string) error {
	var names []string
	for _, field := range p.form.Fields {
		names = append(names, fold(field.Name))
		if field.Type == hub.FieldBool {
			names = append(names, "no-"+fold(field.Name))
		}
	}
	near := hub.Nearest(strings.TrimPrefix(as, "--"), names, 3)
	for i := range near {
		near[i] = "--" + near[i]
	}
	switch {
	case len(near) > 0:
		return hub.Errorf(hub.CodeInvalid, "%s is unknown. Did you mean %s?", short(as), or(near))
	case len(names) == 0:
		return hub.Errorf(hub.CodeInvalid, "%s is unknown: nothing is expected here.", short(as))
	}
	return hub.Errorf(hub.CodeInvalid, "%s is unknown. What fits here: %s", short(as), Usage("", *p.form))
}

// prefixed reports whether a word begins with the prefix of a field.
func (p *parser) prefixed(w word) bool {
	field, _ := p.prefix(w)
	return field != nil
}

// prefix finds the field whose prefix a word begins with, and how many bytes of
// its text that is.
func (p *parser) prefix(w word) (*hub.Field, int) {
	if p.ended {
		return nil, 0
	}
	at := strings.IndexByte(w.text[:w.plain], ':')
	if at < 0 {
		return nil, 0
	}
	typed := w.text[:at+1]
	if r, size := utf8.DecodeRuneInString(typed); dash(r) {
		typed = "-" + typed[size:]
	}
	for i := range p.form.Fields {
		if field := &p.form.Fields[i]; field.Prefix != "" && strings.EqualFold(field.Prefix, typed) {
			return field, at + 1
		}
	}
	return nil, 0
}

// mistaken says that a word was surely meant as a name or a prefix.
func (p *parser) mistaken(w word) error {
	r, size := utf8.DecodeRuneInString(w.text)
	if p.ended || w.plain < len(w.text) && w.plain <= size {
		return nil
	}
	if dash(r) && w.plain == len(w.text) {
		name, _, _ := strings.Cut(w.text[size:], "=")
		if field := p.find(fold(name)); field != nil {
			return about(field, `"%s" has one - too few: write --%s.`, short(w.text), fold(name))
		}
	}
	at := strings.IndexByte(w.text[:w.plain], ':')
	if at < 0 || strings.HasPrefix(w.text[at:], "://") {
		return nil
	}
	if field := p.find(fold(w.text[:at])); field != nil && field.Prefix == "" && field.Type != hub.FieldBool {
		return about(field, `"%s" is unknown here: write --%s %s. If it is meant as it stands, put it in quotes.`, short(w.text), fold(field.Name), short(w.text[at+1:]))
	}
	if near := hub.Nearest(w.text[:at+1], prefixes(p.form), 2); len(near) > 0 {
		return hub.Errorf(hub.CodeInvalid, `%s is unknown. Did you mean %s? If not, put "%s" in quotes.`, short(w.text[:at+1]), or(near), short(w.text))
	}
	return nil
}

func prefixes(f *hub.Form) []string {
	var all []string
	for _, field := range f.Fields {
		if field.Prefix != "" {
			all = append(all, field.Prefix)
		}
	}
	return all
}
