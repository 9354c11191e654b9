package slack

import (
	"net/url"
	"path"
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

	linkLimit = 1_000

	// Of an image: https://docs.slack.dev/reference/block-kit/blocks/image-block
	imageLimit = 3_000

	// Of a message's plain text, a change takes 4000 characters as they are
	// escaped, and a new message more.
	fallbackLimit = 3_000
	mostFallback  = 4_000
)

// parts writes a card's names and links.
var parts = providers.Parts{Dialect: mrkdwn{}, Unit: unit, Target: target}

// compose writes m as blocks, with the card's image if form has it; none if
// there is nothing to say.
func compose(m hub.Message, form providers.Form) []slack.Block {
	s := sheet{left: textLimit + 1} // no line end after the last block
	if m.Card == nil {
		s.text(providers.Parse(m.Text), 0)
		return s.blocks
	}
	s.text(providers.Parse(m.Text), textLimit/2)
	if m.Card.Compact {
		s.section(fitting(" — ", parts.Headline(m.Card), parts.Byline(m.Card)))
		return s.blocks
	}
	s.section(parts.Headline(m.Card))
	s.context(m.Card)
	if !m.Card.Struck {
		s.text(providers.Excerpt(m.Card), 0)
	}
	if image := picture(m); image != nil && form == providers.Whole {
		s.blocks = append(s.blocks, imageBlock(image))
	}
	return s.blocks
}

// picture is the image that Slack is asked to show; it reads some types only,
// and fetches from where everyone may, so that it is left out where that is
// known to fail.
func picture(m hub.Message) *hub.Image {
	if m.Card != nil {
		if _, isFile := fileOf(m.Card.Image); isFile && !m.Card.Compact && !m.Card.Struck {
			return m.Card.Image
		}
	}
	image := providers.Picture(m.Card)
	if image == nil || len(image.URL) > imageLimit {
		return nil
	}
	u, err := url.Parse(image.URL)
	if err != nil || u.Scheme != "https" {
		return nil
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".png", ".jpg", ".jpeg", ".gif", "":
		return image
	default:
		return nil
	}
}

// imageBlock shows an image: a file of Slack's, or what is at an address.
func imageBlock(image *hub.Image) *slack.ImageBlock {
	if id, isFile := fileOf(image); isFile {
		return slack.NewImageBlockSlackFile(&slack.SlackFileObject{ID: id}, image.Alt, "", nil)
	}
	return slack.NewImageBlock(image.URL, image.Alt, "", nil)
}

// words writes what Slack gets in place of markup that it refused. Of a text
// alone it takes as many characters as of a fallback.
var words = providers.Words{
	Text: mrkdwn{}.Text, URL: func(url string) string { return "<" + entities.Replace(url) + ">" },
	Limit: mostFallback, Unit: unit,
}

// fallback is m for notifications. Slack reads it as mrkdwn.
func fallback(m hub.Message) string {
	limit := fallbackLimit
	for {
		text := mrkdwn{}.Text(providers.Fallback(providers.MarkStruck(m), limit, unit))
		n := unit.Len(text)
		if n <= mostFallback {
			return text
		}
		limit = limit * mostFallback / n
	}
}

// preview is m as it would be sent: the texts of its blocks from top to bottom.
func preview(m hub.Message) hub.Rendered {
	var texts []string
	var parts []hub.Part
	add := func(as hub.PartKind, text string) {
		texts, parts = append(texts, text), append(parts, hub.Part{As: as, Text: text})
	}
	for _, b := range compose(m, providers.Whole) {
		switch b := b.(type) {
		case *slack.SectionBlock:
			add(hub.PartText, b.Text.Text)
		case *slack.ContextBlock:
			for _, e := range b.ContextElements.Elements {
				if t, ok := e.(*slack.TextBlockObject); ok {
					add(hub.PartContext, t.Text)
				}
			}
		case *slack.ImageBlock:
			texts = append(texts, "["+b.AltText+"] "+b.ImageURL)
			parts = append(parts, hub.Part{As: hub.PartImage, Text: b.AltText, URL: b.ImageURL})
		}
	}
	r := hub.Rendered{Kind: Name, Plain: providers.Reading(m, textLimit, unit)}
	if len(texts) > 0 {
		r.Length, r.Limit = unit.Len(strings.Join(texts, "\n")), textLimit
	}
	if labels := labelsOf(m.Actions); labels != "" {
		texts = append(texts, labels)
	}
	r.Markup, r.Parts = strings.Join(texts, "\n"), append(parts, providers.Buttons(m.Actions, buttonLimit, unit)...)
	return r
}

// sheet is a message in the making.
type sheet struct {
	blocks []slack.Block
	left   int // room for text
}

// verbatim makes a text of which Slack takes nothing for a name or an address that
// is not marked as such.
func verbatim(text string) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: text, Verbatim: true}
}

func (s *sheet) section(text string) {
	if text != "" {
		s.add(slack.NewSectionBlock(verbatim(text), nil, nil), text)
	}
}

func (s *sheet) add(b slack.Block, text string) {
	s.blocks = append(s.blocks, b)
	s.left -= unit.Len(text) + 1
}

// text writes d into as many sections as it takes, and keeps some room free.
func (s *sheet) text(d *providers.Doc, keep int) {
	room := s.left - keep
	pieces := providers.Split(d, mrkdwn{}, min(sectionLimit, room-1), unit.Len)
	for i, part := range pieces {
		room -= unit.Len(part) + 1
		if i+1 < len(pieces) && (room < need(pieces[i+1:]) || len(s.blocks) == mostSections) {
			s.section(ellipsis(part))
			return
		}
		s.section(part)
	}
}

// need is the room for the next of pieces, and for an ellipsis unless it is the last.
func need(pieces []string) int {
	n := unit.Len(pieces[0]) + 1
	if len(pieces) > 1 {
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
	text := fitting(" · ", parts.Byline(c), parts.Tags(c.Tags), mrkdwn{}.Text(parts.Name(c.Site)))
	if text != "" {
		s.add(slack.NewContextBlock("", verbatim(text)), text)
	}
}

func target(dest string) (string, bool) {
	url, ok := providers.WebURL(dest)
	return url, ok && len(entities.Replace(url)) <= linkLimit
}

// fitting joins as many of the first parts as one section takes.
func fitting(sep string, parts ...string) string {
	out := ""
	for _, p := range parts {
		if next := providers.Join(sep, out, p); unit.Len(next) <= sectionLimit {
			out = next
		}
	}
	return out
}
