package console

import (
	"bytes"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/web"
)

// preview is m as a page shows it.
func preview(m hub.Message) hub.Rendered {
	var b bytes.Buffer
	// It writes to memory, and the template is the one of every page.
	if err := web.Fragment(&b, "said", render(m)); err != nil {
		b.Reset()
	}
	return hub.Rendered{Kind: "console", Markup: strings.TrimSpace(b.String()), Plain: plainly(m)}
}

// plainly is m as it reads, block by block.
func plainly(m hub.Message) string {
	m = providers.MarkStruck(m)
	blocks := []string{plain(m.Text)}
	if c := m.Card; c != nil {
		blocks = append(blocks, providers.Join("\n", providers.Headline(c), providers.Byline(c), tagline(c.Tags)))
		if !c.Compact {
			blocks = append(blocks, plain(c.Text))
		}
	}
	out, _ := providers.CutText(providers.Join("\n\n", blocks...), limit, providers.Characters)
	return out
}

func plain(markdown string) string {
	return providers.Render(providers.Parse(markdown), providers.PlainText())
}

// tagline is the tags that a card shows, in one line.
func tagline(tags []hub.Label) string {
	var names []string
	for _, l := range labels(tags) {
		names = append(names, l.Name)
	}
	return strings.Join(names, ", ")
}
