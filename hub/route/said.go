package route

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// Bounds of what is kept in memory: of how many posts, and how many announcements
// in all.
const (
	maxSaid   = 3_000
	mostKnown = 3_000
)

// sayKey names a post of a topic.
type sayKey struct {
	source hub.Source
	topic  string
	number int
}

// said is what chats have been told, kept so that it can be changed and is told
// once. It is written behind the router, whose cursor trails far enough that a
// crash makes it say the same again, under the same ids.
type said struct {
	store    hub.AnnouncementStore
	flushing sync.Mutex // an older state must not be stored over a newer one
	// reading is held by who reads the store, until what it found is merged with what
	// is dirty: what is stored meanwhile it may not have found, and must find there.
	reading sync.RWMutex

	mu    sync.Mutex
	posts map[sayKey]*telling
	known int // announcements in posts
	dirty map[hub.NotificationID]*hub.Announcement
	order []hub.NotificationID // of dirty, the first to be stored first: what goes together stays together
	loose map[sayKey]int       // how many of dirty are of a post
}

// telling is what was told of a post. Once it is long it has an index.
type telling struct {
	part  bool // more of it may be stored
	list  []*hub.Announcement
	ids   map[hub.NotificationID]int
	chats map[hub.Chat][]int
}

// longTelling is how many chats are looked through one by one.
const longTelling = 16

func (t *telling) add(a *hub.Announcement) {
	t.list = append(t.list, a)
	switch {
	case t.ids != nil:
		t.enter(len(t.list) - 1)
	case len(t.list) > longTelling:
		t.ids, t.chats = map[hub.NotificationID]int{}, map[hub.Chat][]int{}
		for i := range t.list {
			t.enter(i)
		}
	}
}

func (t *telling) enter(i int) {
	a := t.list[i]
	t.ids[a.Notification] = i
	t.chats[a.Chat] = append(t.chats[a.Chat], i)
}

// at is where a notification's announcement stands, -1 if nowhere.
func (t *telling) at(id hub.NotificationID) int {
	if t.ids != nil {
		if i, ok := t.ids[id]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(t.list, func(a *hub.Announcement) bool { return a.Notification == id })
}

// to are the announcements to a chat, and perhaps others.
func (t *telling) to(chat hub.Chat) []*hub.Announcement {
	if t.ids == nil {
		return t.list
	}
	var out []*hub.Announcement
	for _, i := range t.chats[chat] {
		out = append(out, t.list[i])
	}
	return out
}

func newSaid(store hub.AnnouncementStore) *said {
	s := &said{store: store, dirty: map[hub.NotificationID]*hub.Announcement{}, loose: map[sayKey]int{}}
	s.reset()
	return s
}

// reset forgets what is in memory, save what is not stored yet.
func (s *said) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts, s.known = map[sayKey]*telling{}, 0
}

