package mattermost

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// addressed tells whether a message speaks to us: it begins with our name, or is
// said in a direct chat. line is what it says then.
func addressed(text, name string, direct bool) (line string, forUs bool) {
	text = strings.TrimSpace(text)
	if rest, ok := afterMention(text, name); ok {
		return rest, true
	}
	if direct {
		return text, text != ""
	}
	return "", false
}

// afterMention is what follows "@name", a colon or comma left out.
func afterMention(text, name string) (string, bool) {
	if name == "" || len(text) <= len(name) || text[0] != '@' || !strings.EqualFold(text[1:1+len(name)], name) {
		return "", false
	}
	rest := text[1+len(name):]
	if next, _ := utf8.DecodeRuneInString(rest); rest != "" && (inWord(next) || next == '_' || next == '-') {
		return "", false // it is a longer name
	}
	if next, size := utf8.DecodeRuneInString(strings.TrimLeft(rest, ".")); strings.HasPrefix(rest, ".") && size > 0 && inWord(next) {
		return "", false // so is "bellhop.test"
	}
	return strings.TrimSpace(strings.TrimLeft(rest, ":,")), true
}

// afterTrigger is what an outgoing webhook's message says to us. A trigger word
// that is our name goes away; of another one, which is the command's own, only
// marks before it do: "!discourse watch" is "discourse watch".
func afterTrigger(text, word, name string) string {
	text = strings.TrimSpace(text)
	bare := strings.TrimLeftFunc(word, isMark)
	if len(text) >= len(word) && strings.EqualFold(text[:len(word)], word) &&
		(strings.EqualFold(strings.TrimRightFunc(bare, isMark), name) || bare == "") {
		return strings.TrimSpace(strings.TrimLeft(text[len(word):], ":,"))
	}
	return strings.TrimSpace(strings.TrimLeftFunc(text, isMark))
}

func isMark(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsSpace(r) }
