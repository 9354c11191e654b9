package forum_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// api is a forum that can be asked, and counts what it is.
type api struct {
	mu       sync.Mutex
	keyless  bool
	away     error
	topics   map[string]hub.Topic
	blind    map[string]bool // readers who see nothing
	strange  map[string]bool // readers whom the forum does not know
	site     hub.Taxonomy
	siteFor  map[string]hub.Taxonomy // by reader
	members  map[string][]string
	asked    map[string]int
	meantime func(ctx context.Context, what string) // after the answer is made and before it is there
}

func newAPI() *api {
	return &api{
		topics: map[string]hub.Topic{}, blind: map[string]bool{}, strange: map[string]bool{},
		site: hub.Taxonomy{Complete: true}, members: map[string][]string{}, asked: map[string]int{},
	}
}

func (a *api) HasKey() bool { return !a.keyless }

// answer makes an answer, and then lets what happens meanwhile happen.
func (a *api) answer(ctx context.Context, what string, f func() error) error {
	a.mu.Lock()
	a.asked[what]++
	err := a.away
	if err == nil {
		err = f()
	}
	meantime := a.meantime
	a.mu.Unlock()
	if meantime != nil {
		meantime(ctx, what)
	}
	return cmp.Or(ctx.Err(), err)
}

func (a *api) Topic(ctx context.Context, id string) (t *hub.Topic, err error) {
	err = a.answer(ctx, "topic "+id, func() error {
		known, ok := a.topics[id]
		if !ok {
			return discourse.ErrNotFound
		}
		t = &known
		return nil
	})
	return t, err
}

func (a *api) Visible(ctx context.Context, topic, reader string) (visible bool, err error) {
	err = a.answer(ctx, "visible "+topic+" "+reader, func() error {
		if a.strange[reader] {
			return &discourse.RefusedError{Setting: "read_as", Reason: "there is no user " + reader}
		}
		visible = !a.blind[reader]
		return nil
	})
	return visible, err
}

func (a *api) Site(ctx context.Context) (site hub.Taxonomy, err error) {
	err = a.answer(ctx, "site", func() error {
		site = a.site
		return nil
	})
	return site, err
}

func (a *api) SiteFor(ctx context.Context, reader string) (site hub.Taxonomy, err error) {
	err = a.answer(ctx, "site for "+reader, func() error {
		if a.strange[reader] {
			return &discourse.RefusedError{Setting: "read_as", Reason: "there is no user " + reader}
		}
		site = a.siteFor[reader]
		return nil
	})
	return site, err
}

func (a *api) GroupMembers(ctx context.Context, name string) (names []string, err error) {
	err = a.answer(ctx, "members "+name, func() error {
		known, ok := a.members[name]
		if !ok {
			return discourse.ErrNotFound
		}
		names = slices.Clone(known)
		return nil
	})
	return names, err
}

func (a *api) set(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// counts is how often what was asked.
func (a *api) counts() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.asked)
}

// once makes something happen during the next question of some name.
func (a *api) once(what string, f func(ctx context.Context)) {
	a.set(func() {
		a.meantime = func(ctx context.Context, asked string) {
			if asked == what {
				a.set(func() { a.meantime = nil }) // f may ask the same
				f(ctx)
			}
		}
	})
}

var errDatabase = errors.New("the database is away")

// shelf is a hub.ForumStore in memory, of whose sources some may be out of
// order.
type shelf struct {
	mu         sync.Mutex
	broken     map[hub.Source]bool
	failing    string // the call that fails
	categories map[hub.Source]map[string]hub.ForumCategory
	tags       map[hub.Source]map[string]hub.ForumTag
	groups     map[hub.Source]map[string]hub.ForumGroup
	topics     map[hub.Source]map[string]hub.Topic
	calls      map[string]int
	meantime   func(call string) // after a call has read
}

