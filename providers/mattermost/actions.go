package mattermost

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Bounds on actions. Mattermost has none but the size of a post's props; people
// have.
const (
	labelLimit   = 60  // of a button or an option
	wordsAtMost  = 5   // actions of a message that are told in words
	optionsLimit = 200 // of a select
)

// What the context of a button holds.
const (
	ctxToken = "token"
	ctxKind  = "kind"
	ctxRoot  = "root"
	ctxMark  = "mark"
	// ctxChosen is what the server adds for a select:
	// https://developers.mattermost.com/integrate/plugins/interactive-messages/
	ctxChosen = "selected_option"
)

// dressed is a copy of post with buttons and selects.
func (c *Client) dressed(post *model.Post, actions []hub.Action, channel, root string, form providers.Form) *model.Post {
	post = post.Clone()
	if !c.buttons() || form == providers.PlainWords {
		return post
	}
	var native []*model.PostAction
	for _, a := range actions {
		if made := c.action(a, hub.KindSubmit, channel, root); made != nil {
			native = append(native, made)
		}
	}
	putOn(post, native)
	return post
}

// putOn gives post actions, in its last attachment.
func putOn(post *model.Post, actions []*model.PostAction) {
	if len(actions) == 0 {
		return
	}
	all := slices.Clone(post.Attachments())
	if len(all) == 0 {
		all = append(all, &model.MessageAttachment{})
	} else {
		last := *all[len(all)-1]
		all[len(all)-1] = &last
	}
	all[len(all)-1].Actions = actions
	post.AddProp(model.PostPropsAttachments, all)
}

// action is one as the server takes it; nil for a link, which is none there.
func (c *Client) action(a hub.Action, kind hub.CommandKind, channel, root string) *model.PostAction {
	label := providers.Label(a.Label, labelLimit, unit)
	if a.Token == "" || a.URL != "" || label == "" {
		return nil
	}
	context := map[string]any{
		ctxToken: a.Token, ctxKind: string(kind), ctxMark: c.sealer.seal("action", a.Token, string(kind), channel, root),
	}
	if root != "" {
		context[ctxRoot] = root
	}
	made := &model.PostAction{
		// An id has letters and digits only, or the server finds no such action:
		// https://developers.mattermost.com/integrate/plugins/interactive-messages/
		Id:          "b" + hub.Digest(a.Token, string(kind)),
		Type:        model.PostActionTypeButton,
		Name:        label,
		Integration: &model.PostActionIntegration{URL: c.callback + pathAction, Context: context},
	}
	if a.Style == "primary" || a.Style == "danger" {
		made.Style = a.Style
	}
	if len(a.Options) == 0 {
		return made
	}
	made.Type, made.Style = model.PostActionTypeSelect, ""
	made.Options = options(a.Options, labelLimit)
	if len(made.Options) == 0 {
		return nil
	}
	return made
}

// options are those of a select. Both texts are required.
func options(all []hub.Option, limit int) []*model.PostActionOptions {
	var native []*model.PostActionOptions
	for _, o := range all[:min(len(all), optionsLimit)] {
		text := providers.Label(o.Label, limit, unit)
		if text == "" {
			text = providers.Label(o.Value, limit, unit)
		}
		if text != "" && o.Value != "" {
			native = append(native, &model.PostActionOptions{Text: text, Value: o.Value})
		}
	}
	return native
}

// inWords are actions that stand in a message's text: links always, for no
// button of Mattermost's is one; others where there are no buttons, on one line.
func inWords(actions []hub.Action, buttons bool) string {
	links := linked(actions)
	numbered := numberedWords(actions)
	if buttons || len(numbered) > wordsAtMost {
		numbered = nil
	}
	return providers.Join("\n", strings.Join(numbered, " · "), links)
}

// inLines is inWords with a line for each, and all of them: for answers.
func inLines(actions []hub.Action, buttons bool) string {
	numbered := numberedWords(actions)
	if buttons {
		numbered = nil
	}
	return providers.Join("\n", strings.Join(numbered, "\n"), linked(actions))
}

func linked(actions []hub.Action) string {
	var links []string
	for _, a := range actions {
		if label := providers.Label(a.Label, labelLimit, unit); label != "" && a.URL != "" {
			links = append(links, parts.Link(label, a.URL))
		}
	}
	return strings.Join(links, " · ")
}

// numberedWords are "1️⃣ Mute topic": people react with the number, or type it or
// the label.
func numberedWords(actions []hub.Action) []string {
	var all []string
	for _, choice := range hub.Choices(actions) {
		number := hub.Keycap(choice.Number)
		if number == "" {
			number = strconv.Itoa(choice.Number) + "."
		}
		all = append(all, number+" "+markdown{}.Text(providers.Label(choice.Label, labelLimit, unit)))
	}
	return all
}

// labels shows actions in a preview.
func labels(actions []hub.Action) string {
	var all []string
	for _, a := range actions {
		if label := providers.Label(a.Label, labelLimit, unit); label != "" && a.URL == "" {
			all = append(all, "["+label+"]")
		}
	}
	return strings.Join(all, " ")
}

// addTail puts words below all else of a post.
func addTail(post *model.Post, tail string) {
	if tail == "" {
		return
	}
	if attachments := post.Attachments(); len(attachments) > 0 {
		last := attachments[len(attachments)-1]
		last.Text = providers.Join("\n\n", last.Text, tail)
		return
	}
	post.Message = providers.Join("\n\n", post.Message, tail)
}
