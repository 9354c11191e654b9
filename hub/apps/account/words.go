package account

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// marks are what CommonMark takes for markup within a line.
var marks = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", `\<`, "~", `\~`, "|", `\|`, "&", `\&`)

// plain is text of others that shall read as it is, short and on one line.
func plain(s string) string { return marks.Replace(oneLine(s)) }

// longestName is how much is shown of what others have named.
const longestName = 100

// oneLine is s without line breaks and what else cannot be shown, or turns
// around what follows.
func oneLine(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
	if utf8.RuneCountInString(s) > longestName {
		return string([]rune(s)[:longestName-1]) + "…"
	}
	return s
}

// typed is something as it was typed, or is to be typed.
func typed(s string) string {
	s = oneLine(s)
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}

// called is a user of a system for people: "Anna Bauer (`slack/U1`)".
func called(u *hub.ChatUser) string {
	id := typed(string(u.System) + "/" + u.ID)
	if name := u.Called(); name != u.ID {
		return plain(name) + " (" + id + ")"
	}
	return id
}

// counted is a number of things: "1 account", "3 accounts".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
