package telegram

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// events are what an update tells. One that nothing is known of is a signal.
func (c *Client) events(u *update, me identity) []hub.Event {
	t := teller{c: c, u: u, me: me}
	switch {
	case u.Message != nil:
		t.message(u.Message)
	case u.Post != nil:
		t.message(u.Post)
	case u.Edited != nil:
		t.edit(u.Edited)
	case u.EditedPost != nil:
		t.edit(u.EditedPost)
	case u.Reaction != nil:
		t.reaction(u.Reaction)
	case u.Member != nil:
		t.membership(u.Member)
	case u.Mine != nil:
		t.membership(u.Mine)
	default:
		t.unsupported(u.kind, "no update of this name is known")
	}
	return t.told
}

// teller makes the events of one update.
type teller struct {
	c    *Client
	u    *update
	me   identity
	told []hub.Event
}

// tell adds an event. Its id is made of native, or of the update's.
func (t *teller) tell(kind hub.EventType, native string, at time.Time, what hub.Chatter) {
	t.add(kind, native, at, string(what.Ref), what)
}

func (t *teller) add(kind hub.EventType, native string, at time.Time, subject string, data any) {
	if native == "" {
		native = fmt.Sprintf("update/%d/%d", t.u.ID, len(t.told))
	}
	b, _ := json.Marshal(data) // of strings, numbers and JSON that was read
	t.told = append(t.told, hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.ChatterEvent(t.c.id, native), Type: kind, Subject: subject,
		Time: at, ReceivedTime: time.Now().UTC(), DataContentType: "application/json", Data: b,
	})
}

func (t *teller) message(m *message) {
	switch {
	case m.MigratedTo != 0:
		t.moved(m.Chat.ID, m.Chat.room(0), m.MigratedTo, m)
	case m.MigratedFrom != 0:
		t.moved(m.MigratedFrom, m.Chat.room(0), m.Chat.ID, m)
	case len(m.Joined) > 0:
		for _, whom := range m.Joined {
			t.member(hub.ChatMemberJoined, m.Chat, m.from(), whom, m.Date)
		}
	case m.Left != nil:
		t.member(hub.ChatMemberLeft, m.Chat, m.from(), *m.Left, m.Date)
	case m.GroupCreated, m.SupergroupCreated, m.ChannelCreated, m.TopicCreated != nil:
		t.created(m)
	default:
		t.said(m)
	}
}

// said tells of a message with words or files in it.
func (t *teller) said(m *message) {
	what := t.chatter(m)
	if what.Text == "" && len(what.Files) == 0 {
		t.unsupported(t.u.kind+"."+m.content(t.u.body), "no message with this in it is known")
		return
	}
	what.ForUs, what.Line = t.c.addressed(m, t.me)
	t.tell(hub.ChatMessagePosted, "", unix(m.Date), what)
	if len(what.Files) > 0 {
		what.ForUs, what.Line = false, ""
		t.tell(hub.ChatFileShared, "", unix(m.Date), what)
	}
}

// edit tells of a message that was changed. It is no new command.
func (t *teller) edit(m *message) {
	what := t.chatter(m)
	if what.Text == "" && len(what.Files) == 0 {
		t.unsupported(t.u.kind+"."+m.content(t.u.body), "no message with this in it is known")
		return
	}
	what.EditedAt = unix(m.EditDate)
	t.tell(hub.ChatMessageEdited, "", unix(max(m.EditDate, m.Date)), what)
}

// chatter is what every message tells.
func (t *teller) chatter(m *message) hub.Chatter {
	text, _ := m.words()
	what := hub.Chatter{
		From: m.from(), To: m.whom(t.me), Room: m.room(), Ref: m.ref(), Text: text, Files: m.files(),
	}
	if to := m.replyTo(); to != nil {
		what.ReplyTo = refOf(m.Chat.ID, to.ID)
	}
	return what
}

// moved tells that a group has become a supergroup, which has another id. Both
// chats hear of it: it is told once.
// https://core.telegram.org/bots/api#message (migrate_to_chat_id)
func (t *teller) moved(from int64, room hub.Channel, to int64, m *message) {
	was := room
	was.ID = strconv.FormatInt(from, 10)
	room.ID = strconv.FormatInt(to, 10)
	t.tell(hub.ChatChannelCreated, fmt.Sprintf("moved/%d/%d", from, to), unix(m.Date), hub.Chatter{
		From: m.from(), Room: room, Was: was.ID, Ref: m.ref(),
	})
}

