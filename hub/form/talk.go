package form

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Talk is a form that is asked for in a conversation, question by question. It
// is the whole state: it survives as JSON between two answers.
//
// Question is what to show. The answer goes to Take if it was written, and to
// Press if an action of the question was pressed; both tell by a Step what
// follows. Where that is a lookup or a refresh the caller asks the app, and goes
// on with Offer or Replace.
type Talk struct {
	Form   hub.Form   `json:"form"`
	Values hub.Values `json:"values"`
	Stage  Stage      `json:"stage"`
	Field  string     `json:"field,omitempty"` // that is being asked for
	Asked  []string   `json:"asked,omitempty"` // answered or skipped, in this order
	Given  []string   `json:"given,omitempty"` // known before
	All    bool       `json:"all,omitempty"`   // optional fields are asked for, too
	// Refused are fields whose value the app did not take.
	Refused []string `json:"refused,omitempty"`
	// Wrong is what is wrong with the last answer, in a sentence. Question begins
	// with it.
	Wrong string       `json:"wrong,omitempty"`
	Query string       `json:"query,omitempty"` // what was searched for
	Found []hub.Option `json:"found,omitempty"` // what matches Query
	// Labels are those of options that are not in the form, by field=value.
	Labels map[string]string `json:"labels,omitempty"`
}

// Stage is how far a Talk has come.
type Stage string

// The stages.
const (
	Asking      Stage = "asking"
	Summing     Stage = "summary"   // all is answered, and awaits a yes
	Finished    Stage = "done"      // Values can be used
	CalledItOff Stage = "cancelled" // by the person
)

// Step is what follows an answer.
type Step struct {
	Kind StepKind
	// Text is what is wrong with the answer, for StepAgain. Question says it, too.
	Text string
	// Field is whose options are to be looked up and Query what they have to match,
	// for StepLookup, or the field that has changed, for StepRefresh.
	Field, Query string
}

// StepKind is a kind of Step.
type StepKind string

// The steps.
const (
	StepAsk       StepKind = "ask"       // show Question
	StepAgain     StepKind = "again"     // show Question: the answer was not understood
	StepLookup    StepKind = "lookup"    // ask the app for options, and go on with Offer
	StepRefresh   StepKind = "refresh"   // ask the app for the form, and go on with Replace
	StepDone      StepKind = "done"      // run the command with Values
	StepCancelled StepKind = "cancelled" // tell the app, and say so
)

// Begin begins a conversation about what f still needs to know beside v. It asks
// for required fields that have no value; all is that the person opened the form
// to see it, and is asked for every field that v does not give. v has been
// validated. If nothing is to be asked, the Stage is Finished.
func Begin(f hub.Form, v hub.Values, all bool) Talk {
	t := Talk{Form: f, Values: v.Clone(), All: all}
	t.Form.Token = ""
	for _, field := range f.Fields {
		_, emptied := v[field.Name]
		if v.Has(field.Name) || emptied && !field.Required {
			t.Given = append(t.Given, field.Name)
		}
	}
	t.fill()
	t.advance()
	return t
}

// fill gives fields that nobody has answered what they hold to begin with.
func (t *Talk) fill() {
	for i := range t.Form.Fields {
		field := &t.Form.Fields[i]
		if t.answered(field.Name) {
			continue
		}
		delete(t.Values, field.Name)
		if len(field.Value) > 0 {
			t.Values[field.Name] = slices.Clone(field.Value)
		}
	}
}

// answered reports whether the person has said what a field holds, or that it is
// to hold nothing.
func (t *Talk) answered(name string) bool {
	return slices.Contains(t.Asked, name) || slices.Contains(t.Given, name)
}

// wants reports whether a field is still to be asked for.
func (t *Talk) wants(field *hub.Field) bool {
	due := t.All || field.Required && !t.Values.Has(field.Name) || slices.Contains(t.Refused, field.Name)
	return due && !t.answered(field.Name)
}

// Reopen asks again for fields in which the app found fault, when all was
// answered: text says what of it, and wrong what of each field. ok is false if
// none of them is in the form, and then nothing has changed.
func (t *Talk) Reopen(text string, wrong map[string]string) (ok bool) {
	said := []string{text}
	for i := range t.Form.Fields {
		field := &t.Form.Fields[i]
		reason, refused := wrong[field.Name]
		if !refused {
			continue
		}
		said = append(said, fmt.Sprintf("%s: %s.", label(field), strings.TrimSuffix(reason, ".")))
		t.Refused = append(t.Refused, field.Name)
		is := func(name string) bool { return name == field.Name }
		t.Asked, t.Given = slices.DeleteFunc(t.Asked, is), slices.DeleteFunc(t.Given, is)
		delete(t.Values, field.Name)
	}
	if len(said) == 1 {
		return false
	}
	t.advance()
	t.Wrong = strings.TrimSpace(strings.Join(said, " "))
	return true
}

// advance goes to the next question, the summary or the end.
func (t *Talk) advance() Step {
	t.Field, t.Query, t.Found = "", "", nil
	for i := range t.Form.Fields {
		if field := &t.Form.Fields[i]; t.wants(field) {
			t.Stage, t.Field = Asking, field.Name
			return Step{Kind: StepAsk}
		}
	}
	if len(t.Asked) > 1 {
		t.Stage = Summing
		return Step{Kind: StepAsk}
	}
	t.Stage = Finished
	return Step{Kind: StepDone}
}

