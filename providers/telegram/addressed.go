package telegram

import (
	"strings"
	"unicode/utf16"
)

// addressed says whether a message is for us, and the command in it. Whether a
// stretch of it is a command or a mention Telegram has said: in code and in
// addresses there are none.
//
// In groups there may be other bots. A command without a bot's name is ours if
// the menu has it, and what replies to a message of ours if it begins with such
// a word: else people who talk about a message would be answered each time.
// Nobody says what they forward, or what another bot wrote for them.
func (c *Client) addressed(m *message, me identity) (forUs bool, line string) {
	text, entities := m.words()
	if m.from().Bot || m.Chat.Type == "channel" || len(m.Forward) > 0 || m.ViaBot != nil || strings.TrimSpace(text) == "" {
		return false, ""
	}
	if command, rest, ok := leading(text, entities); ok {
		name, bot, named := strings.Cut(command[1:], "@")
		if named && !strings.EqualFold(bot, me.Username) || !named && !m.Chat.direct() && !c.knows(name) {
			return false, ""
		}
		return true, c.spelled(name, rest)
	}
	if rest, ok := mentioned(text, entities, me); ok {
		return true, strings.TrimPrefix(rest, "/")
	}
	line = strings.TrimSpace(text)
	if m.Chat.direct() {
		return true, line
	}
	first, _, _ := strings.Cut(line, " ")
	if to := m.replyTo(); to != nil && to.From != nil && to.From.ID == me.ID && c.knows(first) {
		return true, line
	}
	return false, ""
}

// leading is the command that a text begins with, "/watch@bot", and what is
// behind it.
func leading(text string, entities []entity) (command, rest string, ok bool) {
	for _, e := range entities {
		if e.Type != "bot_command" || e.Offset != 0 {
			continue
		}
		_, command, rest, ok = cut(text, e)
		return command, strings.TrimSpace(rest), ok && strings.HasPrefix(command, "/")
	}
	return "", "", false
}

// mentioned is a text less the first mention of us.
func mentioned(text string, entities []entity, me identity) (rest string, ok bool) {
	for _, e := range entities {
		before, name, after, whole := cut(text, e)
		if whole && me.named(e, name) {
			after = strings.TrimLeft(after, ",:; \n\t")
			return strings.TrimSpace(strings.TrimSpace(before) + " " + after), true
		}
	}
	return "", false
}

// cut parts a text around an entity. It is false if the entity lies outside.
func cut(text string, e entity) (before, inner, after string, ok bool) {
	units := utf16.Encode([]rune(text))
	end := e.Offset + e.Length
	if e.Offset < 0 || e.Length <= 0 || end < e.Offset || end > len(units) {
		return "", "", "", false
	}
	word := func(u []uint16) string { return string(utf16.Decode(u)) }
	return word(units[:e.Offset]), word(units[e.Offset:end]), word(units[end:]), true
}

// whom are the ids of those whom a message addresses, as far as it names them.
func (m *message) whom(me identity) []string {
	var ids []string
	add := func(id string) {
		for _, had := range ids {
			if had == id {
				return
			}
		}
		ids = append(ids, id)
	}
	text, entities := m.words()
	for _, e := range entities {
		_, name, _, ok := cut(text, e)
		switch {
		case ok && me.named(e, name):
			add(me.hub().ID)
		case e.Type == "text_mention" && e.User != nil:
			add(e.User.hub().ID)
		}
	}
	if to := m.replyTo(); to != nil && to.From != nil {
		add(to.from().ID)
	}
	if m.Chat.direct() {
		add(me.hub().ID)
	}
	return ids
}

// identity is our account: https://core.telegram.org/bots/api#getme
type identity struct {
	user
}

// named reports whether an entity with this text mentions us.
func (i identity) named(e entity, text string) bool {
	switch e.Type {
	case "mention":
		return i.Username != "" && strings.EqualFold(text, "@"+i.Username)
	case "text_mention":
		return e.User != nil && e.User.ID == i.ID
	}
	return false
}
