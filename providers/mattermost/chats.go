package mattermost

import (
	"context"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Chats implements providers.ChatLister: the public and private channels that
// the bot is a member of, for it may post to no others.
func (c *Client) Chats(ctx context.Context, query string) ([]providers.ChatInfo, error) {
	teams, resp, err := c.api.GetTeamsForUser(ctx, model.Me, "")
	if err != nil {
		return nil, c.judge("users/me/teams", resp, err)
	}
	channels, resp, err := c.api.GetChannelsForUserWithLastDeleteAt(ctx, model.Me, 0)
	if err != nil {
		return nil, c.judge("users/me/channels", resp, err)
	}
	team := map[string]string{}
	for _, t := range teams {
		team[t.Id] = t.DisplayName
	}
	var all []providers.ChatInfo
	for _, channel := range channels {
		if channel.DeleteAt == 0 && (channel.Type == model.ChannelTypeOpen || channel.Type == model.ChannelTypePrivate) {
			all = append(all, c.info(channel, team[channel.TeamId]))
		}
	}
	return providers.BestChats(all, query), nil
}

func (c *Client) info(channel *model.Channel, team string) providers.ChatInfo {
	private := ""
	if channel.Type == model.ChannelTypePrivate {
		private = "private"
	}
	return providers.ChatInfo{
		Chat: hub.Chat{System: c.system, ID: channel.Id},
		Name: channel.DisplayName,
		Note: providers.Join(", ", team, private),
	}
}
