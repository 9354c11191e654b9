package matrix

import (
	"html"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// An event may take 65,536 bytes of canonical JSON with all that servers add to
// it, such as signatures: https://spec.matrix.org/latest/client-server-api/#size-limits.
// A body of maxBody takes twice that at worst, when it is all line ends.
const (
	maxBody = 16_000 // the plain words
	maxHTML = 26_000 // as JSON

	unit        = providers.Bytes
	urlLimit    = 2_000
	titleLimit  = 600
	bylineLimit = 400
	tagsLimit   = 600
	lineLimit   = 400   // of the text in a card of one line
	textReserve = 1_500 // kept for the excerpt where a message has a text as well
	shortest    = 100   // an excerpt with less room is left out
)

// said is a message in words, and as HTML where that says more.
type said struct{ body, formatted string }

func say(m hub.Message, form providers.Form) said {
	var s said
	if s.body, s.formatted = render(m); form == providers.PlainWords {
		s.formatted = ""
	}
	return s
}

// render writes m as plain words and as HTML; the latter is empty where it
// would say nothing more.
func render(m hub.Message) (body, formatted string) {
	body, formatted = words().render(m), rich().render(m)
	if inner, ok := onlyParagraph(formatted); ok {
		formatted = inner
	}
	if formatted == html.EscapeString(body) {
		formatted = ""
	}
	return body, formatted
}

// onlyParagraph is what is in the one paragraph that s is, if it is one.
func onlyParagraph(s string) (string, bool) {
	inner, ok := strings.CutPrefix(s, "<p>")
	if !ok || strings.Count(inner, "</p>") != 1 {
		return "", false
	}
	return strings.CutSuffix(inner, "</p>")
}

// style is one of the two ways in which each message is written.
type style struct {
	dialect providers.Dialect
	limit   int
	measure func(string) int
	gap     string                         // between blocks
	block   func(lines ...string) string   // of lines that are written already
	words   func(string) string            // escapes
	link    func(words, url string) string // of the headline; url may be empty
	strike  func(kind, words, url string) string
	line    func(headline, by string) string // of a card of one line
	more    func(words, url string) string   // the link below a text that goes on
	image   func(*hub.Image) string          // that was uploaded
}

func rich() style {
	m := markup{}
	link := func(words, url string) string {
		if url == "" {
			return words
		}
		return m.Link(words, url)
	}
	return style{
		dialect: m, limit: maxHTML, measure: quoted, words: escape,
		block: func(lines ...string) string {
			if s := providers.Join(m.LineBreak(), lines...); s != "" {
				return m.Paragraph(s)
			}
			return ""
		},
		link: func(words, url string) string { return m.Strong(link(words, url)) },
		strike: func(kind, words, url string) string {
			return m.Strong(providers.Join(": ", kind, m.Strike(link(words, url))))
		},
		line: func(headline, by string) string {
			return m.Paragraph(providers.Join(dash, headline, by))
		},
		more:  func(words, url string) string { return m.Paragraph(link(words, url)) },
		image: inline,
	}
}

func words() style {
	return style{
		dialect: plain{providers.PlainText()}, limit: maxBody, measure: unit.Len, words: calm, gap: "\n\n",
		block: func(lines ...string) string { return providers.Join("\n", lines...) },
		link:  func(words, url string) string { return providers.Join("\n", words, calmURL(url)) },
		strike: func(kind, words, url string) string {
			return providers.Join("\n", providers.Join(": ", kind, providers.PlainText().Strike(words)), calmURL(url))
		},
		line: func(headline, by string) string {
			headline, address, _ := strings.Cut(headline, "\n")
			return providers.Join("\n", providers.Join(dash, headline, by), address)
		},
		more:  func(string, string) string { return "" }, // the address is in the headline
		image: func(*hub.Image) string { return "" },     // its address is in the text
	}
}

// quoted is the length of s in canonical JSON, which escapes nothing else:
// control characters are gone.
func quoted(s string) int {
	return len(s) + strings.Count(s, `"`) + strings.Count(s, `\`) + strings.Count(s, "\n") + strings.Count(s, "\t")
}

func (s style) render(m hub.Message) string {
	head := ""
	if m.Card != nil {
		if m.Card.Struck { // of what is gone nothing more is shown
			card := *m.Card
			card.Text, card.Cut = "", false
			m.Card = &card
		}
		head = s.head(m.Card)
	}
	w := writer{style: s, left: s.limit}
	w.took(head)
	actions := s.actions(m.Actions, false)
	w.took(actions)
	image := s.picture(m.Card)
	w.took(image)
	reserve := 0
	if m.Card != nil && !m.Card.Compact && m.Card.Text != "" {
		reserve = textReserve
	}
	text, _ := w.fit(m.Text, reserve)
	if m.Card == nil || m.Card.Compact {
		return providers.Join(s.gap, text, head, actions)
	}
	return providers.Join(s.gap, text, head, w.excerpt(m.Card), image, actions)
}

// picture is a card's image, if that was uploaded.
func (s style) picture(c *hub.Card) string {
	if c == nil || c.Image == nil || c.Compact || c.Struck || !strings.HasPrefix(c.Image.URL, mxc) {
		return ""
	}
	return s.image(c.Image)
}

// writer knows how much room there is left in a message.
type writer struct {
	style
	left int
}

// took notes a part of the message, and the gap next to it.
func (w *writer) took(part string) {
	if part != "" {
		w.left -= w.measure(part) + w.measure(w.gap)
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
	url := target(c)
	more := ""
	if url != "" {
		more = w.more("Read more", url)
	}
	room := w.measure(w.gap + more)
	if w.left-room < shortest {
		return ""
	}
	text, short := w.fit(c.Text, room)
	if text == "" || !short && !c.Cut {
		return text
	}
	return providers.Join(w.gap, text, more)
}

// head is what stands above a card's text; of a compact card, it is all.
func (s style) head(c *hub.Card) string {
	url := target(c)
	headline, by := capped(providers.Headline(c), titleLimit), capped(providers.Byline(c), bylineLimit)
	if c.Compact {
		return s.oneLine(c, headline, by, url)
	}
	return s.block(s.headline(c, headline, url), providers.Join(" · ", s.words(by), s.tags(c.Tags)))
}

func (s style) oneLine(c *hub.Card, headline, by, url string) string {
	if strings.TrimSpace(c.Title) == "" {
		headline = providers.Join(": ", headline, providers.Label(providers.Parse(c.Text).Text(), lineLimit, unit))
	}
	if headline == "" {
		return s.block(s.words(by))
	}
	return s.line(s.headline(c, headline, url), s.words(by))
}

// headline is what a card is about, struck through if that is gone.
func (s style) headline(c *hub.Card, headline, url string) string {
	title := providers.Label(c.Title, titleLimit, unit)
	switch {
	case headline == "":
		return ""
	case c.Struck && title != "":
		return s.strike(s.words(providers.Label(c.Kind, titleLimit, unit)), s.words(title), url)
	}
	return s.link(s.words(headline), url)
}

const dash = " — "

func (s style) tags(all []hub.Label) string {
	out := ""
	for _, t := range all {
		name := providers.Label(t.Name, tagsLimit, unit)
		if name == "" {
			continue
		}
		next := providers.Join(" ", out, "#"+s.words(name))
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

// plain writes no markup, and no @room either.
type plain struct{ providers.Dialect }

func (plain) Text(s string) string             { return calm(s) }
func (plain) Code(s string) string             { return calm(s) }
func (plain) CodeBlock(_, code string) string  { return calm(code) }
func (plain) JoinTight(blocks []string) string { return strings.Join(blocks, "\n") }
func (p plain) Table(rows [][]string) string   { return calm(p.Dialect.Table(rows)) }
func (p plain) Link(inner, url string) string  { return p.Dialect.Link(inner, calmURL(url)) }
func (p plain) Image(alt, url string) string   { return p.Link(calm(alt), url) }
