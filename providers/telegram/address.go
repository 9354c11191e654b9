package telegram

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// address is a chat and, in a group with topics, the topic.
type address struct {
	chat   string // a number or an @name
	thread int64  // 0 for none
}

var chatName = regexp.MustCompile(`^@[A-Za-z][A-Za-z0-9_]{3,31}$`)

func parseAddress(id string) (address, error) {
	chat, thread, topic := strings.Cut(id, "/")
	a := address{chat: chat}
	number, err := strconv.ParseInt(chat, 10, 64)
	if (err != nil || number == 0) && !chatName.MatchString(chat) {
		return a, fmt.Errorf("%q is not a Telegram chat: write its number, such as -1001234567890, or its @name", id)
	}
	if topic {
		if a.thread, err = strconv.ParseInt(thread, 10, 64); err != nil || a.thread <= 0 {
			return a, fmt.Errorf("%q is not a Telegram topic: behind the slash goes its number, as in -1001234567890/45", id)
		}
	}
	return a, nil
}

var _ providers.Grouper = (*Client)(nil)

// Group implements providers.Grouper: Telegram counts what goes to the topics of a
// group together.
func (c *Client) Group(chat string) string {
	group, _, _ := strings.Cut(chat, "/")
	return group
}

// direct reports whether a person is alone with us there: those chats have the
// person's id, and all others one below zero or a name.
func (a address) direct() bool {
	return !strings.HasPrefix(a.chat, "-") && !strings.HasPrefix(a.chat, "@")
}

// params are what a message to a has besides what it says. A reply to a message
// that is gone becomes a message of its own.
func (a address) params(root hub.MessageRef) tgbotapi.Params {
	p := tgbotapi.Params{"chat_id": a.chat}
	p.AddNonZero64("message_thread_id", a.thread)
	if id := messageID(root); id != 0 {
		p["reply_parameters"] = object(map[string]any{"message_id": id, "allow_sending_without_reply": true})
	}
	return p
}

// messageID is the number of a message within its chat.
func messageID(ref hub.MessageRef) int64 {
	id, err := strconv.ParseInt(string(ref)[strings.LastIndexByte(string(ref), '/')+1:], 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}
