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

	cardRoom   = 4_500 // what a card's names and links are left of textLimit
	titleLimit = 300
	nameLimit  = 80
	linkLimit  = 1_000
	tagsLimit  = 1_500

	fallbackLimit = 300
)

// compose writes m as a post, nil if there is nothing to say.
func compose(m hub.Message) *model.Post {
	post := &model.Post{}
	room := textLimit
	if m.Card != nil {
		room -= cardRoom
	}
	post.Message, _ = providers.Fit(providers.Parse(m.Text), markdown{}, room, unit.Len)
	switch {
	case m.Card != nil && m.Card.Compact:
		post.Message = join("\n\n", post.Message, join(" — ", headline(m.Card), byline(m.Card)))
	case m.Card != nil:
		attach(post, m, room-unit.Len(post.Message))
	}
	if post.Message == "" && len(post.Props) == 0 {
		return nil
	}
	return post
}

func attach(post *model.Post, m hub.Message, room int) {
	c := m.Card
	text, _ := providers.Fit(providers.Excerpt(c), markdown{}, room, unit.Len)
	title := quiet(providers.Label(providers.Headline(c), titleLimit, unit))
	if title == "" && text == "" {
		return
	}
	a := &model.MessageAttachment{
		Fallback: quiet(providers.Fallback(m, fallbackLimit, unit)),
		Title:    title,
		Text:     text,
		Fields:   fields(c),
		Footer:   quiet(name(c.Site)),
	}
	if c.Category != nil && color.MatchString(c.Category.Color) {
		a.Color = c.Category.Color
	}
	if title != "" {
		a.TitleLink = target(c.URL)
	}
	if c.Author != nil {
		sign(a, c.Author)
	}
	post.AddProp(model.PostPropsAttachments, []*model.MessageAttachment{a})
}

// color is what the server takes: no short form, no names.
var color = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// sign names who wrote; the server takes a link and a picture for no name amiss.
func sign(a *model.MessageAttachment, author *hub.Person) {
	a.AuthorName = quiet(name(cmp.Or(strings.TrimSpace(author.Name), author.Username)))
	if a.AuthorName != "" {
		a.AuthorLink, a.AuthorIcon = target(author.URL), target(author.Avatar)
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
		add("Category", link(name(c.Category.Name), c.Category.URL))
	}
	add("Tags", tags(c.Tags))
	return all
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

// headline is "New topic: **[Printer does not start](url)**".
func headline(c *hub.Card) string {
	kind, title := name(c.Kind), providers.Label(c.Title, titleLimit, unit)
	if title == "" {
		kind, title = "", kind
	}
	if title == "" {
		return ""
	}
	return join(": ", markdown{}.Text(kind), markdown{}.Strong(link(title, c.URL)))
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

func name(s string) string { return providers.Label(s, nameLimit, unit) }

// link writes plain words, as a link where there is something to link to.
func link(text, dest string) string {
	if text == "" {
		return ""
	}
	escaped := markdown{}.Text(text)
	if url := target(dest); url != "" {
		return markdown{}.Link(escaped, url)
	}
	return escaped
}

// target is dest as a link, empty where it is none.
func target(dest string) string {
	url, ok := providers.WebURL(dest)
	if !ok || !strings.HasPrefix(url, "http") || len(url) > linkLimit {
		return ""
	}
	return url
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
