package route

import (
	"slices"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/rules"
)

// wanted is what the rules ask of events.
func wanted(x *rules.Index) forum.Wants {
	return forum.Wants{AuthorGroups: x.AuthorGroups(), Shares: x.ReadsPrivate()}
}

// decide says what a matter owes to which chats, as things stand now. Chats
// whose row waits longer are left for later. A need says that the forum must be
// asked first, and nothing was decided.
func (b *batch) decide(m *matter) (*need, error) {
	if m.recheck != nil {
		return b.recheck(m)
	}
	if err := b.whole(m); err != nil {
		return nil, err
	}
	if m.forum == nil && m.thing == nil { // it is gone from EVENTS
		b.finished = append(b.finished, m)
		return nil, nil
	}
	v, err := b.view(m)
	if err != nil {
		return nil, err
	}
	if v.dropped != "" {
		b.trace(m, v, hub.VerdictDropped, v.dropped)
		b.finished = append(b.finished, m)
		return nil, nil
	}
	if v.lacks {
		return &need{complete: true}, nil
	}
	decisions, blind, ask := v.match(b.r.Forums, b.r.Now().Sub(m.at))
	if len(ask) > 0 {
		return &need{readers: ask}, nil
	}
	if err := b.lookUp(m, m.sayKey()); err != nil {
		return nil, err
	}
	if m.again != "" {
		if v.logged, err = b.r.loggedOf(b.ctx, v, decisions); err != nil {
			return nil, err
		}
	}
	v.noteBlind(blind)
	next := b.settle(m, v, decisions)
	if next.IsZero() {
		b.conclude(m, v)
		b.finished = append(b.finished, m)
		return nil, nil
	}
	b.conclude(m, v)
	b.r.desk.later(m, next)
	return nil, nil
}

// settle gives each chat what is due to it, and says when the next one is.
func (b *batch) settle(m *matter, v *view, decisions []rules.Decision) (next time.Time) {
	now := b.r.Now()
	b.owed, m.traced = slices.Grow(b.owed, len(decisions)), slices.Grow(m.traced, len(decisions))
	var waiting []hub.TraceChat
	for i := range decisions {
		d := &decisions[i]
		if m.settled[d.Chat] {
			continue
		}
		if due := m.at.Add(d.Options.DelayOr(v.delay)); due.After(now) && !d.Mute {
			if next.IsZero() || due.Before(next) {
				next = due
			}
			waiting = append(waiting, traced(d, hub.ResultWaits, "", due))
			continue
		}
		m.traced = append(m.traced, b.give(m, v, d))
		if m.settled == nil {
			m.settled = make(map[hub.Chat]bool, len(decisions))
		}
		m.settled[d.Chat] = true
	}
	v.chats = append(slices.Clip(m.traced), waiting...)
	v.waits = len(waiting) > 0
	return next
}

func traced(d *rules.Decision, result string, id hub.NotificationID, at time.Time) hub.TraceChat {
	return hub.TraceChat{Chat: d.Chat, Subscription: d.Subscription, Mode: d.Mode, Result: result, Notification: id, At: at}
}

// give queues what a row owes to its chat, unless the chat was told before.
func (b *batch) give(m *matter, v *view, d *rules.Decision) hub.TraceChat {
	if d.Mute {
		return traced(d, hub.ResultMuted, "", time.Time{})
	}
	if m.again != "" {
		if id := b.toldAlready(m, v, d); id != "" {
			return traced(d, hub.ResultKnown, id, time.Time{})
		}
	}
	message := v.compose.message(d.Mode, d.Options)
	if told := b.r.said.find(m.sayKey(), m.postID(), d.Chat); told != nil && m.announces(d) {
		return b.known(m, d, told, message)
	}
	n := b.notification(m, d.Chat, d.Options)
	n.ID, n.Subscription, n.Message, n.Digest = v.id(d.Chat), d.Subscription, message, d.Options.Digest
	n.Root = b.rootOf(m, d.Chat, &message)
	// A topic's creation comes as two events, and what tells of no post is not kept
	// from being told twice.
	n.New = m.first && m.again == "" && !m.creation && m.announces(d)
	b.owed = append(b.owed, n)
	if m.announces(d) {
		b.r.said.put(hub.Announcement{
			Notification: n.ID, Chat: d.Chat, Source: m.event.Source, Topic: m.sayKey().topic, Post: m.sayKey().number, PostID: m.postID(),
			Event: m.event.ID, Subscription: d.Subscription, Mode: d.Mode, Options: *d.Options, Message: message,
			State: hub.AnnouncedLive, At: n.QueuedAt, UpdatedAt: n.QueuedAt,
		})
	}
	return traced(d, hub.ResultQueued, n.ID, time.Time{})
}

