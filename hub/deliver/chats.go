package deliver

import (
	"context"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// chats knows when which chat of the system is left alone.
type chats struct {
	unset hub.Schedule // of one for which nothing was set

	mu  sync.RWMutex
	all map[string]*hub.Schedule // by chat
}

func newChats(zone *time.Location) *chats {
	return &chats{unset: hub.NewSchedule(zone), all: map[string]*hub.Schedule{}}
}

func (c *chats) of(chat string) *hub.Schedule {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.all[chat]; s != nil {
		return s
	}
	return &c.unset
}

// set takes in what was set for a chat, and reports whether its clocks go
// differently now.
func (c *chats) set(settings hub.ChatSettings) (moved bool, err error) {
	s, err := settings.Schedule(c.unset.Zone())
	was := c.of(settings.ID)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[settings.ID] = &s
	return was.Zone().String() != s.Zone().String(), err
}

// follow keeps what was set for the chats, and calls known once it is.
func (w *Worker) follow(ctx context.Context, known func()) {
	for ctx.Err() == nil {
		if err := w.Bus.FollowChats(ctx, w.system, w.onChat, known); err != nil && ctx.Err() == nil {
			w.Log.Warn("what was set for chats cannot be read, will try again", "system", w.system, "err", err)
		}
		hub.Wait(ctx, time.Second)
	}
}

// onChat takes in what was set for a chat: its lane looks again what it may do.
func (w *Worker) onChat(c hub.ChatSettings) {
	moved, err := w.chats.set(c)
	if err != nil {
		w.Log.Error("the quiet hours of a chat cannot be kept: set them anew", "system", w.system, "chat", c.ID, "err", err)
	}
	lane := bus.Lane(c.Chat)
	w.mu.Lock()
	defer w.mu.Unlock()
	for pt := range w.owned {
		pt.reconsider(lane, moved)
	}
}

// due is when a notification is told that its row wants in a digest.
func (w *Worker) due(n *hub.Notification) (at time.Time, digest bool) {
	if n.Digest == "" || n.Act != hub.ActSend || n.Again > 0 { // people want it now
		return time.Time{}, false
	}
	rhythm, err := hub.ParseRhythm(n.Digest)
	if err != nil { // of a newer hub
		w.Log.Warn("a message is sent at once, its digest is not understood: update this worker", "system", w.system, "notification", n.ID, "err", err)
		return time.Time{}, false
	}
	return rhythm.Next(n.QueuedAt, w.chats.of(n.Chat.ID).Zone()), true
}

// stale reports whether a notification has waited past its use. That it was to
// wait for its digest, while its chat was left alone, or while an operator had paused
// the system, makes it no older.
func (w *Worker) stale(n *hub.Notification) bool {
	now := w.Now()
	if n.StaleAt.IsZero() || !now.After(n.StaleAt) {
		return false
	}
	from, end := n.QueuedAt, n.StaleAt
	if due, digest := w.due(n); digest {
		from, end = due, end.Add(due.Sub(n.QueuedAt))
	}
	return now.After(end.Add(w.chats.of(n.Chat.ID).Silence(from, now)).Add(w.health.heldFor(from, now)))
}
