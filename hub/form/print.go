package form

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// Print writes values as a line that Parse reads as the same values: as a person
// would write it where that can be, with every field named where it cannot.
// Values of fields that the form does not have are left out.
func Print(f hub.Form, v hub.Values) string {
	line := printPlain(&f, v)
	if read, err := Parse(f, line); err == nil && same(&f, read, v) {
		return line
	}
	var b strings.Builder
	for i := range f.Fields {
		for _, value := range v[f.Fields[i].Name] {
			write(&b, "--"+fold(f.Fields[i].Name)+"="+quote(value))
		}
	}
	return b.String()
}

func same(f *hub.Form, a, b hub.Values) bool {
	for _, field := range f.Fields {
		if !slices.Equal(a[field.Name], b[field.Name]) {
			return false
		}
	}
	return true
}

// write adds a word to a line.
func write(b *strings.Builder, word string) {
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(word)
}

// printPlain writes places first, then what has a prefix or a name, then the
// rest. It may be read as something else where a value looks like one of these.
func printPlain(f *hub.Form, v hub.Values) string {
	in, rest := places(f)
	var b strings.Builder
	done := map[string]bool{}
	for _, field := range in {
		if len(v[field.Name]) == 0 {
			break // the next word would be taken for it
		}
		for _, value := range v[field.Name] {
			write(&b, printWord(f, value))
		}
		done[field.Name] = true
	}
	for i := range f.Fields {
		field := &f.Fields[i]
		if done[field.Name] || field == rest && len(done) == len(in) {
			continue
		}
		for _, value := range v[field.Name] {
			write(&b, printNamed(field, value))
		}
	}
	if rest != nil && len(done) == len(in) && len(v[rest.Name]) > 0 {
		text := v[rest.Name][0]
		p := newParser(f, text)
		if w, ok, _ := p.scan.next(); ok {
			if name, _ := p.name(w); name != "" || p.prefixed(w) || w.text == "--" {
				write(&b, "--")
			}
		}
		write(&b, text)
	}
	return b.String()
}

// printWord writes a value that stands without a name.
func printWord(f *hub.Form, value string) string {
	if !bare(value) {
		return quote(value)
	}
	p := newParser(f, value)
	w, _, _ := p.scan.next()
	if name, _ := p.name(w); name != "" || p.prefixed(w) || p.mistaken(w) != nil || w.text == "--" {
		return quote(value)
	}
	return value
}

func printNamed(field *hub.Field, value string) string {
	name := fold(field.Name)
	if field.Type == hub.FieldBool {
		switch value {
		case "true":
			return "--" + name
		case "false":
			return "--no-" + name
		}
		return "--" + name + "=" + quoteIfNeeded(value)
	}
	if field.Prefix != "" {
		return field.Prefix + quoteIfNeeded(value)
	}
	if first, _ := utf8.DecodeRuneInString(value); value == "" || dash(first) {
		return "--" + name + "=" + quoteIfNeeded(value)
	}
	return "--" + name + " " + quoteIfNeeded(value)
}

func quoteIfNeeded(value string) string {
	if bare(value) {
		return value
	}
	return quote(value)
}
