package slacktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Block is what the look-alike reads of a block. It knows no other fields, and
// refuses them as Slack does:
// https://docs.slack.dev/reference/block-kit/blocks
type Block struct {
	Type           string            `json:"type"`
	BlockID        string            `json:"block_id,omitempty"`
	Text           *Text             `json:"text,omitempty"`
	Elements       []json.RawMessage `json:"elements,omitempty"` // texts of a context, else Elements
	ImageURL       string            `json:"image_url,omitempty"`
	SlackFile      *slackFile        `json:"slack_file,omitempty"`
	AltText        string            `json:"alt_text,omitempty"`
	Label          *Text             `json:"label,omitempty"`
	Hint           *Text             `json:"hint,omitempty"`
	Element        *Element          `json:"element,omitempty"`
	Optional       bool              `json:"optional,omitempty"`
	DispatchAction bool              `json:"dispatch_action,omitempty"`
}

// Text is a text object.
type Text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji,omitempty"`
	Verbatim bool   `json:"verbatim,omitempty"`
}

// Option is something to choose:
// https://docs.slack.dev/reference/block-kit/composition-objects/option-object
type Option struct {
	Text        *Text  `json:"text"`
	Value       string `json:"value"`
	Description *Text  `json:"description,omitempty"`
}

// OptionGroup is options under a label.
type OptionGroup struct {
	Label   *Text    `json:"label"`
	Options []Option `json:"options"`
}

// Element is something to press or fill in:
// https://docs.slack.dev/reference/block-kit/block-elements
type Element struct {
	Type                 string          `json:"type"`
	ActionID             string          `json:"action_id,omitempty"`
	Text                 *Text           `json:"text,omitempty"`
	Value                string          `json:"value,omitempty"`
	URL                  string          `json:"url,omitempty"`
	Style                string          `json:"style,omitempty"`
	Placeholder          *Text           `json:"placeholder,omitempty"`
	Options              []Option        `json:"options,omitempty"`
	OptionGroups         []OptionGroup   `json:"option_groups,omitempty"`
	InitialOption        *Option         `json:"initial_option,omitempty"`
	InitialOptions       []Option        `json:"initial_options,omitempty"`
	InitialUser          string          `json:"initial_user,omitempty"`
	InitialUsers         []string        `json:"initial_users,omitempty"`
	InitialConversation  string          `json:"initial_conversation,omitempty"`
	InitialConversations []string        `json:"initial_conversations,omitempty"`
	InitialValue         string          `json:"initial_value,omitempty"`
	InitialDate          string          `json:"initial_date,omitempty"`
	InitialDateTime      int64           `json:"initial_date_time,omitempty"`
	MinQueryLength       *int            `json:"min_query_length,omitempty"`
	Multiline            bool            `json:"multiline,omitempty"`
	MinLength            int             `json:"min_length,omitempty"`
	MaxLength            int             `json:"max_length,omitempty"`
	MaxFiles             int             `json:"max_files,omitempty"`
	IsDecimalAllowed     *bool           `json:"is_decimal_allowed,omitempty"`
	DispatchActionConfig json.RawMessage `json:"dispatch_action_config,omitempty"`
	Filter               json.RawMessage `json:"filter,omitempty"`
}

