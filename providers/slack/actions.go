package slack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// What the ids of our elements under messages begin with. An id stands once in a
// message; the token of a button is its value, that of a select a part of its
// id, since its value is what was chosen.
const (
	actionButton = "button/" // and a number
	actionSelect = "select/" // and the token
	actionLink   = "link/"   // and a number
	actionForm   = "form"    // opens a form whose time was over
)

// Bounds of elements. A button: https://docs.slack.dev/reference/block-kit/block-elements/button-element
// A select: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
// Their options: https://docs.slack.dev/reference/block-kit/composition-objects/option-object
const (
	buttonLimit      = 75
	urlLimit         = 3_000
	placeholderLimit = 150
	optionLimit      = 75
	valueLimit       = 150
	mostOptions      = 100
	mostGroups       = 100
	mostOverflow     = 5
	mostElements     = 25 // of a block
	mostActionBlocks = 5
)

// actionBlocks are a message's buttons and selects, in rows. Without a way for
// Slack to tell us that one was pressed, only links are any use.
func actionBlocks(actions []hub.Action, hears bool) []slack.Block {
	var elements []slack.BlockElement
	for i, a := range actions {
		if e := actionElement(a, i, hears); e != nil {
			elements = append(elements, e)
		}
	}
	var blocks []slack.Block
	for row := range slices.Chunk(elements, mostElements) {
		if len(blocks) < mostActionBlocks {
			blocks = append(blocks, slack.NewActionBlock("", row...))
		}
	}
	return blocks
}

func actionElement(a hub.Action, i int, hears bool) slack.BlockElement {
	switch {
	case a.URL != "":
		return linkButton(a, i)
	case !hears || a.Token == "":
		return nil
	case len(a.Options) == 0:
		return button(a, actionButton+strconv.Itoa(i), a.Token)
	}
	options := optionsOf(a.Options)
	switch {
	case len(options) == 0:
		return nil
	case a.Label == "" && len(options) <= mostOverflow:
		return slack.NewOverflowBlockElement(actionSelect+a.Token, options...)
	}
	e := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plainText(a.Label, placeholderLimit, "Choose"), actionSelect+a.Token)
	e.Options, e.OptionGroups = grouped(options)
	return e
}

func linkButton(a hub.Action, i int) slack.BlockElement {
	url, ok := providers.WebURL(a.URL)
	if !ok || len(url) > urlLimit {
		return nil
	}
	b := button(a, actionLink+strconv.Itoa(i), "")
	b.URL = url
	return b
}

func button(a hub.Action, id, value string) *slack.ButtonBlockElement {
	b := slack.NewButtonBlockElement(id, value, plainText(a.Label, buttonLimit, "OK"))
	switch a.Style {
	case "primary":
		b.Style = slack.StylePrimary
	case "danger":
		b.Style = slack.StyleDanger
	}
	return b
}

// plainText is a text without markup, or instead where there is none: Slack takes
// no empty one.
func plainText(s string, limit int, instead string) *slack.TextBlockObject {
	if s = providers.Label(s, limit, unit); s == "" {
		s = instead
	}
	return slack.NewTextBlockObject(slack.PlainTextType, s, false, false)
}

// optionsOf leaves out what Slack could not give back whole: it takes 150
// characters as a value.
func optionsOf(all []hub.Option) []*slack.OptionBlockObject {
	var out []*slack.OptionBlockObject
	for _, o := range all {
		if o.Value == "" || unit.Len(o.Value) > valueLimit {
			continue
		}
		out = append(out, optionOf(o))
	}
	return out
}

func optionOf(o hub.Option) *slack.OptionBlockObject {
	option := slack.NewOptionBlockObject(o.Value, plainText(o.Label, optionLimit, providers.Label(o.Value, optionLimit, unit)), nil)
	if note := providers.Label(o.Note, optionLimit, unit); note != "" {
		option.Description = slack.NewTextBlockObject(slack.PlainTextType, note, false, false)
	}
	return option
}

// grouped puts more options than a menu takes into groups, which it takes a
// hundred of.
func grouped(options []*slack.OptionBlockObject) ([]*slack.OptionBlockObject, []*slack.OptionGroupBlockObject) {
	if len(options) <= mostOptions {
		return options, nil
	}
	var groups []*slack.OptionGroupBlockObject
	at := 1
	for some := range slices.Chunk(options[:min(len(options), mostOptions*mostGroups)], mostOptions) {
		label := fmt.Sprintf("%d to %d", at, at+len(some)-1)
		groups = append(groups, slack.NewOptionGroupBlockElement(plainText(label, optionLimit, label), some...))
		at += len(some)
	}
	return nil, groups
}

// token is the token of one of our elements under a message, empty for others.
func (e *element) token() string {
	if e.ActionID == actionForm || strings.HasPrefix(e.ActionID, actionButton) {
		return e.Value
	}
	if token, ok := strings.CutPrefix(e.ActionID, actionSelect); ok {
		return token
	}
	return ""
}

// labelsOf shows a message's actions in a line, for a preview.
func labelsOf(actions []hub.Action) string {
	var labels []string
	for _, a := range actions {
		if label := providers.Label(a.Label, buttonLimit, unit); label != "" {
			labels = append(labels, "["+label+"]")
		}
	}
	return strings.Join(labels, " ")
}