func newShelf() *shelf {
	return &shelf{
		broken: map[hub.Source]bool{}, categories: map[hub.Source]map[string]hub.ForumCategory{}, tags: map[hub.Source]map[string]hub.ForumTag{},
		groups: map[hub.Source]map[string]hub.ForumGroup{}, topics: map[hub.Source]map[string]hub.Topic{}, calls: map[string]int{},
	}
}

var _ hub.ForumStore = (*shelf)(nil)

func (s *shelf) call(name string, source hub.Source, f func()) error {
	s.mu.Lock()
	s.calls[name]++
	if s.broken[source] || s.failing == name {
		s.mu.Unlock()
		return errDatabase
	}
	f()
	meantime := s.meantime
	s.mu.Unlock()
	if meantime != nil {
		meantime(name)
	}
	return nil
}

func (s *shelf) count(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[name]
}

func (s *shelf) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// during makes something happen once, in the next call of some name.
func (s *shelf) during(name string, f func()) {
	s.set(func() {
		s.meantime = func(call string) {
			if call == name {
				s.set(func() { s.meantime = nil }) // f may call the same
				f()
			}
		}
	})
}

func (s *shelf) topic(source hub.Source, id string) (hub.Topic, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.topics[source][id]
	return t, ok
}

func put[T any](all map[hub.Source]map[string]T, source hub.Source, key string, v T) {
	if all[source] == nil {
		all[source] = map[string]T{}
	}
	all[source][key] = v
}

func list[T any](all map[string]T, name func(T) string) []T {
	return slices.SortedFunc(maps.Values(all), func(a, b T) int { return cmp.Compare(name(a), name(b)) })
}

func (s *shelf) PutCategory(_ context.Context, source hub.Source, c hub.ForumCategory) error {
	return s.call("PutCategory", source, func() { put(s.categories, source, c.ID, c) })
}

func (s *shelf) DeleteCategory(_ context.Context, source hub.Source, id string) error {
	return s.call("DeleteCategory", source, func() { delete(s.categories[source], id) })
}

func (s *shelf) Categories(_ context.Context, source hub.Source) (all []hub.ForumCategory, err error) {
	err = s.call("Categories", source, func() {
		all = list(s.categories[source], func(c hub.ForumCategory) string { return c.Name })
	})
	return all, err
}

func (s *shelf) PutTag(_ context.Context, source hub.Source, t hub.ForumTag) error {
	return s.call("PutTag", source, func() { put(s.tags, source, t.Name, t) })
}

func (s *shelf) DeleteTag(_ context.Context, source hub.Source, name string) error {
	return s.call("DeleteTag", source, func() { delete(s.tags[source], name) })
}

func (s *shelf) Tags(_ context.Context, source hub.Source) (all []hub.ForumTag, err error) {
	err = s.call("Tags", source, func() { all = list(s.tags[source], func(t hub.ForumTag) string { return t.Name }) })
	return all, err
}

func (s *shelf) PutGroup(_ context.Context, source hub.Source, g hub.ForumGroup) error {
	return s.call("PutGroup", source, func() { put(s.groups, source, g.Name, g) })
}

func (s *shelf) DeleteGroup(_ context.Context, source hub.Source, name string) error {
	return s.call("DeleteGroup", source, func() { delete(s.groups[source], name) })
}

func (s *shelf) Groups(_ context.Context, source hub.Source) (all []hub.ForumGroup, err error) {
	err = s.call("Groups", source, func() { all = list(s.groups[source], func(g hub.ForumGroup) string { return g.Name }) })
	return all, err
}

func (s *shelf) PutTopics(_ context.Context, source hub.Source, ts []hub.Topic) error {
	return s.call("PutTopics", source, func() {
		for _, t := range ts {
			put(s.topics, source, t.ID, t)
		}
	})
}

func (s *shelf) FindTopic(_ context.Context, source hub.Source, id string) (found *hub.Topic, err error) {
	err = s.call("FindTopic", source, func() {
		if t, ok := s.topics[source][id]; ok {
			found = &t
		}
	})
	return found, err
}

