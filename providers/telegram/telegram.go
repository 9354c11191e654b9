// Package telegram posts to Telegram chats as a bot and hears what people say to
// it, through the Bot API.
//
// A chat's id is what Telegram calls it: a number ("-1001234567890") or the
// @name of a public channel or group, with the number of a forum topic behind
// a slash where one is meant ("-1001234567890/45").
//
// Bots cannot list their chats, cannot write to people who have not written to
// them first, and have no key that would keep a message from being posted
// twice. One message is one post: what is over Telegram's limit is cut.
//
// Telegram makes mentions and commands out of any text. Words of a forum must
// not ping its members, nor offer a command to be tapped, so an invisible word
// joiner breaks them up. Hashtags of a text stay alive: they only search.
//
// Telegram calls us where webhook_secret is set, else we ask it for news. What
// was told is confirmed only when it has been taken. Telegram has no dialogs, and
// nothing in a group is for one person's eyes: an answer there is a reply to the
// command.
package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

var _ providers.Provider = (*Client)(nil)

// maxText is the longest text of one message, counted after its markup has
// become entities: https://core.telegram.org/bots/api#sendmessage.
const maxText = 4096

// Kind is the platform "telegram".
func Kind() providers.Kind {
	return providers.Kind{
		Name:   "telegram",
		Config: func() providers.Config { return defaults() },
		Open: func(c providers.Config, env providers.Env) (providers.Provider, error) {
			cfg, ok := c.(*Config)
			if !ok {
				return nil, fmt.Errorf("telegram: configuration is a %T", c)
			}
			return New(*cfg, env), nil
		},
		Preview: preview,
	}
}

// Client posts as one bot.
type Client struct {
	id       hub.System
	cfg      Config
	http     *http.Client
	log      *slog.Logger
	callback string
	text     func(hub.Message, providers.Form) string
	captions func(hub.Message, providers.Form) string
	album    *upload.Album
	photos   photos

	me      atomic.Pointer[identity] // nil until Telegram has said
	menu    menu
	selects selects
}

// New makes a Client.
func New(cfg Config, env providers.Env) *Client {
	c := &Client{
		id: env.System, cfg: cfg, http: env.HTTP, log: env.Log, callback: env.Callback, text: providers.Remember(write),
		captions: providers.Remember(writeCaption), album: upload.New(env.Pictures, terms()),
	}
	c.cfg.Images = cmp.Or(cfg.Images, providers.ImagesLink)
	if c.http == nil {
		c.http = &http.Client{}
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Describe implements providers.Provider.
func (c *Client) Describe() providers.Description {
	return providers.Description{
		Kind: "telegram",
		ID:   c.id,
		Limits: providers.Limits{
			Text: maxText, Unit: providers.UTF16,
			// A message in a second for each chat, 20 in a minute in a group, 30 in a
			// second for the bot. A burst and what follows it stay within that:
			// https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
			Chat:    []providers.Rate{{Calls: 1, Per: time.Second, Burst: 3}, {Calls: 15, Per: time.Minute, Burst: 5}},
			Account: []providers.Rate{{Calls: 25, Per: time.Second, Burst: 5}},
			Inspect: inspectPace(),
		},
		Can: hub.Features{
			Threads: true, Edits: true, Deletes: true,
			Images: c.cfg.Images != providers.ImagesOff, Uploads: c.cfg.Images == providers.ImagesUpload, Listens: c.cfg.Listen, Buttons: c.cfg.Listen,
		},
	}
}

// Check implements providers.Provider.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.Introduce(ctx)
	return err
}

// Send implements providers.Provider. Telegram has no threads that a reply could
// be shown beside: Message.Broadcast means nothing here.
func (c *Client) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	to, err := parseAddress(p.To.ID)
	if err != nil {
		return hub.Receipt{}, &providers.Error{Fault: hub.FaultChatGone, Op: opSend, Err: err}
	}
	m, image := providers.Illustrated(p.Message, c.cfg.Images)
	note := ""
	if image != nil {
		var o outcome
		switch o, note = c.sendPhoto(ctx, to, p, m, image); {
		case ctx.Err() != nil && (!o.made || o.failed != nil):
			return hub.Receipt{}, stopped(ctx, opPhoto)
		case o.made && o.failed == nil:
			return o.receipt, nil
		case o.made:
			return hub.Receipt{}, o.failed.Err
		}
	}
	r, err := providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
		params := to.params(p.Root)
		if !c.say(params, m, form) {
			return hub.Receipt{}, empty(opSend)
		}
		return c.post(ctx, params)
	})
	return noted(r, err, note)
}

