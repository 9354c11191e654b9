package route

import (
	"container/heap"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// matter is an event on the router's desk, from when it comes in until all that
// it owes is queued.
type matter struct {
	seq   uint64    // in EVENTS; 0: of our own making
	first bool      // surely no router had it before
	at    time.Time // when it came in: delays count from here
	event *hub.Event
	forum *hub.Forum // nil: thing
	thing *hub.Item

	creation bool              // of a topic
	post     *hub.Post         // as it is now, when that is newer than the event
	due      time.Time         // when to look at it next
	settled  map[hub.Chat]bool // chats that have what they get
	traced   []hub.TraceChat   // of the settled ones
	recheck  *hub.Topic        // not an event to tell of: may what was announced still be seen?
	wants    *need             // what its forum must be asked first
	queued   bool              // in the queue of its source
	slim     bool              // what the event holds was let go: it is in EVENTS
	done     bool
	nth      int // in the heap of what is due; -1: not in it

	// again is the event by which somebody asked that this one is told again, to
	// chats that were not told. Empty: it has just come in.
	again hub.EventID
}

// postKey names a post. A topic's first one goes by its number, since the topic's
// own event does not tell its id.
type postKey struct {
	source hub.Source
	topic  string
	number int
	id     string
}

func (m *matter) key() postKey {
	k := postKey{source: m.event.Source}
	if m.forum != nil && m.forum.Topic != nil {
		k.topic = m.forum.Topic.ID
	}
	if m.forum != nil && m.forum.Post != nil {
		k.number = m.forum.Post.Number
		if k.number != 1 {
			k.id = m.forum.Post.ID
		}
	} else if m.creation {
		k.number = 1
	}
	return k
}

// desk is what the router has taken and not finished.
type desk struct {
	mu     sync.Mutex
	live   []*matter // in the order of seq, finished ones at the front go
	due    dues
	alarm  chan struct{} // the first of due has changed
	queues map[hub.Source]*queue
	start  func(*queue) // serves a queue; nil: nobody does

	posts  map[postKey]*matter // creations that wait
	recent *recents
	left   map[placeKey]*hub.Topic // where topics stood whose moves are not told yet
}

type placeKey struct {
	source hub.Source
	topic  string
}

// leave notes where a topic stood.
func (d *desk) leave(k placeKey, t *hub.Topic) {
	if len(d.left) >= maxRecent {
		clear(d.left)
	}
	d.left[k] = t
}

func newDesk() *desk {
	return &desk{
		alarm: make(chan struct{}, 1), queues: map[hub.Source]*queue{},
		posts: map[postKey]*matter{}, recent: newRecents(), left: map[placeKey]*hub.Topic{},
	}
}

// keep puts a matter on the desk.
func (d *desk) keep(m *matter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.nth = -1
	if m.seq > 0 {
		d.live = append(d.live, m)
	}
	if m.again == "" && (m.creation || m.event.Type == hub.ForumPostCreated) {
		d.posts[m.key()] = m
	}
}

// finish takes a matter off the desk.
func (d *desk) finish(m *matter) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.done = true
	if m.nth >= 0 {
		heap.Remove(&d.due, m.nth)
	}
	if k := m.key(); d.posts[k] == m {
		delete(d.posts, k)
	}
	for len(d.live) > 0 && d.live[0].done {
		d.live[0] = nil
		d.live = d.live[1:]
	}
	if len(d.live) == 0 {
		d.live = nil
	}
}

// maxWhole is of how many matters the desk holds all that their events say; of
// others it is read again when they are due.
const maxWhole = 4096

// lighten lets go of what the event says, if the desk is crowded. The lock is
// held.
func (d *desk) lighten(m *matter) {
	if len(d.live) <= maxWhole || m.seq == 0 || m.recheck != nil || m.slim {
		return
	}
	m.slim = true
	e := *m.event
	e.Data = nil
	m.event, m.thing = &e, nil
	if m.forum == nil {
		return
	}
	stub := &hub.Forum{Before: m.forum.Before}
	if t := m.forum.Topic; t != nil {
		stub.Topic = &hub.Topic{ID: t.ID}
	}
	if p := m.forum.Post; p != nil {
		stub.Post = &hub.Post{ID: p.ID, Number: p.Number}
	}
	m.forum = stub
}

// later makes a matter come up again.
func (d *desk) later(m *matter, due time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lighten(m)
	m.due = due
	if m.nth >= 0 {
		heap.Fix(&d.due, m.nth)
	} else {
		heap.Push(&d.due, m)
	}
	if d.due[0] == m {
		select {
		case d.alarm <- struct{}{}:
		default:
		}
	}
}

// ripe takes what is due by now, the earliest first.
func (d *desk) ripe(now time.Time) []*matter {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*matter
	for len(d.due) > 0 && !d.due[0].due.After(now) {
		out = append(out, heap.Pop(&d.due).(*matter))
	}
	return out
}

// next is when something is due, a zero time for nothing.
func (d *desk) next() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.due) == 0 {
		return time.Time{}
	}
	return d.due[0].due
}

// floor is the first event that is not finished, 0 for none.
func (d *desk) floor() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.live) == 0 {
		return 0
	}
	return d.live[0].seq
}

// dues orders matters by when they are due, then as they came.
type dues []*matter

func (h dues) Len() int { return len(h) }
func (h dues) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].seq < h[j].seq
}
func (h dues) Swap(i, j int) { h[i], h[j] = h[j], h[i]; h[i].nth, h[j].nth = i, j }

func (h *dues) Push(x any) {
	m := x.(*matter)
	m.nth = len(*h)
	*h = append(*h, m)
}

func (h *dues) Pop() any {
	old := *h
	m := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	m.nth = -1
	return m
}

// recents remembers the newest state of posts that were told of lately: an edit
// may overtake the creation, and a topic's creation comes in two halves.
type recents struct {
	posts map[postKey]*hub.Post
	order []postKey
}

const maxRecent = 1024

func newRecents() *recents { return &recents{posts: map[postKey]*hub.Post{}} }

// note keeps p unless a newer state is known, and returns the newest. fresh is
// that p is it.
func (r *recents) note(k postKey, p *hub.Post) (newest *hub.Post, fresh bool) {
	known := r.posts[k]
	if known != nil && newer(known, p) {
		return known, false
	}
	if known == nil {
		if r.order = append(r.order, k); len(r.order) > maxRecent {
			delete(r.posts, r.order[0])
			r.order = r.order[1:]
		}
	}
	r.posts[k] = p
	return p, true
}

// newer reports whether a is a later state of a post than b.
func newer(a, b *hub.Post) bool {
	if a.Version != b.Version && a.Version > 0 && b.Version > 0 {
		return a.Version > b.Version
	}
	return a.UpdatedAt.After(b.UpdatedAt)
}
