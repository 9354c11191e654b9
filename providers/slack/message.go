package slack

import (
	"cmp"
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// message tells of a message that was posted, changed or taken back; nil for the
// other things that Slack calls a message, such as that someone set a topic:
// https://docs.slack.dev/reference/events/message#subtypes
func (t teller) message(ctx context.Context, h *happening) *hub.Event {
	switch h.Subtype {
	case "", "bot_message", "file_share", "me_message", "thread_broadcast":
		return t.posted(ctx, h)
	case "message_changed":
		if h.Message != nil && h.Message.Subtype == "tombstone" { // a thread whose first message was taken back
			return t.deleted(ctx, h, h.Message.TS)
		}
		return t.edited(ctx, h)
	case "message_deleted":
		return t.deleted(ctx, h, h.DeletedTS)
	default:
		return nil
	}
}

// posted tells of a new message. Slack tells of a mention twice, as a message
// and as a mention: both are the same event.
func (t teller) posted(ctx context.Context, h *happening) *hub.Event {
	if h.Where.ID == "" || h.TS == "" {
		return nil
	}
	t.native = "message/" + h.Where.ID + "/" + h.TS
	data, said := t.chatter(ctx, h, &h.post)
	direct := data.Room.Direct
	if !data.From.Bot && (direct || said.mentionsUs || h.Type == "app_mention") {
		data.ForUs = true
		data.Line = said.line()
	}
	return t.event(hub.ChatMessagePosted, h.TS, string(data.Ref), data)
}

// edited tells what a message says now. Slack also calls it a change when a link
// gets its preview, which nobody wrote.
func (t teller) edited(ctx context.Context, h *happening) *hub.Event {
	if h.Message == nil || h.Where.ID == "" {
		return nil
	}
	if h.Message.Edited == nil && h.PreviousMessage != nil && h.PreviousMessage.Text == h.Message.Text {
		return nil
	}
	data, _ := t.chatter(ctx, h, h.Message)
	data.EditedAt = h.Message.editedAt()
	return t.event(hub.ChatMessageEdited, h.EventTS, string(data.Ref), data)
}

func (t teller) deleted(ctx context.Context, h *happening, ts string) *hub.Event {
	if h.Where.ID == "" || ts == "" {
		return nil
	}
	t.native = "deleted/" + h.Where.ID + "/" + ts
	data := &hub.Chatter{Room: t.client.room(ctx, h.Where.ID, h.ChannelType), Ref: refOf(h.Where.ID, ts)}
	if p := h.PreviousMessage; p != nil {
		data.From = t.author(ctx, p)
		data.Thread = threadRef(h.Where.ID, p)
	}
	return t.event(hub.ChatMessageDeleted, h.EventTS, string(data.Ref), data)
}

// chatter is what a message tells.
func (t teller) chatter(ctx context.Context, h *happening, p *post) (*hub.Chatter, reading) {
	said := t.client.readable(ctx, p.Text)
	data := &hub.Chatter{
		From: t.author(ctx, p), To: said.users,
		Room: t.client.room(ctx, h.Where.ID, h.ChannelType),
		Team: h.Team.ID,
		Ref:  refOf(h.Where.ID, p.TS), Thread: threadRef(h.Where.ID, p),
		Text: said.text, Files: filesOf(p.Files),
	}
	data.ReplyTo = data.Thread
	if data.Room.Direct && len(data.To) == 0 && !data.From.Bot {
		if self := t.client.self.Load(); self != nil {
			data.To = []string{self.ID}
		}
	}
	return data, said
}

// author is who wrote a message. A bot may write as a user, too: ours does.
func (t teller) author(ctx context.Context, p *post) hub.User {
	if p.BotID != "" || p.Subtype == "bot_message" || t.client.isSelf(p.Author.ID) {
		return hub.User{ID: cmp.Or(p.Author.ID, p.BotID), Name: p.Username, Bot: true}
	}
	return t.client.who(ctx, p.Author.ID)
}

// threadRef is the root of the thread that a message answers.
func threadRef(channel string, p *post) hub.MessageRef {
	if p.ThreadTS == "" || p.ThreadTS == p.TS {
		return ""
	}
	return refOf(channel, p.ThreadTS)
}
