package form

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// Lookup lists the options of a dynamic field that match query, the best first.
type Lookup func(field, query string) ([]hub.Option, error)

// Validate checks every value of a form and brings it into the one shape that
// apps see: "true" for yes, "2026-11-21" for tomorrow, an option's value for its
// label. It returns these values and, by field, what is wrong with the others, in
// a sentence; nil if nothing is. now gives words such as "tomorrow" their
// meaning, in its zone.
//
// Values of unknown fields are dropped: a form may have changed while it was
// open, and its old fields are no mistake of the person. Who wants to refuse
// them asks Unknown. Empty values are dropped, too. Nothing is filled in: see
// Defaults. Users, channels and files are left as they were given.
//
// The options of a dynamic field are those that lookup finds; without one its
// values are left as they were given, for the caller to check.
func Validate(f hub.Form, v hub.Values, now time.Time, lookup ...Lookup) (hub.Values, map[string]string) {
	var options Lookup
	if len(lookup) > 0 {
		options = lookup[0]
	}
	right, wrong := hub.Values{}, map[string]string{}
	for i := range f.Fields {
		field := &f.Fields[i]
		values, why := check(field, v[field.Name], now, options)
		switch {
		case why != "":
			wrong[field.Name] = why
		case len(values) > 0:
			right[field.Name] = values
		}
	}
	if len(wrong) == 0 {
		wrong = nil
	}
	return right, wrong
}

// Missing are the fields that are required and have no value.
func Missing(f hub.Form, v hub.Values) []hub.Field {
	var missing []hub.Field
	for _, field := range f.Fields {
		if field.Required && !v.Has(field.Name) {
			missing = append(missing, field)
		}
	}
	return missing
}

// Defaults is v with what the form holds to begin with, for fields that v does
// not have. One that is there and empty was emptied by the person, and stays so.
func Defaults(f hub.Form, v hub.Values) hub.Values {
	v = v.Clone()
	for _, field := range f.Fields {
		if _, given := v[field.Name]; !given && len(field.Value) > 0 {
			v[field.Name] = slices.Clone(field.Value)
		}
	}
	return v
}

