package console

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// here knows who looks at which room, of those whose pages this process serves.
// The zero here is ready.
type here struct {
	mu    sync.Mutex
	rooms map[string]map[string]*guest // by room and the user's id
}

// guest is somebody with a room open, in so many pages.
type guest struct {
	user  hub.User
	pages int
}

// enter notes that somebody has opened a room, until the function that it returns
// is called. Open pages are told of both.
func (c *Client) enter(room string, who hub.User) (leave func()) {
	if c.here.add(room, who, 1) {
		c.news.ring()
	}
	return func() {
		if c.here.add(room, who, -1) {
			c.news.ring()
		}
	}
}

// add counts pages and reports whether somebody has come or gone by it.
func (h *here) add(room string, who hub.User, n int) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms == nil {
		h.rooms = map[string]map[string]*guest{}
	}
	in := h.rooms[room]
	if in == nil {
		in = map[string]*guest{}
		h.rooms[room] = in
	}
	g, known := in[who.ID]
	if !known {
		g = &guest{}
		in[who.ID] = g
	}
	g.user, g.pages = who, g.pages+n
	if g.pages <= 0 {
		delete(in, who.ID)
		changed = true
	}
	if len(in) == 0 {
		delete(h.rooms, room)
	}
	return changed || !known
}

// in are those who look at a room and me, who does, by name.
func (h *here) in(room string, me hub.User) []author {
	h.mu.Lock()
	users := map[string]hub.User{me.ID: me}
	for id, g := range h.rooms[room] {
		users[id] = g.user
	}
	h.mu.Unlock()
	var all []author
	for _, id := range slices.Sorted(maps.Keys(users)) {
		if u := users[id]; u.ID != "" {
			all = append(all, *viewAuthor(&u))
		}
	}
	slices.SortStableFunc(all, func(a, b author) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all
}
