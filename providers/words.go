package providers

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Words writes messages as nothing but words, for a platform that refused their
// markup.
type Words struct {
	// Text escapes words, so that the platform takes none of them for markup or a
	// mention. They hold no line end.
	Text func(s string) string
	// URL writes an address, like that of a Dialect's Link, such that it leads
	// there.
	URL   func(url string) string
	Limit int
	Unit  Unit
}

// Write is m in at most w.Limit. It is empty where there is nothing to say.
func (w Words) Write(m hub.Message) string {
	if m.Card != nil && m.Card.Struck { // of what is gone nothing more is shown
		card := *m.Card
		card.Text, card.Cut = "", false
		m.Card = &card
	}
	left := w.Limit
	head := ""
	if m.Card != nil {
		head = w.head(m.Card)
		left -= w.Unit.Len(head) + len(wordsGap)
	}
	reserve := 0
	if m.Card != nil && !m.Card.Compact {
		reserve = left / 2
	}
	text := w.fit(Parse(m.Text), left-reserve)
	left -= w.Unit.Len(text) + len(wordsGap)
	if m.Card == nil || m.Card.Compact {
		return Join(wordsGap, text, head)
	}
	return Join(wordsGap, text, head, w.fit(Excerpt(m.Card), left))
}

const wordsGap = "\n\n"

func (w Words) fit(d *Doc, limit int) string {
	text, _ := Fit(d, wordy{w: w}, max(limit, 0), w.Unit.Len)
	return text
}

// head is what stands above a card's text. Its parts are bounded, so that it
// leaves most of a usual message's room.
func (w Words) head(c *hub.Card) string {
	p := Parts{Dialect: wordy{w: w}, Unit: w.Unit, Target: func(string) (string, bool) { return "", false }}
	lines := []string{p.Headline(c), "", p.Byline(c), ""}
	if url, ok := WebURL(c.URL); ok && len(url) <= wordsURLLimit {
		lines[1] = w.URL(url)
	}
	if !c.Compact {
		lines[3] = p.Tags(c.Tags)
	}
	out := ""
	for _, line := range lines { // as many as there is room for
		if next := Join("\n", out, line); w.Unit.Len(next) <= w.Limit/2 {
			out = next
		}
	}
	return out
}

const wordsURLLimit = 1_000

// wordy is PlainText, escaped.
type wordy struct {
	plain
	w Words
}

func (d wordy) Text(s string) string { return d.w.Text(s) }
func (d wordy) Code(s string) string { return d.w.Text(s) }

// Strike keeps its mark, as one that is meant as such.
func (d wordy) Strike(inner string) string { return d.w.Text("~") + inner + d.w.Text("~") }

func (d wordy) CodeBlock(_, code string) string {
	lines := strings.Split(code, "\n")
	for i, line := range lines {
		lines[i] = d.w.Text(line)
	}
	return strings.Join(lines, "\n")
}

// Link leaves out an address of mail, which is its own text as a rule.
func (d wordy) Link(inner, url string) string {
	switch {
	case strings.HasPrefix(url, "mailto:"):
		return inner
	case inner == d.w.Text(url), "http://"+inner == url:
		return d.w.URL(url)
	default:
		return inner + " (" + d.w.URL(url) + ")"
	}
}

func (d wordy) Image(alt, url string) string { return d.Link(d.w.Text(alt), url) }

func (d wordy) Table(rows [][]string) string {
	escaped := make([][]string, len(rows))
	for i, row := range rows {
		for _, cell := range row {
			escaped[i] = append(escaped[i], d.w.Text(cell))
		}
	}
	return d.plain.Table(escaped)
}
