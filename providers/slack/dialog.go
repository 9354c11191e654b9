package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// memo is what a modal remembers for us: the form's token, and where the command
// was given, so that the answer gets there. Slack keeps 3000 characters.
type memo struct {
	Token   string `json:"t"`
	Channel string `json:"c,omitempty"`
	Name    string `json:"n,omitempty"`
	Direct  bool   `json:"d,omitempty"`
	Post    string `json:"p,omitempty"`
	Root    string `json:"r,omitempty"`
	URL     string `json:"u,omitempty"`
	URLAt   string `json:"a,omitempty"`
}

func memoOf(c *hub.Command, token string) string {
	return string(encoded(memo{
		Token: token, Channel: c.Context.Channel.ID, Name: c.Context.Channel.Name, Direct: c.Context.Channel.Direct,
		Post: string(c.Context.Post), Root: string(c.Context.RootPost),
		URL: c.Context.Source.Props[propURL], URLAt: c.Context.Source.Props[propURLAt],
	}))
}

// ours reports whether we opened a modal.
func (m *modal) ours() bool { return m != nil && m.Callback == callbackName }

// dialogCommand is what someone did with a modal. id tells it from all else that
// they do.
func (c *Client) dialogCommand(d delivery, in *interaction, kind hub.CommandKind, id string) *hub.Command {
	var m memo
	_ = json.Unmarshal([]byte(in.View.Metadata), &m) // without its token the hub refuses it
	props := d.props("")
	if m.URL != "" {
		props[propURL], props[propURLAt] = m.URL, m.URLAt
	}
	return &hub.Command{
		Command: hub.Call{
			ID:      hub.CommandFor(c.system, string(kind)+"/"+id),
			Kind:    kind,
			Encoded: in.View.values(),
		},
		Security: hub.Security{Token: m.Token, TriggerID: in.TriggerID},
		Context: hub.CommandContext{
			Source:  hub.CommandSource{ID: hub.FromDialog, Props: props},
			System:  c.system,
			User:    in.person(),
			Channel: hub.Channel{ID: m.Channel, Name: m.Name, Direct: m.Direct},
			Team:    in.Team.ID,
			Post:    hub.MessageRef(m.Post), RootPost: hub.MessageRef(m.Root),
		},
	}
}

// submitted runs a form that was sent. Of what comes within the time the errors
// go to their fields and the next form takes the place of this one; the modal
// closes, and the rest is said where the command was given.
func (c *Client) submitted(ctx context.Context, d delivery, in *interaction) answer {
	command := c.dialogCommand(d, in, hub.KindSubmit, cmp.Or(in.TriggerID, in.View.ID+in.View.Hash, d.stamp))
	remember(command, in.View)
	r, later := c.ask(ctx, d.ear, command)
	switch {
	case later:
		return answer{}
	case r.Error != nil:
		return c.mistaken(d, in.View, r.Error)
	case r.Form != nil:
		return c.replace(d, c.nextView(command, r.Form))
	}
	return answer{then: func(ctx context.Context) { c.show(ctx, command, r) }}
}

// remember puts what a modal is like into a command, whose answer may be a form
// that takes its place.
func remember(command *hub.Command, m *modal) {
	command.Context.Source.Props[propBlocks] = strings.Join(m.inputs(), " ")
}

// nextView is a form that takes the place of the modal that a command came from.
func (c *Client) nextView(command *hub.Command, f *hub.Form) slack.ModalViewRequest {
	open := generations(strings.Fields(command.Context.Source.Props[propBlocks]))
	return sheetOf(f, memoOf(command, f.Token), open, command.Command.Encoded)
}

// replace shows another modal in the place of one that was sent. Over the socket
// a large one would be dropped: a small one stands in for it for a moment.
func (c *Client) replace(d delivery, view slack.ModalViewRequest) answer {
	whole := answer{body: slack.NewUpdateViewSubmissionResponse(&view)}
	if !d.socket || len(encoded(whole.body)) <= socketAnswer {
		return whole
	}
	brief := view
	brief.Submit, brief.ExternalID = nil, "bellhop-"+d.stamp
	brief.Blocks.BlockSet = []slack.Block{slack.NewSectionBlock(verbatim(providers.Ellipsis), nil, nil)}
	return answer{
		body: slack.NewUpdateViewSubmissionResponse(&brief),
		then: func(ctx context.Context) {
			if err := c.standIn(ctx, view, brief.ExternalID); err != nil {
				c.log.Warn("a form was not shown", "system", c.system, "err", err)
			}
		},
	}
}

// Of a modal that stands in for another until Slack shows it.
const (
	standInTries = 20
	standInPause = 100 * time.Millisecond
)

// standIn puts a modal into the place of the one that stands in for it. What is
// said over the socket and what is called may overtake each other: as long as
// Slack does not show the other one, it knows no modal of that name.
func (c *Client) standIn(ctx context.Context, view slack.ModalViewRequest, name string) error {
	for try := 1; ; try++ {
		w, api := c.open()
		_, err := api.UpdateViewContext(ctx, view, name, "", "")
		switch {
		case err == nil:
			return nil
		case refusedWith(err) != "not_found" || try == standInTries || !hub.Wait(ctx, standInPause):
			return c.judge("views.update", w, err)
		}
	}
}

