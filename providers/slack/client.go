// Package slack posts messages to Slack channels through the Web API, as the
// bot of one installed app.
//
// Messages are Block Kit sections in mrkdwn, with a plain text beside them for
// notifications. Slack fetches a card's image while it takes the message, and
// refuses the whole message when it cannot, as for a forum behind a firewall: then
// the message goes there without, and as plain text where Slack refuses its
// markup. Where the system is set so, images are uploaded instead (image.go).
//
// With a signing secret or an app-level token it also hears what people say and
// press: slash commands, mentions, direct messages, buttons, selects and modals,
// over signed HTTP or Socket Mode. Both ways lead to the same code. Slack wants
// an answer within three seconds, and it gets one, whatever becomes of the
// command.
//
// A chat id is a channel id ("C024BE91L"), a "#name" or a user id. A message
// ref is "channel/ts" ("C024BE91L/1503435956.000247"), which is all that Slack
// wants to answer, edit or delete it.
package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

// Name is the kind's name in the configuration.
const Name = "slack"

// Client is a provider for one bot in one workspace.
type Client struct {
	system hub.System
	token  secret.Value
	api    string
	http   *http.Client
	log    *slog.Logger
	write  func(hub.Message, providers.Form) draft
	images string // how they are shown
	album  *upload.Album
	shelf  shelf
	team   atomic.Pointer[string] // the workspace's address, once Check has learned it

	signing  secret.Value             // empty: no callbacks are taken
	appToken secret.Value             // empty: no Socket Mode
	self     atomic.Pointer[hub.User] // who we are there, once Slack has said it
	known    *directory
	chores   chores
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

// Kind tells how a Slack provider is configured and made.
func Kind() providers.Kind {
	return providers.Kind{
		Name:   Name,
		Config: func() providers.Config { return &Config{APIURL: defaultAPI, Images: providers.ImagesLink} },
		Open: func(c providers.Config, env providers.Env) (providers.Provider, error) {
			config, ok := c.(*Config)
			if !ok {
				return nil, fmt.Errorf("slack: configuration is a %T", c)
			}
			return New(config, env), nil
		},
		Preview: preview,
	}
}

// New makes a client.
func New(c *Config, env providers.Env) *Client {
	client := &Client{
		system:   env.System,
		token:    c.Token,
		api:      strings.TrimRight(c.APIURL, "/") + "/",
		http:     cautious(env.HTTP),
		log:      env.Log,
		signing:  c.SigningSecret,
		appToken: c.AppToken,
		images:   cmp.Or(c.Images, providers.ImagesLink),
		album:    upload.New(env.Pictures, terms()),
	}
	if client.log == nil {
		client.log = slog.New(slog.DiscardHandler)
	}
	client.known = newDirectory(client)
	client.write = providers.Remember(client.content)
	return client
}

// listens reports whether Slack can reach us, which is what buttons and modals
// take, too.
func (c *Client) listens() bool { return !c.signing.Empty() || !c.appToken.Empty() }

// String and GoString keep fmt from printing the token, which it would dig out
// of an unexported field.
func (c *Client) String() string { return Name + " " + string(c.system) }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// pace is a message in a second for each channel, short bursts allowed:
// https://docs.slack.dev/apis/web-api/rate-limits/
func pace() []providers.Rate {
	return []providers.Rate{{Calls: 1, Per: time.Second, Burst: 4}}
}

// Describe implements providers.Provider.
func (c *Client) Describe() providers.Description {
	hears := c.listens()
	return providers.Description{
		Kind:   Name,
		ID:     c.system,
		Limits: providers.Limits{Text: textLimit, Unit: unit, Chat: pace(), Inspect: inspectPace()},
		Can: hub.Features{
			Threads: true, Edits: true, Deletes: true, Chats: true,
			Images: c.images != providers.ImagesOff, Uploads: c.images == providers.ImagesUpload,
			Listens: hears, Buttons: hears, Dialogs: hears, Whispers: hears,
		},
	}
}

// Check implements providers.Provider.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.Introduce(ctx)
	return err
}

// learn keeps what Slack says of the workspace and of us in it.
func (c *Client) learn(who *slack.AuthTestResponse) {
	if team, ok := providers.WebURL(who.URL); ok {
		c.team.Store(&team)
	}
	if who.UserID != "" {
		c.self.Store(&hub.User{ID: who.UserID, Name: who.User, Bot: true})
	}
}

// Send implements providers.Provider.
func (c *Client) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	pic, err := c.illustrate(ctx, opSend, p.Message)
	if err != nil {
		return hub.Receipt{}, err
	}
	return c.say(ctx, pic, func(m hub.Message, form providers.Form) (hub.Receipt, *providers.Failed) {
		p.Message = m
		return c.post(ctx, p, form)
	})
}

const opSend = "chat.postMessage"

// post makes one attempt.
func (c *Client) post(ctx context.Context, p providers.Post, form providers.Form) (hub.Receipt, *providers.Failed) {
	message := c.write(p.Message, form)
	if message.none() {
		return hub.Receipt{}, empty(opSend)
	}
	fields := []string{"unfurl_links=false", "unfurl_media=false"}
	root := threadOf(p.Root)
	if root != "" {
		fields = append(fields, field("thread_ts", root))
	}
	if root != "" && p.Message.Broadcast {
		fields = append(fields, "reply_broadcast=true")
	}
	w := &wire{http: c.http}
	a, err := c.call(ctx, w, opSend, c.form(message, p.To.ID, fields...))
	if err != nil {
		return hub.Receipt{}, c.failed(opSend, w, err)
	}
	r := c.receipt(cmp.Or(a.Channel, p.To.ID), a.TS)
	r.At = timeOf(a.TS)
	// Slack puts a reply into the channel, silently, where the thread's first
	// message has been deleted.
	if root != "" && a.Message.ThreadTS == "" {
		r.Note = "posted outside of its thread, whose first message is gone"
	}
	return r, nil
}

// content is what a message says: blocks, and a text for where they are not
// shown, or words alone; none if there is nothing to say.
func (c *Client) content(m hub.Message, form providers.Form) draft {
	if form == providers.PlainWords {
		return draft{text: field("text", words.Write(m))}
	}
	blocks := compose(m, form)
	if len(blocks) == 0 {
		return draft{}
	}
	blocks = append(blocks, actionBlocks(m.Actions, c.listens())...)
	doc, err := json.Marshal(blocks)
	if err != nil {
		return c.content(m, providers.PlainWords)
	}
	return draft{blocks: field("blocks", string(doc)), text: field("text", fallback(m))}
}

func empty(op string) *providers.Failed {
	return &providers.Failed{Err: &providers.Error{Fault: hub.FaultRejected, Op: op, Err: errors.New("the message is empty")}}
}

func (c *Client) receipt(channel, ts string) hub.Receipt {
	r := hub.Receipt{Ref: refOf(channel, ts)}
	if team := c.team.Load(); team != nil {
		r.URL = strings.TrimRight(*team, "/") + "/archives/" + channel + "/p" + strings.ReplaceAll(ts, ".", "")
	}
	return r
}
