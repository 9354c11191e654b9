package providers

import (
	"github.com/bellhop-chat/bellhop/hub"
)

// MarkStruck is m for where nothing can be struck through, such as a line of
// plain text: the title of a struck card stands between the marks that
// PlainText strikes with, and the card's text is left out. Any other message
// stays as it is.
func MarkStruck(m hub.Message) hub.Message {
	if m.Card == nil || !m.Card.Struck {
		return m
	}
	c := *m.Card
	c.Text, c.Cut = "", false
	switch {
	case line(c.Title) != "":
		c.Title = PlainText().Strike(line(c.Title))
	case line(c.Kind) != "":
		c.Kind = PlainText().Strike(line(c.Kind))
	}
	m.Card = &c
	return m
}
