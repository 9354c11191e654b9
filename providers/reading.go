package providers

import "github.com/bellhop-chat/bellhop/hub"

// Reading is a message as its words read on a screen, block by block and without
// markup, in at most limit: for showing what a chat would get. Like PlainText,
// it knows no platform's mentions.
func Reading(m hub.Message, limit int, u Unit) string {
	m = MarkStruck(m)
	blocks := []string{Render(Parse(m.Text), PlainText())}
	if c := m.Card; c != nil {
		head := []string{Headline(c), Byline(c)}
		if !c.Compact {
			head = append(head, names(c.Tags))
		}
		blocks = append(blocks, Join("\n", head...))
		if !c.Compact {
			blocks = append(blocks, Render(Excerpt(c), PlainText()))
		}
	}
	s, _ := CutText(Join("\n\n", blocks...), limit, u)
	return s
}

// names is labels in one plain line.
func names(labels []hub.Label) string {
	var all []string
	for _, l := range labels {
		all = append(all, line(l.Name))
	}
	return Join(", ", all...)
}
