package telegram

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// heard are the kinds of updates that we ask for. Those of members and
// reactions come only where they are asked for by name, and to administrators:
// https://core.telegram.org/bots/api#getupdates
var heard = []string{
	"message", "edited_message", "channel_post", "edited_channel_post", "callback_query",
	"message_reaction", "chat_member", "my_chat_member",
}

// update is one of Telegram's, which is one of these things:
// https://core.telegram.org/bots/api#update
type update struct {
	ID         int64       `json:"update_id"`
	Message    *message    `json:"message"`
	Edited     *message    `json:"edited_message"`
	Post       *message    `json:"channel_post"`
	EditedPost *message    `json:"edited_channel_post"`
	Reaction   *reaction   `json:"message_reaction"`
	Member     *membership `json:"chat_member"`
	Mine       *membership `json:"my_chat_member"`
	Press      *press      `json:"callback_query"`

	kind string          // the name of its one thing
	body json.RawMessage // and that thing
}

// readUpdate reads one. An update that is not as documented has an id and a kind
// at least, if it has any.
func readUpdate(raw []byte) (*update, error) {
	u := &update{}
	wrong := json.Unmarshal(raw, u)
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return u, fmt.Errorf("no JSON object: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if name != "update_id" {
			u.kind, u.body = name, parts[name]
			break
		}
	}
	return u, wrong
}

// lane is what updates share that are told one after the other: the chat.
func (u *update) lane() string {
	for _, m := range []*message{u.Message, u.Edited, u.Post, u.EditedPost} {
		if m != nil {
			return strconv.FormatInt(m.Chat.ID, 10)
		}
	}
	switch {
	case u.Reaction != nil:
		return strconv.FormatInt(u.Reaction.Chat.ID, 10)
	case u.Member != nil:
		return strconv.FormatInt(u.Member.Chat.ID, 10)
	case u.Mine != nil:
		return strconv.FormatInt(u.Mine.Chat.ID, 10)
	}
	return ""
}

// user is https://core.telegram.org/bots/api#user.
type user struct {
	ID       int64  `json:"id"`
	Bot      bool   `json:"is_bot"`
	First    string `json:"first_name"`
	Last     string `json:"last_name"`
	Username string `json:"username"`
}

func (u user) hub() hub.User {
	return hub.User{ID: strconv.FormatInt(u.ID, 10), Name: u.Username, Full: full(u.First, u.Last), Bot: u.Bot}
}

func full(first, last string) string {
	if first == "" || last == "" {
		return first + last
	}
	return first + " " + last
}

// chat is https://core.telegram.org/bots/api#chat.
type chat struct {
	ID       int64  `json:"id"`
	Type     string `json:"type"` // private, group, supergroup, channel
	Title    string `json:"title"`
	Username string `json:"username"`
	First    string `json:"first_name"`
	Last     string `json:"last_name"`
}

func (c chat) direct() bool { return c.Type == "private" }

func (c chat) name() string {
	if c.Title != "" {
		return c.Title
	}
	return full(c.First, c.Last)
}

// hub is the chat as a user: whoever speaks in its name.
func (c chat) hub() hub.User {
	return hub.User{ID: strconv.FormatInt(c.ID, 10), Name: c.Username, Full: c.name()}
}

// room is the chat, or the topic of it that is meant.
func (c chat) room(topic int64) hub.Channel {
	r := hub.Channel{ID: strconv.FormatInt(c.ID, 10), Name: c.name(), Direct: c.direct()}
	if topic != 0 {
		r.ID += "/" + strconv.FormatInt(topic, 10)
	}
	return r
}

// message is what we read of https://core.telegram.org/bots/api#message.
type message struct {
	ID          int64           `json:"message_id"`
	Thread      int64           `json:"message_thread_id"`
	InTopic     bool            `json:"is_topic_message"`
	From        *user           `json:"from"`
	SenderChat  *chat           `json:"sender_chat"`
	AutoForward bool            `json:"is_automatic_forward"`
	Forward     json.RawMessage `json:"forward_origin"`
	ViaBot      *user           `json:"via_bot"`
	Date        int64           `json:"date"` // 0: it is too old to be looked at
	EditDate    int64           `json:"edit_date"`
	Chat        chat            `json:"chat"`
	ReplyTo     *message        `json:"reply_to_message"`

	Text            string   `json:"text"`
	Entities        []entity `json:"entities"`
	Caption         string   `json:"caption"`
	CaptionEntities []entity `json:"caption_entities"`

	Photo     []file `json:"photo"` // one picture in several sizes
	Animation *file  `json:"animation"`
	Document  *file  `json:"document"`
	Audio     *file  `json:"audio"`
	Video     *file  `json:"video"`
	Voice     *file  `json:"voice"`
	VideoNote *file  `json:"video_note"`
	Sticker   *file  `json:"sticker"`

	Joined            []user          `json:"new_chat_members"`
	Left              *user           `json:"left_chat_member"`
	MigratedTo        int64           `json:"migrate_to_chat_id"`
	MigratedFrom      int64           `json:"migrate_from_chat_id"`
	GroupCreated      bool            `json:"group_chat_created"`
	SupergroupCreated bool            `json:"supergroup_chat_created"`
	ChannelCreated    bool            `json:"channel_chat_created"`
	TopicCreated      *topic          `json:"forum_topic_created"`
	ReplyMarkup       json.RawMessage `json:"reply_markup"`
}