// clock is time that passes when told.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a State of the forum "meta", and all around it.
type world struct {
	*forum.State
	t     *testing.T
	api   *api
	store *shelf
	clock *clock
	log   *bytes.Buffer
}

// asking is a forum that can be asked with a key.
func asking(t *testing.T) *world {
	a := newAPI()
	return over(t, newShelf(), a, forum.Source{Name: "meta", API: a, Check: true})
}

// deaf is a forum that cannot be asked.
func deaf(t *testing.T) *world { return over(t, newShelf(), newAPI(), forum.Source{Name: "meta"}) }

func over(t *testing.T, store *shelf, a *api, sources ...forum.Source) *world {
	w := &world{t: t, api: a, store: store, clock: &clock{at: time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC)}, log: new(bytes.Buffer)}
	w.State = forum.New(store, sources, slog.New(slog.NewTextHandler(w.log, nil)), w.clock.now)
	return w
}

// learn gives an event of meta to the State, and returns what the topic was and
// what it is.
func (w *world) learn(kind hub.EventType, f hub.Forum) (before, now *hub.Topic) {
	w.t.Helper()
	return w.learnFrom("meta", kind, f)
}

func (w *world) learnFrom(source hub.Source, kind hub.EventType, f hub.Forum) (before, now *hub.Topic) {
	w.t.Helper()
	before, err := w.Learn(w.t.Context(), &hub.Event{Source: source, Type: kind}, &f)
	require.NoError(w.t, err)
	return before, f.Topic
}

// known is what is known of a topic of meta.
func (w *world) known(id string) *hub.Topic {
	w.t.Helper()
	t, err := w.Topic(w.t.Context(), "meta", id)
	require.NoError(w.t, err)
	return t
}

func (w *world) lacks(f hub.Forum, wants forum.Wants) bool {
	w.t.Helper()
	lacks, err := w.Lacks(w.t.Context(), "meta", &f, wants)
	require.NoError(w.t, err)
	return lacks
}

// complete asks for what f lacks and returns its topic then.
func (w *world) complete(f hub.Forum, wants forum.Wants) *hub.Topic {
	w.t.Helper()
	require.NoError(w.t, w.Complete(w.t.Context(), "meta", &f, wants))
	return f.Topic
}

func (w *world) look(topic, reader string) bool {
	w.t.Helper()
	visible, err := w.Look(w.t.Context(), "meta", topic, reader)
	require.NoError(w.t, err)
	return visible
}

// whole is a topic as its own webhook tells it.
func whole(id string, tags ...string) *hub.Topic {
	return &hub.Topic{
		ID: id, Title: "Printer on fire", Slug: "printer-on-fire", URL: "https://forum.example.com/t/printer-on-fire/" + id,
		Archetype: hub.ArchetypeRegular, CategoryID: "5", Tags: append([]string{}, tags...),
		Author: &hub.Person{Username: "alice"}, CreatedAt: time.Date(2026, 1, 9, 8, 0, 0, 0, time.UTC), Posts: 1,
	}
}

// part is what a post tells of its topic.
func part(id string) *hub.Topic {
	return &hub.Topic{
		ID: id, Title: "Printer on fire", Slug: "printer-on-fire", URL: "https://forum.example.com/t/printer-on-fire/" + id,
		Archetype: hub.ArchetypeRegular, CategoryID: "5", CategorySlug: "hardware", Posts: 2,
	}
}

// message is what a post tells of a private message.
func message(id string) *hub.Topic {
	t := part(id)
	t.Archetype, t.CategoryID, t.CategorySlug = hub.ArchetypePM, "", ""
	return t
}

func reply(t *hub.Topic) hub.Forum {
	return hub.Forum{Topic: t, Post: &hub.Post{ID: "902", Number: 2, Kind: hub.PostRegular, Author: hub.Person{Username: "Bob"}}}
}

func object(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return raw
}
