package route

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// maxTopics bounds how many topics are kept in memory; the rest is asked of
// the store again.
const maxTopics = 20_000

type topicKey struct {
	source hub.Source
	id     string
}

// state is what the hub has learned of its forums: a post's webhook names
// neither the topic's tags nor the category, so both are kept from the webhooks
// that do. Changes are written behind, by flush; the router's cursor trails far
// enough that a crash makes it learn them again.
type state struct {
	store hub.ForumStore

	mu         sync.Mutex
	categories map[hub.Source]map[string]hub.ForumCategory
	topics     map[topicKey]*hub.Topic // nil: the store does not know it either
	dirty      map[topicKey]bool
}

func newState(store hub.ForumStore) *state {
	return &state{
		store:      store,
		categories: map[hub.Source]map[string]hub.ForumCategory{},
		topics:     map[topicKey]*hub.Topic{},
		dirty:      map[topicKey]bool{},
	}
}

// learn takes in what an event tells, and completes its topic with what is
// known already.
func (s *state) learn(ctx context.Context, e *hub.Event, f *hub.Forum) error {
	switch {
	case f.Category != nil && e.Type == hub.ForumCategoryDeleted:
		return s.dropCategory(ctx, e.Source, f.Category.ID)
	case f.Category != nil:
		return s.putCategory(ctx, e.Source, *f.Category)
	case f.Topic != nil:
		return s.learnTopic(ctx, e, f)
	}
	return nil
}

// learnTopic merges: a topic's own event tells all of it, a post's only title
// and category.
func (s *state) learnTopic(ctx context.Context, e *hub.Event, f *hub.Forum) error {
	key := topicKey{e.Source, f.Topic.ID}
	known, err := s.topic(ctx, key)
	if err != nil {
		return err
	}
	merged := *f.Topic
	if known != nil {
		merged = merge(*known, *f.Topic, tellsAll(f))
	}
	f.Topic = &merged
	if merged.Archetype == "" { // an id and a title alone teach nothing
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known == nil || !same(*known, merged) {
		s.topics[key], s.dirty[key] = &merged, true
	}
	return nil
}

// tellsAll reports whether the event carries the topic itself.
func tellsAll(f *hub.Forum) bool { return f.Post == nil && f.Topic.Archetype != "" }

func merge(known, told hub.Topic, all bool) hub.Topic {
	if all {
		if told.Tags == nil {
			told.Tags = known.Tags
		}
		if told.CategorySlug == "" && told.CategoryID == known.CategoryID { // only a post tells it
			told.CategorySlug = known.CategorySlug
		}
		return told
	}
	out := known
	for _, f := range []struct{ to, from *string }{
		{&out.Title, &told.Title},
		{&out.Slug, &told.Slug},
		{&out.URL, &told.URL},
		{&out.Archetype, &told.Archetype},
		{&out.CategoryID, &told.CategoryID},
		{&out.CategorySlug, &told.CategorySlug},
	} {
		if *f.from != "" {
			*f.to = *f.from
		}
	}
	return out
}

// same compares what rules and messages read of a topic.
func same(a, b hub.Topic) bool {
	return a.Title == b.Title && a.Slug == b.Slug && a.URL == b.URL && a.Archetype == b.Archetype &&
		a.CategoryID == b.CategoryID && a.CategorySlug == b.CategorySlug && a.Unlisted == b.Unlisted &&
		a.Closed == b.Closed && a.Archived == b.Archived && a.Pinned == b.Pinned &&
		(a.Tags == nil) == (b.Tags == nil) && slices.Equal(a.Tags, b.Tags)
}

// topic finds a topic, in memory or in the store.
func (s *state) topic(ctx context.Context, key topicKey) (*hub.Topic, error) {
	s.mu.Lock()
	t, ok := s.topics[key]
	s.mu.Unlock()
	if ok {
		return t, nil
	}
	t, err := s.store.FindTopic(ctx, key.source, key.id)
	if err != nil {
		return nil, fmt.Errorf("topic %s of %s: %w", key.id, key.source, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makeRoom()
	s.topics[key] = t
	return t, nil
}

// makeRoom forgets topics that are safe in the store.
func (s *state) makeRoom() {
	if len(s.topics) < maxTopics {
		return
	}
	for key := range s.topics {
		if !s.dirty[key] {
			delete(s.topics, key)
		}
		if len(s.topics) < maxTopics*3/4 {
			return
		}
	}
}

func (s *state) known(ctx context.Context, source hub.Source) (map[string]hub.ForumCategory, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.categories[source]; ok {
		return m, nil
	}
	list, err := s.store.Categories(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("categories of %s: %w", source, err)
	}
	m := map[string]hub.ForumCategory{}
	for _, c := range list {
		m[c.ID] = c
	}
	s.categories[source] = m
	return m, nil
}

// lineage is a category and its ancestors, the nearest first, as far as known.
func (s *state) lineage(ctx context.Context, source hub.Source, id string) ([]hub.ForumCategory, error) {
	all, err := s.known(ctx, source)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var line []hub.ForumCategory
	for id != "" && len(line) < 8 { // Discourse nests three deep; a circle must end
		c, ok := all[id]
		if !ok {
			break
		}
		line = append(line, c)
		id = c.ParentID
	}
	return line, nil
}

func (s *state) putCategory(ctx context.Context, source hub.Source, c hub.ForumCategory) error {
	all, err := s.known(ctx, source)
	if err != nil {
		return err
	}
	if err := s.store.PutCategory(ctx, source, c); err != nil {
		return fmt.Errorf("category %s of %s: %w", c.ID, source, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all[c.ID] = c
	return nil
}

func (s *state) dropCategory(ctx context.Context, source hub.Source, id string) error {
	all, err := s.known(ctx, source)
	if err != nil {
		return err
	}
	if err := s.store.DeleteCategory(ctx, source, id); err != nil {
		return fmt.Errorf("category %s of %s: %w", id, source, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(all, id)
	return nil
}

// flush writes the topics that changed since the last call. A topic stays dirty,
// and in memory, until it is stored as it now is.
func (s *state) flush(ctx context.Context) error {
	var errs []error
	for source, topics := range s.changed() {
		list := make([]hub.Topic, 0, len(topics))
		for _, t := range topics {
			list = append(list, *t)
		}
		if err := s.store.PutTopics(ctx, source, list); err != nil {
			errs = append(errs, fmt.Errorf("topics of %s: %w", source, err))
			continue
		}
		s.stored(source, topics)
	}
	return errors.Join(errs...)
}

func (s *state) changed() map[hub.Source][]*hub.Topic {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[hub.Source][]*hub.Topic{}
	for key := range s.dirty {
		out[key.source] = append(out[key.source], s.topics[key])
	}
	return out
}

func (s *state) stored(source hub.Source, topics []*hub.Topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range topics {
		if key := (topicKey{source, t.ID}); s.topics[key] == t { // else it has changed meanwhile
			delete(s.dirty, key)
		}
	}
}
