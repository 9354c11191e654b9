package slack

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// A section takes 3000 characters. A message takes 50 blocks and about 12,000
// characters in all of them; the latter is written nowhere, and how Slack
// counts is not known: https://github.com/slackapi/bolt-js/issues/2509
const (
	unit         = providers.UTF16
	textLimit    = 10_000
	sectionLimit = 2_990
	mostSections = 40

	titleLimit    = 300
	nameLimit     = 80
	tagsLimit     = 1_500
	linkLimit     = 1_000
	fallbackLimit = 3_000
)

// compose writes m as blocks; none if there is nothing to say.
func compose(m hub.Message) []slack.Block {
	s := sheet{left: textLimit + 1} // no line end after the last block
	if m.Card == nil {
		s.text(providers.Parse(m.Text), 0)
		return s.blocks
	}
	s.text(providers.Parse(m.Text), textLimit/2)
	if m.Card.Compact {
		s.section(fitting(" — ", headline(m.Card), byline(m.Card)))
		return s.blocks
	}
	s.section(headline(m.Card))
	s.context(m.Card)
	s.text(providers.Excerpt(m.Card), 0)
	return s.blocks
}

// fallback is m for notifications. Slack reads it as mrkdwn.
func fallback(m hub.Message) string {
	return mrkdwn{}.Text(providers.Fallback(m, fallbackLimit, unit))
}

// sheet is a message in the making.
type sheet struct {
	blocks []slack.Block
	left   int // room for text
}

// words makes a text of which Slack takes nothing for a name or an address that
// is not marked as such.
func words(text string) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: text, Verbatim: true}
}

func (s *sheet) section(text string) {
	if text != "" {
		s.add(slack.NewSectionBlock(words(text), nil, nil), text)
	}
}

func (s *sheet) add(b slack.Block, text string) {
	s.blocks = append(s.blocks, b)
	s.left -= unit.Len(text) + 1
}

// text writes d into as many sections as it takes, and keeps some room free.
func (s *sheet) text(d *providers.Doc, keep int) {
	room := s.left - keep
	parts := providers.Split(d, mrkdwn{}, min(sectionLimit, room-1), unit.Len)
	for i, part := range parts {
		room -= unit.Len(part) + 1
		if i+1 < len(parts) && (room < need(parts[i+1:]) || len(s.blocks) == mostSections) {
			s.section(ellipsis(part))
			return
		}
		s.section(part)
	}
}

// need is the room for the next of parts, and for an ellipsis unless it is the last.
func need(parts []string) int {
	n := unit.Len(parts[0]) + 1
	if len(parts) > 1 {
		n += unit.Len(ellipsis(""))
	}
	return n
}

// ellipsis ends a text that goes on.
func ellipsis(part string) string {
	if strings.HasSuffix(part, fence) {
		return part + "\n" + providers.Ellipsis
	}
	return part + " " + providers.Ellipsis
}

func (s *sheet) context(c *hub.Card) {
	text := fitting(" · ", byline(c), tags(c.Tags), mrkdwn{}.Text(name(c.Site)))
	if text != "" {
		s.add(slack.NewContextBlock("", words(text)), text)
	}
}

// headline is "New topic: *<url|Printer does not start>*".
func headline(c *hub.Card) string {
	kind, title := name(c.Kind), providers.Label(c.Title, titleLimit, unit)
	if title == "" {
		kind, title = "", kind
	}
	if title == "" {
		return ""
	}
	return join(": ", mrkdwn{}.Text(kind), mrkdwn{}.Strong(link(title, c.URL)))
}

// byline is "Alice Moreau in Support", with links.
func byline(c *hub.Card) string {
	author, category := "", ""
	if c.Author != nil {
		author = link(name(cmp.Or(strings.TrimSpace(c.Author.Name), c.Author.Username)), c.Author.URL)
	}
	if c.Category != nil && name(c.Category.Name) != "" {
		category = "in " + link(name(c.Category.Name), c.Category.URL)
	}
	return join(" ", author, category)
}

// tags lists as many as there is room for.
func tags(all []hub.Label) string {
	out := ""
	for i, t := range all {
		next := join(", ", out, link(name(t.Name), t.URL))
		if unit.Len(next) > tagsLimit {
			return join(" ", out, fmt.Sprintf("and %d more", len(all)-i))
		}
		out = next
	}
	return out
}

func name(s string) string { return providers.Label(s, nameLimit, unit) }

// link writes plain words, as a link where there is something to link to.
func link(text, dest string) string {
	if text == "" {
		return ""
	}
	escaped := mrkdwn{}.Text(text)
	if url, ok := target(dest); ok {
		return mrkdwn{}.Link(escaped, url)
	}
	return escaped
}

func target(dest string) (string, bool) {
	url, ok := providers.WebURL(dest)
	return url, ok && len(entities.Replace(url)) <= linkLimit
}

// join puts sep between what is not empty.
func join(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

// fitting joins as many of the first parts as one section takes.
func fitting(sep string, parts ...string) string {
	out := ""
	for _, p := range parts {
		if next := join(sep, out, p); unit.Len(next) <= sectionLimit {
			out = next
		}
	}
	return out
}
