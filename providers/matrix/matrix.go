// Package matrix posts to Matrix rooms from an ordinary account, and hears what
// people say and do there.
//
// A chat's id is a room's id ("!abc:example.org") or one of its aliases
// ("#general:example.org"). The account must have joined the room.
//
// Clients show pictures of homeservers only: a card's image is uploaded to the
// account's own and stands in the message (image.go), so that it comes, goes and
// is taken back with that. Where images are not to be uploaded it is a link.
//
// The homeserver drops a repeated send of one message by its transaction id, so
// that nothing is posted twice.
//
// People give commands by typing "!discourse …" or "/discourse …", by mentioning
// the account, and by saying anything in a room with nobody else. There are no
// buttons: what can be chosen is numbered, and people react with the number's
// keycap or type it. There are no dialogs and no whispers either.
//
// Bellhop can neither encrypt nor decrypt: it refuses to write to encrypted
// rooms, rather than to write there in the clear, but for the one sentence that
// says so. It pings nobody: m.mentions is always there and
// always empty, and for servers that do not know it, @room is broken up.
package matrix

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

var (
	_ providers.Provider   = (*Client)(nil)
	_ providers.ChatLister = (*Client)(nil)
)

// maxAnswer bounds what is read of an answer, in bytes. The list of rooms of a
// busy account is the longest.
const maxAnswer = 32 << 20

// Kind is the platform "matrix".
func Kind() providers.Kind {
	return providers.Kind{
		Name:   "matrix",
		Config: func() providers.Config { return defaults() },
		Open: func(c providers.Config, env providers.Env) (providers.Provider, error) {
			cfg, ok := c.(*Config)
			if !ok {
				return nil, fmt.Errorf("matrix: configuration is a %T", c)
			}
			return New(*cfg, env)
		},
		Preview: preview,
	}
}

// Client posts as one account.
type Client struct {
	id    hub.System
	cfg   Config
	api   *mautrix.Client
	rooms *rooms
	write func(hub.Message, providers.Form) said
	album *upload.Album
	most  atomic.Int64 // bytes of an upload, 0 until the homeserver was asked
	log   *slog.Logger
	taps  chan taps
}

// New makes a Client.
func New(cfg Config, env providers.Env) (*Client, error) {
	api, err := mautrix.NewClient(cfg.HomeserverURL, id.UserID(cfg.UserID), cfg.Token.Reveal())
	if err != nil {
		return nil, fmt.Errorf("matrix: homeserver_url: %w", err)
	}
	api.UserAgent = "Bellhop"
	api.ResponseSizeLimit = maxAnswer
	// One attempt per call: the library's own retries, and its sleeping where the
	// server limits us, belong to package hub/deliver here.
	api.DefaultHTTPRetries = 0
	api.IgnoreRateLimit = true
	api.Client = env.HTTP
	if api.Client == nil {
		api.Client = &http.Client{}
	}
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		id: env.System, cfg: cfg, api: api, rooms: newRooms(), write: providers.Remember(say),
		log: log, taps: make(chan taps, tapQueue),
	}
	c.cfg.Images = cmp.Or(cfg.Images, providers.ImagesUpload)
	c.album = upload.New(env.Pictures, upload.Terms{})
	return c, nil
}

// Describe implements providers.Provider.
func (c *Client) Describe() providers.Description {
	uploads := c.cfg.Images == providers.ImagesUpload
	return providers.Description{
		Kind: "matrix",
		ID:   c.id,
		// A homeserver sets its own pace, and says when the next message may come:
		// https://spec.matrix.org/latest/client-server-api/#rate-limiting
		Limits: providers.Limits{Text: maxBody, Unit: providers.Bytes, Learned: true, Inspect: inspectPace()},
		Can: hub.Features{
			Threads: true, Edits: true, Deletes: true, Listens: true, Idempotent: true, Chats: true, Images: uploads, Uploads: uploads,
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
	who, err := c.api.Whoami(ctx)
	if err != nil {
		return providers.Introduction{}, c.fault(ctx, "whoami", err)
	}
	if who.UserID != id.UserID(c.cfg.UserID) {
		return providers.Introduction{}, &providers.Error{
			Fault: hub.FaultUnauthorized, Op: "whoami",
			Err: fmt.Errorf("token is that of %q, not of user_id %q: mend one of the two", who.UserID, c.cfg.UserID),
		}
	}
	return providers.Introduction{Account: who.UserID.String(), Place: c.cfg.HomeserverURL}, nil
}

// Send implements providers.Provider. An event in a thread cannot be shown beside
// it as well: Message.Broadcast means nothing here.
func (c *Client) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	room, err := c.open(ctx, p.To.ID)
	if err != nil {
		return hub.Receipt{}, err
	}
	note := ""
	if p.Message, note, err = c.illustrate(ctx, opSend, p.Message); err != nil {
		return hub.Receipt{}, err
	}
	return noted(note)(providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
		content := c.content(p, form)
		if strings.TrimSpace(content.Body) == "" {
			return hub.Receipt{}, empty(opSend)
		}
		return c.post(ctx, p, room, content)
	}))
}

// post makes one attempt. A homeserver that refuses an event forgets its
// transaction, so that the words may go by the same:
// https://github.com/element-hq/synapse/blob/develop/synapse/rest/client/transactions.py
func (c *Client) post(ctx context.Context, p providers.Post, room id.RoomID, content *event.MessageEventContent) (hub.Receipt, *providers.Failed) {
	res, err := c.api.SendMessageEvent(ctx, room, event.EventMessage, content,
		mautrix.ReqSendEvent{TransactionID: p.Key, DontEncrypt: true})
	if err != nil {
		failed := c.failed(ctx, opSend, err, content)
		c.doubt(p.To.ID, room, failed.Err)
		return hub.Receipt{}, failed
	}
	if res == nil || !strings.HasPrefix(string(res.EventID), "$") {
		return hub.Receipt{}, &providers.Failed{Err: unreadable(opSend, http.StatusOK)}
	}
	return hub.Receipt{
		Ref: hub.MessageRef(res.EventID),
		URL: room.EventURI(res.EventID, c.api.UserID.Homeserver()).MatrixToURL(),
		At:  time.Now().UTC(),
	}, nil
}

func empty(op string) *providers.Failed {
	return &providers.Failed{Err: &providers.Error{Fault: hub.FaultRejected, Op: op, Err: errNothing}}
}

const opSend = "send/m.room.message"

func (c *Client) content(p providers.Post, form providers.Form) *event.MessageEventContent {
	said := c.write(p.Message, form)
	content := &event.MessageEventContent{
		MsgType:  event.MessageType(c.cfg.MsgType),
		Body:     said.body,
		Mentions: &event.Mentions{},
	}
	if said.formatted != "" {
		content.Format, content.FormattedBody = event.FormatHTML, said.formatted
	}
	if strings.HasPrefix(string(p.Root), "$") {
		root := id.EventID(p.Root)
		content.RelatesTo = (&event.RelatesTo{}).SetThread(root, root)
	}
	return content
}
