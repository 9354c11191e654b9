package form

import (
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// What an answer does that is no value.
const (
	doSkip   = "skip" // the field stays as it is
	doBack   = "back"
	doCancel = "cancel"
	doDone   = "done" // enough of several values
	doClear  = "clear"
	doSend   = "send" // the summary is right
)

// doKey is the key of an action's Encoded that holds one of these.
const doKey = "_do"

// control is what a word does, "" if it is none of those that a person may write.
func control(answer string) string {
	word := strings.ToLower(strings.TrimLeft(answer, "/!"))
	switch word {
	case doSkip, doBack, doCancel, doDone, doClear:
		return word
	case "keep":
		return doSkip
	}
	return ""
}

// unquote takes away quotes around a text.
func unquote(text string) string {
	s := scanner{line: text}
	if w, ok, err := s.next(); ok && err == nil && w.quoted && w.plain == 0 && w.to == len(text) {
		return w.text
	}
	return ""
}

// press makes an action of a question. What it does is in its Call: the caller
// adds what finds the conversation again, and gives Encoded to Press.
func (t *Talk) press(label, style, do, value string) hub.Action {
	encoded := hub.Values{}
	if t.Field != "" {
		encoded.Set(hub.LookupField, t.Field)
	}
	if do != "" {
		encoded.Set(doKey, do)
	} else {
		encoded.Set(hub.ChosenValue, value)
	}
	return hub.Action{Label: label, Style: style, Call: &hub.Call{Kind: hub.KindSubmit, Encoded: encoded}}
}

// Press takes what an action of a question holds: Encoded of its Call. An action
// of an earlier question changes nothing.
func (t *Talk) Press(encoded hub.Values, now time.Time) Step {
	if t.Over() {
		return t.ended()
	}
	t.Wrong = ""
	do := encoded.Get(doKey)
	if do == doCancel {
		return t.do(do)
	}
	if encoded.Get(hub.LookupField) != t.Field {
		return t.again("That question was answered before. Here is where we are:")
	}
	if do != "" {
		return t.do(do)
	}
	field, value := t.field(), encoded.Get(hub.ChosenValue)
	switch {
	case field == nil:
		return t.again("That question was answered before. Here is where we are:")
	case field.Type != hub.FieldSelect:
		values, wrong := check(field, []string{value}, now, nil)
		if wrong != "" || len(values) == 0 {
			return t.again("I need an answer: %s.", expected(field))
		}
		return t.set(field, values[0])
	}
	is := func(o hub.Option) bool { return o.Value == value }
	for _, options := range [][]hub.Option{field.Options, t.Found} {
		if i := slices.IndexFunc(options, is); i >= 0 {
			return t.accept(field, options[i])
		}
	}
	if field.Dynamic && value != "" { // found, but another search came between
		return Step{Kind: StepLookup, Field: field.Name, Query: value}
	}
	return t.again("%s", noOption(field, field.Options, value))
}

// do does what an answer says that is no value.
func (t *Talk) do(what string) Step {
	switch what {
	case doCancel:
		t.Stage, t.Field, t.Found, t.Query = CalledItOff, "", nil, ""
		return Step{Kind: StepCancelled}
	case doBack:
		return t.back()
	}
	if t.Stage == Summing {
		if what == doSend || what == doDone {
			t.Stage = Finished
			return Step{Kind: StepDone}
		}
		return t.again(`Write "%s" or "cancel", or the name of what you want to change.`, t.submit())
	}
	field := t.field()
	switch {
	case field == nil:
		return t.advance()
	case what != doClear && what != doSkip && what != doDone:
		return t.again("I need an answer: %s.", expected(field))
	case what == doClear:
		if field.Required && !field.Multi {
			return t.again("This is required.")
		}
		changed := t.Values.Has(field.Name)
		t.Values[field.Name] = []string{""}
		if field.Multi {
			delete(t.Values, field.Name)
			return Step{Kind: StepAsk}
		}
		return t.answer(field, changed)
	case field.Required && !t.Values.Has(field.Name):
		return t.again(`This is required. If "%s" is your answer, write it in quotes.`, what)
	}
	return t.answer(field, field.Multi)
}

// back returns to the question before.
func (t *Talk) back() Step {
	at := len(t.Asked) - 1
	if t.Stage == Asking {
		if i := slices.Index(t.Asked, t.Field); i >= 0 {
			at = i - 1 // it was asked before
		}
	}
	if at < 0 {
		return t.again("This is the first question.")
	}
	t.Stage, t.Query, t.Found = Asking, "", nil
	t.Field = t.Asked[at]
	return Step{Kind: StepAsk}
}
