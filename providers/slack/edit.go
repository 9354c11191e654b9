package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Edit implements providers.Editor. A reply that was broadcast stays so: Slack
// refuses to broadcast and to change a message in one call. Nobody is told that
// a message of blocks was edited, and Slack does not say when it was:
// https://docs.slack.dev/reference/methods/chat.update
func (c *Client) Edit(ctx context.Context, p providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	pic, err := c.illustrate(ctx, opEdit, p.Message)
	if err != nil {
		return hub.Receipt{}, err
	}
	was := c.shelf.of(ref)
	r, err := c.say(ctx, pic, func(m hub.Message, form providers.Form) (hub.Receipt, *providers.Failed) {
		p.Message = m
		return c.update(ctx, p, ref, form)
	})
	if err == nil && c.shelf.of(r.Ref) != was || err == nil && pic.file == "" {
		c.release(ctx, ref, was)
	}
	return r, err
}

const (
	opEdit    = "chat.update"
	opRetract = "chat.delete"
)

// update makes one attempt.
func (c *Client) update(ctx context.Context, p providers.Post, ref hub.MessageRef, form providers.Form) (hub.Receipt, *providers.Failed) {
	message := c.write(p.Message, form)
	if message.none() {
		return hub.Receipt{}, empty(opEdit)
	}
	if form == providers.PlainWords { // the old blocks would stay
		message.blocks = field("blocks", "[]")
	}
	channel, ts, misplaced := place(opEdit, ref, p.To)
	if misplaced != nil {
		return hub.Receipt{}, &providers.Failed{Err: misplaced}
	}
	w := &wire{http: c.http}
	// Left out, parse is "client", and not "none" as for a new message.
	a, err := c.call(ctx, w, opEdit, c.form(message, channel, field("ts", ts), "parse=none"))
	if err != nil {
		return hub.Receipt{}, c.failed(opEdit, w, err)
	}
	return c.receipt(cmp.Or(a.Channel, channel), a.TS), nil
}

// Retract implements providers.Editor.
func (c *Client) Retract(ctx context.Context, at hub.Chat, ref hub.MessageRef) error {
	channel, ts, misplaced := place(opRetract, ref, at)
	if misplaced != nil {
		return misplaced
	}
	w, api := c.open()
	_, deleted, err := api.DeleteMessageContext(ctx, channel, ts)
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok && refused.Err == "message_not_found" {
		c.release(ctx, ref, c.shelf.of(ref))
		return nil
	}
	if err == nil && deleted == "" {
		err = errNoAnswer
	}
	if err != nil {
		return c.judge(opRetract, w, err)
	}
	c.release(ctx, ref, c.shelf.of(ref)) // the message is gone, whatever becomes of its file
	return nil
}

// place is where the message at ref is. The channel that Slack named when it
// took the message counts: a call that changes one knows no "#name" and no
// person.
func place(op string, ref hub.MessageRef, at hub.Chat) (channel, ts string, misplaced *providers.Error) {
	channel, ts = channelOf(ref), threadOf(ref)
	if timeOf(ts).IsZero() {
		return "", "", &providers.Error{
			Fault: hub.FaultRejected, Op: op,
			Err: fmt.Errorf("%q is no message of Slack's", clip(string(ref))),
		}
	}
	return cmp.Or(channel, at.ID), ts, nil
}
