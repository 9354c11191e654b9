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

	mu     sync.Mutex
	posts  map[sayKey]*telling
	known  int // announcements in posts
	dirty  map[hub.NotificationID]*entry
	order  []hub.NotificationID // of dirty, the first to be stored first: what goes together stays together
	loose  map[sayKey]int       // how many of dirty are of a post
	latest *hub.Announcement    // what the one put last may share with the next
}

// entry is an announcement as it is kept. What one event says to many chats is there
// once, but for whom it was told, on which row's behalf and under which id.
type entry struct {
	notification hub.NotificationID
	chat         hub.Chat
	subscription hub.SubscriptionID
	said         *hub.Announcement // the rest; it may be of many, and nobody changes it
}

func entryOf(a, said *hub.Announcement) *entry {
	return &entry{notification: a.Notification, chat: a.Chat, subscription: a.Subscription, said: said}
}

func (e *entry) announcement() *hub.Announcement {
	a := *e.said
	a.Notification, a.Chat, a.Subscription = e.notification, e.chat, e.subscription
	return &a
}

// saysTheSame reports whether two announcements differ in nothing but what an entry has
// of its own. Messages that are made of one event share their card and their actions.
func saysTheSame(a, b *hub.Announcement) bool {
	m, n := &a.Message, &b.Message
	return a.Source == b.Source && a.Topic == b.Topic && a.Post == b.Post && a.PostID == b.PostID && a.Event == b.Event &&
		a.Mode == b.Mode && a.Options == b.Options && a.State == b.State && a.Update == b.Update && a.At.Equal(b.At) && a.UpdatedAt.Equal(b.UpdatedAt) &&
		m.Text == n.Text && m.Card == n.Card && m.Thread == n.Thread && m.InThread == n.InThread && m.Broadcast == n.Broadcast &&
		len(m.Actions) == len(n.Actions) && (len(m.Actions) == 0 || &m.Actions[0] == &n.Actions[0])
}

// telling is what was told of a post. Once it is long it has an index.
type telling struct {
	part  bool // more of it may be stored
	list  []*entry
	ids   map[hub.NotificationID]int
	chats map[hub.Chat][]int
}

// longTelling is how many chats are looked through one by one.
const longTelling = 16

func (t *telling) add(e *entry) {
	t.list = append(t.list, e)
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
	e := t.list[i]
	t.ids[e.notification] = i
	t.chats[e.chat] = append(t.chats[e.chat], i)
}

// at is where a notification's announcement stands, -1 if nowhere.
func (t *telling) at(id hub.NotificationID) int {
	if t.ids != nil {
		if i, ok := t.ids[id]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(t.list, func(e *entry) bool { return e.notification == id })
}

// to are the announcements to a chat, and perhaps others.
func (t *telling) to(chat hub.Chat) []*entry {
	if t.ids == nil {
		return t.list
	}
	var out []*entry
	for _, i := range t.chats[chat] {
		out = append(out, t.list[i])
	}
	return out
}

func newSaid(store hub.AnnouncementStore) *said {
	s := &said{store: store, dirty: map[hub.NotificationID]*entry{}, loose: map[sayKey]int{}}
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
		e := s.dirty[a.Notification]
		if e == nil {
			e = entryOf(a, a)
		}
		seen[a.Notification] = true
		t.add(e)
	}
	if s.loose[k] > 0 {
		for id, e := range s.dirty {
			if !seen[id] && keyOf(e.said) == k {
				t.add(e)
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
	t := s.posts[k]
	if t == nil {
		return nil
	}
	list := make([]*hub.Announcement, len(t.list))
	for i, e := range t.list {
		list[i] = e.announcement()
	}
	return list
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
	for _, e := range t.to(chat) {
		if e.chat == chat && e.said.State != hub.AnnouncedRetracted && isOf(e.said, id) {
			return e.announcement()
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
	if s.latest == nil || !saysTheSame(&a, s.latest) {
		s.latest = new(hub.Announcement)
		*s.latest = a
	}
	e := entryOf(&a, s.latest)
	if i := t.at(a.Notification); i >= 0 {
		t.list[i] = e
	} else {
		t.add(e)
		s.known++
	}
	if before := s.dirty[a.Notification]; before == nil {
		s.order = append(s.order, a.Notification)
	} else {
		s.bind(keyOf(before.said))
	}
	s.loose[k]++
	s.dirty[a.Notification] = e
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
		if e := s.dirty[a.Notification]; e != nil {
			a = e.announcement()
		}
		seen[a.Notification] = true
		list = append(list, a)
	}
	for id, e := range s.dirty {
		if !seen[id] && e.said.Source == source && e.said.Topic == topic {
			list = append(list, e.announcement())
		}
	}
	slices.SortStableFunc(list, func(a, b *hub.Announcement) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Post, b.Post)) })
	return list, nil
}

// flush writes what has changed since the last call.
func (s *said) flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	var list []hub.Announcement
	for {
		batch := s.changed()
		if len(batch) == 0 {
			return nil
		}
		list = slices.Grow(list[:0], len(batch))
		for _, e := range batch {
			list = append(list, *e.announcement())
		}
		if err := s.store.PutAnnouncements(ctx, list); err != nil {
			return err
		}
		s.clean(batch)
	}
}

// clean takes what is stored, which was first in order, out of dirty, unless it has
// changed meanwhile.
func (s *said) clean(batch []*entry) {
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = s.order[len(batch):]
	for _, e := range batch {
		if s.dirty[e.notification] != e {
			s.order = append(s.order, e.notification)
			continue
		}
		delete(s.dirty, e.notification)
		s.bind(keyOf(e.said))
	}
	if len(s.order) == 0 { // what a burst made them grow to is let go of
		s.order, s.dirty = nil, map[hub.NotificationID]*entry{}
	}
}

func (s *said) changed() []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*entry, min(len(s.order), batchSize))
	for i := range out {
		out[i] = s.dirty[s.order[i]]
	}
	return out
}
