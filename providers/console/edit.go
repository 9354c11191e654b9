package console

import (
	"context"
	"fmt"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Edit implements providers.Editor. Open pages show the change at once.
func (c *Client) Edit(ctx context.Context, p providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	const op = "console edit"
	cut, err := check(op, p.Message)
	if err != nil {
		return hub.Receipt{}, err
	}
	if err := c.revise(ctx, op, p.To, ref, &p.Message); err != nil {
		return hub.Receipt{}, err
	}
	return hub.Receipt{Ref: ref, Note: note(cut, true)}, nil
}

// Retract implements providers.Editor. What stood there becomes a line that
// says so, above its replies.
func (c *Client) Retract(ctx context.Context, at hub.Chat, ref hub.MessageRef) error {
	return c.revise(ctx, "console retract", at, ref, nil)
}

func (c *Client) revise(ctx context.Context, op string, at hub.Chat, ref hub.MessageRef, m *hub.Message) error {
	if err := ctx.Err(); err != nil {
		return fault(op, err)
	}
	room, err := c.room(op, at)
	if err != nil {
		return err
	}
	seq := seqOf(ref)
	if seq == 0 {
		return &providers.Error{Fault: hub.FaultRejected, Op: op, Err: fmt.Errorf("%q is none of the console's messages", ref)}
	}
	if err := c.store.ReviseConsolePost(ctx, room, seq, m); err != nil {
		if m == nil && hub.CodeOf(err) == hub.CodeNotFound {
			return nil // there is nothing to take back
		}
		return fault(op, err)
	}
	c.news.ring()
	return nil
}
