package telegram

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// joiner is an invisible character that ends a name, a command or a tag to
// Telegram. A zero-width non-joiner would not do: to Telegram it is a letter of
// a hashtag.
const joiner = "\u2060"

// calm breaks up mentions and commands, with Telegram's own idea of them:
// https://github.com/tdlib/td/blob/master/td/telegram/MessageEntity.cpp
// (match_mentions, match_bot_commands). One that continues in the next run of
// words, as in @**all**, is broken up too.
func calm(s string) string {
	if !strings.ContainsAny(s, "@/") {
		return s
	}
	var out strings.Builder
	before := ' '
	for rest := s; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		out.WriteString(rest[:size])
		rest = rest[size:]
		if r == '@' && isMention(before, rest) || r == '/' && isCommand(before, rest) {
			out.WriteString(joiner)
		}
		before = r
	}
	return out.String()
}

func isMention(before rune, rest string) bool {
	return !isWord(before) && (rest == "" || isName(rest[0]))
}

// isCommand lets paths be: no command has a slash behind it.
func isCommand(before rune, rest string) bool {
	if isWord(before) || strings.ContainsRune("/<>", before) {
		return false
	}
	end := 0
	for end < len(rest) && isName(rest[end]) {
		end++
	}
	if end == len(rest) {
		return true
	}
	return end > 0 && !strings.ContainsRune("/<>", rune(rest[end]))
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func isName(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
