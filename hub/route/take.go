package route

import (
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// pairWait is how long the creation of a topic waits for its first post, which
// comes as an event of its own.
const pairWait = 2 * time.Second

// take learns what an event tells, changes what was announced before, and
// decides who hears of it or puts it on the desk.
func (b *batch) take(rec bus.Received) error {
	e := rec.Event
	m := &matter{seq: rec.Seq, first: rec.First, at: rec.Stored, event: e, nth: -1}
	if m.at.IsZero() {
		m.at = b.r.Now()
	}
	switch e.Type.Family() {
	case "forum":
		m.forum = new(hub.Forum)
		if err := bus.Decode(e.Data, m.forum); err != nil {
			b.unreadable(e, err)
			return nil
		}
		return b.takeForum(m)
	case "user":
		m.thing = new(hub.Item)
		if err := bus.Decode(e.Data, m.thing); err != nil {
			b.unreadable(e, err)
			return nil
		}
		b.r.desk.keep(m)
		return b.decideNow(m)
	case "hub":
		if e.Type == hub.HubSignalReplay {
			return b.takeAgain(rec)
		}
	}
	return nil
}

// whole reads again what a matter's event says, if that was let go. One that is
// no longer there is left without: a stream that is full lets the oldest go.
func (b *batch) whole(m *matter) error {
	if !m.slim {
		return nil
	}
	rec, err := b.r.Bus.EventAt(b.ctx, m.seq)
	if err != nil {
		return fmt.Errorf("read event %s again: %w", m.event.ID, err)
	}
	stub := m.forum
	m.slim, m.forum, m.thing = false, nil, nil
	var e *hub.Event
	if rec != nil {
		e = rec.Event
	}
	if e != nil && m.again != "" {
		e = asked(e)
	}
	if e == nil || e.ID != m.event.ID {
		b.r.Log.Error("an event that waited is no longer in the stream, nobody hears of it", "event", m.event.ID, "seq", m.seq)
		return nil
	}
	m.event = e
	if stub == nil {
		m.thing = new(hub.Item)
		return bus.Decode(m.event.Data, m.thing)
	}
	m.forum = new(hub.Forum)
	return bus.Decode(m.event.Data, m.forum)
}

func (b *batch) unreadable(e *hub.Event, err error) {
	b.r.Log.Error("an event on the bus cannot be read, it is passed over", "event", e.ID, "err", err)
}

func (b *batch) takeForum(m *matter) error {
	e, f := m.event, m.forum
	before, err := b.r.Forums.Learn(b.ctx, e, f)
	if err != nil {
		return err
	}
	if err := b.publishDerived(e, f, before); err != nil {
		return err
	}
	fresh := b.noteNewest(m)
	if err := b.lookUp(m, b.touches(m)); err != nil {
		return err
	}
	if fresh {
		b.live(m, before)
	}
	if b.pair(m) {
		return nil
	}
	b.r.desk.keep(m)
	if m.creation && m.forum.Post == nil {
		b.r.desk.later(m, b.r.Now().Add(pairWait)) // from now on: it may have lain in the stream, as its first post does
		return nil
	}
	return b.decideNow(m)
}

// decideNow decides a matter that was just taken. One that cannot be decided
// leaves the desk: its event is taken again.
func (b *batch) decideNow(m *matter) error {
	err := b.decideOrAsk(m)
	if err != nil {
		b.r.desk.finish(m)
	}
	return err
}

// lookUp makes known what was announced of a post. Of one that was just written
// nothing can have been, but by this event itself, whose messages have the same
// ids; that spares most events a question to the database.
func (b *batch) lookUp(m *matter, k sayKey) error {
	if m.event.Type == hub.ForumPostCreated && k.number > 1 && b.r.Now().Sub(m.at) < justNow {
		return nil
	}
	return b.r.said.load(b.ctx, k)
}

// justNow is far less than the day for which an event that comes again is
// dropped at the door.
const justNow = time.Hour

// noteNewest keeps the newest state of a post, also in the creation that waits.
// It reports false for an event that tells of an older state.
func (b *batch) noteNewest(m *matter) (fresh bool) {
	f := m.forum
	if f.Post == nil || f.Topic == nil || !tellsPost(m.event.Type) {
		return true
	}
	newest, fresh := b.r.desk.recent.note(m.key(), f.Post)
	if m.event.Type == hub.ForumPostCreated {
		if newest != f.Post {
			m.post = newest
		}
		return true
	}
	if waiting := b.r.desk.posts[m.key()]; waiting != nil && fresh {
		waiting.post = f.Post
	}
	return fresh
}

// tellsPost reports whether an event tells the state of its post.
func tellsPost(t hub.EventType) bool {
	switch t {
	case hub.ForumPostCreated, hub.ForumPostEdited, hub.ForumPostDeleted, hub.ForumPostRecovered:
		return true
	}
	return false
}

// pair brings the two halves of a topic's creation together: the topic and its
// first post, which come in any order. It reports whether m is done with,
// because the other half tells of it.
func (b *batch) pair(m *matter) bool {
	f, d := m.forum, b.r.desk
	switch {
	case m.event.Type == hub.ForumPostCreated && f.Post != nil && f.Post.Number == 1:
		m.creation = true
		if half := d.posts[m.key()]; half != nil && half.forum.Post == nil { // the topic's own event waits for us
			b.learned(half, m.event.ID)
			b.finished = append(b.finished, half)
			half.done = true
		}
	case m.event.Type == hub.ForumTopicCreated:
		m.creation = true
		if whole := d.posts[m.key()]; whole != nil && whole.forum.Post != nil { // its first post waits, and will tell the newest
			b.learned(m, whole.event.ID)
			return true
		}
		if p := d.recent.posts[m.key()]; p != nil { // it was told of without what this event tells
			told := *f
			told.Post = p
			m.forum, m.post = &told, p
		}
	}
	return false
}
