package slack

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
)

// What a command carries so that it can be answered, by name in
// CommandSource.Props.
const (
	propURL     = "response_url"
	propURLAt   = "response_url_at" // when it was made, Unix seconds
	propTrigger = "trigger_at"      // when the trigger was made, Unix milliseconds
	propView    = "view"            // of a modal that is to be refreshed
	propHash    = "view_hash"       //
	propBlocks  = "view_blocks"     // the ids of its blocks, see generations
)

// Slack's bounds: https://docs.slack.dev/interactivity/handling-user-interaction
const (
	urlLasts     = 30*time.Minute - 30*time.Second
	triggerLasts = 3 * time.Second
)

// Slack calls channels so whose name it does not tell:
// https://docs.slack.dev/interactivity/implementing-slash-commands
const (
	directName = "directmessage"
	groupName  = "privategroup"
)

func slashOf(form url.Values) slack.SlashCommand {
	return slack.SlashCommand{
		TeamID: form.Get("team_id"), ChannelID: form.Get("channel_id"), ChannelName: form.Get("channel_name"),
		UserID: form.Get("user_id"), UserName: form.Get("user_name"),
		Command: form.Get("command"), Text: form.Get("text"),
		ResponseURL: form.Get("response_url"), TriggerID: form.Get("trigger_id"),
	}
}

// slash runs a slash command. Slack also looks now and then whether we are there,
// with no command.
func (c *Client) slash(ctx context.Context, d delivery, s slack.SlashCommand) answer {
	if s.Command == "" {
		return answer{}
	}
	command := c.slashCommand(ctx, d, s)
	r, later := c.ask(ctx, d.ear, command)
	show := answer{then: func(ctx context.Context) { c.show(ctx, command, r) }}
	switch {
	case later:
		return answer{}
	case d.socket || r.Form != nil:
		return show
	}
	// Of several messages the body would be one, and nobody knows which Slack shows
	// first.
	pages := c.pages(r)
	switch len(pages) {
	case 0:
		return answer{}
	case 1:
		return answer{body: pages[0].response(isPublic(r), "")}
	default:
		return show
	}
}

// slashCommand is a slash command as the hub knows it. The trigger's id is
// another for each time that someone gives one.
func (c *Client) slashCommand(ctx context.Context, d delivery, s slack.SlashCommand) *hub.Command {
	names, cancel := context.WithTimeout(ctx, lookupsTime)
	defer cancel()
	line := c.readable(names, s.Text).text
	return &hub.Command{
		Command: hub.Call{
			ID:   hub.CommandFor(c.system, "slash/"+cmp.Or(s.TriggerID, d.stamp)),
			Kind: hub.KindSubmit,
			Raw:  strings.TrimSpace(strings.TrimPrefix(s.Command, "/") + " " + strings.TrimSpace(line)),
		},
		Security: hub.Security{TriggerID: s.TriggerID},
		Context: hub.CommandContext{
			Source:  hub.CommandSource{ID: hub.FromSlash, Props: d.props(s.ResponseURL)},
			System:  c.system,
			User:    hub.User{ID: s.UserID, Name: s.UserName},
			Channel: channelCalled(s.ChannelID, s.ChannelName),
			Team:    s.TeamID,
		},
	}
}

// props are what is needed to answer what was delivered.
func (d delivery) props(responseURL string) map[string]string {
	p := map[string]string{propTrigger: strconv.FormatInt(d.at.UnixMilli(), 10)}
	if responseURL != "" {
		p[propURL] = responseURL
		p[propURLAt] = strconv.FormatInt(d.at.Unix(), 10)
	}
	return p
}

// channelCalled is a channel as Slack names it with what people do.
func channelCalled(id, name string) hub.Channel {
	ch := hub.Channel{ID: id, Name: name, Direct: isDirect(id)}
	switch name {
	case directName:
		ch.Name, ch.Direct = "", true
	case groupName:
		ch.Name = ""
	}
	return ch
}

// isDirect reports whether a channel is one person and we.
func isDirect(id string) bool { return strings.HasPrefix(id, "D") }
