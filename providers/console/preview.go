package console

import (
	"bytes"
	"cmp"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/web"
)

// preview is m as a page shows it.
func preview(m hub.Message) hub.Rendered {
	var b bytes.Buffer
	// It writes to memory, and the template is the one of every page.
	if err := web.Fragment(&b, web.English(), "said", render(m)); err != nil {
		b.Reset()
	}
	return hub.Rendered{
		Kind: "console", Markup: strings.TrimSpace(b.String()), Plain: providers.Reading(m, limit, providers.Characters), Parts: parts(m),
	}
}

// parts is m from top to bottom, as post.html has it.
func parts(m hub.Message) (all []hub.Part) {
	add := func(p hub.Part) {
		if p.Text != "" {
			all = append(all, p)
		}
	}
	s := render(m)
	add(hub.Part{As: hub.PartText, Text: string(s.Text)})
	if c := s.Card; c != nil {
		all = append(all, hub.Part{As: hub.PartCard})
		add(hub.Part{As: hub.PartAuthor, Text: providers.Join(" · ", c.Kind, c.Site)})
		add(hub.Part{As: hub.PartTitle, Text: cmp.Or(c.Title, "Untitled"), URL: c.URL})
		add(hub.Part{As: hub.PartText, Text: string(c.Text)})
		if c.Image != nil {
			add(hub.Part{As: hub.PartImage, Text: c.Image.Alt, URL: c.Image.URL})
		}
		add(hub.Part{As: hub.PartFooter, Text: c.byline()})
	}
	return append(all, providers.Buttons(m.Actions, longestFact, providers.Characters)...)
}

// byline is who a card is from and where it belongs, in a line.
func (c *card) byline() string {
	var said []string
	for _, l := range []*label{c.Author, c.Category} {
		if l != nil {
			said = append(said, l.Name)
		}
	}
	for _, tag := range c.Tags {
		said = append(said, "#"+tag.Name)
	}
	return strings.Join(said, " · ")
}
