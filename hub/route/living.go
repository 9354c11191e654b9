package route

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/rules"
)

// touches names the post whose announcements an event may change.
func (b *batch) touches(m *matter) sayKey {
	of := m.key()
	k := sayKey{of.source, of.topic, of.number}
	switch {
	case k.topic == "":
		return sayKey{}
	case m.event.Type.Match("forum.topic.*"):
		k.number = 1
	}
	return k
}

// live changes what was announced of something that has changed since: an edit,
// deletion, hiding, recovery, close or solution goes into the message that told
// of it, and what may no longer be seen is taken back.
func (b *batch) live(m *matter, before *hub.Topic) {
	f := m.forum
	b.recheckMoved(m, before)
	switch m.event.Type {
	case hub.ForumPostCreated, hub.ForumPostLiked, hub.ForumTopicCreated:
		return
	case hub.ForumPostEdited, hub.ForumPostDeleted, hub.ForumPostRecovered:
		for _, a := range b.r.said.of(b.touches(m)) {
			if isOf(a, f.Post.ID) {
				b.livePost(m, a)
			}
		}
		return
	case hub.ForumTopicDeleted, hub.ForumTopicRecovered:
		b.liveTopic(m)
		return
	}
	if f.Topic == nil || !m.event.Type.Match("forum.topic.*") {
		if f.Category != nil {
			b.liveCategory(m)
		}
		return
	}
	for _, a := range b.r.said.of(b.touches(m)) {
		if a.State == hub.AnnouncedLive {
			b.change(m, a, b.refreshed(m, a))
		}
	}
}

// recheckMoved looks again at what was told of a topic that stands elsewhere than
// before. A post that was written or edited there may be the first to say so, and
// then the topic's own event changes nothing any more; nor does one that is taken
// again, though it may not have been acted on.
func (b *batch) recheckMoved(m *matter, before *hub.Topic) {
	now := m.forum.Topic
	if now == nil || before == nil || m.event.Type == hub.ForumTopicDeleted || m.event.Type == hub.ForumTopicRecovered {
		return
	}
	moved := before.CategoryID != now.CategoryID || before.Archetype != now.Archetype || before.Unlisted != now.Unlisted
	switch {
	case moved, tellsTopic(m.event.Type) && !m.first:
		b.recheckTopic(m, now, true)
	case m.event.Type == hub.ForumTopicEdited: // it may have been asked for meanwhile
		b.recheckTopic(m, now, false)
	}
}

// livePost brings a message up to date with its post.
func (b *batch) livePost(m *matter, a *hub.Announcement) {
	p := m.forum.Post
	gone := p.Hidden || p.Deleted || m.event.Type == hub.ForumPostDeleted
	switch {
	case a.State == hub.AnnouncedRetracted, a.State == hub.AnnouncedBuried:
	case gone && a.State == hub.AnnouncedLive:
		b.strike(m, a, struck(a.Message, p.Hidden), hub.AnnouncedStruck)
	case gone:
	case a.State == hub.AnnouncedStruck:
		b.restore(m, a, b.edited(m, a))
	default:
		b.change(m, a, b.edited(m, a))
	}
}

// liveTopic strikes all that was told of a topic that is deleted, and brings it
// back.
func (b *batch) liveTopic(m *matter) {
	all, err := b.r.said.whole(b.ctx, m.event.Source, m.forum.Topic.ID)
	if err != nil {
		b.r.Log.Error("what was announced of a topic could not be looked up, it stays as it is", "event", m.event.ID, "err", err)
		return
	}
	for _, a := range all {
		switch {
		case m.event.Type == hub.ForumTopicDeleted && a.State == hub.AnnouncedLive:
			b.strike(m, a, struck(a.Message, false), hub.AnnouncedBuried)
		case m.event.Type == hub.ForumTopicRecovered && a.State == hub.AnnouncedBuried:
			b.restore(m, a, a.Message)
		}
	}
}

