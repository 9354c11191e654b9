// Package mattermost posts messages to Mattermost channels through the REST
// API, as a bot account.
//
// Cards are message attachments, texts are posts in Mattermost's Markdown. The
// package hears nothing that people write and uploads nothing. A post that the
// server refuses goes there once more as plain text.
//
// A chat id is a channel's id (26 letters and digits; "View Info" in the
// channel's menu shows it), and a message ref is a post's id.
//
// The server drops a post whose pending_post_id it has seen within 30 seconds,
// which covers an answer that was lost on the way and a quick restart, and
// nothing later: https://github.com/mattermost/mattermost/blob/master/server/channels/app/post.go
package mattermost

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// Name is the kind's name in the configuration.
const Name = "mattermost"

// Client is a provider for one bot account on one server.
type Client struct {
	system hub.System
	token  secret.Value
	url    string
	api    *model.Client4
	write  func(hub.Message, providers.Form) *model.Post
}

var (
	_ providers.Provider   = (*Client)(nil)
	_ providers.ChatLister = (*Client)(nil)
	_ providers.Editor     = (*Client)(nil)
)

// Kind tells how a Mattermost provider is configured and made.
func Kind() providers.Kind {
	return providers.Kind{
		Name:   Name,
		Config: func() providers.Config { return &Config{} },
		Open: func(c providers.Config, env providers.Env) (providers.Provider, error) {
			config, ok := c.(*Config)
			if !ok {
				return nil, fmt.Errorf("mattermost: configuration is a %T", c)
			}
			return New(config, env), nil
		},
		Preview: preview,
	}
}

// New makes a client.
func New(c *Config, env providers.Env) *Client {
	url := strings.TrimRight(c.URL, "/")
	api := model.NewAPIv4Client(url)
	api.HTTPClient = cautious(env.HTTP)
	api.SetToken(c.Token.Reveal())
	return &Client{system: env.System, token: c.Token, url: url, api: api, write: providers.Remember(compose)}
}

// String and GoString keep fmt from printing the token, which it would dig out
// of an unexported field.
func (c *Client) String() string { return Name + " " + string(c.system) }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// Describe implements providers.Provider.
func (c *Client) Describe() providers.Description {
	return providers.Description{
		Kind: Name,
		ID:   c.system,
		// Off unless the server's owner wants it:
		// https://docs.mattermost.com/administration-guide/configure/rate-limiting-configuration-settings.html
		Limits: providers.Limits{Text: textLimit, Unit: unit, Learned: true},
		Can:    hub.Features{Threads: true, Edits: true, Deletes: true, Idempotent: true, Chats: true, Images: true},
	}
}

// Check implements providers.Provider.
func (c *Client) Check(ctx context.Context) error {
	me, resp, err := c.api.GetMe(ctx, "")
	if err == nil && me.Id == "" {
		err = errNoAnswer
	}
	if err != nil {
		return c.judge("users/me", resp, err)
	}
	return nil
}

// Send implements providers.Provider. A broadcast reply is a plain one: a post
// of Mattermost's has nothing to ask for the other, and people choose for
// themselves whether replies stand in the channel:
// https://developers.mattermost.com/api-documentation/#/operations/CreatePost
func (c *Client) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	return providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) { return c.post(ctx, p, form) })
}

// post makes one attempt.
func (c *Client) post(ctx context.Context, p providers.Post, form providers.Form) (hub.Receipt, *providers.Failed) {
	post := c.write(p.Message, form)
	if post == nil {
		return hub.Receipt{}, empty(opSend)
	}
	post = post.Clone()
	post.ChannelId, post.RootId = p.To.ID, string(p.Root)
	// All users of a server share the ids that it has seen.
	post.PendingPostId = "bellhop:" + string(c.system) + ":" + p.Key
	made, resp, err := c.api.CreatePost(ctx, post)
	if err == nil && made.Id == "" {
		err = errNoAnswer
	}
	if err != nil {
		return hub.Receipt{}, c.failed(opSend, resp, err)
	}
	return c.receipt(made, made.CreateAt), nil
}

func empty(op string) *providers.Failed {
	return &providers.Failed{Err: &providers.Error{Fault: hub.FaultRejected, Op: op, Err: errors.New("the message is empty")}}
}

func (c *Client) receipt(post *model.Post, at int64) hub.Receipt {
	return hub.Receipt{
		Ref: hub.MessageRef(post.Id),
		URL: c.url + "/_redirect/pl/" + post.Id, // finds the post's team by itself
		At:  time.UnixMilli(at).UTC(),
	}
}

// cautious is base without redirects, which would make a post a GET or take the
// token elsewhere, and with a bound on what an answer may hold.
func cautious(base *http.Client) *http.Client {
	var c http.Client
	if base != nil {
		c = *base
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Transport = bounded{c.Transport}
	return &c
}
