package mattermost

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// What Source.Props hold for Answer.
const (
	propHook   = "hook"   // the id of a response_url
	propOpened = "opened" // when, in Unix milliseconds
)

// onCommand answers a slash command:
// https://developers.mattermost.com/integrate/slash-commands/custom/
func (c *Client) onCommand(ctx context.Context, r *providers.Request, ear providers.Ear) (any, error) {
	values := form(r)
	if !oneOf(c.commands, bearer(r, values.Get("token"))) {
		return nil, errors.New("the token is none of command_token")
	}
	user, trig := values.Get("user_id"), values.Get("trigger_id")
	native, err := invocation(r, user, trig)
	if err != nil {
		return nil, err
	}
	cmd := &hub.Command{
		Command: hub.Call{
			ID: hub.CommandFor(c.system, "slash/"+native), Kind: hub.KindSubmit,
			Raw: strings.TrimSpace(strings.TrimPrefix(values.Get("command"), "/") + " " + strings.TrimSpace(values.Get("text"))),
		},
		Security: hub.Security{TriggerID: trig},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromSlash, Props: hook(values.Get("response_url"))}, System: c.system,
			User:    hub.User{ID: user, Name: values.Get("user_name")},
			Channel: c.channelOf(ctx, values.Get("channel_id"), values.Get("channel_name")),
			Team:    values.Get("team_id"), RootPost: hub.MessageRef(values.Get("root_id")),
		},
	}
	reply, later := ear.Do(ctx, cmd)
	if later {
		return &model.CommandResponse{ResponseType: model.CommandResponseTypeEphemeral}, nil
	}
	return c.commandResponse(ctx, cmd, reply), nil
}

// invocation is what tells one use of a slash command from all others. Servers
// before 5.6 send no trigger id.
func invocation(r *providers.Request, user, trig string) (string, error) {
	if trig == "" {
		return hub.Digest(string(r.Body)), nil
	}
	t, err := parseTrigger(trig)
	if err == nil {
		err = t.fits(user, time.Now())
	}
	return t.ID, err
}

// hook keeps of a response_url what names it. The server is called where the
// configuration says, whatever it calls itself.
func hook(responseURL string) map[string]string {
	id := path.Base(responseURL)
	if !model.IsValidId(id) {
		return nil
	}
	return map[string]string{propHook: id, propOpened: millis(time.Now().UnixMilli())}
}

// commandResponse is a reply as the answer to a slash command, or to its
// response_url.
func (c *Client) commandResponse(ctx context.Context, cmd *hub.Command, r hub.Reply) *model.CommandResponse {
	answer := &model.CommandResponse{ResponseType: model.CommandResponseTypeEphemeral, SkipSlackParsing: true}
	if r.Form != nil {
		err := c.open(ctx, cmd, r.Form)
		if err == nil {
			return answer
		}
		c.log.DebugContext(ctx, "a dialog is not open", "err", err)
	}
	if r.Navigate != nil {
		answer.GotoLocation = page(r.Navigate.URL)
	}
	said := c.words(r, here(cmd))
	if said.public {
		answer.ResponseType = model.CommandResponseTypeInChannel
	}
	for i, p := range said.posts {
		if i == 0 {
			answer.Text, answer.Attachments = p.Message, p.Attachments()
			continue
		}
		answer.ExtraResponses = append(answer.ExtraResponses, &model.CommandResponse{
			ResponseType: answer.ResponseType, Text: p.Message, Attachments: p.Attachments(), SkipSlackParsing: true,
		})
	}
	return answer
}

// errUnheard is that an event could not be told in time.
var errUnheard = errors.New("the hub has not heard it")

// onOutgoing hears what an outgoing webhook tells: a message with a trigger word,
// or one of a channel. https://developers.mattermost.com/integrate/webhooks/outgoing/
func (c *Client) onOutgoing(ctx context.Context, r *providers.Request, ear providers.Ear) (any, error) {
	said, err := parseOutgoing(r)
	if err != nil || !oneOf(c.outgoing, bearer(r, said.Token)) {
		return nil, errors.New("the token is none of outgoing_token")
	}
	if !model.IsValidId(said.PostId) || !model.IsValidId(said.ChannelId) {
		return nil, errors.New("it names no post")
	}
	ctx, cancel := context.WithTimeout(ctx, hub.CommandPatience)
	defer cancel()
	me, err := c.me(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnheard, err)
	}
	from := c.known.user(ctx, said.UserId)
	from.Name = said.UserName
	from.Bot = from.Bot || said.UserId == me.ID
	at := c.channelOf(ctx, said.ChannelId, said.ChannelName)
	told := hub.Chatter{From: from, Room: at, Team: said.TeamId, Ref: hub.MessageRef(said.PostId), Text: said.Text}
	native := "post/" + said.PostId
	if !from.Bot {
		told.Line, told.ForUs = addressed(said.Text, me.Name, at.Direct)
		if !told.ForUs && said.TriggerWord != "" {
			// The websocket tells of the same message, as of one that is not for us: it
			// may not be taken for this one.
			native = "outgoing/" + said.PostId
			told.Line, told.ForUs = afterTrigger(said.Text, said.TriggerWord, me.Name), true
		}
	}
	e := c.event(hub.ChatMessagePosted, native, "post/"+said.PostId, inMillis(said.Timestamp), told).event
	if err := ear.Hear(ctx, &e); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnheard, err)
	}
	return struct{}{}, nil
}

// inMillis takes the time as JSON has it, milliseconds, or as a form does,
// seconds.
func inMillis(at int64) int64 {
	if at > 0 && at < 100_000_000_000 {
		return at * 1000
	}
	return at
}
