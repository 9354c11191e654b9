package forum

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/bellhop-chat/bellhop/hub"
)

// maxTopics bounds how many topics are kept in memory; the rest is asked of
// the store again.
const maxTopics = 20_000

// topicKey names a topic of a source.
type topicKey struct {
	source hub.Source
	id     string
}

// State is what the hub knows of its forums. It is safe for concurrent use.
//
// Changes are written behind, by Flush; the router's cursor trails far enough
// that a crash makes it learn them again.
type State struct {
	store   hub.ForumStore
	sources map[hub.Source]*Source
	log     *slog.Logger
	now     func() time.Time
	flight  singleflight.Group

	mu       sync.Mutex
	topics   map[topicKey]*hub.Topic // nil: the store does not know it either
	dirty    map[topicKey]bool
	absent   map[topicKey]time.Time // the forum said that there is no such topic
	places   map[hub.Source]*places
	sights   map[sightKey]sight
	members  map[memberKey]*membership
	troubles map[hub.Source]trouble
}

// trouble is how asking a forum went last.
type trouble struct {
	at  time.Time
	err error
}

// New makes a State.
func New(store hub.ForumStore, sources []Source, log *slog.Logger, now func() time.Time) *State {
	s := &State{store: store, sources: map[hub.Source]*Source{}, log: log, now: now, troubles: map[hub.Source]trouble{}}
	for i := range sources {
		s.sources[sources[i].Name] = &sources[i]
	}
	s.Reset()
	return s
}

// Reset forgets what is in memory, save what the store does not have yet. A hub
// that begins to route calls it: another one may have learned meanwhile.
func (s *State) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := map[topicKey]*hub.Topic{}
	for key := range s.dirty {
		kept[key] = s.topics[key]
	}
	if s.dirty == nil {
		s.dirty = map[topicKey]bool{}
	}
	s.topics, s.absent = kept, map[topicKey]time.Time{}
	s.places = map[hub.Source]*places{}
	s.sights, s.members = map[sightKey]sight{}, map[memberKey]*membership{}
}

// Peek is a State that reads what this one has stored and asks the same APIs,
// for looking at things without a part in routing.
func (s *State) Peek() *State {
	p := &State{store: s.store, sources: s.sources, log: s.log, now: s.now, troubles: map[hub.Source]trouble{}}
	p.Reset()
	return p
}

// Source is a forum's configuration, nil for one that is not configured.
func (s *State) Source(name hub.Source) *Source { return s.sources[name] }

// Topic finds what is known of a topic, nil if nothing is.
func (s *State) Topic(ctx context.Context, source hub.Source, id string) (*hub.Topic, error) {
	return s.topic(ctx, topicKey{source, id})
}

func (s *State) topic(ctx context.Context, key topicKey) (*hub.Topic, error) {
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
func (s *State) makeRoom() {
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

// Flush writes the topics that changed since the last call. A topic stays dirty,
// and in memory, until it is stored as it now is.
func (s *State) Flush(ctx context.Context) error {
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

func (s *State) changed() map[hub.Source][]*hub.Topic {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[hub.Source][]*hub.Topic{}
	for key := range s.dirty {
		out[key.source] = append(out[key.source], s.topics[key])
	}
	return out
}

func (s *State) stored(source hub.Source, topics []*hub.Topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range topics {
		if key := (topicKey{source, t.ID}); s.topics[key] == t { // else it has changed meanwhile
			delete(s.dirty, key)
		}
	}
}

// put keeps a topic as it now is.
func (s *State) put(key topicKey, t *hub.Topic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topics[key], s.dirty[key] = t, true
	delete(s.absent, key)
}

// answered notes how asking a forum went.
func (s *State) answered(source hub.Source, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if gone(err) {
		err = nil
	}
	s.troubles[source] = trouble{s.now(), err}
}

// Trouble is when the forum was asked last and how it went; a zero time is
// never.
func (s *State) Trouble(source hub.Source) (at time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.troubles[source]
	return t.at, t.err
}
