// Package mattermost posts messages to Mattermost channels through the REST
// API, as a bot account, and hears what people write and do there.
//
// Cards are message attachments, texts are posts in Mattermost's Markdown. A post
// that the server refuses goes there once more as plain text. A card's image is
// in its attachment, by its address, or where the system is set so a file of the
// post's, which is deleted with it (image.go).
//
// It hears by a websocket (listen.go) and by what the server sends to our public
// address: slash commands, buttons, dialogs and outgoing webhooks (receive.go).
// What proves those is told in proof.go. Without a public address there are
// neither buttons nor dialogs.
//
// A chat id is a channel's id (26 letters and digits; "View Info" in the
// channel's menu shows it), and a message ref is a post's id.
//
// The server drops a post whose pending_post_id it has seen within 30 seconds,
// which covers an answer that was lost on the way and a quick restart, and
// nothing later: https://github.com/mattermost/mattermost/blob/master/server/channels/app/post.go
package mattermost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

// Name is the kind's name in the configuration.
const Name = "mattermost"

// Client is a provider for one bot account on one server.
type Client struct {
	system    hub.System
	token     secret.Value
	url       string
	callback  string // the address before "command", "action" …; empty if there is none
	websocket bool
	commands  []string // tokens of slash commands
	outgoing  []string // tokens of outgoing webhooks
	log       *slog.Logger
	api       *model.Client4
	write     func(hub.Message, providers.Form) *model.Post
	images    string // how they are shown
	album     *upload.Album
	sealer    sealer
	signing   signingKey
	known     directory
	ear       atomic.Pointer[providers.Ear] // that listens
	version   atomic.Pointer[version]       // of the server, nil until it has said it
	unheard   atomic.Int64                  // until when whispering is not tried, in Unix milliseconds
	pause     func(tries int) time.Duration // before a connection is made anew
}

var (
	_ providers.Provider   = (*Client)(nil)
	_ providers.ChatLister = (*Client)(nil)
	_ providers.Editor     = (*Client)(nil)
	_ providers.Listener   = (*Client)(nil)
	_ providers.Called     = (*Client)(nil)
	_ providers.Answerer   = (*Client)(nil)
	_ providers.Ranker     = (*Client)(nil)
)

// Kind tells how a Mattermost provider is configured and made.
func Kind() providers.Kind {
	return providers.Kind{
		Name:   Name,
		Config: func() providers.Config { return Default() },
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
	client := &Client{
		system: env.System, token: c.Token, url: url, api: api,
		callback: env.Callback, websocket: c.Websocket, commands: tokens(c.CommandToken), outgoing: tokens(c.OutgoingToken),
		log: env.Log, sealer: newSealer(c.Token, env.System), pause: pause,
		images: cmp.Or(c.Images, providers.ImagesLink), album: upload.New(env.Pictures, upload.Terms{}),
	}
	if client.log == nil {
		client.log = slog.New(slog.DiscardHandler)
	}
	client.known.client = client
	client.write = providers.Remember(func(m hub.Message, form providers.Form) *model.Post {
		return compose(m, form, client.buttons())
	})
	return client
}

// buttons reports whether the server can tell us that one was pressed.
func (c *Client) buttons() bool { return c.callback != "" }

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
		Limits: providers.Limits{Text: textLimit, Unit: unit, Learned: true, Inspect: inspectPace()},
		Can: hub.Features{
			Threads: true, Edits: true, Deletes: true, Idempotent: true, Chats: true,
			Images: c.images != providers.ImagesOff, Uploads: c.images == providers.ImagesUpload,
			Listens: c.websocket || c.buttons(), Buttons: c.buttons(), Dialogs: c.buttons(), Whispers: c.websocket || c.buttons(),
		},
	}
}

// Check implements providers.Provider.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.Introduce(ctx)
	return err
}

var _ providers.Introducer = (*Client)(nil)

// Introduce implements providers.Introducer.
func (c *Client) Introduce(ctx context.Context) (providers.Introduction, error) {
	me, _, err := c.whoAmI(ctx)
	if err != nil {
		return providers.Introduction{}, err
	}
	return providers.Introduction{Account: "@" + me.Name, Place: c.api.URL}, nil
}

// Send implements providers.Provider. A broadcast reply is a plain one: a post
// of Mattermost's has nothing to ask for the other, and people choose for
// themselves whether replies stand in the channel:
// https://developers.mattermost.com/api-documentation/#/operations/CreatePost
func (c *Client) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	pic, err := c.illustrate(ctx, opSend, p.To.ID+" "+p.Key, p)
	if err != nil {
		return hub.Receipt{}, err
	}
	return c.publish(pic, func(pic illustrated, form providers.Form) (hub.Receipt, *providers.Failed) {
		return c.post(ctx, p, pic, form)
	})
}

// post makes one attempt.
func (c *Client) post(ctx context.Context, p providers.Post, pic illustrated, form providers.Form) (hub.Receipt, *providers.Failed) {
	post := c.write(pic.message, form)
	if post == nil {
		return hub.Receipt{}, empty(opSend)
	}
	post = c.dressed(post, p.Message.Actions, p.To.ID, string(p.Root), form)
	attached(post, pic)
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
