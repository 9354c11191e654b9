package mattermost

import (
	"context"
	"slices"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
)

// RunsChat implements providers.Ranker: the admins of the channel, of its team
// and of the server run it.
// https://docs.mattermost.com/administration-guide/onboard/permissions.html
func (c *Client) RunsChat(ctx context.Context, chat hub.Chat, user string) (bool, error) {
	if !model.IsValidId(user) || !model.IsValidId(chat.ID) {
		return false, nil
	}
	member, resp, err := c.api.GetChannelMember(ctx, chat.ID, user, "")
	if err != nil {
		if gone(resp, err) {
			return false, nil // who is not in a channel does not run it
		}
		return false, c.judge("channels/members", resp, err)
	}
	if member.SchemeAdmin || hasRole(member.Roles, model.ChannelAdminRoleId) {
		return true, nil
	}
	if runs, err := c.runsTeam(ctx, chat.ID, user); runs || err != nil {
		return runs, err
	}
	u, resp, err := c.api.GetUser(ctx, user, "")
	if err != nil {
		return false, c.judge("users", resp, err)
	}
	return hasRole(u.Roles, model.SystemAdminRoleId), nil
}

// runsTeam reports whether user is an admin of a channel's team. Direct and group
// channels have none.
func (c *Client) runsTeam(ctx context.Context, channel, user string) (bool, error) {
	found, resp, err := c.api.GetChannel(ctx, channel)
	if err != nil {
		return false, c.judge("channels", resp, err)
	}
	if found.TeamId == "" {
		return false, nil
	}
	member, resp, err := c.api.GetTeamMember(ctx, found.TeamId, user, "")
	if err != nil {
		if gone(resp, err) {
			return false, nil
		}
		return false, c.judge("teams/members", resp, err)
	}
	return member.SchemeAdmin || hasRole(member.Roles, model.TeamAdminRoleId), nil
}

func hasRole(roles, role string) bool { return slices.Contains(strings.Fields(roles), role) }
