// Package console is Bellhop's own chat: rooms in the browser, kept by the hub,
// so that everything can be seen at work with no account anywhere.
//
// It is a provider like the others and nothing more. It keeps no messages of
// its own, those are in a hub.ConsoleStore, as is what people say there: Listen
// reads it from the store and tells it. It knows no users and asks no
// permissions, those are the guard's that Routes is given; and it loads
// nothing from elsewhere, not even a picture that a message shows.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// limit is the longest message that a room shows, in characters. Nothing
// forces one on us, but a browser should not choke on what a forum sends.
const limit = 40_000

var (
	_ providers.Provider   = (*Client)(nil)
	_ providers.ChatLister = (*Client)(nil)
	_ providers.Editor     = (*Client)(nil)
	_ providers.Everywhere = (*Client)(nil)
	_ providers.Answerer   = (*Client)(nil)
)

// Client is a console: the provider that fills its rooms, and their pages.
type Client struct {
	system hub.System
	store  hub.ConsoleStore
	log    *slog.Logger
	rooms  []string // shown although nothing was said in them yet

	ears ears
	here here

	news   news
	closed chan struct{} // closed when streams have to end
	close  func()
}

// New makes a console that keeps its messages in store. Rooms are shown from
// the start; any other appears with its first message.
func New(system hub.System, store hub.ConsoleStore, log *slog.Logger, rooms ...string) *Client {
	c := &Client{system: system, store: store, log: log, closed: make(chan struct{})}
	c.close = sync.OnceFunc(func() { close(c.closed) })
	for _, name := range rooms {
		if room, ok := roomName(name); ok && !slices.Contains(c.rooms, room) {
			c.rooms = append(c.rooms, room)
		}
	}
	return c
}

// Kind is the console as a platform to configure. Its messages are kept in store.
func Kind(store hub.ConsoleStore) providers.Kind {
	return providers.Kind{
		Name:   "console",
		Config: func() providers.Config { return &Config{} },
		Open: func(c providers.Config, env providers.Env) (providers.Provider, error) {
			config, ok := c.(*Config)
			if !ok {
				return nil, fmt.Errorf("console: a configuration of type %T is not the console's", c)
			}
			return New(env.System, store, env.Log, config.Rooms...), nil
		},
		Preview: preview,
	}
}

// Config is the console's section of the configuration.
type Config struct {
	Rooms []string `toml:"rooms" about:"Rooms to show before anything was said in them."`
}

// Problems implements providers.Config.
func (c *Config) Problems() map[string]string {
	var wrong []string
	for _, name := range c.Rooms {
		if _, ok := roomName(name); !ok {
			wrong = append(wrong, badRoom(name).Error())
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return map[string]string{"rooms": strings.Join(wrong, "; ")}
}

// Describe implements providers.Provider.
func (c *Client) Describe() providers.Description {
	return providers.Description{
		Kind:   "console",
		ID:     c.system,
		Limits: providers.Limits{Text: limit, Unit: providers.Characters},
		Can: hub.Features{
			Threads: true, Edits: true, Deletes: true, Idempotent: true, Chats: true,
			Listens: true, Buttons: true, Dialogs: true, Whispers: true,
		},
	}
}

// Check implements providers.Provider: it asks the store, the one thing that
// could fail.
func (c *Client) Check(ctx context.Context) error {
	_, err := c.store.ConsoleRooms(ctx, c.system)
	return fault("console rooms", err)
}

// Send implements providers.Provider. Open pages show the message at once.
func (c *Client) Send(ctx context.Context, p providers.Post) (hub.Receipt, error) {
	const op = "console post"
	if err := ctx.Err(); err != nil {
		return hub.Receipt{}, fault(op, err)
	}
	room, err := c.room(op, p.To)
	if err != nil {
		return hub.Receipt{}, err
	}
	cut, err := check(op, p.Message)
	if err != nil {
		return hub.Receipt{}, err
	}
	root, inThread := rootOf(p.Root)
	post := hub.ConsolePost{Chat: room, Key: p.Key, Root: root, Message: p.Message}
	if err := c.store.AppendConsolePost(ctx, &post); err != nil {
		return hub.Receipt{}, fault(op, err)
	}
	c.news.ring()
	return hub.Receipt{Ref: refOf(post.Seq), At: post.At, Note: note(cut, inThread)}, nil
}

// room is a chat as its posts are stored.
func (c *Client) room(op string, at hub.Chat) (hub.Chat, error) {
	name, ok := roomName(at.ID)
	if !ok {
		return hub.Chat{}, &providers.Error{Fault: hub.FaultChatGone, Op: op, Err: badRoom(at.ID)}
	}
	return hub.Chat{System: c.system, ID: name}, nil
}

// check refuses a message that would show nothing, and says whether one is too
// long to be shown whole.
func check(op string, m hub.Message) (cut bool, err error) {
	said := shown(m, providers.Whole)
	if said.empty() {
		return false, &providers.Error{Fault: hub.FaultRejected, Op: op, Err: errors.New("the message is empty: it has neither a text nor a card")}
	}
	return said.cut, nil
}

func note(cut, inThread bool) string {
	var notes []string
	if cut {
		notes = append(notes, fmt.Sprintf("shown up to %d characters", limit))
	}
	if !inThread {
		notes = append(notes, "posted outside its thread: the message to answer is not one of the console's")
	}
	return strings.Join(notes, "; ")
}

// rootOf is ref if it can be one of ours. Only a message that was to answer
// another platform's is out of its thread.
func rootOf(ref hub.MessageRef) (root hub.MessageRef, ok bool) {
	if ref == "" || seqOf(ref) > 0 {
		return ref, true
	}
	return "", false
}

func refOf(seq int64) hub.MessageRef { return hub.MessageRef(strconv.FormatInt(seq, 10)) }

// seqOf is the Seq that ref stands for, 0 if it stands for none.
func seqOf(ref hub.MessageRef) int64 {
	seq, err := strconv.ParseInt(string(ref), 10, 64)
	if err != nil || refOf(seq) != ref {
		return 0
	}
	return max(seq, 0)
}

// fault is err as the contract wants it. The store may refuse a value for good;
// else it is down, and will be back.
func fault(op string, err error) error {
	if err == nil {
		return nil
	}
	kind := hub.FaultTemporary
	switch hub.CodeOf(err) {
	case hub.CodeInvalid, hub.CodeNotFound:
		kind = hub.FaultRejected
	}
	return &providers.Error{Fault: kind, Op: op, Err: fmt.Errorf("the hub's database: %w", err)}
}
