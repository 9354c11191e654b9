package console

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var (
	_ providers.Inspector = (*Client)(nil)
	_ providers.Named     = (*Client)(nil)
)

// Account implements providers.Named: it is where the rooms are found.
func (c *Client) Account() string { return "/console" }

// Inspect implements providers.Inspector. A room is there with its first message,
// so that only a name can be wrong.
func (c *Client) Inspect(ctx context.Context, chat hub.Chat) (hub.Preflight, error) {
	room, ok := roomName(chat.ID)
	if !ok {
		return hub.NotIn(chat, badRoom(chat.ID).Error(), "Change the chat in its subscriptions"), nil
	}
	if err := c.Check(ctx); err != nil {
		return hub.Preflight{}, err
	}
	yes, no := hub.Found(true), hub.Found(false)
	return hub.Preflight{Chat: chat, Name: "#" + room, Member: yes, Post: yes, Thread: yes, Edit: yes, Delete: yes, Archived: no, Encrypted: no}, nil
}
