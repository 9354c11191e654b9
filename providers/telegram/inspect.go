package telegram

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var (
	_ providers.Inspector = (*Client)(nil)
	_ providers.Named     = (*Client)(nil)
)

const opChat = "getChat"

// inspectPace leaves most of what the bot may call to its messages.
func inspectPace() []providers.Rate {
	return []providers.Rate{{Calls: 3, Per: time.Second, Burst: 3}}
}

// Account implements providers.Named.
func (c *Client) Account() string {
	if me := c.me.Load(); me != nil && me.Username != "" {
		return "@" + me.Username
	}
	return ""
}

// room is what getChat tells: https://core.telegram.org/bots/api#chatfullinfo
type room struct {
	chat
	Forum   bool    `json:"is_forum"` // it has topics
	Members *rights `json:"permissions"`
}

// rights are those of members who are not administrators; what is left out is
// not told: https://core.telegram.org/bots/api#chatpermissions
type rights struct {
	Send *bool `json:"can_send_messages"`
}

// mine is our own membership with the rights of its kind:
// https://core.telegram.org/bots/api#chatmember
type mine struct {
	member
	rights
	Post   bool `json:"can_post_messages"` // of an administrator of a channel
	Delete bool `json:"can_delete_messages"`
	Topics bool `json:"can_manage_topics"`
}

// Inspect implements providers.Inspector, by getChat and getChatMember of
// ourselves:
// https://core.telegram.org/bots/api#getchat
// https://core.telegram.org/bots/api#getchatmember
func (c *Client) Inspect(ctx context.Context, at hub.Chat) (hub.Preflight, error) {
	to, err := parseAddress(at.ID)
	if err != nil {
		return hub.NotIn(at, err.Error(), "Change the chat in its subscriptions"), nil
	}
	me, failed := c.self(ctx)
	if failed != nil {
		return hub.Preflight{}, failed.Err
	}
	var in room
	if failed := c.call(ctx, opChat, tgbotapi.Params{"chat_id": to.chat}, &in); failed != nil {
		return c.shutOut(at, to, failed)
	}
	p := hub.Preflight{Chat: at, Name: in.title(to), Member: hub.Found(true), Archived: hub.Found(false), Encrypted: hub.Found(false)}
	if in.direct() {
		alone(&p)
		return p, nil
	}
	var us mine
	if failed := c.call(ctx, opMember, tgbotapi.Params{"chat_id": to.chat, "user_id": strconv.FormatInt(me.ID, 10)}, &us); failed != nil {
		if isNobody(strings.ToLower(failed.Said)) {
			return c.notThere(at, p.Name), nil
		}
		return c.shutOut(at, to, failed)
	}
	if !us.in() {
		return c.notThere(at, p.Name), nil
	}
	p.Post = in.mayPost(us, to)
	p.Thread, p.Edit, p.Delete = p.Post, p.Post, p.Post
	if p.Post.Is == hub.Yes {
		p.Thread, p.Delete = mayThread(us, to), mayDelete(in, us)
	}
	return p, nil
}

// title is what people call the chat.
func (r room) title(to address) string {
	name := cmp.Or(r.name(), to.chat)
	if to.thread != 0 {
		name += " › " + strconv.FormatInt(to.thread, 10)
	}
	return name
}

// shutOut is about a chat that Telegram does not tell us of. Anything but that is
// an error.
func (c *Client) shutOut(at hub.Chat, to address, failed *providers.Failed) (hub.Preflight, error) {
	if failed.Err.Fault != hub.FaultChatGone {
		return hub.Preflight{}, failed.Err
	}
	said := failed.Err.Err.Error()
	if strings.Contains(said, "upgraded to a supergroup") {
		p := hub.NotIn(at, said, "Change the chat in its subscriptions to the new id")
		p.Archived = hub.Finding{Is: hub.Yes, Reason: "the group has become a supergroup, which has another id", Step: "Change the chat in its subscriptions to the new id"}
		return p, nil
	}
	p := c.notThere(at, "")
	p.Member.Reason = said
	if to.direct() {
		p.Member.Step = "The person opens " + c.link() + " and presses Start"
	}
	return p, nil
}

func (c *Client) notThere(at hub.Chat, name string) hub.Preflight {
	p := hub.NotIn(at, "the bot is not in the chat", "In Telegram open the chat's info, Add members, and add "+cmp.Or(c.Account(), "the bot"))
	p.Name = name
	return p
}

func (c *Client) link() string {
	if name, known := strings.CutPrefix(c.Account(), "@"); known {
		return "https://t.me/" + name
	}
	return "the chat with the bot"
}

// alone is about a chat with one person.
func alone(p *hub.Preflight) {
	p.Post = hub.Finding{Is: hub.Unknown, Reason: "Telegram does not tell whether somebody has blocked the bot: the next message shows it"}
	p.Thread, p.Edit = hub.Found(true), hub.Found(true)
	p.Delete = hub.Finding{Is: hub.Yes, Reason: "for 48 hours after it was sent, as in every chat with one person"}
}

// mayPost is whether we may write there. An administrator of a group always may.
func (r room) mayPost(us mine, to address) hub.Finding {
	const makeAdmin = "In Telegram open the chat's info, Administrators, Add administrator, choose the bot"
	switch {
	case to.thread != 0 && !r.Forum:
		return hub.Finding{
			Is: hub.No, Reason: "the group has no topics", Step: "In its subscriptions take the number behind the slash off the chat; or in Telegram turn Topics on in the group's settings",
		}
	case r.Type == "channel" && us.Status == "administrator" && !us.Post:
		return hub.Finding{Is: hub.No, Reason: "the bot is an administrator who may not post", Step: "In Telegram open the channel's info, Administrators, the bot, and turn Post messages on"}
	case r.Type == "channel" && !us.runs():
		return hub.Finding{Is: hub.No, Reason: "only administrators may post in a channel", Step: makeAdmin + " and turn Post messages on"}
	case us.runs():
		return hub.Found(true)
	case us.Status == "restricted" && us.Send != nil && !*us.Send:
		return hub.Finding{Is: hub.No, Reason: "the bot was restricted: it may not send messages", Step: "In Telegram open the group's info, Permissions, Exceptions, the bot, and turn Send messages on"}
	case us.Status != "restricted" && r.Members != nil && r.Members.Send != nil && !*r.Members.Send:
		return hub.Finding{Is: hub.No, Reason: "the group lets only administrators send messages", Step: makeAdmin + "; or turn Send messages on under Permissions"}
	}
	return hub.Found(true)
}

// mayThread is whether we may answer there. Whether a topic is closed Telegram
// does not tell; who may manage topics writes to closed ones, too:
// https://core.telegram.org/bots/api#closeforumtopic
func mayThread(us mine, to address) hub.Finding {
	f := hub.Found(true)
	if to.thread != 0 && !us.Topics && us.Status != "creator" {
		f.Reason = "as long as the topic is open: a closed one takes only what those write who may manage topics"
	}
	return f
}

// mayDelete is for how long we may take back what we sent:
// https://core.telegram.org/bots/api#deletemessage
func mayDelete(r room, us mine) hub.Finding {
	if us.Delete || us.Status == "creator" {
		return hub.Found(true)
	}
	f := hub.Finding{
		Is: hub.Yes, Reason: "for 48 hours after it was sent",
		Step: "To take back older messages as well, make the bot an administrator who may delete messages: the chat's info, Administrators, Delete messages",
	}
	if r.Type == "channel" {
		f.Step = "To take back older messages as well, turn Delete messages on: the channel's info, Administrators, the bot"
	}
	return f
}