type topic struct {
	Name string `json:"name"`
}

// file is any of the things with a file in it.
type file struct {
	ID    string `json:"file_id"`
	Name  string `json:"file_name"`
	Type  string `json:"mime_type"`
	Size  int64  `json:"file_size"`
	Emoji string `json:"emoji"` // of a sticker
}

// entity is a stretch of a text, in UTF-16 units:
// https://core.telegram.org/bots/api#messageentity
type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	User   *user  `json:"user"` // of a text_mention
}

func (m *message) ref() hub.MessageRef { return refOf(m.Chat.ID, m.ID) }

func refOf(chat, message int64) hub.MessageRef {
	return hub.MessageRef(fmt.Sprintf("%d/%d", chat, message))
}

// topic is the forum topic that the message is in. In other groups the thread is
// the one that replies make, which nothing can be sent to, and neither can to
// that of a reply in the General topic:
// https://github.com/tdlib/telegram-bot-api/issues/447
func (m *message) topic() int64 {
	if m.InTopic {
		return m.Thread
	}
	return 0
}

func (m *message) room() hub.Channel { return m.Chat.room(m.topic()) }

// replyTo is the message that m answers. What opened its topic is none, although
// Telegram names it in all that is said there.
func (m *message) replyTo() *message {
	if m.ReplyTo == nil || m.ReplyTo.TopicCreated != nil || m.InTopic && m.ReplyTo.ID == m.Thread {
		return nil
	}
	return m.ReplyTo
}

// words are the text of a message, or of what is shown with it.
func (m *message) words() (string, []entity) {
	switch {
	case m.Text != "":
		return m.Text, m.Entities
	case m.Caption != "":
		return m.Caption, m.CaptionEntities
	case m.Sticker != nil:
		return m.Sticker.Emoji, nil
	}
	return "", nil
}

// from is who speaks. Administrators may speak as the group itself, and people
// as a channel of theirs; what Telegram copies from a channel into its group
// nobody says there: https://core.telegram.org/bots/api#message
func (m *message) from() hub.User {
	switch {
	case m.SenderChat != nil:
		u := m.SenderChat.hub()
		u.Bot = m.AutoForward
		return u
	case m.From != nil:
		return m.From.hub()
	}
	return m.Chat.hub() // of a channel
}

// files are those in the message.
func (m *message) files() []hub.File {
	var all []hub.File
	add := func(f *file, kind string) {
		if f == nil || f.ID == "" {
			return
		}
		if f.Type != "" {
			kind = f.Type
		}
		all = append(all, hub.File{ID: f.ID, Name: f.Name, Type: kind, Size: f.Size})
	}
	if n := len(m.Photo); n > 0 { // the largest is the last
		add(&m.Photo[n-1], "image/jpeg")
	}
	if m.Animation == nil { // which comes as a document as well
		add(m.Document, "")
	}
	add(m.Animation, "video/mp4")
	add(m.Audio, "audio/mpeg")
	add(m.Video, "video/mp4")
	add(m.Voice, "audio/ogg")
	add(m.VideoNote, "video/mp4")
	add(m.Sticker, "")
	return all
}

// reaction is https://core.telegram.org/bots/api#messagereactionupdated.
type reaction struct {
	Chat      chat      `json:"chat"`
	MessageID int64     `json:"message_id"`
	User      *user     `json:"user"`
	Actor     *chat     `json:"actor_chat"` // who stays unnamed
	Date      int64     `json:"date"`
	Old       []emotion `json:"old_reaction"`
	New       []emotion `json:"new_reaction"`
}

// emotion is https://core.telegram.org/bots/api#reactiontype.
type emotion struct {
	Type   string `json:"type"`
	Emoji  string `json:"emoji"`
	Custom string `json:"custom_emoji_id"`
}

func (e emotion) name() string {
	switch {
	case e.Emoji != "":
		return e.Emoji
	case e.Custom != "":
		return "custom:" + e.Custom
	}
	return e.Type
}

// membership is https://core.telegram.org/bots/api#chatmemberupdated.
type membership struct {
	Chat chat   `json:"chat"`
	From user   `json:"from"`
	Date int64  `json:"date"`
	Old  member `json:"old_chat_member"`
	New  member `json:"new_chat_member"`
}

// member is https://core.telegram.org/bots/api#chatmember.
type member struct {
	Status string `json:"status"`
	User   user   `json:"user"`
	Inside bool   `json:"is_member"` // of one who is restricted
}

func (m member) in() bool {
	switch m.Status {
	case "creator", "administrator", "member":
		return true
	case "restricted":
		return m.Inside
	}
	return false
}

// runs reports whether the member may change the chat.
func (m member) runs() bool { return m.Status == "creator" || m.Status == "administrator" }

func unix(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