// Unknown lists names in v that the form has no field for, sorted.
func Unknown(f hub.Form, v hub.Values) []string {
	var unknown []string
	for name := range v {
		if f.Field(name) == nil {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// check checks all values of one field. wrong is "" if they are right.
func check(field *hub.Field, given []string, now time.Time, options Lookup) (values []string, wrong string) {
	for _, one := range given {
		one = tidy(field, one)
		if one == "" {
			continue
		}
		one, wrong = checkOne(field, one, now, options)
		if wrong != "" {
			return nil, wrong
		}
		if !slices.Contains(values, one) {
			values = append(values, one)
		}
		if len(values) > MaxValues {
			return nil, fmt.Sprintf("At most %d values: you gave more.", MaxValues)
		}
	}
	switch {
	case len(values) == 0 && field.Required:
		return nil, "This is required."
	case len(values) > 1 && !field.Multi:
		return nil, fmt.Sprintf("One value is enough: you gave %d.", len(values))
	}
	return values, ""
}

// tidy takes away what nobody meant to write.
func tidy(field *hub.Field, text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	switch {
	case field.Subtype == hub.TextPassword:
		return strings.Trim(text, "\n")
	case field.Type == hub.FieldMarkdown, field.Subtype == hub.TextLines:
		text = strings.Map(visible, text)
		for { // lines that are empty, but no indent: it may be code
			line, after, more := strings.Cut(text, "\n")
			if !more || strings.TrimFunc(line, blank) != "" {
				break
			}
			text = after
		}
		return strings.TrimRightFunc(text, blank)
	}
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return visible(r)
	}, text)
	return strings.TrimFunc(text, blank)
}

// visible drops control characters.
func visible(r rune) rune {
	if unicode.IsControl(r) && !unicode.IsSpace(r) {
		return -1
	}
	return r
}

// checkOne checks a value that is not empty.
func checkOne(field *hub.Field, text string, now time.Time, options Lookup) (value, wrong string) {
	switch field.Type {
	case hub.FieldSelect:
		return checkOption(field, text, options)
	case hub.FieldBool:
		return checkBool(text)
	case hub.FieldDate:
		return checkDate(text, now)
	case hub.FieldDatetime:
		return checkDatetime(text, now)
	case hub.FieldText:
		if text, wrong = checkSubtype(field.Subtype, text); wrong != "" {
			return "", wrong
		}
	}
	return checkLength(field, text)
}

func checkLength(field *hub.Field, text string) (value, wrong string) {
	n, most := utf8.RuneCountInString(text), field.Max
	if most == 0 {
		most = MaxLength
	}
	switch {
	case n > most:
		return "", fmt.Sprintf("At most %s: you wrote %d.", characters(most), n)
	case n < field.Min:
		return "", fmt.Sprintf("At least %s: you wrote %d.", characters(field.Min), n)
	case field.Pattern == "":
		return text, ""
	}
	pattern, err := compile(field.Pattern)
	switch {
	case err != nil:
		return "", "This cannot be checked, since the form is broken. Please tell whoever runs the bot."
	case pattern.MatchString(text):
		return text, ""
	case field.Hint != "":
		return "", fmt.Sprintf("This has not the form that is expected, such as %s.", field.Hint)
	}
	return "", fmt.Sprintf("This has not the form that is expected: %s.", field.Pattern)
}

var boolWords = map[string]string{
	"yes": "true", "y": "true", "on": "true", "true": "true", "1": "true",
	"no": "false", "n": "false", "off": "false", "false": "false", "0": "false",
}

func checkBool(text string) (value, wrong string) {
	if value = boolWords[strings.ToLower(text)]; value == "" {
		return "", fmt.Sprintf(`"%s" is neither yes nor no.`, short(text))
	}
	return value, ""
}

// checkOption finds the option that a text names.
func checkOption(field *hub.Field, text string, lookup Lookup) (value, wrong string) {
	options := field.Options
	if field.Dynamic {
		if lookup == nil {
			return checkLength(field, text)
		}
		found, err := lookup(field.Name, text)
		if err != nil {
			return "", "This could not be checked just now. Please try again in a minute."
		}
		options = found
	}
	if option := pick(options, text); option != nil {
		return option.Value, ""
	}
	return "", noOption(field, options, text)
}

// pick finds the option whose value a text is, else whose label, nil if there is
// none. Case matters only where two differ in nothing else.
func pick(options []hub.Option, text string) *hub.Option {
	for _, is := range []func(hub.Option) bool{
		func(o hub.Option) bool { return o.Value == text },
		func(o hub.Option) bool { return o.Label == text },
		func(o hub.Option) bool { return strings.EqualFold(o.Value, text) },
		func(o hub.Option) bool { return strings.EqualFold(strings.TrimFunc(o.Label, blank), text) },
	} {
		if i := slices.IndexFunc(options, is); i >= 0 {
			return &options[i]
		}
	}
	return nil
}

func noOption(field *hub.Field, options []hub.Option, text string) string {
	var labels, values []string
	for _, option := range options {
		labels = append(labels, optionLabel(option))
		values = append(values, option.Value)
	}
	var near []string
	if utf8.RuneCountInString(text) > 1 { // every letter is near every other
		if near = hub.Nearest(text, labels, 3); len(near) == 0 {
			near = hub.Nearest(text, values, 3)
		}
	}
	said := fmt.Sprintf(`"%s" is not among the choices.`, short(text))
	switch {
	case field.Dynamic && len(options) == 0:
		return fmt.Sprintf(`Nothing is called "%s".`, short(text))
	case len(near) > 0:
		return said + " Did you mean " + or(near) + "?"
	case len(options) <= fewOptions:
		return said + " Choose " + or(labels) + "."
	}
	return said
}
