package providers

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Bounds of a card's parts, in the unit of the platform: names are up to
// strangers, and a card should stay one.
const (
	TitleLimit = 300
	NameLimit  = 80
	TagsLimit  = 1_500
)

// Parts writes the parts of a card in a platform's markup, each name a link
// where there is something to link to. What Headline and Byline say plainly, it
// says with links.
type Parts struct {
	Dialect Dialect
	Unit    Unit
	// Target says where an address leads on the platform, false for nowhere.
	Target func(url string) (string, bool)
}

// Headline is "New topic: Printer does not start", the title strong and a link,
// and struck through where the thing is gone.
func (p Parts) Headline(c *hub.Card) string {
	kind, title := p.Name(c.Kind), Label(c.Title, TitleLimit, p.Unit)
	if title == "" {
		kind, title = "", kind
	}
	if title == "" {
		return ""
	}
	marked := p.Link(title, c.URL)
	if c.Struck {
		marked = p.Dialect.Strike(marked)
	}
	return Join(": ", p.Dialect.Text(kind), p.Dialect.Strong(marked))
}

// Byline is "Alice Moreau in Support", each a link.
func (p Parts) Byline(c *hub.Card) string {
	author, category := "", ""
	if c.Author != nil {
		author = p.Link(p.Name(cmp.Or(strings.TrimSpace(c.Author.Name), c.Author.Username)), c.Author.URL)
	}
	if c.Category != nil && p.Name(c.Category.Name) != "" {
		category = "in " + p.Link(p.Name(c.Category.Name), c.Category.URL)
	}
	return Join(" ", author, category)
}

// Tags lists as many as there is room for.
func (p Parts) Tags(all []hub.Label) string {
	out := ""
	for i, t := range all {
		next := Join(", ", out, p.Link(p.Name(t.Name), t.URL))
		if p.Unit.Len(next) > TagsLimit {
			return Join(" ", out, fmt.Sprintf("and %d more", len(all)-i))
		}
		out = next
	}
	return out
}

// Name is a name in plain words, short enough to stand in a line.
func (p Parts) Name(s string) string { return Label(s, NameLimit, p.Unit) }

// Link writes plain words, as a link where there is something to link to.
func (p Parts) Link(text, dest string) string {
	if text == "" {
		return ""
	}
	escaped := p.Dialect.Text(text)
	if url, ok := p.Target(dest); ok {
		return p.Dialect.Link(escaped, url)
	}
	return escaped
}

// Join puts sep between what is not empty.
func Join(sep string, parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