func (t *teller) created(m *message) {
	room := m.room()
	if m.TopicCreated != nil {
		room = m.Chat.room(m.ID) // a topic has the number of the message that opened it
		room.Name = m.TopicCreated.Name
	}
	t.tell(hub.ChatChannelCreated, "", unix(m.Date), hub.Chatter{From: m.from(), Room: room, Ref: m.ref()})
}

// member tells that somebody came or went. Administrators hear of it twice, in a
// message and in an update of its own, with the same time.
func (t *teller) member(kind hub.EventType, in chat, by hub.User, whom user, date int64) {
	who := whom.hub()
	what := hub.Chatter{From: who, Room: in.room(0)}
	if by.ID != who.ID {
		what.From, what.Whom = by, &who
	}
	t.tell(kind, fmt.Sprintf("%s/%d/%d/%d", kind, in.ID, whom.ID, date), unix(date), what)
}

func (t *teller) membership(m *membership) {
	switch was, is := m.Old.in(), m.New.in(); {
	case !was && is:
		t.member(hub.ChatMemberJoined, m.Chat, m.From.hub(), m.New.User, m.Date)
	case was && !is:
		t.member(hub.ChatMemberLeft, m.Chat, m.From.hub(), m.New.User, m.Date)
	default:
		t.unsupported(t.u.kind, "somebody's rights changed, nobody came or went")
	}
}

func (t *teller) reaction(r *reaction) {
	what := hub.Chatter{Room: r.Chat.room(0), Ref: refOf(r.Chat.ID, r.MessageID)}
	switch {
	case r.User != nil:
		what.From = r.User.hub()
	case r.Actor != nil:
		what.From = r.Actor.hub()
	}
	for _, e := range r.New {
		if !slices.Contains(r.Old, e) {
			what.Reaction = e.name()
			t.tell(hub.ChatReactionAdded, "", unix(r.Date), what)
		}
	}
	for _, e := range r.Old {
		if !slices.Contains(r.New, e) {
			what.Reaction = e.name()
			t.tell(hub.ChatReactionGone, "", unix(r.Date), what)
		}
	}
	if len(t.told) == 0 {
		t.unsupported(t.u.kind, "no reaction came or went")
	}
}

const longestName = 100

// unsupported keeps that something came. What it said stays with the platform:
// nobody has looked at what may stand in it.
func (t *teller) unsupported(name, note string) {
	name = providers.Label(cmp.Or(name, "nothing"), longestName, providers.Bytes)
	t.add(hub.HubSignalUnsupported, "", time.Time{}, "", hub.Signal{Name: name, Body: shape(t.u.body, 0), Note: note})
}

// envelope are the keys of a message that do not say what is in it.
var envelope = []string{
	"message_id", "message_thread_id", "is_topic_message", "from", "sender_chat", "sender_boost_count", "sender_business_bot",
	"date", "edit_date", "chat", "reply_to_message", "via_bot", "forward_origin", "is_automatic_forward", "author_signature",
	"has_protected_content", "media_group_id", "external_reply", "quote", "link_preview_options", "effect_id", "reply_markup",
}

// content is the name of what is in a message that we know nothing of.
func (m *message) content(raw json.RawMessage) string {
	var parts map[string]json.RawMessage
	if json.Unmarshal(raw, &parts) != nil {
		return "unreadable"
	}
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		if !slices.Contains(envelope, key) {
			return key
		}
	}
	return "empty"
}

// Bounds on what a signal shows.
const (
	deepest  = 3
	mostKeys = 40
)

// shape is JSON with the names of its parts and nothing that they say.
func shape(raw json.RawMessage, depth int) json.RawMessage {
	var parts map[string]json.RawMessage
	if json.Unmarshal(raw, &parts) == nil && parts != nil && depth < deepest {
		out := map[string]json.RawMessage{}
		for _, key := range slices.Sorted(maps.Keys(parts)) {
			if len(out) < mostKeys && len(key) <= longestName {
				out[key] = shape(parts[key], depth+1)
			}
		}
		b, _ := json.Marshal(out) // of JSON that was read
		return b
	}
	switch first(raw) {
	case '{':
		return json.RawMessage(`{}`)
	case '[':
		return json.RawMessage(`[]`)
	case '"':
		return json.RawMessage(`"…"`)
	case 't', 'f':
		return raw
	case 0, 'n':
		return json.RawMessage(`null`)
	}
	return json.RawMessage(`0`)
}

func first(raw json.RawMessage) byte {
	for _, c := range raw {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}
