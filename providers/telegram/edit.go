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
	return providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) {
		params, err := messageAt(opEdit, ref)
		if err != nil {
			return hub.Receipt{}, &providers.Failed{Err: err}
		}
		if !c.say(params, p.Message, form) {
			return hub.Receipt{}, empty(opEdit)
		}
		return c.edit(ctx, params, ref)
	})
}

func (c *Client) edit(ctx context.Context, params tgbotapi.Params, ref hub.MessageRef) (hub.Receipt, *providers.Failed) {
	var m sent
	failed := c.call(ctx, opEdit, params, &m)
	if failed != nil && strings.Contains(strings.ToLower(failed.Said), "message is not modified") {
		return hub.Receipt{Ref: ref}, nil // it says so already
	}
	if failed != nil {
		return hub.Receipt{}, failed
	}
	if m.ID == 0 {
		return hub.Receipt{}, c.unreadable(opEdit, 0)
	}
	receipt := hub.Receipt{Ref: ref, URL: m.url()}
	if m.EditDate > 0 {
		receipt.At = time.Unix(m.EditDate, 0).UTC()
	}
	return receipt, nil
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
