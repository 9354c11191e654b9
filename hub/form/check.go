package form

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// What a form may hold.
const (
	MaxFields  = 50     // more than any dialog shows
	MaxOptions = 100    // of one select; more is for a dynamic one
	MaxValues  = 100    // of one field
	MaxLength  = 40_000 // characters of one value whose field says no less
)

// reserved are names that mean something to Parse.
var reserved = map[string]string{"json": "--json gives all fields at once"}

// Check says what is wrong with a form itself, all of it: that is a mistake of
// the app that made it, never of a person. It belongs where an app is registered
// and where it gives a new form.
func Check(f hub.Form) error {
	var wrong []error
	if len(f.Fields) > MaxFields {
		wrong = append(wrong, fmt.Errorf("the form has %d fields: at most %d are allowed", len(f.Fields), MaxFields))
	}
	names, prefixes := map[string]bool{}, map[string]bool{}
	for i := range f.Fields {
		field := &f.Fields[i]
		say := func(format string, args ...any) {
			wrong = append(wrong, fmt.Errorf("field %q: %s", field.Name, fmt.Sprintf(format, args...)))
		}
		checkName(field, names, say)
		checkPrefix(field, prefixes, say)
		checkType(field, say)
		checkOptions(field, say)
		checkText(field, say)
		checkDefault(field, say)
	}
	return errors.Join(append(wrong, checkPlaces(&f)...)...)
}

type sayer func(format string, args ...any)

func checkName(field *hub.Field, names map[string]bool, say sayer) {
	name := fold(field.Name)
	switch why := reserved[name]; {
	case !hub.ValidName(field.Name):
		say("a name is 1 to 32 of a-z, 0-9, _ and -, and begins with a letter or digit")
	case why != "":
		say("the name is taken: %s", why)
	case names[name]:
		say("there are two of that name (_ and - are the same in names)")
	}
	names[name] = true
}

func checkPrefix(field *hub.Field, prefixes map[string]bool, say sayer) {
	if field.Prefix == "" {
		return
	}
	name, colon := strings.CutSuffix(strings.ToLower(field.Prefix), ":")
	if !colon || !hub.ValidName(strings.TrimPrefix(name, "-")) {
		say("prefix %q: want a name and a colon, such as \"tag:\", or \"-tag:\"", field.Prefix)
	}
	if prefixes[name] {
		say("prefix %q: there are two of it", field.Prefix)
	}
	prefixes[name] = true
}

func checkType(field *hub.Field, say sayer) {
	switch field.Type {
	case hub.FieldText, hub.FieldSelect, hub.FieldUser, hub.FieldChannel, hub.FieldBool,
		hub.FieldDate, hub.FieldDatetime, hub.FieldMarkdown, hub.FieldFile:
	default:
		say("unknown type %q", field.Type)
	}
	switch field.Subtype {
	case "":
	case hub.TextLines, hub.TextNumber, hub.TextEmail, hub.TextURL, hub.TextPhone, hub.TextPassword:
		if field.Type != hub.FieldText {
			say("only a text has a subtype")
		}
	default:
		say("unknown subtype %q", field.Subtype)
	}
	if field.Multi && field.Type == hub.FieldBool {
		say("a bool has one value")
	}
}

func checkOptions(field *hub.Field, say sayer) {
	if field.Dynamic && field.Type != hub.FieldSelect {
		say("only a select is dynamic")
	}
	switch n := len(field.Options); {
	case field.Type != hub.FieldSelect && n > 0:
		say("only a select has options")
	case field.Type == hub.FieldSelect && !field.Dynamic && n == 0:
		say("a select that is not dynamic needs options")
	case n > MaxOptions:
		say("%d options: at most %d are allowed, make it dynamic", n, MaxOptions)
	}
	values := map[string]bool{}
	for _, option := range field.Options {
		if option.Value == "" {
			say("option %q: a value must not be empty", option.Label)
		}
		if tidied := tidy(field, option.Value); tidied != option.Value {
			say("option %q: a value has no space around it and is one line", option.Value)
		}
		if values[option.Value] {
			say("option %q: there are two of that value", option.Value)
		}
		values[option.Value] = true
	}
}

func checkText(field *hub.Field, say sayer) {
	text := field.Type == hub.FieldText || field.Type == hub.FieldMarkdown
	if !text && (field.Min != 0 || field.Max != 0 || field.Pattern != "") {
		say("only a text has min, max and a pattern")
	}
	if field.Min < 0 || field.Max < 0 || field.Max > 0 && field.Min > field.Max || field.Min > MaxLength {
		say("min %d and max %d: no text is so long", field.Min, field.Max)
	}
	if field.Pattern != "" {
		if _, err := compile(field.Pattern); err != nil {
			say("pattern: %v", err)
		}
	}
}

// compile makes a pattern that all of a value must match.
func compile(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, err // of the pattern as it was written
	}
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}

// checkDefault checks what a field holds to begin with. A time may be in words,
// which need a day: any will do.
func checkDefault(field *hub.Field, say sayer) {
	if field.Dynamic || len(field.Value) == 0 {
		return
	}
	if _, wrong := check(field, field.Value, time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), nil); wrong != "" {
		say("value: %s", wrong)
	}
}

// checkPlaces checks that a line can be read in one way only.
func checkPlaces(f *hub.Form) (wrong []error) {
	in, rest := places(f)
	for i, field := range in {
		switch {
		case field.Place != i+1:
			wrong = append(wrong, fmt.Errorf("field %q: place %d: places count from 1, without gaps and none twice", field.Name, field.Place))
		case field.Multi && (i < len(in)-1 || rest != nil):
			wrong = append(wrong, fmt.Errorf("field %q: with several values it takes every word: no place and no rest may follow", field.Name))
		case i > 0 && field.Required && !in[i-1].Required:
			wrong = append(wrong, fmt.Errorf("field %q: place %d is required, and %d is not: nobody could leave that out", field.Name, i+1, i))
		}
	}
	for i := range f.Fields {
		field := &f.Fields[i]
		switch {
		case field.Place < 0:
			wrong = append(wrong, fmt.Errorf("field %q: place %d is none", field.Name, field.Place))
		case !field.Rest:
		case field != rest:
			wrong = append(wrong, fmt.Errorf("field %q: %q takes the rest already", field.Name, rest.Name))
		case field.Multi || field.Type == hub.FieldBool:
			wrong = append(wrong, fmt.Errorf("field %q: the rest is one text", field.Name))
		case field.Place > 0 && field.Place != len(in)+1:
			wrong = append(wrong, fmt.Errorf("field %q: the rest has the last place, %d", field.Name, len(in)+1))
		case field.Required && len(in) > 0 && !in[len(in)-1].Required:
			wrong = append(wrong, fmt.Errorf("field %q: the rest is required, and the place before it is not: nobody could leave that out", field.Name))
		}
	}
	return wrong
}
