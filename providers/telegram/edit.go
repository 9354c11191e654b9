package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Editor = (*Client)(nil)

const (
	opEdit    = "editMessageText"
	opRetract = "deleteMessage"
)

// Edit implements providers.Editor. A bot may edit its own messages however old
// they are: https://core.telegram.org/bots/api#editmessagetext
func (c *Client) Edit(ctx context.Context, p providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	m, image := providers.Illustrated(p.Message, c.cfg.Images)
	note := ""
	if image != nil {
		var o outcome
		switch o, note = c.editPhoto(ctx, m, image, ref); {
		case ctx.Err() != nil && (!o.made || o.failed != nil):
			return hub.Receipt{}, stopped(ctx, opMedia)
		case o.made && o.failed == nil:
			return o.receipt, nil
		case o.made && o.failed.Instead == providers.Whole && o.failed.Err.Fault != hub.FaultRejected:
			return hub.Receipt{}, o.failed.Err
		}
	}
	r, err := providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
		return c.editText(ctx, m, form, ref, image != nil || providers.Picture(m.Card) != nil)
	})
	return noted(r, err, note)
}

// editText makes one attempt at an edit of a text, or of the words below what
// turns out to be a photo.
func (c *Client) editText(ctx context.Context, m hub.Message, form providers.Form, ref hub.MessageRef, keep bool) (hub.Receipt, *providers.Failed) {
	params, err := messageAt(opEdit, ref)
	if err != nil {
		return hub.Receipt{}, &providers.Failed{Err: err}
	}
	if !c.say(params, m, form) {
		return hub.Receipt{}, empty(opEdit)
	}
	r, failed := c.edited(ctx, opEdit, params, ref)
	if isPhoto(failed) {
		return c.editBelow(ctx, m, form, ref, keep)
	}
	return r, failed
}

// edited makes one attempt at a call that changes words.
func (c *Client) edited(ctx context.Context, op string, params tgbotapi.Params, ref hub.MessageRef) (hub.Receipt, *providers.Failed) {
	var m sent
	failed := c.call(ctx, op, params, &m)
	if unmodified(failed) {
		return hub.Receipt{Ref: ref}, nil // it says so already
	}
	if failed != nil {
		return hub.Receipt{}, failed
	}
	if m.ID == 0 {
		return hub.Receipt{}, c.unreadable(op, 0)
	}
	return changed(&m, ref), nil
}

// changed is the receipt of the message at ref once it was changed.
func changed(m *sent, ref hub.MessageRef) hub.Receipt {
	receipt := hub.Receipt{Ref: ref, URL: m.url()}
	if m.EditDate > 0 {
		receipt.At = time.Unix(m.EditDate, 0).UTC()
	}
	return receipt
}

// Retract implements providers.Editor. In a group or channel a bot may delete
// its messages for 48 hours, and longer only as an administrator who may delete:
// https://core.telegram.org/bots/api#deletemessage
func (c *Client) Retract(ctx context.Context, _ hub.Chat, ref hub.MessageRef) error {
	params, misplaced := messageAt(opRetract, ref)
	if misplaced != nil {
		return misplaced
	}
	var done bool
	failed := c.call(ctx, opRetract, params, &done)
	if failed != nil && strings.Contains(strings.ToLower(failed.Said), "message to delete not found") {
		return nil
	}
	if failed != nil {
		return failed.Err
	}
	if !done {
		return c.unreadable(opRetract, 0).Err
	}
	return nil
}

var errNoRef = errors.New("is no message's id")

// messageAt are the chat and the number of the message at ref.
func messageAt(op string, ref hub.MessageRef) (tgbotapi.Params, *providers.Error) {
	chat, number, _ := strings.Cut(string(ref), "/")
	id, err := strconv.ParseInt(number, 10, 64)
	if _, bad := strconv.ParseInt(chat, 10, 64); err != nil || bad != nil || id <= 0 {
		return nil, &providers.Error{Fault: hub.FaultRejected, Op: op, Err: fmt.Errorf("%.40q %w", string(ref), errNoRef)}
	}
	return tgbotapi.Params{"chat_id": chat, "message_id": strconv.FormatInt(id, 10)}, nil
}
