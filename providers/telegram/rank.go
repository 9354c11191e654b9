package telegram

import (
	"context"
	"errors"
	"strconv"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Ranker = (*Client)(nil)

const opMember = "getChatMember"

var errNoPerson = errors.New("is no Telegram user's id")

// RunsChat implements providers.Ranker. Administrators who stay unnamed speak as
// the group itself, which nobody else can, and whoever talks with us alone runs
// that chat: there the two ids are the same.
// https://core.telegram.org/bots/api#getchatmember
func (c *Client) RunsChat(ctx context.Context, at hub.Chat, person string) (bool, error) {
	to, err := parseAddress(at.ID)
	if err != nil {
		return false, &providers.Error{Fault: hub.FaultChatGone, Op: opMember, Err: err}
	}
	if person == to.chat {
		return true, nil
	}
	id, err := strconv.ParseInt(person, 10, 64)
	if err != nil {
		return false, &providers.Error{Fault: hub.FaultRejected, Op: opMember, Err: errNoPerson}
	}
	if id <= 0 { // a channel in whose name somebody speaks
		return false, nil
	}
	var m member
	failed := c.call(ctx, opMember, tgbotapi.Params{"chat_id": to.chat, "user_id": person}, &m)
	switch {
	case failed == nil:
		return m.runs(), nil
	case isNobody(strings.ToLower(failed.Said)):
		return false, nil
	}
	return false, failed.Err
}

// isNobody reports whether Telegram says that a person is not in the chat.
func isNobody(said string) bool {
	for _, part := range []string{"user not found", "participant_id_invalid", "user_not_participant", "member not found", "invalid user_id"} {
		if strings.Contains(said, part) {
			return true
		}
	}
	return false
}
