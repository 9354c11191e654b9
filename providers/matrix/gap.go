package matrix

import (
	"context"
	"encoding/json"
	"slices"
)

// Bounds on what was missed: of a gap, keptPages of events are held in memory,
// and those before them are fetched twice. A gap of more than maxPages has no
// end, as far as anybody could tell.
const (
	keptPages = 20
	maxPages  = 10_000
)

// gap is what happened in a room between a sync's token and the oldest event
// that a later sync gave, where that was not all:
// https://spec.matrix.org/latest/client-server-api/#syncing
type gap struct {
	c        *Client
	room, to string
	pages    []gapPage // the newest first
}

type gapPage struct {
	from   string
	events []json.RawMessage // nil: it is to be fetched again
	state  []json.RawMessage
}

// find walks back from a token to where the last sync ended. is says of an event
// that nothing before it is to be heard.
func (g *gap) find(ctx context.Context, from string, is func(json.RawMessage) bool) error {
	for len(g.pages) < maxPages {
		p, err := g.c.messages(ctx, g.room, from, g.to)
		if err != nil {
			return err
		}
		g.pages = append(g.pages, gapPage{from: from, events: notNil(p.Chunk), state: p.State})
		if old := len(g.pages) - 1 - keptPages; old >= 0 {
			g.pages[old].events, g.pages[old].state = nil, nil
		}
		// Some servers end with the token they were given:
		// https://github.com/matrix-org/synapse/issues/12102
		if p.End == "" || p.End == from || slices.ContainsFunc(p.Chunk, is) {
			return nil
		}
		from = p.End
	}
	return nil
}

// each gives the pages in the order in which it happened, their events too.
func (g *gap) each(ctx context.Context, take func(state, events []json.RawMessage) error) error {
	for _, p := range slices.Backward(g.pages) {
		if p.events == nil {
			again, err := g.c.messages(ctx, g.room, p.from, g.to)
			if err != nil {
				return err
			}
			p.events, p.state = again.Chunk, again.State
		}
		events := slices.Clone(p.events)
		slices.Reverse(events)
		if err := take(p.state, events); err != nil {
			return err
		}
	}
	return nil
}

func notNil(events []json.RawMessage) []json.RawMessage {
	if events == nil {
		return []json.RawMessage{}
	}
	return events
}
