package route

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/rules"
)

// Sample is some events as they stand now, for rows to be held against. It is
// safe for concurrent use.
type Sample struct {
	mu    sync.Mutex // composing writes into views
	views []*view    // oldest first
}

// Len is how many events it has.
func (s *Sample) Len() int { return len(s.views) }

// Sample looks at events, oldest first, with what is known of their topics now.
// The forum is not asked. What nobody may hear is there, and matches nothing.
func (r *Router) Sample(ctx context.Context, events []*hub.Event) (*Sample, error) {
	if err := errors.Join(r.Forums.Flush(ctx), r.said.flush(ctx)); err != nil {
		return nil, err
	}
	forums := r.Forums.Peek()
	b := &batch{r: r, ctx: ctx, dry: true}
	s := &Sample{}
	posted := map[postKey]bool{} // topics whose first post is among the events
	for _, e := range slices.Backward(events) {
		m, ok := r.matterOf(e)
		if !ok {
			continue
		}
		if m.creation && m.forum.Topic != nil {
			key := postKey{source: e.Source, topic: m.forum.Topic.ID}
			if posted[key] { // a topic's creation comes as two events and is one
				continue
			}
			posted[key] = true
		}
		v, err := b.viewOf(m, forums)
		if err != nil {
			return nil, err
		}
		if v.facts != nil && v.compose.forum != nil && v.compose.forum.Post != nil {
			v.facts.Text = plainText(v.compose.forum.Post.HTML) // which the table in force may not ask for
		}
		s.views = append(s.views, v)
	}
	slices.Reverse(s.views)
	return s, nil
}

// matterOf is an event that rows could be about.
func (r *Router) matterOf(e *hub.Event) (*matter, bool) {
	m := &matter{event: e, at: r.Now(), nth: -1}
	switch e.Type.Family() {
	case "forum":
		m.forum = new(hub.Forum)
		m.creation = e.Type == hub.ForumTopicCreated
		if bus.Decode(e.Data, m.forum) != nil {
			return nil, false
		}
		m.creation = m.creation || e.Type == hub.ForumPostCreated && m.forum.Post != nil && m.forum.Post.Number == 1
		return m, true
	case "user":
		m.thing = new(hub.Item)
		return m, bus.Decode(e.Data, m.thing) == nil
	}
	return nil, false
}

// Rehearse holds a row against a sample, and against the other rows of its chat,
// oldest first: the row itself may be among them, as it was. The message is that
// of the event with an id, else of the newest that matched.
func (r *Router) Rehearse(s *Sample, row hub.Subscription, others []hub.Subscription, shown hub.EventID) *hub.Rehearsal {
	row.Enabled, row.Error = true, ""
	row.ID = cmp.Or(row.ID, "new")
	row.Chat.ID = cmp.Or(row.Chat.ID, "?")
	row.System = cmp.Or(row.System, "?")
	alone, table := rules.Compile([]hub.Subscription{row}), rules.Compile(amid(row, others))

	s.mu.Lock()
	defer s.mu.Unlock()
	x := &hub.Rehearsal{Events: len(s.views), Matches: []hub.Rehearsed{}}
	taken := map[hub.SubscriptionID]int{}
	var message *view
	var register strings.Builder
	for _, v := range s.views {
		hit, known := r.holds(alone, v, &row)
		if !hit {
			register.WriteByte('0')
			continue
		}
		register.WriteByte('1')
		x.Matched++
		if !known {
			x.Unseen++
		}
		by := decider(table, v, row.Chat)
		if by == row.ID {
			by = ""
		}
		if by != "" {
			taken[by]++
		}
		x.Matches = append(x.Matches, v.rehearsed(by))
		if message == nil || message.compose.event.ID != shown {
			message = v
		}
	}
	x.Register = register.String()
	x.Taken = takers(taken, others)
	slices.Reverse(x.Matches)
	x.Matches = x.Matches[:min(len(x.Matches), hub.MaxRehearsed)]
	if len(s.views) > 0 {
		x.Since = s.views[0].at()
	}
	if message != nil && row.Mode != hub.Mute {
		x.Shown = message.compose.event.ID
		c := message.compose
		c.cards, c.cache = nil, nil
		m := c.message(row.Mode, &row.Options)
		x.Message = &m
	}
	return x
}

// amid is the table of a chat with a row in the place that it has.
func amid(row hub.Subscription, others []hub.Subscription) []hub.Subscription {
	all := slices.Clone(others)
	i := slices.IndexFunc(all, func(o hub.Subscription) bool { return o.ID == row.ID })
	if i < 0 {
		return append(all, row)
	}
	all[i] = row
	return all
}

// holds reports whether a row matches an event, and whether it is known that its
// reader may see the topic.
func (r *Router) holds(alone *rules.Index, v *view, row *hub.Subscription) (hit, known bool) {
	if v.dropped != "" || v.facts == nil {
		return false, true
	}
	f := v.facts
	if groups := alone.AuthorGroups(); f.Author != "" && len(groups) > 0 && v.source != nil {
		f.AuthorIn = r.Forums.GroupsOf(f.Source, f.Author, groups)
	}
	f.Blind = nil
	known = true
	if v.source != nil && v.source.Check && f.Topic != "" {
		var visible bool
		if visible, known = r.Forums.Seen(f.Source, f.Topic, v.reader(row.Options.ReadAs)); known && !visible {
			return false, true
		}
	}
	return len(alone.Match(f, nil)) > 0, known
}

// decider is the row that decides for a chat.
func decider(table *rules.Index, v *view, chat hub.Chat) hub.SubscriptionID {
	for _, d := range table.Match(v.facts, nil) {
		if d.Chat == chat {
			return d.Subscription
		}
	}
	return ""
}

func takers(taken map[hub.SubscriptionID]int, others []hub.Subscription) (list []hub.TakenBy) {
	for _, o := range others {
		if n := taken[o.ID]; n > 0 {
			list = append(list, hub.TakenBy{Subscription: o.ID, Mode: o.Mode, Row: rules.FormatRow(o), Times: n})
		}
	}
	slices.SortStableFunc(list, func(a, b hub.TakenBy) int { return cmp.Compare(b.Times, a.Times) })
	return list
}

// at is when an event came in.
func (v *view) at() time.Time { return v.compose.event.ReceivedTime }

// rehearsed is an event in a list.
func (v *view) rehearsed(by hub.SubscriptionID) hub.Rehearsed {
	c := v.compose
	card := c.card()
	e := hub.Rehearsed{Event: c.event.ID, Type: c.event.Type, At: v.at(), Kind: card.Kind, Title: card.Title, URL: card.URL, Reply: v.facts.Reply, TakenBy: by}
	if card.Author != nil {
		e.Author = cmp.Or(card.Author.Username, card.Author.Name)
	}
	if card.Category != nil {
		e.Category, e.Color = card.Category.Name, card.Category.Color
	}
	return e
}
