package telegramtest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Live lists the mentions and bot commands that Telegram would find in a sent
// message by itself. It looks for none in code and links.
func Live(s providertest.Sent) []string {
	m := decode(s.Raw)
	if m.ParseMode == "" {
		return LiveText(m.Text)
	}
	return LiveHTML(m.Text)
}

// LiveText is Live for a text without markup.
func LiveText(text string) []string { return live(text, nil) }

// LiveHTML is Live for a text with parse_mode HTML.
func LiveHTML(text string) []string {
	text, entities, _ := ParseHTML(text)
	return live(text, entities)
}

var (
	mention = regexp.MustCompile(`@[a-zA-Z0-9_]+`)
	command = regexp.MustCompile(`/[a-zA-Z0-9_]{1,64}(@[a-zA-Z0-9_]{3,32})?`)
	address = regexp.MustCompile(`https?://\S+`)
)

func live(text string, entities []Entity) []string {
	var found []string
	for _, at := range mention.FindAllStringIndex(text, -1) {
		if n := at[1] - at[0] - 1; n >= 2 && n <= 32 && !isWord(before(text, at[0])) && !isWord(after(text, at[1])) {
			found = outside(found, text, at, entities)
		}
	}
	for _, at := range command.FindAllStringIndex(text, -1) {
		b, a := before(text, at[0]), after(text, at[1])
		if !isWord(b) && !isWord(a) && !strings.ContainsRune("/<>", b) && !strings.ContainsRune("/<>", a) {
			found = outside(found, text, at, entities)
		}
	}
	return found
}

// outside adds what lies neither within a link or code nor in a bare address.
func outside(found []string, text string, at []int, entities []Entity) []string {
	for _, e := range entities {
		if (e.Type == "code" || e.Type == "pre" || e.Type == "text_link") && at[0] < e.End && at[1] > e.Start {
			return found
		}
	}
	for _, u := range address.FindAllStringIndex(text, -1) {
		if at[0] >= u[0] && at[1] <= u[1] {
			return found
		}
	}
	return append(found, text[at[0]:at[1]])
}

func before(s string, at int) rune {
	if at == 0 {
		return ' '
	}
	r, _ := utf8.DecodeLastRuneInString(s[:at])
	return r
}

func after(s string, at int) rune {
	if at == len(s) {
		return ' '
	}
	r, _ := utf8.DecodeRuneInString(s[at:])
	return r
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
