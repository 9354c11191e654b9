package providers

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// lineRoom is how many characters of a message one line of a list shows.
const lineRoom = 200

// Line is any message as one line of CommonMark, for a list of many: "[Reply:
// Printer does not start](https://…) — Bob in Support".
func Line(m hub.Message) string {
	c := m.Card
	if c == nil {
		return literal(short(line(Parse(m.Text).Text())))
	}
	head := Headline(c)
	if line(c.Title) == "" {
		head = Join(": ", head, line(Parse(c.Text).Text()))
	}
	head = literal(short(head))
	if c.Struck {
		head = "~~" + head + "~~"
	}
	if url, ok := webURL(c.URL); ok && head != "" && !strings.ContainsAny(url, "<>\\ \t\n") {
		head = "[" + head + "](<" + url + ">)"
	}
	return Join(" — ", head, literal(short(Byline(c))))
}

func short(s string) string {
	s, _ = CutText(s, lineRoom, Characters)
	return s
}

// literal is s as CommonMark that shows s: a backslash makes a letter of any
// punctuation. https://spec.commonmark.org/0.31.2/#backslash-escapes
func literal(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