// known tells a chat nothing twice: what the event adds to what was told goes
// into that message. After a restart the same event owes the same message, which
// its id keeps from being sent again.
func (b *batch) known(m *matter, d *rules.Decision, told *hub.Announcement, message hub.Message) hub.TraceChat {
	if told.State == hub.AnnouncedLive && m.creation && fills(&told.Message, &message) && b.change(m, told, message) {
		return traced(d, hub.ResultUpdated, told.Notification, time.Time{})
	}
	if told.Event == m.event.ID && m.event.ReceivedTime.After(b.r.Now().Add(-resendWithin)) && told.State == hub.AnnouncedLive {
		n := b.notification(m, d.Chat, d.Options)
		n.ID, n.Subscription, n.Message, n.Digest = told.Notification, d.Subscription, told.Message, d.Options.Digest
		n.Root = b.rootOf(m, d.Chat, &n.Message)
		b.owed = append(b.owed, n)
		return traced(d, hub.ResultQueued, n.ID, time.Time{})
	}
	return traced(d, hub.ResultKnown, told.Notification, time.Time{})
}

// fills reports whether now says what then could not: a topic's creation comes
// as two events, and the first to come lacked the tags or the text.
func fills(then, now *hub.Message) bool {
	if then.Card == nil || now.Card == nil {
		return false
	}
	return then.Card.Text == "" && now.Card.Text != "" || len(then.Card.Tags) == 0 && len(now.Card.Tags) > 0 ||
		then.Card.Category == nil && now.Card.Category != nil
}

// resendWithin is how long a worker surely knows what it has sent.
const resendWithin = 24 * time.Hour

// notification is one for a chat because of m, without an id and a message.
func (b *batch) notification(m *matter, chat hub.Chat, o *hub.Options) hub.Notification {
	n := hub.Notification{
		Version: hub.ActSend.Version(), Chat: chat, Event: m.event.ID, EventType: m.event.Type,
		Source: m.event.Source, QueuedAt: b.when(m), ReceivedAt: m.event.ReceivedTime,
	}
	if m.again != "" {
		n.ReceivedAt = time.Time{} // how long ago that was is nobody's delay
	}
	if age := o.MaxAgeOr(b.r.MaxAge); age > 0 {
		n.StaleAt = n.QueuedAt.Add(age)
	}
	return n
}

// rootOf is the message to answer where the worker no longer knows it: it keeps
// roots for two days.
func (b *batch) rootOf(m *matter, chat hub.Chat, message *hub.Message) hub.MessageRef {
	if !message.InThread || m.forum == nil || m.key().number <= 1 {
		return ""
	}
	root := sayKey{m.event.Source, m.key().topic, 1}
	if err := b.r.said.load(b.ctx, root); err != nil {
		b.r.Log.Warn("the first message of a thread cannot be looked up, the reply stands alone if its worker does not know it", "event", m.event.ID, "err", err)
		return ""
	}
	if told := b.r.said.find(root, "", chat); told != nil {
		return b.oldRef(told, workerKnowsThreads)
	}
	return ""
}

// oldRef is the platform's id of a message that was sent so long ago that its
// worker may have forgotten it.
func (b *batch) oldRef(told *hub.Announcement, knows time.Duration) hub.MessageRef {
	if b.r.Now().Sub(told.At) < knows {
		return ""
	}
	d, err := b.r.Deliveries.GetDelivery(b.ctx, told.Notification)
	if err != nil {
		if hub.CodeOf(err) != hub.CodeNotFound {
			b.r.Log.Warn("the receipt of an older message cannot be read", "notification", told.Notification, "err", err)
		}
		return ""
	}
	return d.Receipt.Ref
}

// How long workers surely know what they have sent. Of receipts they keep the last
// 200,000, which are those of a minute at any rate that they reach; threads are
// fewer, and a worker may have begun one anew, so that what it says counts for all
// but the last of the 48 hours.
const (
	workerKnows        = time.Minute
	workerKnowsThreads = 44 * time.Hour
)
