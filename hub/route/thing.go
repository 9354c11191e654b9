package route

import (
	"cmp"
	"html"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// thingCard holds the facts of an event from somewhere else. Its text is plain
// and cut where the row's excerpt ends.
func (c *composer) thingCard() *hub.Card {
	t := c.thing
	card := &hub.Card{
		Kind: thingKind(c.event.Type), URL: t.URL, Site: host(t.URL), Author: t.Author, Time: c.event.Time,
		Title: cmp.Or(strings.TrimSpace(t.Title), t.Key, string(c.event.Type)),
	}
	if card.Time.IsZero() {
		card.Time = c.event.ReceivedTime
	}
	if t.Category != "" {
		card.Category = &hub.Label{Name: t.Category}
	}
	for _, tag := range t.Tags {
		card.Tags = append(card.Tags, hub.Label{Name: tag})
	}
	return card
}

// thingKind is what a thing is called. An entry of a feed needs no word.
func thingKind(t hub.EventType) string {
	if t == feedEntry {
		return ""
	}
	return readOut(t)
}

// asHTML makes plain text ready for what reads HTML.
func asHTML(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")
}

// feedEntry is the type of what a feed's poller finds.
const feedEntry hub.EventType = "user.feed.entry"
