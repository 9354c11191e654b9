package telegram

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const (
	unit = providers.UTF16

	urlLimit    = 2_000
	titleLimit  = 300
	bylineLimit = 200
	tagsLimit   = 300
	lineLimit   = 200 // of the text in a card of one line
	textReserve = 800 // kept for the excerpt where a message has a text as well
	shortest    = 40  // an excerpt with less room is left out
)

// style is one way to write a message.
type style struct {
	dialect providers.Dialect
	measure func(string) int
	words   func(string) string            // escapes
	title   func(words, url string) string // the headline; url may be empty
	struck  func(kind, words, url string) string
	more    func(words, url string) string // the link below a text that goes on
}

// markup is the usual style, bare the one for when Telegram refuses that.
func markup() style {
	h := html{}
	linked := func(words, url string) string {
		if url == "" {
			return words
		}
		return h.Link(words, url)
	}
	return style{
		dialect: h, measure: visible, words: h.Text, more: linked,
		title: func(words, url string) string { return h.Strong(linked(words, url)) },
		struck: func(kind, words, url string) string {
			return h.Strong(providers.Join(": ", kind, h.Strike(linked(words, url))))
		},
	}
}

func bare() style {
	return style{
		dialect: plain{providers.PlainText()}, measure: unit.Len, words: calm,
		more:  func(_, _ string) string { return "" }, // the address is in the title
		title: func(words, url string) string { return providers.Join("\n", words, calmURL(url)) },
		struck: func(kind, words, url string) string {
			return providers.Join("\n", providers.Join(": ", kind, providers.PlainText().Strike(words)), calmURL(url))
		},
	}
}

// render writes m, cut to what one message holds.
func render(m hub.Message, s style) string { return renderWithin(m, s, maxText) }

// renderWithin writes m, cut to a limit.
func renderWithin(m hub.Message, s style, limit int) string {
	head := ""
	if m.Card != nil {
		if m.Card.Struck { // of what is gone nothing more is shown
			card := *m.Card
			card.Text, card.Cut = "", false
			m.Card = &card
		}
		head = s.head(m.Card)
	}
	w := writer{style: s, left: limit}
	w.took(head)
	reserve := 0
	if m.Card != nil && !m.Card.Compact && m.Card.Text != "" {
		reserve = textReserve
	}
	text, _ := w.fit(m.Text, reserve)
	if m.Card == nil || m.Card.Compact {
		return providers.Join(gap, text, head)
	}
	return providers.Join(gap, text, head, w.excerpt(m.Card))
}

const gap = "\n\n"

// writer knows how much room there is left in a message.
type writer struct {
	style
	left int
}

// took notes a part of the message, and the gap next to it.
func (w *writer) took(part string) {
	if part != "" {
		w.left -= w.measure(part) + len(gap)
	}
}

// fit writes as much of a text as there is room for, besides reserve.
func (w *writer) fit(markdown string, reserve int) (text string, short bool) {
	text, short = providers.Fit(providers.Parse(markdown), w.dialect, max(w.left-reserve, 0), w.measure)
	w.took(text)
	return text, short
}

// excerpt is a card's text, and a link below if there is more of it.
func (w *writer) excerpt(c *hub.Card) string {
	const words = "Read more"
	url := target(c)
	if w.left < shortest {
		return ""
	}
	text, short := w.fit(c.Text, len(gap)+len(words))
	if text == "" || url == "" || !short && !c.Cut {
		return text
	}
	return providers.Join(gap, text, w.more(words, url))
}

// head is what stands above a card's text; of a compact card, it is all.
func (s style) head(c *hub.Card) string {
	url := target(c)
	headline, by := capped(providers.Headline(c), titleLimit), capped(providers.Byline(c), bylineLimit)
	if c.Compact {
		return s.oneLine(c, headline, by, url)
	}
	title := s.headline(c, headline, url)
	return providers.Join("\n", title, providers.Join(" · ", s.words(by), s.tags(c.Tags)))
}

func (s style) oneLine(c *hub.Card, headline, by, url string) string {
	if strings.TrimSpace(c.Title) == "" {
		headline = providers.Join(": ", headline, providers.Label(providers.Parse(c.Text).Text(), lineLimit, unit))
	}
	if headline == "" {
		return s.words(by)
	}
	return providers.Join(" — ", s.headline(c, headline, url), s.words(by))
}

// headline is what a card is about, struck through if that is gone.
func (s style) headline(c *hub.Card, headline, url string) string {
	title := providers.Label(c.Title, titleLimit, unit)
	switch {
	case headline == "":
		return ""
	case c.Struck && title != "":
		return s.struck(s.words(providers.Label(c.Kind, titleLimit, unit)), s.words(title), url)
	}
	return s.title(s.words(headline), url)
}

// tags are words: a hashtag of Telegram would search the chat, where the
// forum's tag is meant.
func (s style) tags(all []hub.Label) string {
	out := ""
	for _, t := range all {
		name := providers.Label(t.Name, tagsLimit, unit)
		if name == "" {
			continue
		}
		next := providers.Join(" ", out, "#"+joiner+s.words(name))
		if s.measure(next) > tagsLimit {
			return providers.Join(" ", out, providers.Ellipsis)
		}
		out = next
	}
	return out
}

// target is where a card's headline leads, if anywhere.
func target(c *hub.Card) string {
	url, ok := providers.WebURL(c.URL)
	if !ok || len(url) > urlLimit {
		return ""
	}
	return url
}

func capped(s string, limit int) string {
	s, _ = providers.CutText(s, limit, unit)
	return s
}

// plain writes no markup, and no mentions either.
type plain struct{ providers.Dialect }

func (plain) Text(s string) string              { return calm(s) }
func (plain) Code(s string) string              { return calm(s) }
func (plain) JoinTight(blocks []string) string  { return strings.Join(blocks, "\n") }
func (p plain) Image(alt, url string) string    { return p.Link(calm(alt), url) }
func (p plain) CodeBlock(_, code string) string { return calm(code) }

func (p plain) Table(rows [][]string) string { return calm(p.Dialect.Table(rows)) }

// Link leaves out addresses of mail, which may hold anything; those of pages
// Telegram takes for one thing.
func (p plain) Link(inner, url string) string {
	if strings.HasPrefix(url, "mailto:") {
		return inner
	}
	return p.Dialect.Link(inner, calmURL(url))
}

// calmURL encodes the name in addresses such as https://medium.com/@name.
func calmURL(url string) string { return strings.ReplaceAll(url, "/@", "/%40") }
