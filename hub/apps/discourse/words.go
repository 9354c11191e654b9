package discourse

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

// marks are what CommonMark takes for markup within a line.
var marks = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", `\<`, "~", `\~`)

// plain is text of others that shall read as it is, on one line.
func plain(s string) string { return marks.Replace(oneLine(s)) }

// oneLine is s without line breaks and what else cannot be shown.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.TrimSpace(s)
}

// em is a name that is set off.
func em(s string) string { return "*" + plain(s) + "*" }

// typed is something as it was typed, or is to be typed.
func typed(s string) string {
	s = shorten(oneLine(s), 100)
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}

// shorten is s with at most n characters.
func shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:n-1])) + "…"
}

// either lists words for people: "a, b or c".
func either(list []string) string { return listed(list, "or") }

// both lists words for people: "a, b and c".
func both(list []string) string { return listed(list, "and") }

func listed(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + last + " " + list[len(list)-1]
}

// each is f of every one of list.
func each[T, U any](list []T, f func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

// counted is a number of things: "1 rule", "3 rules".
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// here is the chat of a command at the beginning of a sentence.
func here(c *hub.Command) string {
	if ch := c.Context.Channel; ch.Name != "" && !ch.Direct {
		return "#" + plain(strings.TrimPrefix(ch.Name, "#"))
	}
	return "This chat"
}

// paragraphs joins what is said.
func paragraphs(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "\n\n")
}

// label is a button's text. Slack takes 75 characters:
// https://docs.slack.dev/reference/block-kit/block-elements/button-element
func label(format string, args ...any) string {
	return shorten(oneLine(fmt.Sprintf(format, args...)), 40)
}

// call is a function of this app with values.
func call(function string, values hub.Values) *hub.Call {
	return &hub.Call{Namespace: Name, Function: function, Kind: hub.KindSubmit, Encoded: values}
}

// who is a person as rows keep it: "anna (slack U1)".
func who(c *hub.Command) string {
	u := c.Context.User
	return shorten(oneLine(fmt.Sprintf("%s (%s %s)", u.Called(), c.Context.System, u.ID)), 100)
}

// maxLines is how many lines of a list are shown.
const maxLines = 100

// bounded is lines as a text that no platform chokes on.
func bounded(lines []string) string {
	if over := len(lines) - maxLines; over > 0 {
		lines = append(lines[:maxLines:maxLines], fmt.Sprintf("… and %d more.", over))
	}
	return strings.Join(lines, "\\\n")
}

// lower is the beginning of a sentence within one: "this chat", but "#general".
func lower(s string) string {
	if s == "This chat" {
		return "this chat"
	}
	return s
}
