package forum

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

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

// State is what the hub knows of its forums. It is safe for concurrent use; the
// lists in what it returns must not be changed.
//
// Changes of topics are written behind, by Flush; the router's cursor trails far
// enough that a crash makes it learn them again.
type State struct {
	store   hub.ForumStore
	sources *atomic.Pointer[map[hub.Source]*Source] // shared with those that peek
	log     *slog.Logger
	now     func() time.Time
	flight  flight

	flushing sync.Mutex // an older state must not be stored over a newer one
	ordering sync.Mutex // nor an older taxonomy

	// mu is never held while the store or a forum is asked.
	mu       sync.Mutex
	topics   map[topicKey]*hub.Topic // nil: the store does not know it either
	dirty    map[topicKey]bool
	absent   map[topicKey]time.Time // the forum said that there is no such topic
	places   map[hub.Source]*places
	versions int // of places, of all sources
	sights   map[sightKey]sight
	shown    map[hub.Source]*shown // what readers see of forums
	looks    map[sightKey]*question
	strange  map[readerKey]bool // readers whom the forum does not take
	members  map[memberKey]*membership
	counts   map[memberKey]*question
	troubles map[hub.Source]trouble
}

// New makes a State.
func New(store hub.ForumStore, sources []Source, log *slog.Logger, now func() time.Time) *State {
	s := newState(store, &atomic.Pointer[map[hub.Source]*Source]{}, log, now)
	s.sources.Store(&map[hub.Source]*Source{})
	s.SetSources(sources)
	return s
}

// SetSources takes in which forums are configured. What was thought of one that is
// configured otherwise now is forgotten: another reader sees other things.
func (s *State) SetSources(sources []Source) {
	now := map[hub.Source]*Source{}
	for _, src := range sources {
		now[src.Name] = &src
	}
	was := *s.sources.Swap(&now)
	for name, old := range was {
		if src := now[name]; src == nil || *src != *old {
			s.forgetForum(name)
		}
	}
}

// forgetForum forgets what a forum said of itself, of its readers and of its
// groups. What is known of topics stays: it is true whoever asks.
func (s *State) forgetForum(source hub.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetSights(func(k sightKey) bool { return k.source == source })
	delete(s.places, source)
	delete(s.shown, source)
	delete(s.troubles, source)
	for k := range s.absent {
		if k.source == source {
			delete(s.absent, k)
		}
	}
	for k := range s.strange {
		if k.source == source {
			delete(s.strange, k)
		}
	}
	for k := range s.members {
		if k.source == source {
			delete(s.members, k)
		}
	}
	for k, q := range s.counts {
		if k.source == source {
			q.old = true
		}
	}
}

func newState(store hub.ForumStore, sources *atomic.Pointer[map[hub.Source]*Source], log *slog.Logger, now func() time.Time) *State {
	s := &State{
		store: store, sources: sources, log: log, now: now, dirty: map[topicKey]bool{},
		looks: map[sightKey]*question{}, strange: map[readerKey]bool{}, counts: map[memberKey]*question{}, troubles: map[hub.Source]trouble{},
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
	s.topics, s.absent = kept, map[topicKey]time.Time{}
	s.places = map[hub.Source]*places{}
	s.shown = map[hub.Source]*shown{}
	s.sights, s.members = map[sightKey]sight{}, map[memberKey]*membership{}
	for _, q := range s.looks {
		q.old = true
	}
	for _, q := range s.counts {
		q.old = true
	}
}

// Peek is a State that reads what this one has stored and asks the same APIs,
// for looking at things without a part in routing.
func (s *State) Peek() *State { return newState(s.store, s.sources, s.log, s.now) }

// Source is a forum's configuration, nil for one that is not configured.
func (s *State) Source(name hub.Source) *Source { return (*s.sources.Load())[name] }

// Topic finds what is known of a topic, nil if nothing is.
func (s *State) Topic(ctx context.Context, source hub.Source, id string) (*hub.Topic, error) {
	t, err := s.topic(ctx, topicKey{source, id})
	return copied(t), err
}

// copied is for who may change it.
func copied(t *hub.Topic) *hub.Topic {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

// topic is what is kept of a topic, which nobody may change.
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
	if now, ok := s.topics[key]; ok { // learned while the store was asked
		return now, nil
	}
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

// still reports whether was is what is kept of a topic; what is kept no more may
// have changed in the store. mu is held.
func (s *State) still(key topicKey, was *hub.Topic) bool {
	now, ok := s.topics[key]
	return ok && now == was
}

// replace keeps a topic as it now is, in place of what was known. It reports
// false, and does nothing, if that is known no more: something else was learned
// meanwhile.
func (s *State) replace(key topicKey, was, now *hub.Topic) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.still(key, was) {
		return false
	}
	s.topics[key], s.dirty[key] = now, true
	delete(s.absent, key)
	if was != nil && !sameSight(*was, *now) {
		s.forgetSights(func(k sightKey) bool { return k.topicKey == key })
	}
	return true
}

// Flush writes the topics that changed since the last call. A topic stays dirty,
// and in memory, until it is stored as it now is.
func (s *State) Flush(ctx context.Context) error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
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
