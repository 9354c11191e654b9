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
// they are: https://core.telegram.org/bots/api#editmessagetext. As with Send,
// words whose markup is refused go out once more without.
func (c *Client) Edit(ctx context.Context, p providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	params, err := messageAt(opEdit, ref)
	if err != nil {
		return hub.Receipt{}, err
	}
	text := render(p.Message, markup())
	if strings.TrimSpace(text) == "" {
		return hub.Receipt{}, &providers.Error{Fault: hub.FaultRejected, Op: opEdit, Err: errNothing}
	}
	params["link_preview_options"] = object(map[string]any{"is_disabled": true})
	params["parse_mode"] = "HTML"
	receipt, failed := c.edit(ctx, params, ref, text)
	if failed != nil && failed.markup {
		note := "shown as plain text: " + failed.said
		delete(params, "parse_mode")
		receipt, failed = c.edit(ctx, params, ref, render(p.Message, bare()))
		receipt.Note = note
	}
	if failed != nil {
		return hub.Receipt{}, failed.Error
	}
	return receipt, nil
}

func (c *Client) edit(ctx context.Context, params tgbotapi.Params, ref hub.MessageRef, text string) (hub.Receipt, *failure) {
	params["text"] = text
	var m sent
	failed := c.call(ctx, opEdit, params, &m)
	if failed != nil && strings.Contains(strings.ToLower(failed.said), "message is not modified") {
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
	params, err := messageAt(opRetract, ref)
	if err != nil {
		return err
	}
	var done bool
	failed := c.call(ctx, opRetract, params, &done)
	if failed != nil && strings.Contains(strings.ToLower(failed.said), "message to delete not found") {
		return nil
	}
	if failed != nil {
		return failed.Error
	}
	if !done {
		return c.unreadable(opRetract, 0).Error
	}
	return nil
}

var errNoRef = errors.New("is no message's id")

// messageAt are the chat and the number of the message at ref.
func messageAt(op string, ref hub.MessageRef) (tgbotapi.Params, error) {
	chat, number, _ := strings.Cut(string(ref), "/")
	id, err := strconv.ParseInt(number, 10, 64)
	if _, bad := strconv.ParseInt(chat, 10, 64); err != nil || bad != nil || id <= 0 {
		return nil, &providers.Error{Fault: hub.FaultRejected, Op: op, Err: fmt.Errorf("%.40q %w", string(ref), errNoRef)}
	}
	return tgbotapi.Params{"chat_id": chat, "message_id": strconv.FormatInt(id, 10)}, nil
}
