package telegramtest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/providers"
)

// Words are what somebody says.
type Words struct {
	Chat, Person string
	Text         string
	ReplyTo      string         // the ref of a message
	Topic        int64          // of a forum
	More         map[string]any // more of the Message, as Telegram names it
}

// Speak says something. It is the message's ref, and the update that told the bot
// of it, 0 if nothing did.
func (p *Platform) Speak(w Words) (ref string, update int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, _ := chatID(w.Chat)
	chat := p.room(id)
	p.last[w.Chat]++
	body := map[string]any{"message_id": p.last[w.Chat], "date": now(), "chat": chat.body()}
	if h, known := p.people[numberOf(w.Person)]; known {
		body["from"] = h.body()
	}
	if w.Text != "" {
		body["text"] = w.Text
		if found := entities(w.Text); len(found) > 0 {
			body["entities"] = found
		}
	}
	if w.Topic != 0 {
		body["message_thread_id"], body["is_topic_message"] = w.Topic, true
		body["reply_to_message"] = map[string]any{
			"message_id": w.Topic, "chat": chat.body(), "date": now(), "forum_topic_created": map[string]any{"name": "a topic"},
		}
	}
	toUs := false
	if w.ReplyTo != "" {
		body["reply_to_message"], toUs = p.quoted(w.ReplyTo)
	}
	body = merged(body, w.More)
	ref = refOf(id, body["message_id"].(int64))
	p.others[ref], p.said[ref] = true, body
	if chat.kind != "private" && p.privacy && !toUs && !p.forBot(w) {
		return ref, 0
	}
	kind := "message"
	if chat.kind == "channel" {
		kind = "channel_post"
	}
	return ref, p.tell(kind, w.Chat, body)
}

// forBot reports whether a bot in privacy mode sees what is said: commands that
// are not another bot's, what mentions it, and what happens to the group.
// @BotFather says of /setprivacy that it is what begins with a slash or mentions
// the bot; https://core.telegram.org/bots/features#privacy-mode adds replies.
func (p *Platform) forBot(w Words) bool {
	if w.Text == "" {
		return w.More["caption"] == nil && w.More["photo"] == nil && w.More["document"] == nil
	}
	if strings.HasPrefix(w.Text, "/") {
		name, _, _ := strings.Cut(w.Text, " ")
		_, bot, named := strings.Cut(name, "@")
		return !named || strings.EqualFold(bot, BotName)
	}
	return strings.Contains(strings.ToLower(w.Text), "@"+BotName)
}

// quoted is the message that another answers, and whether it is the bot's. p.mu
// is held.
func (p *Platform) quoted(ref string) (body map[string]any, ours bool) {
	if body, known := p.said[ref]; known {
		return body, false
	}
	return p.own(ref), true
}

// own is a message of the bot's, as people see it.
func (p *Platform) own(ref string) map[string]any {
	chat, number, _ := strings.Cut(ref, "/")
	body := map[string]any{"message_id": numberOf(number), "from": p.bot(), "date": now(), "chat": p.room(numberOf(chat)).body()}
	for _, s := range p.Sent() {
		if s.Ref != ref {
			continue
		}
		body["text"] = s.Text
		m := decode(s.Raw)
		if m.Thread != 0 {
			body["message_thread_id"], body["is_topic_message"] = m.Thread, true
		}
		if _, keyboard := parseMarkup(m.Markup); keyboard {
			body["reply_markup"] = m.Markup
		}
		if s.Root != "" {
			if root, known := p.said[s.Root]; known {
				body["reply_to_message"] = root
			}
		}
	}
	return body
}

// Press presses the button with a label below a message: the query's id, "" if
// there is none such.
func (p *Platform) Press(chat, person, ref, label string) string {
	for _, row := range p.Buttons(ref) {
		for _, b := range row {
			if b.Text == label && b.Data != "" {
				return p.PressData(chat, person, ref, b.Data)
			}
		}
	}
	return ""
}

// PressData presses as clients do that send whatever data they like.
func (p *Platform) PressData(chat, person, ref, data string) string {
	return p.PressMore(chat, person, ref, data, nil)
}

// PressMore is PressData with more, or other, things in the query.
func (p *Platform) PressMore(_, person, ref, data string, more map[string]any) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := strconv.Itoa(4_382_000_000 + len(p.asked))
	body := map[string]any{
		"id": id, "from": p.people[numberOf(person)].body(), "message": p.own(ref), "chat_instance": "-77", "data": data,
	}
	q := &Query{ID: id}
	p.asked[id] = q
	q.Update = p.tell("callback_query", "", merged(body, more))
	return id
}

var (
	spokenCommand = regexp.MustCompile(`(^|[\s(])(/[a-zA-Z0-9_]{1,32}(?:@[a-zA-Z0-9_]{3,32})?)`)
	spokenMention = regexp.MustCompile(`(^|[\s(,])(@[a-zA-Z0-9_]{4,32})`)
)

// entities are what Telegram finds in a text:
// https://core.telegram.org/bots/api#messageentity
func entities(text string) []map[string]any {
	var found []map[string]any
	for kind, shape := range map[string]*regexp.Regexp{"bot_command": spokenCommand, "mention": spokenMention} {
		for _, at := range shape.FindAllStringSubmatchIndex(text, -1) {
			found = append(found, map[string]any{
				"type": kind, "offset": providers.UTF16.Len(text[:at[4]]), "length": providers.UTF16.Len(text[at[4]:at[5]]),
			})
		}
	}
	return found
}

// React puts a reaction on a message, or takes all away.
func (p *Platform) React(chat, person, ref string, emoji ...string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, number, _ := strings.Cut(ref, "/")
	is := []map[string]any{}
	for _, e := range emoji {
		is = append(is, map[string]any{"type": "emoji", "emoji": e})
	}
	was := []map[string]any{}
	if len(is) == 0 {
		was = append(was, map[string]any{"type": "emoji", "emoji": "👍"})
	}
	return p.tell("message_reaction", chat, map[string]any{
		"chat": p.room(numberOf(chat)).body(), "message_id": numberOf(number), "user": p.people[numberOf(person)].body(),
		"date": now(), "old_reaction": was, "new_reaction": is,
	})
}

// Revise changes what somebody said.
func (p *Platform) Revise(ref, text string) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	body := merged(p.said[ref], map[string]any{"text": text, "entities": entities(text), "edit_date": now() + 1})
	p.said[ref] = body
	return p.tell("edited_message", fmt.Sprint(body["chat"].(map[string]any)["id"]), body)
}