// mistakeBlock is the block that says what is wrong with all of a form.
const mistakeBlock = "~wrong"

// mistaken shows what is wrong: at the fields where they are named, else above
// them. Slack takes errors for blocks that are there and hold a field only:
// https://docs.slack.dev/surfaces/modals#displaying_errors
func (c *Client) mistaken(d delivery, m *modal, e *hub.Refusal) answer {
	at := map[string]string{}
	rest := map[string]string{}
	blocks := m.inputs()
	for name, what := range e.Fields {
		rest[name] = what
		for _, block := range blocks {
			if fieldOf(block) == name {
				at[block] = cmp.Or(providers.Label(what, labelLimit, unit), "This will not do.")
				delete(rest, name)
			}
		}
	}
	if len(at) > 0 {
		return answer{body: slack.NewErrorsViewSubmissionResponse(at)}
	}
	return c.replace(d, m.marked(complaint(e, rest)))
}

// marked is a modal with words above it, in place of those that stood there.
func (m *modal) marked(text string) slack.ModalViewRequest {
	view := slack.ModalViewRequest{
		Type: slack.VTModal, Title: plainText(m.Title.Text, titleLimit, "Bellhop"), Close: plainText("Cancel", titleLimit, "Cancel"),
		PrivateMetadata: m.Metadata, CallbackID: callbackName, NotifyOnClose: true,
	}
	if m.Submit != nil {
		view.Submit = plainText(m.Submit.Text, titleLimit, "OK")
	}
	s := sheet{left: introLimit}
	s.text(providers.Parse(text), 0)
	if len(s.blocks) > 0 {
		section, ok := s.blocks[0].(*slack.SectionBlock)
		if ok {
			section.BlockID = mistakeBlock
			section.Text.Text = ":warning: " + section.Text.Text
		}
		view.Blocks.BlockSet = s.blocks[:1]
	}
	for _, raw := range m.Blocks {
		b, err := slack.BlockFromJSON(string(raw))
		if err == nil && b.ID() != mistakeBlock {
			view.Blocks.BlockSet = append(view.Blocks.BlockSet, b)
		}
	}
	return view
}

// changed refreshes a form one of whose fields was changed.
func (c *Client) changed(ctx context.Context, d delivery, in *interaction, payload []byte) answer {
	if !in.View.ours() || len(in.Actions) == 0 {
		return c.unsupported(ctx, d, cmp.Or(in.TriggerID, d.stamp), in.Type, payload, "an action that Bellhop did not make")
	}
	if strings.HasPrefix(in.Actions[0].ActionID, actionLink) {
		return answer{}
	}
	command := c.dialogCommand(d, in, hub.KindForm, cmp.Or(in.TriggerID, d.stamp))
	name := fieldOf(in.Actions[0].BlockID)
	command.Command.Encoded.Set(name, in.Actions[0].values()...)
	command.Command.Encoded.Set(hub.LookupField, name)
	remember(command, in.View)
	props := command.Context.Source.Props
	props[propView], props[propHash] = in.View.ID, in.View.Hash
	r, later := c.ask(ctx, d.ear, command)
	switch {
	case later || r.OK != nil && r.OK.Text == "":
		return answer{}
	case r.Error != nil:
		view := in.View.marked(complaint(r.Error, r.Error.Fields))
		return answer{then: func(ctx context.Context) {
			if err := c.updateView(ctx, view, in.View.ID, in.View.Hash); err != nil {
				c.log.Warn("a form does not show what is wrong with it", "system", c.system, "err", err)
			}
		}}
	}
	return answer{then: func(ctx context.Context) { c.show(ctx, command, r) }}
}

// closed tells that a form was closed. Nobody waits for an answer.
func (c *Client) closed(ctx context.Context, d delivery, in *interaction) answer {
	c.ask(ctx, d.ear, c.dialogCommand(d, in, hub.KindCancel, in.View.ID))
	return answer{}
}

// lookup asks for the options of a field that match what was typed. Slack has no
// way to show an error there, nor to be told later.
func (c *Client) lookup(ctx context.Context, d delivery, in *interaction) answer {
	options := []*slack.OptionBlockObject{}
	if in.View.ours() {
		command := c.dialogCommand(d, in, hub.KindLookup, in.View.ID+in.BlockID+strconv.Quote(in.Value)+d.stamp)
		command.Command.Encoded.Set(hub.LookupField, fieldOf(in.BlockID))
		command.Command.Encoded.Set(hub.LookupQuery, in.Value)
		if r, later := c.ask(ctx, d.ear, command); !later && r.OK != nil {
			options = append(options, optionsOf(r.OK.Options)...)
		}
	}
	options = options[:min(len(options), mostOptions)]
	for d.socket && len(encoded(options)) > socketAnswer {
		options = options[:len(options)/2]
	}
	return answer{body: map[string]any{"options": options}}
}

// updateView changes an open modal. One that was closed or changed meanwhile is no
// error: what it was to show is no longer wanted.
func (c *Client) updateView(ctx context.Context, view slack.ModalViewRequest, id, hash string) error {
	w, api := c.open()
	_, err := api.UpdateViewContext(ctx, view, "", hash, id)
	if code := refusedWith(err); code == "hash_conflict" || code == "not_found" || code == "view_not_found" {
		return nil
	}
	if err != nil {
		return c.judge("views.update", w, err)
	}
	return nil
}