// edited is a's message with the newest of its post and, of a first one, of its
// topic.
func (b *batch) edited(m *matter, a *hub.Announcement) hub.Message {
	now := b.refreshed(m, a)
	if now.Card == nil || a.Options.Style == hub.StyleCompact {
		return now
	}
	c := composer{write: b.r.write, event: m.event, forum: m.forum, below: b.r.Actions}
	c.excerpt(now.Card, excerptOf(&a.Options))
	if now.Card.Text != a.Message.Card.Text {
		now.Card.Kind = withMark(now.Card.Kind, "edited")
	}
	return now
}

// refreshed is a's message with the newest of its topic, if it tells of the
// topic.
func (b *batch) refreshed(m *matter, a *hub.Announcement) hub.Message {
	now := a.Message
	if now.Card == nil {
		return now
	}
	card := *now.Card
	now.Card = &card
	t := m.forum.Topic
	if t == nil || a.Post != 1 {
		return now
	}
	line, err := b.r.Forums.Lineage(b.ctx, m.event.Source, t.CategoryID)
	if err != nil {
		b.r.Log.Warn("the category of a topic cannot be looked up, its message keeps the older one", "event", m.event.ID, "err", err)
		return now
	}
	told := *m.forum
	told.Topic = t
	c := composer{write: b.r.write, event: m.event, forum: &told, line: line, below: b.r.Actions}
	card.Title = cmp.Or(t.Title, card.Title)
	if category := c.category(); category != nil {
		card.Category = category
	}
	if t.Tags != nil {
		card.Tags = c.tags()
	}
	base, marks := splitKind(card.Kind)
	edited := slices.Contains(marks, "edited")
	card.Kind = base
	for _, mark := range topicMarks(t) {
		card.Kind = withMark(card.Kind, mark)
	}
	if edited {
		card.Kind = withMark(card.Kind, "edited")
	}
	return now
}

// topicMarks says in words how a topic stands.
func topicMarks(t *hub.Topic) []string {
	var marks []string
	for _, m := range []struct {
		is   bool
		word string
	}{{t.Solved > 0, "solved"}, {t.Closed, "closed"}, {t.Archived, "archived"}} {
		if m.is {
			marks = append(marks, m.word)
		}
	}
	return marks
}

const markSep = " · "

// withMark adds a mark to what a card says of itself: "New topic · solved".
func withMark(kind, mark string) string {
	if _, marks := splitKind(kind); slices.Contains(marks, mark) {
		return kind
	}
	return kind + markSep + mark
}

func splitKind(kind string) (base string, marks []string) {
	parts := strings.Split(kind, markSep)
	return parts[0], parts[1:]
}

// struck is a message about something that is gone: its title struck through,
// and of what was hidden not even that.
func struck(m hub.Message, hidden bool) hub.Message {
	m.Text = ""
	if m.Card == nil {
		m.Text = "(deleted)"
		return m
	}
	card := *m.Card
	base, _ := splitKind(card.Kind)
	card.Text, card.Cut, card.Image, card.Struck, card.Kind = "", false, nil, true, withMark(base, "deleted")
	if hidden {
		card.Kind, card.Title, card.Struck, card.Tags = withMark(base, "hidden"), "hidden by the forum", false, nil
	}
	m.Card = &card
	return m
}

// change makes a say message, if that is another than it says. It reports
// whether it is.
func (b *batch) change(m *matter, a *hub.Announcement, message hub.Message) bool {
	if reflect.DeepEqual(timeless(a.Message), timeless(message)) {
		return false
	}
	b.restore(m, a, message)
	return true
}

// timeless is a message without what its composition differs in and nobody sees.
func timeless(m hub.Message) hub.Message {
	if m.Card != nil {
		card := *m.Card
		card.Time = time.Time{}
		if len(card.Tags) == 0 {
			card.Tags = nil
		}
		m.Card = &card
	}
	m.InThread, m.Broadcast = false, false
	return m
}

// restore makes a say message, whatever it says.
func (b *batch) restore(m *matter, a *hub.Announcement, message hub.Message) {
	message.InThread, message.Broadcast, message.Thread = a.Message.InThread, a.Message.Broadcast, a.Message.Thread
	if message.Card != nil && a.Message.Card != nil {
		card := *message.Card
		card.Time = a.Message.Card.Time
		message.Card = &card
	}
	now := *a
	now.Message = message
	b.keep(now, hub.AnnouncedLive, b.update(m, a, hub.ActEdit, message))
}

