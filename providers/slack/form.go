package slack

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Bounds of a modal: https://docs.slack.dev/reference/views/modal-views
// and of what is in it: https://docs.slack.dev/reference/block-kit/blocks/input-block
// https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
const (
	titleLimit   = 24
	labelLimit   = 2_000
	inputLimit   = 3_000
	mostInputs   = 90 // of 100 blocks
	introLimit   = 6_000
	introBlocks  = 6
	mostFiles    = 10
	elementInput = "value" // the id of the element in each field's block
	callbackName = "bellhop"
)

// sheetOf is a form as a modal. open is the modal that it takes the place of,
// nil for none, and held what that holds.
func sheetOf(f *hub.Form, metadata string, open map[string]int, held hub.Values) slack.ModalViewRequest {
	view := slack.ModalViewRequest{
		Type:            slack.VTModal,
		Title:           plainText(f.Title, titleLimit, "Bellhop"),
		Submit:          plainText(f.Submit, titleLimit, "OK"),
		Close:           plainText("Cancel", titleLimit, "Cancel"),
		PrivateMetadata: metadata,
		CallbackID:      callbackName,
		NotifyOnClose:   true,
	}
	blocks := intro(f)
	inputs := 0
	for _, field := range f.Fields {
		if inputs == mostInputs {
			break
		}
		generation, was := open[field.Name]
		if was && !holdsSame(field.Type, held[field.Name], field.Value) {
			generation++
		}
		if b := fieldBlock(&field, generation); b != nil {
			blocks = append(blocks, b)
			inputs++
		}
	}
	if len(blocks) == 0 {
		blocks = append(blocks, slack.NewSectionBlock(verbatim(mrkdwn{}.Text(cmp.Or(f.Title, "OK?"))), nil, nil))
	}
	view.Blocks.BlockSet = blocks
	return view
}

// intro is what stands above the fields: a title that does not fit above, and
// the text.
func intro(f *hub.Form) []slack.Block {
	s := sheet{left: introLimit}
	if unit.Len(f.Title) > titleLimit {
		s.section(mrkdwn{}.Strong(mrkdwn{}.Text(providers.Label(f.Title, providers.TitleLimit, unit))))
	}
	s.text(providers.Parse(f.Text), 0)
	return s.blocks[:min(len(s.blocks), introBlocks)]
}

// fieldBlock is a field with its name above it. A select with nothing to choose
// from is none for Slack: it is told in words.
func fieldBlock(f *hub.Field, generation int) slack.Block {
	label := cmp.Or(f.Label, f.Name)
	e := fieldElement(f)
	if e == nil {
		text := providers.Label(label, labelLimit, unit) + ": there is nothing to choose from"
		return slack.NewContextBlock(blockOf(f.Name, generation), verbatim(mrkdwn{}.Text(text)))
	}
	b := slack.NewInputBlock(blockOf(f.Name, generation), plainText(label, labelLimit, f.Name), nil, e)
	if f.Description != "" {
		b.Hint = plainText(f.Description, labelLimit, label)
	}
	b.Optional = !f.Required || f.Type == hub.FieldBool // a box that must be ticked is no question
	b.DispatchAction = f.Refresh && f.Type != hub.FieldFile
	return b
}

func fieldElement(f *hub.Field) slack.BlockElement {
	switch f.Type {
	case hub.FieldSelect:
		return selectElement(f)
	case hub.FieldUser:
		return usersElement(f)
	case hub.FieldChannel:
		return channelsElement(f)
	case hub.FieldBool:
		e := slack.NewCheckboxGroupsBlockElement(elementInput, optionOf(hub.Option{Label: cmp.Or(f.Hint, "Yes"), Value: "true"}))
		if isTrue(f.Value) {
			e.InitialOptions = e.Options
		}
		return e
	case hub.FieldDate:
		e := slack.NewDatePickerBlockElement(elementInput)
		e.Placeholder = placeholder(f)
		if v := first(f.Value); isDate(v) {
			e.InitialDate = v
		}
		return e
	case hub.FieldDatetime:
		e := slack.NewDateTimePickerBlockElement(elementInput)
		if at, err := time.Parse(time.RFC3339, first(f.Value)); err == nil {
			e.InitialDateTime = at.Unix()
		}
		return e
	case hub.FieldFile:
		e := slack.NewFileInputBlockElement(elementInput).WithMaxFiles(1)
		if f.Multi {
			e.MaxFiles = mostFiles
		}
		return e
	default:
		return textElement(f)
	}
}

