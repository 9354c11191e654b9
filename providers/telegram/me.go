package telegram

import (
	"context"

	"github.com/bellhop-chat/bellhop/providers"
)

// ask asks Telegram who we are.
func (c *Client) ask(ctx context.Context) (identity, *providers.Failed) {
	var me identity
	if failed := c.call(ctx, "getMe", nil, &me.user); failed != nil {
		return me, failed
	}
	if me.ID != 0 {
		c.me.Store(&me)
	}
	return me, nil
}

var _ providers.Introducer = (*Client)(nil)

// Introduce implements providers.Introducer.
func (c *Client) Introduce(ctx context.Context) (providers.Introduction, error) {
	me, failed := c.ask(ctx)
	if failed != nil {
		return providers.Introduction{}, failed.Err
	}
	return providers.Introduction{Account: "@" + me.Username, Place: "t.me/" + me.Username}, nil
}

// self is who we are. Telegram is asked once.
func (c *Client) self(ctx context.Context) (identity, *providers.Failed) {
	if me := c.me.Load(); me != nil {
		return *me, nil
	}
	return c.ask(ctx)
}
