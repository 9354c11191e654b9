package mattermost

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// onAction answers a button that was pressed, or a select in which something was
// chosen: https://developers.mattermost.com/integrate/plugins/interactive-messages/
func (c *Client) onAction(ctx context.Context, r *providers.Request, ear providers.Ear) (any, error) {
	var pressed model.PostActionIntegrationRequest
	if err := json.Unmarshal(r.Body, &pressed); err != nil {
		return nil, fmt.Errorf("%w: %w", errForged, err)
	}
	text := func(key string) string { s, _ := pressed.Context[key].(string); return s }
	token, kind, root := text(ctxToken), text(ctxKind), text(ctxRoot)
	if !c.sealer.sealed(text(ctxMark), "action", token, kind, pressed.ChannelId, root) {
		return nil, errForged
	}
	t, err := parseTrigger(pressed.TriggerId)
	if err == nil {
		err = t.fits(pressed.UserId, time.Now())
	}
	if err == nil {
		err = c.genuine(ctx, t)
	}
	if err != nil {
		return nil, err
	}
	cmd := &hub.Command{
		Command:  hub.Call{ID: hub.CommandFor(c.system, "action/"+t.ID), Kind: hub.CommandKind(kind)},
		Security: hub.Security{Token: token, TriggerID: pressed.TriggerId},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromButton}, System: c.system,
			User:    hub.User{ID: pressed.UserId, Name: pressed.UserName},
			Channel: c.channelOf(ctx, pressed.ChannelId, pressed.ChannelName),
			Team:    pressed.TeamId, Post: hub.MessageRef(pressed.PostId), RootPost: hub.MessageRef(root),
		},
	}
	if pressed.Type == model.PostActionTypeSelect {
		cmd.Context.Source.ID = hub.FromSelect
		cmd.Command.Encoded = hub.Values{hub.ChosenValue: {text(ctxChosen)}}
	}
	reply, later := ear.Do(ctx, cmd)
	if later {
		return &model.PostActionIntegrationResponse{}, nil
	}
	return c.actionResponse(ctx, cmd, reply), nil
}

// actionResponse is a reply as the answer to a button, which is one text for who
// pressed it. What needs more is said by other means.
func (c *Client) actionResponse(ctx context.Context, cmd *hub.Command, r hub.Reply) *model.PostActionIntegrationResponse {
	answer := &model.PostActionIntegrationResponse{SkipSlackParsing: true}
	if r.Form != nil {
		err := c.open(ctx, cmd, r.Form)
		if err == nil {
			return answer
		}
		c.log.WarnContext(ctx, "a dialog is not open", "err", err)
	}
	said := c.words(r, here(cmd))
	if len(said.posts) == 1 && !said.public && len(said.posts[0].Attachments()) == 0 {
		answer.EphemeralText = said.posts[0].Message
		return answer
	}
	if _, err := c.say(ctx, cmd, r); err != nil {
		c.log.WarnContext(ctx, "a reply is shown in part", "err", err)
		if len(said.posts) > 0 {
			answer.EphemeralText = said.posts[0].Message
		}
	}
	return answer
}
