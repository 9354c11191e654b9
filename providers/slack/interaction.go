package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// interaction is what Slack says when someone presses or fills in something:
// https://docs.slack.dev/reference/interaction-payloads
type interaction struct {
	Type string `json:"type"`
	User struct {
		ID       string `json:"id"`
		Username string `json:"username"`
		Name     string `json:"name"`
	} `json:"user"`
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	Channel struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"channel"`
	Container struct {
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
		ChannelID string `json:"channel_id"`
	} `json:"container"`
	Message struct {
		TS       string `json:"ts"`
		ThreadTS string `json:"thread_ts"`
	} `json:"message"`
	TriggerID   string    `json:"trigger_id"`
	ResponseURL string    `json:"response_url"`
	Actions     []element `json:"actions"`
	View        *modal    `json:"view"`

	// Of a block_suggestion.
	ActionID string `json:"action_id"`
	BlockID  string `json:"block_id"`
	Value    string `json:"value"`
}

// interaction runs what was pressed or filled in. Slack sends lookups to a path
// of their own, and everything the same way over the socket.
func (c *Client) interaction(ctx context.Context, d delivery, payload []byte) answer {
	var in interaction
	if err := json.Unmarshal(payload, &in); err != nil {
		return c.unsupported(ctx, d, d.stamp, "interaction", payload, "it cannot be read")
	}
	switch {
	case in.Type == "block_actions" && in.View != nil:
		return c.changed(ctx, d, &in, payload)
	case in.Type == "block_actions":
		return c.pressed(ctx, d, &in, payload)
	case in.Type == "block_suggestion":
		return c.lookup(ctx, d, &in)
	case in.Type == "view_submission" && in.View.ours():
		return c.submitted(ctx, d, &in)
	case in.Type == "view_closed" && in.View.ours():
		return c.closed(ctx, d, &in)
	default:
		return c.unsupported(ctx, d, cmp.Or(in.TriggerID, d.stamp), cmp.Or(in.Type, "interaction"), payload, "")
	}
}

// person is who did it.
func (in *interaction) person() hub.User {
	return hub.User{ID: in.User.ID, Name: cmp.Or(in.User.Username, in.User.Name)}
}

// pressed runs what a button or a select under a message does. Slack tells of
// links that were followed, too.
func (c *Client) pressed(ctx context.Context, d delivery, in *interaction, payload []byte) answer {
	var did *element
	for i := range in.Actions {
		if in.Actions[i].token() != "" {
			did = &in.Actions[i]
			break
		}
		if strings.HasPrefix(in.Actions[i].ActionID, actionLink) {
			return answer{}
		}
	}
	if did == nil {
		return c.unsupported(ctx, d, cmp.Or(in.TriggerID, d.stamp), in.Type, payload, "an action that Bellhop did not make")
	}
	command := c.pressCommand(d, in, did)
	r, later := c.ask(ctx, d.ear, command)
	if later {
		return answer{}
	}
	return answer{then: func(ctx context.Context) { c.show(ctx, command, r) }}
}

func (c *Client) pressCommand(d delivery, in *interaction, did *element) *hub.Command {
	channel := cmp.Or(in.Channel.ID, in.Container.ChannelID)
	thread := cmp.Or(in.Container.ThreadTS, in.Message.ThreadTS)
	command := &hub.Command{
		Command: hub.Call{
			ID:   hub.CommandFor(c.system, "press/"+cmp.Or(in.TriggerID, d.stamp)),
			Kind: hub.KindSubmit,
		},
		Security: hub.Security{Token: did.token(), TriggerID: in.TriggerID},
		Context: hub.CommandContext{
			Source:  hub.CommandSource{ID: hub.FromButton, Props: d.props(in.ResponseURL)},
			System:  c.system,
			User:    in.person(),
			Channel: channelCalled(channel, in.Channel.Name),
			Team:    in.Team.ID,
		},
	}
	if ts := cmp.Or(in.Container.MessageTS, in.Message.TS); ts != "" {
		command.Context.Post = refOf(channel, ts)
		if thread != "" && thread != ts {
			command.Context.RootPost = refOf(channel, thread)
			command.Context.ParentPost = command.Context.RootPost
		}
	}
	switch {
	case did.ActionID == actionForm:
		command.Command.Kind = hub.KindForm
	case strings.HasPrefix(did.ActionID, actionSelect):
		command.Context.Source.ID = hub.FromSelect
		command.Command.Encoded = hub.Values{hub.ChosenValue: did.values()}
	}
	return command
}

// unsupported tells of something that Bellhop does not know, without what people
// wrote in it.
func (c *Client) unsupported(ctx context.Context, d delivery, native, name string, body []byte, note string) answer {
	return c.tell(ctx, d, c.signal(d, native, name, body, note))
}
