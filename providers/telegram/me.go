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

// self is who we are. Telegram is asked once.
func (c *Client) self(ctx context.Context) (identity, *providers.Failed) {
	if me := c.me.Load(); me != nil {
		return *me, nil
	}
	return c.ask(ctx)
}