// Over reports whether nothing more is asked.
func (t *Talk) Over() bool { return t.Stage == Finished || t.Stage == CalledItOff }

// Wants is the dynamic field that is being asked for while nothing was searched
// yet, "" if there is none. The caller may look up what it has for an empty query
// and Offer it, so that the first question shows something to choose.
func (t *Talk) Wants() string {
	if field := t.field(); field != nil && field.Dynamic && t.Query == "" && len(t.Found) == 0 {
		return field.Name
	}
	return ""
}

// field is what is being asked for, nil if nothing is.
func (t *Talk) field() *hub.Field {
	if t.Stage != Asking {
		return nil
	}
	return t.Form.Field(t.Field)
}

// Replace goes on with another form, which the app gave since a field with
// Refresh has changed. Answers are kept where they still fit: a field that is
// gone is forgotten, and a choice that is no longer offered is asked for again.
func (t *Talk) Replace(f hub.Form) Step {
	if t.Stage == CalledItOff {
		return t.ended()
	}
	f.Token = ""
	t.Form, t.Wrong = f, ""
	keeps := func(name string) bool {
		field := f.Field(name)
		return field != nil && t.fits(field)
	}
	t.Asked = slices.DeleteFunc(t.Asked, func(name string) bool { return !keeps(name) })
	t.Given = slices.DeleteFunc(t.Given, func(name string) bool { return !keeps(name) })
	maps.DeleteFunc(t.Values, func(name string, _ []string) bool { return !t.answered(name) })
	t.fill()
	return t.advance()
}

// fits reports whether what a field holds can still be chosen. What depends on
// the day is checked when the command is run.
func (t *Talk) fits(field *hub.Field) bool {
	values := t.Values[field.Name]
	if len(values) > 1 && !field.Multi {
		return false
	}
	if field.Type != hub.FieldSelect || field.Dynamic {
		return true
	}
	return !slices.ContainsFunc(values, func(value string) bool {
		return value != "" && !slices.ContainsFunc(field.Options, func(o hub.Option) bool { return o.Value == value })
	})
}

// Offer shows the options of the dynamic field that is being asked for which the
// app found for query, the best first. One that is called exactly so is taken.
func (t *Talk) Offer(query string, options []hub.Option) Step {
	field := t.field()
	if field == nil || !field.Dynamic {
		return t.ended()
	}
	t.Wrong, t.Query, t.Found = "", query, nil
	if option := pick(options, query); option != nil && query != "" {
		return t.accept(field, *option)
	}
	if len(options) == 0 && query != "" {
		return t.again(`Nothing is called "%s". Try another part of the name.`, short(query))
	}
	t.Found = slices.Clone(options[:min(fewOptions, len(options))])
	return Step{Kind: StepAsk}
}

// ended is the step where nothing is asked that an answer could be for.
func (t *Talk) ended() Step {
	switch t.Stage {
	case Finished:
		return Step{Kind: StepDone}
	case CalledItOff:
		return Step{Kind: StepCancelled}
	}
	return Step{Kind: StepAsk}
}

// again asks the same once more.
func (t *Talk) again(format string, args ...any) Step {
	t.Wrong = fmt.Sprintf(format, args...)
	return Step{Kind: StepAgain, Text: t.Wrong}
}

// answer is the end of a question, whose answer is in Values.
func (t *Talk) answer(field *hub.Field, changed bool) Step {
	t.Asked = slices.DeleteFunc(t.Asked, func(name string) bool { return name == field.Name })
	t.Asked = append(t.Asked, field.Name)
	step := t.advance()
	if field.Refresh && changed {
		return Step{Kind: StepRefresh, Field: field.Name}
	}
	return step
}

// set is the answer to a question that takes one value.
func (t *Talk) set(field *hub.Field, value string) Step {
	changed := !slices.Equal(t.Values[field.Name], []string{value})
	t.Values[field.Name] = []string{value}
	return t.answer(field, changed)
}

// accept takes an option: as the answer, or as one of several, where naming it
// again takes it away.
func (t *Talk) accept(field *hub.Field, option hub.Option) Step {
	if field.Dynamic && option.Label != "" && option.Label != option.Value {
		if t.Labels == nil {
			t.Labels = map[string]string{}
		}
		t.Labels[field.Name+"="+option.Value] = option.Label
	}
	if !field.Multi {
		return t.set(field, option.Value)
	}
	t.Query, t.Found = "", nil
	have := t.Values[field.Name]
	if i := slices.Index(have, option.Value); i >= 0 {
		t.Values.Set(field.Name, slices.Delete(slices.Clone(have), i, i+1)...)
		return Step{Kind: StepAsk}
	}
	return t.add(field, option.Value)
}

// add adds values to a field that takes several.
func (t *Talk) add(field *hub.Field, values ...string) Step {
	for _, value := range values {
		if !slices.Contains(t.Values[field.Name], value) {
			t.Values[field.Name] = append(t.Values[field.Name], value)
		}
	}
	if have := t.Values[field.Name]; len(have) > MaxValues {
		t.Values[field.Name] = have[:MaxValues]
		return t.again("At most %d values.", MaxValues)
	}
	return Step{Kind: StepAsk}
}