func stopped(ctx context.Context, op string) *providers.Error {
	return &providers.Error{Fault: hub.FaultTemporary, Op: op, Err: fmt.Errorf("stopped at its image: %w", ctx.Err())}
}

func noted(r hub.Receipt, err error, note string) (hub.Receipt, error) {
	if err == nil {
		r.Note = providers.Join("; ", note, r.Note)
	}
	return r, err
}

// say puts a message into the parameters of a call. It is false if there is
// nothing to say.
//
// The card's image is the message's link preview, unless it is uploaded. As a
// photo with a caption the message holds no more than 1024 characters of text, and
// no edit makes a text of it again; and a preview that Telegram cannot make it
// leaves out:
// https://core.telegram.org/bots/api#linkpreviewoptions
func (c *Client) say(params tgbotapi.Params, m hub.Message, form providers.Form) bool {
	params["text"] = c.text(m, form)
	if form != providers.PlainWords {
		params["parse_mode"] = "HTML"
	}
	preview := map[string]any{"is_disabled": true}
	if image := picture(m); image != nil && form == providers.Whole {
		preview = map[string]any{"url": image.URL, "prefer_large_media": true, "show_above_text": false}
	}
	params["link_preview_options"] = object(preview)
	if k := c.keyboard(m.Actions, form == providers.Whole); k != nil {
		params["reply_markup"] = object(k)
	}
	return strings.TrimSpace(params["text"]) != ""
}

// write is the text of a message in a form.
func write(m hub.Message, form providers.Form) string {
	if form == providers.PlainWords {
		return render(m, bare())
	}
	return render(m, markup())
}

func picture(m hub.Message) *hub.Image {
	if image := providers.Picture(m.Card); image != nil && len(image.URL) <= urlLimit {
		return image
	}
	return nil
}

func empty(op string) *providers.Failed {
	return &providers.Failed{Err: &providers.Error{Fault: hub.FaultRejected, Op: op, Err: errNothing}}
}

const opSend = "sendMessage"

// sent is what we read of a Message:
// https://core.telegram.org/bots/api#message.
type sent struct {
	ID       int64 `json:"message_id"`
	Date     int64 `json:"date"`
	EditDate int64 `json:"edit_date"`
	Chat     struct {
		ID       int64  `json:"id"`
		Username string `json:"username"`
	} `json:"chat"`
	ReplyTo *struct {
		ID int64 `json:"message_id"`
	} `json:"reply_to_message"`
	Photo []struct {
		FileID string `json:"file_id"`
	} `json:"photo"` // in several sizes, the largest last
}

func (c *Client) post(ctx context.Context, params tgbotapi.Params) (hub.Receipt, *providers.Failed) {
	var m sent
	if failed := c.call(ctx, opSend, params, &m); failed != nil {
		return hub.Receipt{}, failed
	}
	if m.ID == 0 {
		return hub.Receipt{}, c.unreadable(opSend, http.StatusOK)
	}
	return c.receipt(&m, params["reply_parameters"]), nil
}

// receipt is that of a new message, which asked to be a reply or did not.
func (c *Client) receipt(m *sent, asked string) hub.Receipt {
	receipt := hub.Receipt{
		Ref: hub.MessageRef(fmt.Sprintf("%d/%d", m.Chat.ID, m.ID)),
		URL: m.url(),
		At:  time.Unix(m.Date, 0).UTC(),
	}
	if asked != "" && m.ReplyTo == nil {
		receipt.Note = "not sent as a reply: the message to reply to is gone"
	}
	return receipt
}

// url is the message's address. Only supergroups and channels have one; those
// without a name show it to their members alone.
func (m sent) url() string {
	if m.Chat.Username != "" {
		if m.Chat.ID > 0 {
			return "" // a person
		}
		return fmt.Sprintf("https://t.me/%s/%d", m.Chat.Username, m.ID)
	}
	if inner, ok := strings.CutPrefix(strconv.FormatInt(m.Chat.ID, 10), "-100"); ok && len(inner) >= 10 {
		return fmt.Sprintf("https://t.me/c/%s/%d", inner, m.ID)
	}
	return ""
}

// object is v as a parameter: what is not a string goes as JSON.
func object(v any) string {
	b, _ := json.Marshal(v) // of strings, numbers and bools
	return string(b)
}