// textElement is where something is written. Slack has no field that hides what
// is typed.
func textElement(f *hub.Field) slack.BlockElement {
	value := first(f.Value)
	switch f.Subtype {
	case hub.TextNumber:
		e := slack.NewNumberInputBlockElement(placeholder(f), elementInput, true)
		e.DispatchActionConfig = dispatch(f)
		if _, err := strconv.ParseFloat(value, 64); err == nil {
			e.InitialValue = value
		}
		return e
	case hub.TextEmail:
		e := slack.NewEmailTextInputBlockElement(placeholder(f), elementInput)
		e.InitialValue, e.DispatchActionConfig = value, dispatch(f)
		return e
	case hub.TextURL:
		e := slack.NewURLTextInputBlockElement(placeholder(f), elementInput)
		e.InitialValue, e.DispatchActionConfig = value, dispatch(f)
		return e
	}
	e := slack.NewPlainTextInputBlockElement(placeholder(f), elementInput)
	e.Multiline = f.Type == hub.FieldMarkdown || f.Subtype == hub.TextLines
	e.InitialValue, _ = providers.CutText(value, inputLimit, unit)
	e.MinLength = min(max(f.Min, 0), inputLimit)
	if f.Max > 0 {
		e.MaxLength = max(min(f.Max, inputLimit), e.MinLength)
	}
	e.DispatchActionConfig = dispatch(f)
	return e
}

// dispatch says when a text that is to be refreshed tells of itself.
func dispatch(f *hub.Field) *slack.DispatchActionConfig {
	if !f.Refresh {
		return nil
	}
	return &slack.DispatchActionConfig{TriggerActionsOn: []string{"on_enter_pressed"}}
}

// selectElement is a menu, of whose options Slack asks us where they are dynamic.
func selectElement(f *hub.Field) slack.BlockElement {
	all := optionsOf(f.Options)
	if len(all) == 0 && !f.Dynamic {
		return nil
	}
	initial := chosen(f, all)
	least := 0
	if f.Multi {
		e := &slack.MultiSelectBlockElement{Type: slack.MultiOptTypeStatic, ActionID: elementInput, Placeholder: placeholder(f), InitialOptions: initial}
		if f.Dynamic {
			e.Type, e.MinQueryLength = slack.MultiOptTypeExternal, &least
		} else {
			e.Options, e.OptionGroups = grouped(all)
		}
		return e
	}
	e := &slack.SelectBlockElement{Type: slack.OptTypeStatic, ActionID: elementInput, Placeholder: placeholder(f)}
	if len(initial) > 0 {
		e.InitialOption = initial[0]
	}
	if f.Dynamic {
		e.Type, e.MinQueryLength = slack.OptTypeExternal, &least
	} else {
		e.Options, e.OptionGroups = grouped(all)
	}
	return e
}

// chosen are the options that a select holds to begin with. Of a dynamic one
// they need not be among those that the form knows.
func chosen(f *hub.Field, all []*slack.OptionBlockObject) []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, value := range filled(f.Value) {
		i := slices.IndexFunc(all, func(o *slack.OptionBlockObject) bool { return o.Value == value })
		switch {
		case i >= 0:
			out = append(out, all[i])
		case f.Dynamic && unit.Len(value) <= valueLimit:
			out = append(out, optionOf(hub.Option{Label: value, Value: value}))
		}
	}
	return out
}

func usersElement(f *hub.Field) slack.BlockElement {
	if f.Multi {
		return &slack.MultiSelectBlockElement{
			Type: slack.MultiOptTypeUser, ActionID: elementInput, Placeholder: placeholder(f), InitialUsers: filled(f.Value),
		}
	}
	return &slack.SelectBlockElement{Type: slack.OptTypeUser, ActionID: elementInput, Placeholder: placeholder(f), InitialUser: first(f.Value)}
}

func channelsElement(f *hub.Field) slack.BlockElement {
	filter := &slack.SelectBlockElementFilter{Include: []string{"public", "private"}, ExcludeBotUsers: true}
	if f.Multi {
		return &slack.MultiSelectBlockElement{
			Type: slack.MultiOptTypeConversations, ActionID: elementInput, Placeholder: placeholder(f),
			InitialConversations: filled(f.Value), Filter: filter,
		}
	}
	return &slack.SelectBlockElement{
		Type: slack.OptTypeConversations, ActionID: elementInput, Placeholder: placeholder(f),
		InitialConversation: first(f.Value), Filter: filter,
	}
}

func placeholder(f *hub.Field) *slack.TextBlockObject {
	if providers.Label(f.Hint, placeholderLimit, unit) == "" {
		return nil
	}
	return plainText(f.Hint, placeholderLimit, "")
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
