package slack

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// What is kept of people and channels, which events name by their ids.
const (
	knownFor    = 10 * time.Minute
	rankedFor   = 30 * time.Second
	missingFor  = time.Minute
	mostKnown   = 5_000
	lookupTime  = 500 * time.Millisecond
	lookupsTime = time.Second // for all that one event names
)

// slackbot is Slack's own bot, which users.info calls a person.
const slackbot = "USLACKBOT"

// directory remembers what Slack said of people and channels.
type directory struct {
	client *Client

	mu       sync.Mutex
	users    map[string]kept[slack.User]
	channels map[string]kept[slack.Channel]
}

// kept is what was said, nil for nothing.
type kept[T any] struct {
	is *T
	at time.Time
}

// fresh reports whether it may still be believed. Who wants to know exactly asks
// again where nothing was said.
func (k kept[T]) fresh(age time.Duration) bool {
	if k.is == nil {
		return age > missingFor && time.Since(k.at) < missingFor
	}
	return time.Since(k.at) < age
}

func newDirectory(c *Client) *directory {
	return &directory{client: c, users: map[string]kept[slack.User]{}, channels: map[string]kept[slack.Channel]{}}
}

// forget makes Slack be asked anew.
func (d *directory) forget(user string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.users, user)
}

// user is what Slack says of a person: https://docs.slack.dev/reference/methods/users.info
func (d *directory) user(ctx context.Context, id string, age time.Duration) (*slack.User, error) {
	return ask(d, d.users, id, age, func() (*slack.User, error) {
		w, api := d.client.open()
		u, err := api.GetUserInfoContext(ctx, id)
		if err != nil {
			return nil, d.client.judge("users.info", w, err)
		}
		return u, nil
	})
}

// channel is what Slack says of a channel: https://docs.slack.dev/reference/methods/conversations.info
func (d *directory) channel(ctx context.Context, id string, age time.Duration) (*slack.Channel, error) {
	return ask(d, d.channels, id, age, func() (*slack.Channel, error) {
		w, api := d.client.open()
		ch, err := api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
		if err != nil {
			return nil, d.client.judge("conversations.info", w, err)
		}
		return ch, nil
	})
}

// ask is what is known, or else what Slack says now. Where it says nothing it is
// left alone for a while: nil without an error is that.
func ask[T any](d *directory, known map[string]kept[T], id string, age time.Duration, call func() (*T, error)) (*T, error) {
	d.mu.Lock()
	k := known[id]
	d.mu.Unlock()
	if k.fresh(age) {
		return k.is, nil
	}
	is, err := call()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(known) >= mostKnown {
		clear(known)
	}
	known[id] = kept[T]{is, time.Now()}
	return is, err
}

// isSelf reports whether an id is ours.
func (c *Client) isSelf(id string) bool {
	self := c.self.Load()
	return self != nil && id == self.ID
}

// who is a person by their id. Where Slack does not say more in time that has to
// do: nobody waits for a name.
func (c *Client) who(ctx context.Context, id string) hub.User {
	if id == "" {
		return hub.User{}
	}
	if c.isSelf(id) && c.self.Load().Name != "" {
		return *c.self.Load()
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	u, err := c.known.user(ctx, id, knownFor)
	if err != nil || u == nil {
		return hub.User{ID: id}
	}
	return hub.User{
		ID: id, Name: u.Name, Bot: u.IsBot || id == slackbot,
		Full: cmp.Or(u.Profile.DisplayName, u.Profile.RealName, u.RealName),
	}
}

// room is a channel by its id, and the type that some events tell.
func (c *Client) room(ctx context.Context, id, channelType string) hub.Channel {
	ch := hub.Channel{ID: id, Direct: channelType == "im" || isDirect(id)}
	if id == "" || ch.Direct {
		return ch
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	if info, err := c.known.channel(ctx, id, knownFor); err == nil && info != nil {
		ch.Name = info.Name
	}
	return ch
}

// RunsChat implements providers.Ranker: who administers or owns the workspace or
// made the channel runs it, and everyone runs what they have with us alone.
// Slack has no other admins of a channel that an app could ask for.
func (c *Client) RunsChat(ctx context.Context, chat hub.Chat, user string) (bool, error) {
	u, err := c.known.user(ctx, user, rankedFor)
	if err != nil {
		return false, err
	}
	if u == nil || u.Deleted || u.IsBot {
		return false, nil
	}
	if u.IsAdmin || u.IsOwner || u.IsPrimaryOwner {
		return true, nil
	}
	ch, err := c.known.channel(ctx, chat.ID, rankedFor)
	if providers.FaultOf(err) == hub.FaultChatGone {
		return false, nil // we are not in it, and cannot know
	}
	if err != nil {
		return false, err
	}
	if ch == nil {
		return false, nil
	}
	if ch.IsIM {
		return ch.User == user, nil
	}
	return ch.Creator == user, nil
}
