package form

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Question is what to show: a text in CommonMark and what can be pressed below
// it. Where nothing can be pressed the actions are counted from 1, and Take knows
// the numbers. What an action does is in Encoded of its Call: see Press.
func (t *Talk) Question() (text string, actions []hub.Action) {
	switch t.Stage {
	case Finished:
		return t.summary(), nil
	case CalledItOff:
		return "Cancelled.", nil
	}
	var lines []string
	if t.Wrong != "" {
		lines = append(lines, escape(t.Wrong), "")
	}
	field := t.field()
	if field == nil {
		lines = append(lines, t.summary(), "", fmt.Sprintf(`Write "%s" if that is right, "back" or "cancel", or the name of what you want to change.`, escape(t.submit())))
		return strings.Join(lines, "\n"), []hub.Action{
			t.press(t.submit(), "primary", doSend, ""),
			t.press("Cancel", "", doCancel, ""),
		}
	}
	if len(t.Asked) == 0 && t.Wrong == "" && t.Query == "" {
		lines = append(lines, t.heading()...)
	}
	lines = append(lines, t.ask(field)...)
	return strings.Join(lines, "\n"), t.actions(field)
}

// heading stands above the first question.
func (t *Talk) heading() (lines []string) {
	if t.Form.Title != "" {
		lines = append(lines, "**"+escape(t.Form.Title)+"**", "")
	}
	if t.Form.Text != "" {
		lines = append(lines, t.Form.Text, "")
	}
	return lines
}

// ask is the question itself, a paragraph or two.
func (t *Talk) ask(field *hub.Field) []string {
	title := "**" + escape(label(field)) + "**"
	if n, of := t.count(); of > 1 {
		title += fmt.Sprintf(" (%d of %d)", n, of)
	}
	lines := []string{title, ""}
	if field.Description != "" {
		lines = append(lines, escape(field.Description), "")
	}
	lines = append(lines, t.want(field))
	lines = append(lines, t.notes(field)...)
	if now := shown(t.labelled(field), t.Values[field.Name]); now != "" {
		lines = append(lines, "", "So far: "+escape(short(now))+".")
	}
	return append(lines, "", t.words(field))
}

// notes are what is to be said of the choices.
func (t *Talk) notes(field *hub.Field) (lines []string) {
	for _, option := range t.choices(field) {
		if option.Note == "" {
			continue
		}
		if len(lines) == 0 {
			lines = append(lines, "")
		}
		lines = append(lines, "- "+escape(optionLabel(option))+": "+escape(option.Note))
	}
	return lines
}

// want says what an answer is.
func (t *Talk) want(field *hub.Field) string {
	switch field.Type {
	case hub.FieldBool:
		return "Yes or no?"
	case hub.FieldSelect:
		return t.wantChoice(field)
	}
	want := "Please write " + escape(expected(field))
	if size := sizes(field); size != "" {
		want += " (" + size + ")"
	}
	want += "."
	if field.Hint != "" {
		want += " For example: " + escape(field.Hint)
	}
	if field.Multi {
		want += ` You can give several; write "done" after the last.`
	}
	if field.Subtype == hub.TextPassword {
		want += " Whoever reads this chat can read it."
	}
	return want
}

func (t *Talk) wantChoice(field *hub.Field) string {
	want := "Please choose."
	switch found := len(t.Found); {
	case found > 0 && t.Query != "":
		want = fmt.Sprintf(`This matches "%s". Choose, or write another part of the name.`, escape(short(t.Query)))
	case found > 0:
		want = "Please choose, or write a part of the name to search for more."
	case field.Dynamic || len(field.Options) > fewOptions:
		want = "Please write the name, or a part of it to search."
	}
	if field.Multi {
		want += ` You can choose several; write "done" after the last.`
	}
	return want
}

// words says what else can be written.
func (t *Talk) words(field *hub.Field) string {
	var words []string
	switch {
	case t.Values.Has(field.Name) && !field.Multi:
		words = append(words, `"keep" to leave it so`)
	case !field.Required:
		words = append(words, `"skip" to leave it out`)
	}
	if t.Values.Has(field.Name) && !field.Required {
		words = append(words, `"clear" to empty it`)
	}
	if len(t.Asked) > 0 {
		words = append(words, `"back"`)
	}
	return "Or write " + or(append(words, `"cancel"`)) + "."
}

// count is the number of the question, and of how many as far as is known.
func (t *Talk) count() (n, of int) {
	if n = slices.Index(t.Asked, t.Field) + 1; n == 0 {
		n = len(t.Asked) + 1
	}
	of = len(t.Asked)
	for i := range t.Form.Fields {
		if t.wants(&t.Form.Fields[i]) {
			of++
		}
	}
	return n, max(n, of)
}

// choices are the options that are shown.
func (t *Talk) choices(field *hub.Field) []hub.Option {
	options := t.Found
	if field.Type == hub.FieldSelect && !field.Dynamic && len(field.Options) <= fewOptions {
		options = field.Options
	}
	if !field.Multi {
		return options
	}
	return slices.DeleteFunc(slices.Clone(options), func(o hub.Option) bool {
		return slices.Contains(t.Values[field.Name], o.Value)
	})
}

// actions are what can be pressed: the choices, and how to go on without one.
func (t *Talk) actions(field *hub.Field) []hub.Action {
	var actions []hub.Action
	if field.Type == hub.FieldBool {
		actions = append(actions, t.press("Yes", "", "", "true"), t.press("No", "", "", "false"))
	}
	for _, option := range t.choices(field) {
		actions = append(actions, t.press(optionLabel(option), "", "", option.Value))
	}
	has := t.Values.Has(field.Name)
	switch {
	case field.Multi && has:
		actions = append(actions, t.press("Done", "primary", doDone, ""))
	case has:
		actions = append(actions, t.press("Keep", "", doSkip, ""))
	case !field.Required:
		actions = append(actions, t.press("Skip", "", doSkip, ""))
	}
	return append(actions, t.press("Cancel", "", doCancel, ""))
}

// labelled is a field with the labels of what was found for it.
func (t *Talk) labelled(field *hub.Field) *hub.Field {
	if !field.Dynamic || len(t.Labels) == 0 {
		return field
	}
	with := *field
	with.Options = slices.Clone(field.Options)
	for _, value := range t.Values[field.Name] {
		if label := t.Labels[field.Name+"="+value]; label != "" {
			with.Options = append(with.Options, hub.Option{Label: label, Value: value})
		}
	}
	return &with
}

// summary is what the form holds, a line for each field that has a value.
func (t *Talk) summary() string {
	var lines []string
	if t.Form.Title != "" {
		lines = append(lines, "**"+escape(t.Form.Title)+"**", "")
	}
	for i := range t.Form.Fields {
		field := &t.Form.Fields[i]
		if now := shown(t.labelled(field), t.Values[field.Name]); now != "" {
			lines = append(lines, "- "+escape(label(field))+": "+escape(summed(now)))
		}
	}
	if len(lines) == 0 {
		return "Nothing was chosen."
	}
	return strings.Join(lines, "\n")
}

// summed is a value cut for the summary.
func summed(text string) string {
	const most = 200
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
