package mattermost

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// A post's text holds 16383 characters. What an attachment may hold is a
// matter of its JSON, and far more; but people have to read it.
const (
	unit      = providers.Characters
	textLimit = model.PostMessageMaxRunesV2

	cardRoom  = 4_500 // what a card's names and links are left of textLimit
	linkLimit = 1_000

	fallbackLimit = 300
)

// parts writes a card's names and links.
var parts = providers.Parts{Dialect: markdown{}, Unit: unit, Target: target}

// compose writes m as a post, nil if there is nothing to say. Its buttons are
// put on by dressed; where there are none, its actions are words.
func compose(m hub.Message, form providers.Form, buttons bool) *model.Post {
	post := &model.Post{}
	if form == providers.PlainWords {
		post.Message = words.Write(m)
		return post
	}
	tail := inWords(m.Actions, buttons)
	room := textLimit - unit.Len(tail)
	if m.Card != nil {
		room -= cardRoom
	}
	post.Message, _ = providers.Fit(providers.Parse(m.Text), markdown{}, room, unit.Len)
	switch {
	case m.Card != nil && m.Card.Compact:
		post.Message = providers.Join("\n\n", post.Message, providers.Join(" — ", parts.Headline(m.Card), parts.Byline(m.Card)))
	case m.Card != nil:
		attach(post, m, room-unit.Len(post.Message), form)
	}
	if post.Message == "" && len(post.Props) == 0 {
		return nil
	}
	addTail(post, tail)
	return post
}

// words writes what a server gets in place of a post that it refused: short
// enough for one whose database was never migrated, and escaped, for there is no
// post that is not Markdown.
var words = providers.Words{Text: nameless, URL: bareURL, Limit: model.PostMessageMaxRunesV1, Unit: unit}

// bareURL is an address that stands by itself: the server takes words in it for
// mentions.
func bareURL(url string) string { return strings.ReplaceAll(parens.Replace(url), "@", "%40") }

// nameless escapes words and breaks up every mention: without the marks between
// them, two of those could make one of all.
func nameless(s string) string {
	var b strings.Builder
	prev := ' '
	for _, r := range (markdown{}).Text(s) {
		if prev == '@' && string(r) != guard {
			b.WriteString(guard)
		}
		b.WriteRune(r)
		prev = r
	}
	if prev == '@' {
		b.WriteString(guard)
	}
	return b.String()
}

func attach(post *model.Post, m hub.Message, room int, form providers.Form) {
	c := m.Card
	text, _ := providers.Fit(providers.Excerpt(c), markdown{}, room, unit.Len)
	title := quiet(providers.Label(providers.Headline(c), providers.TitleLimit, unit))
	if c.Struck {
		title, text = "", parts.Headline(c) // a title that links shows marks as they are
	}
	if title == "" && text == "" {
		return
	}
	a := &model.MessageAttachment{
		Fallback: quiet(providers.Fallback(providers.MarkStruck(m), fallbackLimit, unit)),
		Title:    title,
		Text:     text,
		Fields:   fields(c),
		Footer:   quiet(parts.Name(c.Site)),
	}
	if c.Category != nil && color.MatchString(c.Category.Color) {
		a.Color = c.Category.Color
	}
	if title != "" {
		a.TitleLink = page(c.URL)
	}
	if c.Author != nil {
		sign(a, c.Author)
	}
	// Nobody fetches it until someone reads the post, and then through the server's
	// image proxy where there is one:
	// https://developers.mattermost.com/integrate/reference/message-attachments/
	if image := providers.Picture(c); image != nil && form == providers.Whole {
		a.ImageURL = page(image.URL)
	}
	post.AddProp(model.PostPropsAttachments, []*model.MessageAttachment{a})
}

// preview is m as it would be sent: the text and what its attachment holds, from
// top to bottom.
func preview(m hub.Message) hub.Rendered {
	r := laidOut{hub.Rendered{Kind: Name, Plain: providers.Reading(m, textLimit, unit)}}
	post := compose(m, providers.Whole, true)
	if post == nil {
		return r.Rendered
	}
	lines := []string{post.Message}
	r.part(hub.Part{As: hub.PartText, Text: post.Message})
	r.Length, r.Limit = unit.Len(post.Message), textLimit
	for _, a := range post.Attachments() {
		lines = append(lines, link(a.AuthorName, a.AuthorLink), link(a.Title, a.TitleLink), a.Text)
		for _, f := range a.Fields {
			lines = append(lines, fmt.Sprintf("%s: %v", f.Title, f.Value))
		}
		lines = append(lines, a.ImageURL, a.Footer)
		r.attachment(a)
	}
	lines = append(lines, labels(m.Actions))
	r.Markup = providers.Join("\n", lines...)
	for _, b := range providers.Buttons(m.Actions, labelLimit, unit) {
		if b.URL == "" { // a link is in the text
			r.part(b)
		}
	}
	return r.Rendered
}

// laidOut is a post as it is laid out.
type laidOut struct{ hub.Rendered }

// part adds what is there.
func (s *laidOut) part(p hub.Part) {
	if p.Text != "" || p.URL != "" {
		s.Parts = append(s.Parts, p)
	}
}

func (s *laidOut) attachment(a *model.MessageAttachment) {
	s.Parts = append(s.Parts, hub.Part{As: hub.PartCard, Color: a.Color})
	s.part(hub.Part{As: hub.PartAuthor, Text: a.AuthorName, URL: a.AuthorLink})
	s.part(hub.Part{As: hub.PartTitle, Text: a.Title, URL: a.TitleLink})
	s.part(hub.Part{As: hub.PartText, Text: a.Text})
	for _, f := range a.Fields {
		s.part(hub.Part{As: hub.PartField, Name: f.Title, Text: fmt.Sprint(f.Value)})
	}
	s.part(hub.Part{As: hub.PartImage, URL: a.ImageURL})
	s.part(hub.Part{As: hub.PartFooter, Text: a.Footer})
}

// link shows words that lead to url, as an attachment has them side by side.
func link(words, url string) string {
	if url == "" {
		return words
	}
	return markdown{}.Link(words, url)
}

// color is what the server takes: no short form, no names.
var color = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// sign names who wrote; the server takes a link and a picture for no name amiss.
func sign(a *model.MessageAttachment, author *hub.Person) {
	a.AuthorName = quiet(parts.Name(cmp.Or(strings.TrimSpace(author.Name), author.Username)))
	if a.AuthorName != "" {
		a.AuthorLink, a.AuthorIcon = page(author.URL), page(author.Avatar)
	}
}

func fields(c *hub.Card) []*model.MessageAttachmentField {
	var all []*model.MessageAttachmentField
	add := func(title, value string) {
		if value != "" {
			all = append(all, &model.MessageAttachmentField{Title: title, Value: value, Short: true})
		}
	}
	if c.Category != nil {
		add("Category", parts.Link(parts.Name(c.Category.Name), c.Category.URL))
	}
	add("Tags", parts.Tags(c.Tags))
	return all
}

// target is where an address leads: Mattermost makes links to pages only.
func target(dest string) (string, bool) {
	url, ok := providers.WebURL(dest)
	return url, ok && strings.HasPrefix(url, "http") && len(url) <= linkLimit
}

// page is dest where it leads to a page, empty otherwise.
func page(dest string) string {
	if url, ok := target(dest); ok {
		return url
	}
	return ""
}
