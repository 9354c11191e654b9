package route

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/rules"
)

// asked is the event that a hub.signal.replay is about, nil if it cannot be read.
func asked(signal *hub.Event) *hub.Event {
	var r hub.ReplayRequest
	if bus.Decode(signal.Data, &r) != nil {
		return nil
	}
	return r.Event
}

// anew is an event as a matter of its own. It teaches nothing and changes no
// message: what it tells may be old by now.
func anew(e *hub.Event) (*matter, error) {
	m := &matter{event: e, at: e.ReceivedTime, nth: -1}
	switch e.Type.Family() {
	case "forum":
		m.forum = new(hub.Forum)
		if err := bus.Decode(e.Data, m.forum); err != nil {
			return nil, err
		}
		m.creation = e.Type == hub.ForumTopicCreated || e.Type == hub.ForumPostCreated && m.forum.Post != nil && m.forum.Post.Number == 1
	case "user":
		m.thing = new(hub.Item)
		if err := bus.Decode(e.Data, m.thing); err != nil {
			return nil, err
		}
	default:
		return nil, errors.New("events of " + e.Type.Family() + ".* are not announced")
	}
	return m, nil
}

// takeAgain decides an event that was told before, for the chats that were not.
func (b *batch) takeAgain(rec bus.Received) error {
	e := asked(rec.Event)
	if e == nil {
		b.unreadable(rec.Event, errors.New("it names no event"))
		return nil
	}
	m, err := anew(e)
	if err != nil {
		b.unreadable(rec.Event, err)
		return nil
	}
	m.seq, m.again = rec.Seq, rec.Event.ID
	if m.at.IsZero() {
		m.at = rec.Stored
	}
	if m.forum != nil && m.forum.Post != nil {
		if newest := b.r.desk.recent.posts[m.key()]; newest != nil && newer(newest, m.forum.Post) {
			m.post, m.forum.Post = newest, newest
		}
	}
	b.r.desk.keep(m)
	return b.decideNow(m)
}

// toldAlready is the notification by which a chat was told of a matter, or was to
// be told; "" for none.
func (b *batch) toldAlready(m *matter, v *view, d *rules.Decision) hub.NotificationID {
	if told := b.r.said.find(m.sayKey(), m.postID(), d.Chat); told != nil && m.announces(d) {
		return told.Notification
	}
	if id := v.id(d.Chat); v.logged[id] {
		return id
	}
	return ""
}

// loggedOf are those of the notifications that decisions would make which the
// delivery log has. What is not written yet is written first.
func (r *Router) loggedOf(ctx context.Context, v *view, decisions []rules.Decision) (map[hub.NotificationID]bool, error) {
	if err := r.journal.flush(ctx); err != nil {
		return nil, err
	}
	ids := make([]hub.NotificationID, 0, len(decisions))
	for i := range decisions {
		ids = append(ids, v.id(decisions[i].Chat))
	}
	found, err := r.Deliveries.FindDeliveries(ctx, ids)
	if err != nil {
		return nil, err
	}
	logged := make(map[hub.NotificationID]bool, len(found))
	for _, d := range found {
		logged[d.ID] = true
	}
	return logged, nil
}

// Foretell says what it would do to hold an event against the rules again, as
// things stand now. It does nothing.
func (r *Router) Foretell(ctx context.Context, e *hub.Event) (*hub.Replay, error) {
	out := &hub.Replay{Event: e.ID, Chats: []hub.TraceChat{}}
	m, err := anew(e)
	if err != nil {
		out.Why = err.Error()
		return out, nil //nolint:nilerr // that nobody hears of it is the answer
	}
	// What this hub has learned and not stored yet counts, too.
	if err := errors.Join(r.Forums.Flush(ctx), r.said.flush(ctx)); err != nil {
		return nil, err
	}
	forums := r.Forums.Peek()
	v, blind, err := r.foresee(ctx, forums, m, hub.SightAsk)
	if err != nil {
		return nil, err
	}
	if out.Why = v.dropped; v.dropped != "" {
		return out, nil
	}
	v.facts.Blind = blind
	decisions := v.index.Match(v.facts, nil)
	if v.logged, err = r.loggedOf(ctx, v, decisions); err != nil {
		return nil, err
	}
	var said []hub.Announcement
	if k := m.sayKey(); k.topic != "" {
		if said, err = r.Announcements.Announcements(ctx, k.source, k.topic, k.number); err != nil {
			return nil, err
		}
	}
	for i := range decisions {
		out.Chats = append(out.Chats, foretell(m, v, &decisions[i], said))
	}
	count(out)
	return out, nil
}

// foretell is what one chat would get.
func foretell(m *matter, v *view, d *rules.Decision, said []hub.Announcement) hub.TraceChat {
	if d.Mute {
		return traced(d, hub.ResultMuted, "", time.Time{})
	}
	for i := range said {
		if a := &said[i]; m.announces(d) && a.Chat == d.Chat && a.State != hub.AnnouncedRetracted && isOf(a, m.postID()) {
			return traced(d, hub.ResultKnown, a.Notification, time.Time{})
		}
	}
	id := v.id(d.Chat)
	if v.logged[id] {
		return traced(d, hub.ResultKnown, id, time.Time{})
	}
	return traced(d, hub.ResultQueued, id, time.Time{})
}

func count(r *hub.Replay) {
	for _, c := range r.Chats {
		switch c.Result {
		case hub.ResultQueued:
			r.Count++
		case hub.ResultKnown:
			r.Told++
		case hub.ResultMuted:
			r.Muted++
		}
	}
	order := []string{hub.ResultQueued, hub.ResultKnown, hub.ResultMuted}
	slices.SortStableFunc(r.Chats, func(a, b hub.TraceChat) int {
		return cmp.Compare(slices.Index(order, a.Result), slices.Index(order, b.Result))
	})
	if len(r.Chats) > hub.MaxTraceChats {
		r.Chats = r.Chats[:hub.MaxTraceChats]
	}
}
