package form

import (
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Take takes an answer that the person wrote: a value as Validate takes it, the
// label or number of an action, or one of the words skip, back, cancel, done and
// clear. In quotes such a word is a value.
func (t *Talk) Take(answer string, now time.Time) Step {
	if t.Over() {
		return t.ended()
	}
	t.Wrong = ""
	trimmed := strings.TrimFunc(answer, blank)
	if word := control(trimmed); word != "" && (word != doDone || t.collects()) {
		return t.do(word)
	}
	if t.Stage == Summing {
		return t.confirm(trimmed)
	}
	field := t.field()
	if field == nil { // the state was not made here
		return t.advance()
	}
	if inner := unquote(trimmed); control(inner) != "" {
		answer, trimmed = inner, inner
	}
	switch {
	case trimmed == "":
		return t.again("I need an answer: %s.", expected(field))
	case field.Type == hub.FieldSelect:
		return t.choose(field, trimmed)
	case field.Type == hub.FieldBool:
		if action := t.numbered(trimmed); action != nil {
			return t.Press(action.Call.Encoded, now)
		}
	}
	if field.Multi {
		return t.several(field, answer, now)
	}
	values, wrong := check(field, []string{answer}, now, nil)
	if wrong == "" && len(values) == 0 {
		wrong = "I need an answer: " + expected(field) + "."
	}
	if wrong != "" {
		return t.again("%s", wrong)
	}
	return t.set(field, values[0])
}

// collects reports whether the question goes on until the person says done.
func (t *Talk) collects() bool {
	field := t.field()
	return field != nil && field.Multi
}

// several takes an answer to a question that takes several values: a text in each
// line, or other values between commas.
func (t *Talk) several(field *hub.Field, answer string, now time.Time) Step {
	one := *field
	one.Required = false
	values, wrong := check(&one, parts(field, answer), now, nil)
	if wrong != "" {
		return t.again("%s", wrong)
	}
	return t.add(field, values...)
}

func parts(field *hub.Field, answer string) []string {
	if field.Subtype == hub.TextLines || field.Type == hub.FieldMarkdown {
		return []string{answer}
	}
	commas := lists(field)
	return strings.FieldsFunc(answer, func(r rune) bool { return r == '\n' || commas && r == ',' })
}

// choose takes an answer to a select: an option's value or label, a number, or
// else a part of a name to search for.
func (t *Talk) choose(field *hub.Field, answer string) Step {
	options := field.Options
	if field.Dynamic {
		options = t.Found
	}
	if option := pick(options, answer); option != nil {
		return t.accept(field, *option)
	}
	if action := t.numbered(answer); action != nil {
		return t.Press(action.Call.Encoded, time.Time{})
	}
	if field.Multi && strings.ContainsAny(answer, ",\n") && !field.Dynamic {
		return t.chooseAll(field, answer)
	}
	switch {
	case field.Dynamic:
		return Step{Kind: StepLookup, Field: field.Name, Query: answer}
	case len(options) <= fewOptions:
		return t.again("%s", noOption(field, options, answer))
	}
	t.Query, t.Found = answer, nil
	matches := matching(options, answer)
	if len(matches) == 0 {
		return t.again("%s", noOption(field, options, answer))
	}
	t.Found = slices.Clone(matches[:min(fewOptions, len(matches))])
	return Step{Kind: StepAsk}
}

// chooseAll takes several options at once.
func (t *Talk) chooseAll(field *hub.Field, answer string) Step {
	one := *field
	one.Required = false
	values, wrong := check(&one, parts(field, answer), time.Time{}, nil)
	if wrong != "" {
		return t.again("%s", wrong)
	}
	t.Query, t.Found = "", nil
	return t.add(field, values...)
}

// numbered is the action of the question that a person means by its number.
func (t *Talk) numbered(answer string) *hub.Action {
	answer = strings.TrimRight(answer, ".)")
	n := 0
	for _, r := range answer {
		if r < '0' || r > '9' || n > 99 {
			return nil
		}
		n = n*10 + int(r-'0')
	}
	if _, actions := t.Question(); n >= 1 && n <= len(actions) {
		return &actions[n-1]
	}
	return nil
}

// confirm takes an answer to the summary.
func (t *Talk) confirm(answer string) Step {
	if action := t.numbered(answer); action != nil {
		return t.Press(action.Call.Encoded, time.Time{})
	}
	if value := boolWords[strings.ToLower(answer)]; value == "true" || begins(answer, "ok") && len(answer) < 5 ||
		strings.EqualFold(answer, "send") || strings.EqualFold(answer, t.submit()) || strings.EqualFold(answer, "done") {
		return t.do(doSend)
	}
	for i := range t.Form.Fields {
		field := &t.Form.Fields[i]
		if strings.EqualFold(answer, label(field)) || fold(answer) == fold(field.Name) {
			t.Stage, t.Field = Asking, field.Name
			return Step{Kind: StepAsk}
		}
	}
	return t.again(`Write "%s" or "cancel", or the name of what you want to change.`, t.submit())
}

func (t *Talk) submit() string {
	if t.Form.Submit != "" {
		return t.Form.Submit
	}
	return "OK"
}