// strike shows that what a told of is gone. What it said is kept, to be said
// again.
func (b *batch) strike(m *matter, a *hub.Announcement, message hub.Message, state hub.Announced) {
	b.keep(*a, state, b.update(m, a, hub.ActEdit, message))
}

// retract takes back what a said.
func (b *batch) retract(m *matter, a *hub.Announcement) {
	b.keep(*a, hub.AnnouncedRetracted, b.update(m, a, hub.ActRetract, hub.Message{}))
}

// keep notes how an announcement stands after an update.
func (b *batch) keep(now hub.Announcement, state hub.Announced, update hub.NotificationID) {
	now.State, now.Update, now.UpdatedAt = state, update, b.r.Now().UTC()
	b.r.said.put(now)
}

// update owes the chat a change of what a said.
func (b *batch) update(m *matter, a *hub.Announcement, act hub.Act, message hub.Message) hub.NotificationID {
	n := b.notification(m, a.Chat, &a.Options)
	n.Version, n.ID, n.Act, n.Of, n.Ref = act.Version(), hub.UpdateFor(m.event.ID, a.Notification), act, a.Notification, b.oldRef(a, workerKnows)
	n.Subscription, n.Message = a.Subscription, message
	b.owed = append(b.owed, n)
	result := hub.ResultUpdated
	if act == hub.ActRetract {
		result = hub.ResultRetracted
	}
	m.traced = append(m.traced, hub.TraceChat{Chat: a.Chat, Subscription: a.Subscription, Mode: a.Mode, Result: result, Notification: n.ID})
	return n.ID
}

// recheckTopic takes back what may no longer be seen of a topic that was moved
// or closed to the public: at once what the rules forbid, and, where the forum
// decides, what it says so of when it answers, if it is to be asked.
func (b *batch) recheckTopic(m *matter, t *hub.Topic, ask bool) {
	all, err := b.r.said.whole(b.ctx, m.event.Source, t.ID)
	if err != nil {
		b.r.Log.Error("what was announced of a topic could not be looked up: what may no longer be seen of it stays", "event", m.event.ID, "err", err)
		return
	}
	line, err := b.r.Forums.Lineage(b.ctx, m.event.Source, t.CategoryID)
	if err != nil {
		b.r.Log.Error("the category of a topic cannot be looked up: what may no longer be seen of it stays", "event", m.event.ID, "err", err)
		return
	}
	src := b.r.Forums.Source(m.event.Source)
	now := facts(&hub.Event{Source: m.event.Source, Type: hub.ForumPostCreated}, &hub.Forum{Topic: t}, line, false)
	left := false
	for _, a := range all {
		switch because := b.forbidden(a, src, now); {
		case a.State == hub.AnnouncedRetracted:
		case because == rules.IsUnlisted && a.State == hub.AnnouncedLive:
			b.strike(m, a, struck(a.Message, true), hub.AnnouncedBuried)
		case because == rules.IsPrivate, because == rules.IsRestricted:
			b.retract(m, a)
		case because == rules.Matched && m.event.Type == hub.ForumTopicListed && a.State == hub.AnnouncedBuried:
			b.restore(m, a, a.Message)
			left = true
		default:
			left = true
		}
	}
	if ask && left && src != nil && src.Check {
		told := &hub.Forum{Site: m.forum.Site, Event: m.forum.Event, Topic: t}
		again := &matter{event: m.event, forum: told, recheck: t, at: m.at, seq: m.seq, nth: -1}
		b.r.desk.keep(again)
		b.r.desk.enqueue(again, need{readers: readersOf(src, all)})
	}
}

