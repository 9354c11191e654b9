package route

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// Question says which chats an explanation is about; a zero field is all.
type Question struct {
	System hub.System
	Chat   string
	Limit  int // of chats; 0 is 100
	Sight  hub.Sight
}

func (q Question) concerns(c hub.Chat) bool {
	return (q.System == "" || q.System == c.System) && (q.Chat == "" || q.Chat == c.ID)
}

// Explain says what would become of an event as things stand now, without a
// delay and without doing anything. It asks the forum's API as routing would.
func (r *Router) Explain(ctx context.Context, e *hub.Event, q Question) (*hub.Explanation, error) {
	x := &hub.Explanation{Event: e, Chats: []hub.Expected{}, Rows: r.index.Load().Len()}
	m := &matter{event: e, at: r.Now(), nth: -1}
	// What this hub has learned and not stored yet counts, too.
	if err := errors.Join(r.Forums.Flush(ctx), r.said.flush(ctx)); err != nil {
		return nil, err
	}
	forums := r.Forums.Peek()
	switch e.Type.Family() {
	case "forum":
		m.forum = new(hub.Forum)
		if err := bus.Decode(e.Data, m.forum); err != nil {
			return nil, hub.Errorf(hub.CodeInvalid, "the event's data is not what %s events carry: %v", e.Type, err)
		}
		m.creation = e.Type == hub.ForumTopicCreated || e.Type == hub.ForumPostCreated && m.forum.Post != nil && m.forum.Post.Number == 1
	case "user":
		m.thing = new(hub.Item)
		if err := bus.Decode(e.Data, m.thing); err != nil {
			return nil, hub.Errorf(hub.CodeInvalid, "the event's data is not what %s events carry: %v", e.Type, err)
		}
	default:
		x.Verdict, x.Why = hub.VerdictDropped, "events of "+e.Type.Family()+".* are not announced"
		x.Summary = string(e.Type)
		return x, nil
	}
	x.Summary = summary(m)
	v, blind, err := r.foresee(ctx, forums, m, q.Sight)
	if err != nil {
		return nil, err
	}
	living, err := r.foretold(ctx, m)
	if err != nil {
		return nil, err
	}
	x.Why, x.Notes = v.dropped, append(v.notes, living...)
	if v.dropped != "" {
		x.Verdict = hub.VerdictDropped
		return x, nil
	}
	v.facts.Blind = blind
	r.expect(x, v, q)
	return x, nil
}

// foresee looks at a matter as routing would, with what the forum says now.
func (r *Router) foresee(ctx context.Context, forums *forum.State, m *matter, sight hub.Sight) (*view, []string, error) {
	b := &batch{r: r, ctx: ctx, dry: true}
	var notes []string
	if m.forum != nil {
		told := *m.forum
		var err error
		if notes, err = r.complete(ctx, forums, m.event.Source, &told, sight); err != nil {
			return nil, nil, err
		}
		m.forum = &told
	}
	v, err := b.viewOf(m, forums)
	if err != nil {
		return nil, nil, err
	}
	v.notes = append(notes, v.notes...)
	if v.dropped != "" {
		return v, nil, nil
	}
	switch {
	case v.source == nil:
		return v, nil, nil
	case sight == hub.SightEveryone:
		v.notes = append(v.notes, "taken as if every reader may see the topic: the forum was not asked")
		return v, nil, nil
	case sight == hub.SightNobody:
		v.notes = append(v.notes, "taken as if no reader may see the topic: the forum was not asked")
		return v, v.readers(), nil
	}
	blind, err := r.lookAround(ctx, forums, v, m)
	return v, blind, err
}

// complete fills in what the forum tells of an event. Who says who may see it has
// made it up: of its topic the forum knows nothing.
func (r *Router) complete(ctx context.Context, forums *forum.State, source hub.Source, told *hub.Forum, sight hub.Sight) (notes []string, err error) {
	ask := told
	if sight != hub.SightAsk && (told.Topic == nil || told.Topic.ID == "") {
		ask = &hub.Forum{Post: told.Post}
	} else if err := completeTopic(ctx, forums, source, told); err != nil {
		return nil, err
	}
	if err := forums.Complete(ctx, source, ask, wanted(r.index.Load())); err != nil {
		w, ok := errors.AsType[*forum.Waits](err)
		if !ok {
			return nil, err
		}
		notes = append(notes, w.Error()+": routed now, the event would wait until it does")
	}
	return notes, nil
}

// readers are all whom rows that match read as.
func (v *view) readers() (blind []string) {
	for {
		v.facts.Blind = blind
		before := len(blind)
		for _, d := range v.index.Match(v.facts, nil) {
			if !slices.Contains(blind, d.Options.ReadAs) {
				blind = append(blind, d.Options.ReadAs)
			}
		}
		if len(blind) == before {
			return blind
		}
	}
}

