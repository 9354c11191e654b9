package providers

import (
	"cmp"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Headline is what a card is about, in one plain line: "New topic: Printer does
// not start".
func Headline(c *hub.Card) string {
	return Join(": ", line(c.Kind), line(c.Title))
}

// Byline is who a card is from and where it belongs, in one plain line: "Alice
// Moreau in Support". It may be empty.
func Byline(c *hub.Card) string {
	author, category := "", ""
	if c.Author != nil {
		author = line(cmp.Or(c.Author.Name, c.Author.Username))
	}
	if c.Category != nil && line(c.Category.Name) != "" {
		category = "in " + line(c.Category.Name)
	}
	return Join(" ", author, category)
}

// Fallback is any message in one plain line of at most limit, for notifications
// and clients that show no markup: "New topic: Printer does not start (Alice
// Moreau in Support)". Like PlainText, it knows no platform's mentions.
func Fallback(m hub.Message, limit int, u Unit) string {
	s := line(Parse(m.Text).Text())
	if m.Card != nil {
		s = Join(" — ", s, cardLine(m.Card))
	}
	s, _ = CutText(s, limit, u)
	return s
}

func cardLine(c *hub.Card) string {
	s := Headline(c)
	if line(c.Title) == "" {
		s = Join(": ", s, line(Parse(c.Text).Text()))
	}
	if by := Byline(c); by != "" {
		s = Join(" ", s, "("+by+")")
	}
	return s
}

// line is s on one line, without control characters.
func line(s string) string {
	if plainASCII(s) && !strings.Contains(s, "  ") {
		return strings.Trim(s, " ")
	}
	return strings.Join(strings.Fields(oneLine(strings.ToValidUTF8(s, "\uFFFD"))), " ")
}
