package slack

import (
	"cmp"
	"context"
	"errors"
	"net/url"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Introducer = (*Client)(nil)

// Introduce implements providers.Introducer.
func (c *Client) Introduce(ctx context.Context) (providers.Introduction, error) {
	w, api := c.open()
	who, err := api.AuthTestContext(ctx)
	if err != nil {
		return providers.Introduction{}, c.judge("auth.test", w, err)
	}
	c.learn(who)
	scopes := scopesOf(who.Header.Get("X-OAuth-Scopes"))
	if scopes.writes().Is == hub.No {
		return providers.Introduction{}, &providers.Error{
			Fault: hub.FaultUnauthorized, Op: "auth.test",
			Err: errors.New("the token may not post: give the Slack app the scope chat:write and install it again"),
		}
	}
	return c.introduction(who, scopes), c.checkSocket(ctx)
}

func (c *Client) introduction(who *slack.AuthTestResponse, scopes scopes) providers.Introduction {
	in := providers.Introduction{Account: "@" + cmp.Or(who.User, who.UserID), Place: cmp.Or(who.Team, who.TeamID)}
	if u, err := url.Parse(who.URL); err == nil && u.Host != "" {
		in.Place += " (" + u.Host + ")"
	}
	if len(scopes) > 0 {
		for _, need := range c.needs() {
			if !scopes[need.Permission] {
				in.Missing = append(in.Missing, need)
			}
		}
	}
	return in
}

// needs are the scopes that something takes, by what it is:
// https://docs.slack.dev/reference/scopes
func (c *Client) needs() []hub.Lack {
	all := []hub.Lack{
		{Permission: "channels:read", For: "list channels to choose from"},
		{Permission: "groups:read", For: "list private channels that the bot is in"},
	}
	if c.images == providers.ImagesUpload {
		all = append(all, hub.Lack{Permission: "files:write", For: "upload the images of posts"})
	}
	if !c.listens() {
		return all
	}
	return append(all,
		hub.Lack{Permission: "commands", For: "hear /discourse"},
		hub.Lack{Permission: "app_mentions:read", For: "hear who mentions the bot"},
		hub.Lack{Permission: "channels:history", For: "hear what is said in channels that the bot is in"},
		hub.Lack{Permission: "groups:history", For: "hear what is said in private channels that the bot is in"},
		hub.Lack{Permission: "im:history", For: "hear direct messages"},
		hub.Lack{Permission: "reactions:read", For: "hear reactions"},
		hub.Lack{Permission: "users:read", For: "know people by their names"},
	)
}
