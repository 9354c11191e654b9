package config

import (
	"errors"
	"fmt"
	"strings"
)

// Mapping says where the parts of an item stand in what a sender sends. What
// is empty is not mapped.
type Mapping struct {
	Type     Template `toml:"type" about:"Of the event, below user.; empty is user.event."`
	Title    Template `toml:"title" about:"What is announced."`
	URL      Template `toml:"url" about:"Where the title leads to."`
	Author   Template `toml:"author" about:"Who did it."`
	Category Template `toml:"category" about:"What subscriptions match as its category."`
	Tags     Template `toml:"tags" about:"What subscriptions match as its tags: texts, things that have a name, or one text with commas."`
	Text     Template `toml:"text" about:"What it says, as plain text."`
	Key      Template `toml:"key" about:"What it is about: events of one key share a thread."`
	ID       Template `toml:"id" about:"Of the event, so that one that is sent again is known; empty is the header of a delivery, else the body."`
}

// Template makes a text of a JSON document. It is written as a path
// ("repository.full_name"), as a text with paths in braces
// ("{repository.name}: {action}", "{{" for a brace) or as a text alone in
// single quotes ("'ci'"). The paths are those of gjson:
// https://github.com/tidwall/gjson/blob/master/SYNTAX.md
type Template struct{ parts []Part }

// Part is a piece of a Template: a path, or a text as it stands.
type Part struct {
	Text   string
	IsPath bool
}

// maxTemplate is longer than any that was meant.
const maxTemplate = 1000

// ParseTemplate reads a Template, or says what is wrong with it. An empty one
// is the zero Template.
func ParseTemplate(text string) (Template, error) {
	inner, quoted := strings.CutPrefix(text, "'")
	switch {
	case text == "":
		return Template{}, nil
	case len(text) > maxTemplate:
		return Template{}, fmt.Errorf("is longer than %d characters", maxTemplate)
	case quoted:
		literal, closed := strings.CutSuffix(inner, "'")
		if !closed || literal == "" {
			return Template{}, fmt.Errorf(`is "%s": a text that begins with ' must end with one and hold something between`, text)
		}
		return Template{parts: []Part{{Text: literal}}}, nil
	case strings.ContainsAny(text, "{}"):
		return parseBraces(text)
	}
	if err := checkPath(text); err != nil {
		return Template{}, fmt.Errorf(`is "%s", which is no path: %w`, text, err)
	}
	return Template{parts: []Part{{Text: text, IsPath: true}}}, nil
}

// parseBraces reads a text with paths in braces.
func parseBraces(text string) (Template, error) {
	var t Template
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t.parts = append(t.parts, Part{Text: literal.String()})
			literal.Reset()
		}
	}
	for rest := text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			literal.WriteByte(rest[0])
			rest = rest[2:]
		case rest[0] == '}':
			return Template{}, fmt.Errorf(`is "%s": a } has no { before it; write }} for the character itself`, text)
		case rest[0] == '{':
			path, after, closed := strings.Cut(rest[1:], "}")
			if !closed {
				return Template{}, fmt.Errorf(`is "%s": a { is not closed; write {{ for the character itself`, text)
			}
			if err := checkPath(path); err != nil {
				return Template{}, fmt.Errorf(`is "%s", and {%s} holds no path: %w`, text, path, err)
			}
			flush()
			t.parts = append(t.parts, Part{Text: path, IsPath: true})
			rest = after
		default:
			literal.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	flush()
	return t, nil
}

// checkPath finds what gjson would silently take for a path that finds nothing.
func checkPath(path string) error {
	open, begun, quoted := 0, false, false
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\':
			if i++; i == len(path) {
				return errors.New(`nothing follows the \ at its end`)
			}
			begun = true
		case c == '{':
			return errors.New("it has a { inside")
		case quoted:
			quoted = c != '"'
		case c == '"' && open > 0:
			quoted = true
		case c == '(' || c == '[':
			open++
			begun = true
		case c == ')' || c == ']':
			if open--; open < 0 {
				return fmt.Errorf("a %c has no bracket before it that it could close", c)
			}
		case open > 0:
		case c == '.' || c == '|':
			if !begun {
				return fmt.Errorf("a name is missing before a %c", c)
			}
			begun = false
		case c <= ' ':
			return errors.New(`it has a blank; write \ before it if a key has one, or '…' around a text that is meant as it stands`)
		default:
			begun = true
		}
	}
	switch {
	case open > 0 || quoted:
		return errors.New("a bracket or a quote is not closed")
	case !begun:
		return errors.New("a name is missing at its end")
	}
	return nil
}

// Parts are the pieces of t in order; none for the zero Template.
func (t Template) Parts() []Part { return t.parts }

// IsZero reports whether nothing is mapped.
func (t Template) IsZero() bool { return len(t.parts) == 0 }

// String writes t as it is written in a configuration.
func (t Template) String() string {
	if len(t.parts) == 1 && !t.parts[0].IsPath {
		return "'" + t.parts[0].Text + "'"
	}
	if len(t.parts) == 1 && t.parts[0].Text[0] != '\'' {
		return t.parts[0].Text
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.IsPath {
			b.WriteString("{" + p.Text + "}")
		} else {
			b.WriteString(strings.NewReplacer("{", "{{", "}", "}}").Replace(p.Text))
		}
	}
	return b.String()
}

// UnmarshalText reads a Template from a configuration.
func (t *Template) UnmarshalText(text []byte) error {
	parsed, err := ParseTemplate(string(text))
	if err == nil {
		*t = parsed
	}
	return err
}
