package providers

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Label is a name, cut to limit, on one line and without control characters:
// what titles, people and tags are called is up to strangers.
func Label(s string, limit int, u Unit) string {
	s, _ = CutText(line(s), limit, u)
	return s
}

// WebURL accepts an absolute http, https or mailto URL and writes it as a
// Dialect's Link gets it: for addresses that come from elsewhere than a Doc.
func WebURL(raw string) (url string, ok bool) { return webURL(raw) }

// Buttons are actions as the parts of a message that is shown before it is sent,
// each with its label in at most limit.
func Buttons(actions []hub.Action, limit int, u Unit) []hub.Part {
	var all []hub.Part
	for _, a := range actions {
		as := hub.PartButton
		if len(a.Options) > 0 {
			as = hub.PartSelect
		}
		if label := Label(a.Label, limit, u); label != "" {
			all = append(all, hub.Part{As: as, Text: label, URL: a.URL})
		}
	}
	return all
}

// Excerpt is a card's text, with an ellipsis behind it where there is more than
// the text shows and it does not say so itself.
func Excerpt(c *hub.Card) *Doc {
	text := c.Text
	if c.Cut && text != "" && !strings.HasSuffix(strings.TrimRight(text, "*_`~|>)] \n"), Ellipsis) {
		text += "\n\n" + Ellipsis
	}
	return Parse(text)
}
