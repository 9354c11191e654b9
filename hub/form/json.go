package form

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// json takes the rest of the line as an object by field name. size is where the
// name ends in the text of w, which may go on with "=".
func (p *parser) json(w word, size int) error {
	from := w.to
	if size < len(w.text) && w.text[size] == '=' {
		from = w.from + strings.IndexByte(p.scan.line[w.from:], '=') + 1
	}
	raw := strings.TrimFunc(p.scan.line[from:], blank)
	p.inRest = true
	err := p.object(raw)
	if ascii := straight.Replace(raw); err != nil && ascii != raw && hub.CodeOf(err) == hub.CodeInternal {
		err = p.object(ascii) // as a phone writes it
	}
	if err != nil && hub.CodeOf(err) == hub.CodeInternal {
		return hub.Errorf(hub.CodeInvalid, `What stands after --json is no JSON object: %v. Write it as {"name": "value"}, at the end of the line.`, err)
	}
	return err
}

var straight = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`)

// object reads an object. An error that is not a *hub.Error says that it is none.
func (p *parser) object(raw string) error {
	if raw == "" {
		return errors.New("there is nothing")
	}
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil {
		return inWords(err)
	} else if open != json.Delim('{') {
		return errors.New("it does not begin with {")
	}
	// The pairs are read before any is taken, so that a second attempt begins anew.
	var names []string
	var values []any
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return inWords(err)
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return inWords(err)
		}
		names, values = append(names, name.(string)), append(values, value)
	}
	if _, err := dec.Token(); err != nil {
		return inWords(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the closing }")
	}
	for i, name := range names {
		if err := p.pair(name, values[i]); err != nil {
			return err
		}
	}
	return nil
}

// inWords is an error of the decoder for people.
func inWords(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}

// pair gives one field what the object says. null is nothing, an empty list is
// that the field is to be empty.
func (p *parser) pair(name string, value any) error {
	field := p.find(fold(name))
	if field == nil {
		return p.unknown("--" + fold(name))
	}
	list, is := value.([]any)
	switch {
	case value == nil:
		return nil
	case !is:
		list = []any{value}
	case len(list) == 0:
		list = []any{""}
	case !field.Multi:
		return about(field, "%s takes one value, not a list.", field.Name)
	}
	var texts []string
	for _, one := range list {
		switch one := one.(type) {
		case string:
			texts = append(texts, one)
		case json.Number:
			texts = append(texts, one.String())
		case bool:
			texts = append(texts, boolText(one))
		default:
			return about(field, "%s takes a text, a number or true or false, nothing within {} or [] and no null in a list.", field.Name)
		}
	}
	return p.set(field, field.Name, texts...)
}

func boolText(is bool) string {
	if is {
		return "true"
	}
	return "false"
}
