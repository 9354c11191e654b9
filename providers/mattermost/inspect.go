package mattermost

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var (
	_ providers.Inspector = (*Client)(nil)
	_ providers.Named     = (*Client)(nil)
)

// inspectPace is half of what a server takes that limits calls as it is delivered,
// five chats of which each takes some calls:
// https://docs.mattermost.com/administration-guide/configure/rate-limiting-configuration-settings.html
func inspectPace() []providers.Rate {
	return []providers.Rate{{Calls: 1, Per: time.Second, Burst: 5}}
}

// Account implements providers.Named.
func (c *Client) Account() string {
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	if c.known.me.Name == "" {
		return ""
	}
	return "@" + c.known.me.Name
}

// Inspect implements providers.Inspector, by the channel, our membership and what
// the roles that it gives us permit:
// https://developers.mattermost.com/api-documentation/#/operations/GetChannel
// https://developers.mattermost.com/api-documentation/#/operations/GetChannelMember
// https://developers.mattermost.com/api-documentation/#/operations/GetRolesByNames
func (c *Client) Inspect(ctx context.Context, chat hub.Chat) (hub.Preflight, error) {
	if !model.IsValidId(chat.ID) {
		return hub.NotIn(chat, "this is not a channel's id, which has 26 letters and digits", "In Mattermost open the channel's menu, View Info, copy the ID, and give it to its subscriptions"), nil
	}
	me, _, err := c.whoAmI(ctx) // as the server has it now: the token may have been revoked
	if err != nil {
		return hub.Preflight{}, err
	}
	channel, resp, err := c.api.GetChannel(ctx, chat.ID)
	if err != nil {
		if !hidden(resp, err) {
			return hub.Preflight{}, c.judge("channels", resp, err)
		}
		return hub.NotIn(chat, "there is no such channel, or it is private and the bot is not in it", "In that channel type /invite @"+me.Name), nil
	}
	p := hub.Preflight{Chat: chat, Name: channelName(channel), Member: hub.Found(true), Archived: hub.Found(false), Encrypted: hub.Found(false)}
	if channel.DeleteAt != 0 {
		p.Archived = hub.Finding{
			Is: hub.Yes, Reason: "the channel is archived, and takes no posts",
			Step: "In Mattermost open the channel's menu, Unarchive Channel; or give its subscriptions another channel",
		}
	}
	member, resp, err := c.api.GetChannelMember(ctx, chat.ID, me.ID, "")
	if err != nil {
		if !hidden(resp, err) {
			return hub.Preflight{}, c.judge("channels/members", resp, err)
		}
		out := hub.NotIn(chat, "the bot is not in the channel", "In that channel type /invite @"+me.Name)
		out.Name, out.Archived, out.Encrypted = p.Name, p.Archived, p.Encrypted
		return out, nil
	}
	if p.Archived.Is == hub.Yes {
		no := hub.Finding{Is: hub.No, Reason: p.Archived.Reason, Step: p.Archived.Step}
		p.Post, p.Thread, p.Edit, p.Delete = no, no, no, no
		return p, nil
	}
	return p, c.permitted(ctx, &p, channel, member, me)
}

// hidden reports whether the server says that something is not there, or not for
// us to see.
func hidden(resp *model.Response, err error) bool {
	said, ok := errors.AsType[*model.AppError](err)
	return gone(resp, err) || ok && resp != nil && resp.StatusCode == http.StatusForbidden && said.Id != ""
}

func channelName(c *model.Channel) string {
	if c.DisplayName != "" {
		return c.DisplayName
	}
	return c.Name
}

// permitted fills in what our roles permit: those in the channel, in its team and
// on the server, each of which adds to the others:
// https://docs.mattermost.com/administration-guide/onboard/advanced-permissions.html
func (c *Client) permitted(ctx context.Context, p *hub.Preflight, channel *model.Channel, member *model.ChannelMember, me hub.User) error {
	roles := strings.Fields(member.Roles)
	if channel.TeamId != "" {
		team, resp, err := c.api.GetTeamMember(ctx, channel.TeamId, me.ID, "")
		if err != nil && !gone(resp, err) {
			return c.judge("teams/members", resp, err)
		}
		if err == nil {
			roles = append(roles, strings.Fields(team.Roles)...)
		}
	}
	user, resp, err := c.api.GetUser(ctx, me.ID, "")
	if err != nil {
		return c.judge("users", resp, err)
	}
	roles = append(roles, strings.Fields(user.Roles)...)
	slices.Sort(roles)
	known, resp, err := c.api.GetRolesByNames(ctx, slices.Compact(roles))
	if err != nil {
		fault := c.judge("roles/names", resp, err)
		if fault.Fault != hub.FaultUnauthorized && fault.Fault != hub.FaultRejected && fault.Fault != hub.FaultChatGone {
			return fault
		}
		untold := hub.Finding{Is: hub.Unknown, Reason: "the server does not say what the bot's roles permit"}
		p.Post, p.Thread, p.Edit, p.Delete = untold, untold, untold, untold
		return nil
	}
	may := map[string]bool{}
	for _, role := range known {
		for _, permission := range role.Permissions {
			may[permission] = true
		}
	}
	p.Post = permission(may, model.PermissionCreatePost, "may not post there", "Create Posts; or in the channel's settings, Channel Moderation")
	p.Thread = p.Post
	p.Edit = permission(may, model.PermissionEditPost, "may not edit its posts", "Edit Own Posts")
	p.Delete = permission(may, model.PermissionDeletePost, "may not delete its posts", "Delete Own Posts")
	return nil
}

func permission(may map[string]bool, p *model.Permission, lacks, name string) hub.Finding {
	if may[p.Id] {
		return hub.Found(true)
	}
	return hub.Finding{
		Is: hub.No, Reason: "none of the bot's roles has the permission " + p.Id + ": it " + lacks,
		Step: "In Mattermost's System Console open User Management, Permissions, and turn on " + name,
	}
}