// foretold says which earlier messages an event changes.
func (r *Router) foretold(ctx context.Context, m *matter) ([]string, error) {
	if m.forum == nil || m.forum.Topic == nil || m.creation || m.forum.Before != nil {
		return nil, nil
	}
	number := 1
	switch {
	case m.event.Type == hub.ForumPostEdited, m.event.Type == hub.ForumPostDeleted, m.event.Type == hub.ForumPostRecovered:
		number = m.key().number
	case m.event.Type == hub.ForumTopicDeleted, m.event.Type == hub.ForumTopicRecovered:
		number = 0 // all of them
	case !m.event.Type.Match("forum.topic.*"):
		return nil, nil
	}
	all, err := r.Announcements.Announcements(ctx, m.event.Source, m.forum.Topic.ID, number)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a hub.Announcement) bool { return a.State == hub.AnnouncedRetracted })
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return []string{"the message that told of it before is brought up to date, whatever the rows say"}, nil
	}
	return []string{fmt.Sprintf("the %d messages that told of it before are brought up to date, whatever the rows say", len(all))}, nil
}

// completeTopic fills in what is stored of a topic that an event tells in part.
func completeTopic(ctx context.Context, forums *forum.State, source hub.Source, f *hub.Forum) error {
	if f.Topic == nil {
		return nil
	}
	known, err := forums.Topic(ctx, source, f.Topic.ID)
	if err != nil || known == nil {
		return err
	}
	merged := forum.Merge(*known, f)
	f.Topic = &merged
	return nil
}

// lookAround asks the forum what the readers of matching rows may see.
func (r *Router) lookAround(ctx context.Context, forums *forum.State, v *view, m *matter) ([]string, error) {
	for {
		_, blind, ask := v.match(forums, hub.MaxDelay)
		if len(ask) == 0 {
			v.noteSight(blind)
			return blind, nil
		}
		for _, reader := range ask {
			_, err := forums.Look(ctx, m.event.Source, v.facts.Topic, reader)
			if w, ok := errors.AsType[*forum.Waits](err); ok {
				v.notes = append(v.notes, fmt.Sprintf("%s: whether %s may see the topic is not known, so nothing would be sent until it is", w.Error(), forum.ReaderName(reader)))
				v.source = nil // shown as if it may
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
		}
	}
}

// noteSight says what the check of visibility said.
func (v *view) noteSight(blind []string) {
	v.noteBlind(blind)
	switch {
	case v.source == nil || v.facts.Topic == "":
	case !v.source.Check:
		v.notes = append(v.notes, "nobody is asked who may see the topic: the source trusts its webhook")
	case len(blind) == 0:
		v.notes = append(v.notes, "the forum says that the readers of all rows that match may see the topic")
	}
}

// expect fills in what each chat would get and why.
func (r *Router) expect(x *hub.Explanation, v *view, q Question) {
	by := map[hub.Chat]*hub.Expected{}
	var order []*hub.Expected
	for _, row := range v.index.Explain(v.facts, q.concerns) {
		c := by[row.Chat]
		if c == nil {
			c = &hub.Expected{Chat: row.Chat, Result: hub.ResultNothing}
			by[row.Chat] = c
			order = append(order, c)
		}
		c.Rows = append(c.Rows, row.RowVerdict)
	}
	x.Verdict = hub.VerdictNobody
	for _, d := range v.index.Match(v.facts, nil) {
		c := by[d.Chat]
		if c == nil {
			continue
		}
		x.Verdict = hub.VerdictDecided
		c.Subscription, c.Result = d.Subscription, hub.ResultMuted
		if !d.Mute {
			m := v.compose.message(d.Mode, d.Options)
			c.Result, c.Message, c.Digest = hub.ResultQueued, &m, d.Options.Digest
		}
	}
	// Chats that would get something come first.
	slices.SortStableFunc(order, func(a, b *hub.Expected) int { return cmp.Compare(rank(a.Result), rank(b.Result)) })
	limit := cmp.Or(q.Limit, 100)
	if over := len(order) - limit; over > 0 {
		order, x.More = order[:limit], over
	}
	for _, c := range order {
		x.Chats = append(x.Chats, *c)
	}
}

func rank(result string) int {
	return slices.Index([]string{hub.ResultQueued, hub.ResultMuted, hub.ResultNothing}, result)
}

// summary tells an event in one sentence.
func summary(m *matter) string {
	c := composer{event: m.event, forum: m.forum, thing: m.thing}
	card := c.card()
	var b strings.Builder
	b.WriteString(cmp.Or(card.Kind, "New entry"))
	if card.Title != "" {
		fmt.Fprintf(&b, ": %q", card.Title)
	}
	if card.Author != nil && card.Author.Username != "" {
		fmt.Fprintf(&b, " by %s", card.Author.Username)
	}
	fmt.Fprintf(&b, " (%s from %s)", m.event.Type, m.event.Source)
	return b.String()
}
