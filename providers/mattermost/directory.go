package mattermost

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
)

// atMost bounds how many people and channels are remembered.
const atMost = 10_000

// directory remembers who people are and what channels are called, which most
// of what the server tells does not say.
type directory struct {
	client *Client

	mu       sync.Mutex
	me       hub.User
	users    map[string]hub.User
	channels map[string]hub.Channel
}

// whoAmI asks for our own account, and says what the server's clock shows.
func (c *Client) whoAmI(ctx context.Context) (hub.User, time.Time, error) {
	me, resp, err := c.api.GetMe(ctx, "")
	if err == nil && me.Id == "" {
		err = errNoAnswer
	}
	if err != nil {
		return hub.User{}, time.Time{}, c.judge("users/me", resp, err)
	}
	c.heard(resp)
	u := person(me)
	u.Bot = true
	c.known.mu.Lock()
	c.known.me = u
	c.known.mu.Unlock()
	at, err := time.Parse(time.RFC1123, resp.Header.Get("Date"))
	if err != nil {
		at = time.Now()
	}
	return u, at, nil
}

// me is our own account, asked for once.
func (c *Client) me(ctx context.Context) (hub.User, error) {
	c.known.mu.Lock()
	me := c.known.me
	c.known.mu.Unlock()
	if me.ID != "" {
		return me, nil
	}
	me, _, err := c.whoAmI(ctx)
	return me, err
}

func person(u *model.User) hub.User {
	full := strings.TrimSpace(u.FirstName + " " + u.LastName)
	if full == "" {
		full = u.Nickname
	}
	return hub.User{ID: u.Id, Name: u.Username, Full: full, Bot: u.IsBot}
}

func (d *directory) learn(u hub.User) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users == nil || len(d.users) >= atMost {
		d.users = map[string]hub.User{}
	}
	d.users[u.ID] = u
}

func (d *directory) learnChannel(c hub.Channel) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.channels == nil || len(d.channels) >= atMost {
		d.channels = map[string]hub.Channel{}
	}
	d.channels[c.ID] = c
}

// forgetChannel is for one that has changed.
func (d *directory) forgetChannel(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.channels, id)
}

// meet asks for those of ids that are not known yet, and learns as many as the
// server tells: a name is good to have, and an event without one still is one.
func (d *directory) meet(ctx context.Context, ids []string) {
	var unknown []string
	d.mu.Lock()
	for _, id := range ids {
		if _, ok := d.users[id]; !ok && model.IsValidId(id) {
			unknown = append(unknown, id)
		}
	}
	d.mu.Unlock()
	for len(unknown) > 0 {
		some := unknown[:min(len(unknown), 100)]
		unknown = unknown[len(some):]
		users, _, err := d.client.api.GetUsersByIds(ctx, some)
		if err != nil {
			d.client.log.DebugContext(ctx, "people are not known", "err", err)
			return
		}
		for _, u := range users {
			d.learn(person(u))
		}
	}
}

// user is who has an id.
func (d *directory) user(ctx context.Context, id string) hub.User {
	if id == "" {
		return hub.User{}
	}
	d.meet(ctx, []string{id})
	d.mu.Lock()
	defer d.mu.Unlock()
	if u, ok := d.users[id]; ok {
		return u
	}
	return hub.User{ID: id}
}

// channel is what has an id.
func (d *directory) channel(ctx context.Context, id string) hub.Channel {
	d.mu.Lock()
	known, ok := d.channels[id]
	d.mu.Unlock()
	if ok || !model.IsValidId(id) {
		known.ID = id
		return known
	}
	found, _, err := d.client.api.GetChannel(ctx, id)
	if err != nil || found.Id != id {
		d.client.log.DebugContext(ctx, "a channel is not known", "chat", id, "err", err)
		return hub.Channel{ID: id}
	}
	known = room(found.Id, found.Name, found.DisplayName, found.Type)
	d.learnChannel(known)
	return known
}

// room is a channel. The bot sees no direct ones but its own.
func room(id, name, display string, kind model.ChannelType) hub.Channel {
	if kind == model.ChannelTypeDirect {
		return hub.Channel{ID: id, Direct: true}
	}
	if kind == model.ChannelTypeGroup { // its name says nothing
		name = display
	}
	return hub.Channel{ID: id, Name: name}
}
