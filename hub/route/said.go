package route

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// maxSaid bounds of how many posts the announcements are kept in memory.
const maxSaid = 5_000

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
	store hub.AnnouncementStore

	mu    sync.Mutex
	posts map[sayKey][]*hub.Announcement
	dirty map[hub.NotificationID]*hub.Announcement
}

func newSaid(store hub.AnnouncementStore) *said {
	s := &said{store: store, dirty: map[hub.NotificationID]*hub.Announcement{}}
	s.reset()
	return s
}

// reset forgets what is in memory, save what is not stored yet.
func (s *said) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts = map[sayKey][]*hub.Announcement{}
}

// load makes the announcements of posts known.
func (s *said) load(ctx context.Context, keys ...sayKey) error {
	for _, k := range keys {
		if k.topic == "" {
			continue
		}
		s.mu.Lock()
		_, known := s.posts[k]
		s.mu.Unlock()
		if known {
			continue
		}
		stored, err := s.store.Announcements(ctx, k.source, k.topic, k.number)
		if err != nil {
			return fmt.Errorf("what was announced of topic %s of %s: %w", k.topic, k.source, err)
		}
		s.mu.Lock()
		s.posts[k] = s.merged(k, stored)
		s.mu.Unlock()
	}
	return nil
}

// merged is what is stored of a post, and what is not stored yet.
func (s *said) merged(k sayKey, stored []hub.Announcement) []*hub.Announcement {
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
		if !seen[id] && keyOf(d) == k {
			list = append(list, d)
		}
	}
	return list
}

func keyOf(a *hub.Announcement) sayKey { return sayKey{a.Source, a.Topic, a.Post} }

// trim forgets posts, whichever: what was told of them is stored, or dirty. It is
// for between decisions, which rely on what they have loaded.
func (s *said) trim() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.posts) < maxSaid {
		return
	}
	for k := range s.posts {
		delete(s.posts, k)
		if len(s.posts) < maxSaid*3/4 {
			return
		}
	}
}

// of lists what was told of a post, as loaded.
func (s *said) of(k sayKey) []*hub.Announcement {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts[k]
}

// find is what a chat was told of a post and still shows, nil for nothing. Two
// posts may have had one number, so that the id counts where it is known.
func (s *said) find(k sayKey, id string, chat hub.Chat) *hub.Announcement {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.posts[k] {
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
	list := s.posts[k]
	for i, old := range list {
		if old.Notification == a.Notification {
			list[i] = &a
			s.dirty[a.Notification] = &a
			return
		}
	}
	s.posts[k] = append(list, &a)
	s.dirty[a.Notification] = &a
}

// topics lists the topics of a source of which something was told lately.
func (s *said) topics(source hub.Source) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	var out []string
	for k, list := range s.posts {
		if k.source == source && len(list) > 0 && !seen[k.topic] {
			seen[k.topic] = true
			out = append(out, k.topic)
		}
	}
	return out
}

// whole lists what was told of all posts of a topic.
func (s *said) whole(ctx context.Context, source hub.Source, topic string) ([]*hub.Announcement, error) {
	stored, err := s.store.Announcements(ctx, source, topic, 0)
	if err != nil {
		return nil, fmt.Errorf("what was announced of topic %s of %s: %w", topic, source, err)
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
		s.mu.Lock()
		for _, a := range batch {
			if s.dirty[a.Notification] == a { // else it has changed meanwhile
				delete(s.dirty, a.Notification)
			}
		}
		s.mu.Unlock()
	}
}

func (s *said) changed() []*hub.Announcement {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*hub.Announcement
	for _, a := range s.dirty {
		if out = append(out, a); len(out) == batchSize {
			break
		}
	}
	return out
}