// strictly decodes JSON that may hold nothing unknown.
func strictly(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// texts are the text objects of a block.
func (b Block) texts() []Text {
	var all []Text
	if b.Type == "context" {
		for _, raw := range b.Elements {
			var t Text
			if json.Unmarshal(raw, &t) == nil {
				all = append(all, t)
			}
		}
	}
	return append(all, deref(b.Text)...)
}

// elements are what can be pressed in a block.
func (b Block) elements() []Element {
	if b.Type != "actions" {
		return nil
	}
	var all []Element
	for _, raw := range b.Elements {
		var e Element
		if json.Unmarshal(raw, &e) == nil {
			all = append(all, e)
		}
	}
	return all
}

// problem is what Slack says of a block; in a modal more kinds are taken.
func (b Block) problem(inModal bool) string {
	if len(b.BlockID) > 255 {
		return "block_id must be at most 255 characters"
	}
	switch b.Type {
	case "image":
		return b.imageProblem()
	case "section":
		if b.Text == nil {
			return "missing required field: text"
		}
		return textProblem(b.Text, 3000)
	case "context":
		texts := b.texts()
		if len(texts) == 0 || len(texts) > 10 {
			return "must have 1 to 10 elements"
		}
		for _, t := range texts {
			if p := textProblem(&t, 3000); p != "" {
				return p
			}
		}
		return ""
	case "actions":
		return b.actionsProblem()
	case "input":
		if !inModal {
			return "unsupported type: input"
		}
		return b.inputProblem()
	default:
		return "unsupported type: " + b.Type
	}
}

func (b Block) imageProblem() string {
	if n := utf8.RuneCountInString(b.AltText); n == 0 || n > 2000 {
		return "alt_text must be 1 to 2000 characters"
	}
	if utf8.RuneCountInString(b.ImageURL) > 3000 {
		return "image_url must be at most 3000 characters"
	}
	return ""
}

// actionsProblem: https://docs.slack.dev/reference/block-kit/blocks/actions-block
func (b Block) actionsProblem() string {
	if len(b.Elements) == 0 || len(b.Elements) > 25 {
		return "must have 1 to 25 elements"
	}
	seen := map[string]bool{}
	for _, raw := range b.Elements {
		var e Element
		if err := strictly(raw, &e); err != nil {
			return err.Error()
		}
		if !slices.Contains([]string{"button", "static_select", "overflow"}, e.Type) {
			return "unsupported element in actions: " + e.Type
		}
		if p := e.problem(); p != "" {
			return p
		}
		if seen[e.ActionID] {
			return fmt.Sprintf("`action_id` %q already exists for another element", e.ActionID)
		}
		seen[e.ActionID] = true
	}
	return ""
}

// inputProblem: https://docs.slack.dev/reference/block-kit/blocks/input-block
func (b Block) inputProblem() string {
	if b.Element == nil {
		return "missing required field: element"
	}
	if b.Label == nil || b.Label.Type != "plain_text" {
		return "label must be a plain_text"
	}
	if p := textProblem(b.Label, 2000); p != "" {
		return p
	}
	if b.Hint != nil {
		if p := textProblem(b.Hint, 2000); p != "" {
			return p
		}
	}
	if slices.Contains([]string{"button", "overflow"}, b.Element.Type) {
		return "unsupported element in input: " + b.Element.Type
	}
	if b.DispatchAction && b.Element.Type == "file_input" {
		return "file_input dispatches no action"
	}
	return b.Element.problem()
}

func textProblem(t *Text, most int) string {
	if n := utf8.RuneCountInString(t.Text); n == 0 || n > most {
		return fmt.Sprintf("must be 1 to %d characters", most)
	}
	if t.Type != "plain_text" && t.Type != "mrkdwn" {
		return "unsupported text type: " + t.Type
	}
	return ""
}

func (e *Element) problem() string {
	if e.ActionID == "" || len(e.ActionID) > 255 {
		return "action_id must be 1 to 255 characters"
	}
	if e.Placeholder != nil {
		if p := textProblem(e.Placeholder, 150); p != "" || e.Placeholder.Type != "plain_text" {
			return "placeholder: " + p
		}
	}
	switch e.Type {
	case "button":
		return e.buttonProblem()
	case "static_select", "multi_static_select", "overflow", "checkboxes":
		return e.choiceProblem()
	case "external_select", "multi_external_select":
		if len(e.Options)+len(e.OptionGroups) > 0 {
			return "an external select has no options"
		}
		return ""
	case "plain_text_input":
		return e.inputProblem()
	case "datepicker":
		if _, err := time.Parse(time.DateOnly, e.InitialDate); err != nil && e.InitialDate != "" {
			return "initial_date must be YYYY-MM-DD"
		}
		return ""
	case "datetimepicker":
		if e.InitialDateTime != 0 && len(fmt.Sprint(e.InitialDateTime)) != 10 {
			return "initial_date_time must be 10 digits"
		}
		return ""
	case "file_input":
		if e.MaxFiles < 1 || e.MaxFiles > 10 {
			return "max_files must be 1 to 10"
		}
		return ""
	case "number_input":
		if e.IsDecimalAllowed == nil {
			return "missing required field: is_decimal_allowed"
		}
		return ""
	case "email_text_input", "url_text_input", "users_select", "multi_users_select", "conversations_select", "multi_conversations_select":
		return ""
	default:
		return "unsupported element: " + e.Type
	}
}

// buttonProblem: https://docs.slack.dev/reference/block-kit/block-elements/button-element
func (e *Element) buttonProblem() string {
	if e.Text == nil || e.Text.Type != "plain_text" {
		return "a button's text must be a plain_text"
	}
	if p := textProblem(e.Text, 75); p != "" {
		return p
	}
	if utf8.RuneCountInString(e.Value) > 2000 {
		return "value must be at most 2000 characters"
	}
	if !slices.Contains([]string{"", "primary", "danger"}, e.Style) {
		return "style must be primary or danger"
	}
	if e.URL != "" {
		u, err := url.Parse(e.URL)
		if err != nil || u.Host == "" && u.Scheme != "mailto" || len(e.URL) > 3000 {
			return "url must be a valid URL of at most 3000 characters"
		}
	}
	return ""
}

func (e *Element) inputProblem() string {
	switch {
	case e.MinLength < 0 || e.MinLength > 3000:
		return "min_length must be 0 to 3000"
	case e.MaxLength < 0 || e.MaxLength > 3000 || e.MaxLength != 0 && e.MaxLength < e.MinLength:
		return "max_length must be 1 to 3000, and not below min_length"
	case utf8.RuneCountInString(e.InitialValue) > 3000:
		return "initial_value must be at most 3000 characters"
	}
	return ""
}

// choiceProblem: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
func (e *Element) choiceProblem() string {
	most := map[string]int{"overflow": 5, "checkboxes": 10}[e.Type]
	if most == 0 {
		most = 100
	}
	groups := []OptionGroup{{Options: e.Options}}
	if len(e.OptionGroups) > 0 {
		if len(e.Options) > 0 || len(e.OptionGroups) > 100 {
			return "options or 1 to 100 option_groups"
		}
		groups = e.OptionGroups
	}
	for _, g := range groups {
		if len(g.Options) == 0 || len(g.Options) > most {
			return fmt.Sprintf("must have 1 to %d options", most)
		}
		if g.Label != nil && textProblem(g.Label, 75) != "" {
			return "label of a group: " + textProblem(g.Label, 75)
		}
		for _, o := range g.Options {
			if p := o.problem(); p != "" {
				return p
			}
		}
	}
	for _, o := range append(e.InitialOptions, derefOption(e.InitialOption)...) {
		if !slices.ContainsFunc(e.all(), func(known Option) bool { return known.same(o) }) {
			return "initial_option must be one of the options"
		}
	}
	return ""
}

func (o Option) problem() string {
	if o.Text == nil {
		return "missing required field: text"
	}
	if p := textProblem(o.Text, 75); p != "" {
		return p
	}
	if n := utf8.RuneCountInString(o.Value); n == 0 || n > 150 {
		return "value must be 1 to 150 characters"
	}
	if o.Description != nil {
		return textProblem(o.Description, 75)
	}
	return ""
}

func (o Option) same(other Option) bool {
	return o.Value == other.Value && o.Text.Text == other.Text.Text
}

// all are an element's options, of all groups.
func (e *Element) all() []Option {
	all := slices.Clone(e.Options)
	for _, g := range e.OptionGroups {
		all = append(all, g.Options...)
	}
	return all
}

func derefOption(o *Option) []Option {
	if o == nil {
		return nil
	}
	return []Option{*o}
}

// fieldName is the field that a block of ours holds: Bellhop calls a block as
// the field, and marks one that replaced another behind a "~".
func fieldName(block string) string {
	name, _, _ := strings.Cut(block, "~")
	return name
}