// forbidden says why a row may no longer tell what it told of a topic that now
// stands as f says: rules.IsPrivate, IsRestricted or IsUnlisted; else Matched. A
// row that is gone names nothing.
func (b *batch) forbidden(a *hub.Announcement, src *forum.Source, f *rules.Facts) rules.Because {
	row := hub.Subscription{Mode: hub.Watch, Options: a.Options, Enabled: true}
	if s, err := b.r.Subscriptions.GetSubscription(b.ctx, a.Subscription); err == nil {
		row = *s
	}
	row.Enabled, row.Mode, row.Source = true, hub.Watch, ""
	row.Filters = slices.DeleteFunc(slices.Clone(row.Filters), func(f hub.Filter) bool { return f.Type == hub.FilterKind })
	now := *f
	now.Unlisted = f.Unlisted && (src == nil || !src.Unlisted)
	for _, v := range rules.Compile([]hub.Subscription{row}).Explain(&now, nil) {
		switch v.Miss.Because {
		case rules.IsPrivate, rules.IsRestricted, rules.IsUnlisted:
			return v.Miss.Because
		}
	}
	return rules.Matched
}

func readersOf(src *forum.Source, all []*hub.Announcement) []string {
	var readers []string
	for _, a := range all {
		as := cmp.Or(a.Options.ReadAs, src.ReadAs)
		if a.State != hub.AnnouncedRetracted && !slices.Contains(readers, as) {
			readers = append(readers, as)
		}
	}
	return readers
}

// recheck takes back what its reader may no longer see, as the forum says.
func (b *batch) recheck(m *matter) (*need, error) {
	src := b.r.Forums.Source(m.event.Source)
	all, err := b.r.said.whole(b.ctx, m.event.Source, m.recheck.ID)
	if err != nil {
		return nil, err
	}
	var n need
	for _, reader := range readersOf(src, all) {
		if _, known := b.r.Forums.Seen(m.event.Source, m.recheck.ID, reader); !known {
			n.readers = append(n.readers, reader)
		}
	}
	if len(n.readers) > 0 {
		return &n, nil
	}
	for _, a := range all {
		if visible, _ := b.r.Forums.Seen(m.event.Source, m.recheck.ID, cmp.Or(a.Options.ReadAs, src.ReadAs)); !visible && a.State != hub.AnnouncedRetracted {
			b.retract(m, a)
		}
	}
	b.finished = append(b.finished, m)
	return nil, nil
}

// liveCategory looks again at what was told of topics in a category that has
// changed: it may have become private. Where the event does not say so, it looks only
// at those that were told of lately, of which their forum can be asked: all that ever
// were would be too much for a category that got a color.
func (b *batch) liveCategory(m *matter) {
	err := b.recheckLately(m)
	if err == nil && m.forum.Category.Restricted {
		err = b.recheckAll(m)
	}
	if err != nil {
		b.r.Log.Error("the topics of a category cannot be looked up: what may no longer be seen of them stays", "event", m.event.ID, "category", m.forum.Category.ID, "err", err)
	}
}

func (b *batch) recheckLately(m *matter) error {
	for id := range b.r.said.lately(m.event.Source) {
		t, err := b.r.Forums.Topic(b.ctx, m.event.Source, id)
		if err != nil {
			return err
		}
		if t != nil {
			b.recheckWithin(m, t, true)
		}
	}
	return nil
}

// topicsAtOnce is how many topics are read at once.
const topicsAtOnce = 500

func (b *batch) recheckAll(m *matter) error {
	if err := b.r.Forums.Flush(b.ctx); err != nil {
		return err
	}
	for after := ""; ; {
		topics, err := b.r.said.topics(b.ctx, m.event.Source, after, topicsAtOnce)
		if err != nil || len(topics) == 0 {
			return err
		}
		for i := range topics {
			b.recheckWithin(m, &topics[i], false)
		}
		after = topics[len(topics)-1].ID
	}
}

// recheckWithin rechecks a topic, if it is in m's category or in one below it.
func (b *batch) recheckWithin(m *matter, t *hub.Topic, ask bool) {
	line, err := b.r.Forums.Lineage(b.ctx, m.event.Source, t.CategoryID)
	if err == nil && slices.ContainsFunc(line, func(c hub.ForumCategory) bool { return c.ID == m.forum.Category.ID }) {
		of := &matter{event: m.event, forum: &hub.Forum{Site: m.forum.Site, Event: m.forum.Event, Topic: t}, at: m.at, seq: m.seq, nth: -1}
		b.recheckTopic(of, t, ask)
	}
}