// load makes the announcements of posts known.
func (s *said) load(ctx context.Context, keys ...sayKey) error {
	for _, k := range keys {
		if k.topic == "" {
			continue
		}
		s.mu.Lock()
		t := s.posts[k]
		s.mu.Unlock()
		if t != nil && !t.part {
			continue
		}
		if err := s.loadOne(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

func (s *said) loadOne(ctx context.Context, k sayKey) error {
	s.reading.RLock()
	defer s.reading.RUnlock()
	stored, err := s.stored(ctx, k)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(k)
	t := s.merged(k, stored)
	s.posts[k], s.known = t, s.known+len(t.list)
	return nil
}

// stored reads what is stored of a post, or of a whole topic where its number is 0.
// reading is held.
func (s *said) stored(ctx context.Context, k sayKey) ([]hub.Announcement, error) {
	list, err := s.store.Announcements(ctx, k.source, k.topic, k.number)
	if err != nil {
		return nil, fmt.Errorf("what was announced of topic %s of %s: %w", k.topic, k.source, err)
	}
	return list, nil
}

// merged is what is stored of a post, and what is not stored yet.
func (s *said) merged(k sayKey, stored []hub.Announcement) *telling {
	t := &telling{}
	seen := map[hub.NotificationID]bool{}
	for i := range stored {
		a := &stored[i]
		if d := s.dirty[a.Notification]; d != nil {
			a = d
		}
		seen[a.Notification] = true
		t.add(a)
	}
	if s.loose[k] > 0 {
		for id, d := range s.dirty {
			if !seen[id] && keyOf(d) == k {
				t.add(d)
			}
		}
	}
	return t
}

func keyOf(a *hub.Announcement) sayKey { return sayKey{a.Source, a.Topic, a.Post} }

// trim forgets posts, whichever: what was told of them is stored, or dirty. It is
// for between decisions, which rely on what they have loaded.
func (s *said) trim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.posts) < maxSaid && s.known < mostKnown {
		return
	}
	for k := range s.posts {
		s.forget(k)
		if len(s.posts) < maxSaid*3/4 && s.known < mostKnown*3/4 {
			return
		}
	}
}

// forget lets go of a post. mu is held.
func (s *said) forget(k sayKey) {
	if t := s.posts[k]; t != nil {
		s.known -= len(t.list)
		delete(s.posts, k)
	}
}

// of lists what was told of a post, as loaded.
func (s *said) of(k sayKey) []*hub.Announcement {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.posts[k]; t != nil {
		return t.list
	}
	return nil
}

// find is what a chat was told of a post and still shows, nil for nothing. Two
// posts may have had one number, so that the id counts where it is known.
func (s *said) find(k sayKey, id string, chat hub.Chat) *hub.Announcement {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.posts[k]
	if t == nil {
		return nil
	}
	for _, a := range t.to(chat) {
		if a.Chat == chat && a.State != hub.AnnouncedRetracted && isOf(a, id) {
			return a
		}
	}
	return nil
}

// isOf reports whether a tells of the post with an id.
func isOf(a *hub.Announcement, id string) bool { return a.PostID == "" || id == "" || a.PostID == id }

// put keeps an announcement as it now is.
func (s *said) put(a hub.Announcement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := keyOf(&a)
	t := s.posts[k]
	if t == nil {
		t = &telling{part: true}
		s.posts[k] = t
	}
	if i := t.at(a.Notification); i >= 0 {
		t.list[i] = &a
	} else {
		t.add(&a)
		s.known++
	}
	if before := s.dirty[a.Notification]; before == nil {
		s.order = append(s.order, a.Notification)
	} else {
		s.bind(keyOf(before))
	}
	s.loose[k]++
	s.dirty[a.Notification] = &a
}

// bind notes that one less of what is dirty is of a post. mu is held.
func (s *said) bind(k sayKey) {
	if s.loose[k]--; s.loose[k] <= 0 {
		delete(s.loose, k)
	}
}

// lately are the topics of a source of which something was told lately.
func (s *said) lately(source hub.Source) map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]bool{}
	for k, t := range s.posts {
		if k.source == source && len(t.list) > 0 {
			out[k.topic] = true
		}
	}
	return out
}

// topics lists up to limit topics of a source of which something was told, from the
// one after an id on.
func (s *said) topics(ctx context.Context, source hub.Source, after string, limit int) ([]hub.Topic, error) {
	if after == "" {
		if err := s.flush(ctx); err != nil {
			return nil, err
		}
	}
	return s.store.AnnouncedTopics(ctx, source, after, limit)
}

// whole lists what was told of all posts of a topic.
func (s *said) whole(ctx context.Context, source hub.Source, topic string) ([]*hub.Announcement, error) {
	s.reading.RLock()
	defer s.reading.RUnlock()
	stored, err := s.stored(ctx, sayKey{source, topic, 0})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*hub.Announcement
	seen := map[hub.NotificationID]bool{}
	for i := range stored {
		a := &stored[i]
		if d := s.dirty[a.Notification]; d != nil {
			a = d
		}
		seen[a.Notification] = true
		list = append(list, a)
	}
	for id, d := range s.dirty {
		if !seen[id] && d.Source == source && d.Topic == topic {
			list = append(list, d)
		}
	}
	slices.SortStableFunc(list, func(a, b *hub.Announcement) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Post, b.Post)) })
	return list, nil
}

// flush writes what has changed since the last call.
func (s *said) flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	for {
		batch := s.changed()
		if len(batch) == 0 {
			return nil
		}
		list := make([]hub.Announcement, len(batch))
		for i, a := range batch {
			list[i] = *a
		}
		if err := s.store.PutAnnouncements(ctx, list); err != nil {
			return err
		}
		s.clean(batch)
	}
}

// clean takes what is stored, which was first in order, out of dirty, unless it has
// changed meanwhile.
func (s *said) clean(batch []*hub.Announcement) {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = s.order[len(batch):]
	for _, a := range batch {
		if s.dirty[a.Notification] != a {
			s.order = append(s.order, a.Notification)
			continue
		}
		delete(s.dirty, a.Notification)
		s.bind(keyOf(a))
	}
}

func (s *said) changed() []*hub.Announcement {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*hub.Announcement, min(len(s.order), batchSize))
	for i := range out {
		out[i] = s.dirty[s.order[i]]
	}
	return out
}
