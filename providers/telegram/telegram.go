// Package telegram posts to Telegram chats as a bot, through the Bot API.
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
package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
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
	id   hub.System
	cfg  Config
	http *http.Client
}

// New makes a Client.
func New(cfg Config, env providers.Env) *Client {
	c := &Client{id: env.System, cfg: cfg, http: env.HTTP}
	if c.http == nil {
		c.http = &http.Client{}
	}
	return c
}

// Describe implements providers.Provider.
func (c *Client) Describe() providers.Description {
	return providers.Description{
		Kind:   "telegram",
		ID:     c.id,
		Limits: providers.Limits{Text: maxText, Unit: providers.UTF16},
		Can:    hub.Features{Threads: true, Edits: true, Deletes: true},
	}
}

// Check implements providers.Provider.
func (c *Client) Check(ctx context.Context) error {
	var me struct {
		ID int64 `json:"id"`
	}
	if err := c.call(ctx, "getMe", nil, &me); err != nil {
		return err.Error
	}
	return nil
}

// Send implements providers.Provider. Where Telegram refuses our markup, and
// thus has surely posted nothing, it sends the words once more without: that is
// the one case of a second call. Telegram has no threads that a reply could be
// shown beside: Message.Broadcast means nothing here.
func (c *Client) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	to, err := parseAddress(p.To.ID)
	if err != nil {
		return hub.Receipt{}, &providers.Error{Fault: hub.FaultChatGone, Op: opSend, Err: err}
	}
	text := render(p.Message, markup())
	if strings.TrimSpace(text) == "" {
		return hub.Receipt{}, &providers.Error{Fault: hub.FaultRejected, Op: opSend, Err: errNothing}
	}
	params := to.params(p.Root)
	params["parse_mode"] = "HTML"
	receipt, failed := c.post(ctx, params, text)
	if failed != nil && failed.markup {
		note := "sent as plain text: " + failed.said
		delete(params, "parse_mode")
		receipt, failed = c.post(ctx, params, render(p.Message, bare()))
		receipt.Note = providers.Join("; ", note, receipt.Note)
	}
	if failed != nil {
		return hub.Receipt{}, failed.Error
	}
	return receipt, nil
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
}

func (c *Client) post(ctx context.Context, params tgbotapi.Params, text string) (hub.Receipt, *failure) {
	params["text"] = text
	var m sent
	if err := c.call(ctx, opSend, params, &m); err != nil {
		return hub.Receipt{}, err
	}
	if m.ID == 0 {
		return hub.Receipt{}, c.unreadable(opSend, http.StatusOK)
	}
	receipt := hub.Receipt{
		Ref: hub.MessageRef(fmt.Sprintf("%d/%d", m.Chat.ID, m.ID)),
		URL: m.url(),
		At:  time.Unix(m.Date, 0).UTC(),
	}
	if asked := params["reply_parameters"]; asked != "" && m.ReplyTo == nil {
		receipt.Note = "not sent as a reply: the message to reply to is gone"
	}
	return receipt, nil
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
	b, _ := json.Marshal(v) // of maps of strings, numbers and bools
	return string(b)
}
