package route_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/route"
	"github.com/bellhop-chat/bellhop/rules"
)

// memory stands for the bus and the database.
type memory struct {
	mu         sync.Mutex
	events     chan []bus.Received
	failNotify error

	rows       []hub.Subscription
	categories map[string]hub.ForumCategory
	topics     map[string]hub.Topic
	owed       []hub.Notification
	queued     []hub.Delivery
	fired      map[hub.SubscriptionID]time.Time
	handled    chan error
}

func (m *memory) Follow(ctx context.Context, _ string, _ []string, handle func(context.Context, []bus.Received) error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case batch := <-m.events:
			m.handled <- handle(ctx, batch)
		}
	}
}

func (m *memory) Notify(_ context.Context, ns []hub.Notification) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failNotify != nil {
		return m.failNotify
	}
	m.owed = append(m.owed, ns...)
	return nil
}

func (m *memory) AllSubscriptions(context.Context) ([]hub.Subscription, error) { return m.rows, nil }

func (m *memory) MarkFired(_ context.Context, at map[hub.SubscriptionID]time.Time) error {
	m.fired = at
	return nil
}

func (m *memory) RecordQueued(_ context.Context, ds []hub.Delivery) error {
	m.queued = append(m.queued, ds...)
	return nil
}

func (m *memory) PutCategory(_ context.Context, _ hub.Source, c hub.ForumCategory) error {
	m.categories[c.ID] = c
	return nil
}

func (m *memory) DeleteCategory(_ context.Context, _ hub.Source, id string) error {
	delete(m.categories, id)
	return nil
}

func (m *memory) Categories(context.Context, hub.Source) ([]hub.ForumCategory, error) {
	var all []hub.ForumCategory
	for _, c := range m.categories {
		all = append(all, c)
	}
	return all, nil
}

func (m *memory) PutTopics(_ context.Context, _ hub.Source, ts []hub.Topic) error {
	for _, t := range ts {
		m.topics[t.ID] = t
	}
	return nil
}

func (m *memory) FindTopic(_ context.Context, _ hub.Source, id string) (*hub.Topic, error) {
	if t, ok := m.topics[id]; ok {
		return &t, nil
	}
	return nil, nil
}

// forum is a router at work on a memory.
type forum struct {
	*memory
	t    *testing.T
	seq  int
	stop func() // ends the router and waits for what it writes behind
}

func start(t *testing.T, lines ...string) *forum {
	t.Helper()
	m := &memory{}
	for _, line := range lines {
		rows, err := rules.ParseRow(line)
		require.NoError(t, err)
		for _, r := range rows {
			r.ID = hub.SubscriptionID(line)
			m.rows = append(m.rows, r)
		}
	}
	return resume(t, m)
}

// resume starts a router on what another has left.
func resume(t *testing.T, m *memory) *forum {
	t.Helper()
	m.events, m.handled = make(chan []bus.Received), make(chan error)
	if m.topics == nil {
		m.topics, m.categories = map[string]hub.Topic{}, map[string]hub.ForumCategory{}
	}
	r := route.New(route.Config{
		Bus: m, Subscriptions: subscriptions{memory: m}, Forums: m, Deliveries: deliveries{memory: m},
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(1_800_000_000, 0) }, MaxAge: time.Hour,
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return &forum{memory: m, t: t, stop: stop}
}

type subscriptions struct {
	hub.SubscriptionStore
	*memory
}

func (s subscriptions) AllSubscriptions(ctx context.Context) ([]hub.Subscription, error) {
	return s.memory.AllSubscriptions(ctx)
}

func (s subscriptions) MarkFired(ctx context.Context, at map[hub.SubscriptionID]time.Time) error {
	return s.memory.MarkFired(ctx, at)
}

type deliveries struct {
	hub.DeliveryStore
	*memory
}

func (d deliveries) RecordQueued(ctx context.Context, ds []hub.Delivery) error {
	return d.memory.RecordQueued(ctx, ds)
}

// hear gives the router one event and returns what it owes to whom.
func (f *forum) hear(kind hub.EventType, data hub.Forum) []hub.Notification {
	f.t.Helper()
	err := f.give(kind, data)
	require.NoError(f.t, err)
	f.mu.Lock()
	defer f.mu.Unlock()
	owed := f.owed
	f.owed = nil
	return owed
}

func (f *forum) give(kind hub.EventType, data hub.Forum) error {
	f.seq++
	data.Site = "https://forum.example.com"
	raw, err := json.Marshal(data)
	require.NoError(f.t, err)
	e := &hub.Event{SpecVersion: hub.SpecVersion, ID: hub.EventID("e" + hub.Digest(string(kind), string(raw))), Source: "meta", Type: kind, Data: raw}
	f.events <- []bus.Received{{Seq: uint64(f.seq), Event: e}}
	return <-f.handled
}

func topic() *hub.Topic {
	return &hub.Topic{
		ID: "301", Title: "Printer does not start", Slug: "printer", URL: "https://forum.example.com/t/printer/301",
		Archetype: hub.ArchetypeRegular, CategoryID: "9", CategorySlug: "printers",
	}
}

func post(number int) hub.Forum {
	return hub.Forum{Topic: topic(), Post: &hub.Post{
		ID: "902", Number: number, Kind: hub.PostRegular, Author: hub.Person{Username: "bob"},
		HTML: "<p>Which <b>model</b>?</p>", URL: "https://forum.example.com/t/printer/301/2",
	}}
}

func chats(ns []hub.Notification) []string {
	var ids []string
	for _, n := range ns {
		ids = append(ids, n.Chat.ID)
	}
	return ids
}

func TestTagsOfATopicReachItsReplies(t *testing.T) {
	f := start(t, "slack | tagged | t/urgent", "slack | all | *")
	require.Equal(t, []string{"all"}, chats(f.hear(hub.ForumPostCreated, post(2))), "tags not known yet")
	tagged := topic()
	tagged.Tags = []string{"urgent"}
	require.Empty(t, f.hear(hub.ForumTopicCreated, hub.Forum{Topic: tagged}))
	require.Equal(t, []string{"tagged", "all"}, chats(f.hear(hub.ForumPostCreated, post(3))))

	f.stop()
	again := resume(t, f.memory) // what was learned outlives the router
	require.Equal(t, []string{"tagged", "all"}, chats(again.hear(hub.ForumPostCreated, post(4))))
}

func TestCategoriesAreNamedOnceKnown(t *testing.T) {
	f := start(t, "slack | below | c/support/*", "slack | all | *")
	before := f.hear(hub.ForumPostCreated, post(2))
	require.Equal(t, []string{"all"}, chats(before), "the parent is not known yet")
	require.Equal(t, "printers", before[0].Message.Card.Category.Name)

	f.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "5", Name: "Support", Slug: "support"}})
	f.hear(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers", ParentID: "5", Color: "#0088cc"}})
	after := f.hear(hub.ForumPostCreated, post(3))
	require.Equal(t, []string{"below", "all"}, chats(after))
	require.Equal(t, &hub.Label{Name: "Support › Printers", Color: "#0088cc"}, after[0].Message.Card.Category)

	f.hear(hub.ForumCategoryUpdated, hub.Forum{Category: &hub.ForumCategory{ID: "9", Name: "Printers", Slug: "printers", ParentID: "5", Restricted: true}})
	require.Empty(t, f.hear(hub.ForumPostCreated, post(4)), "restricted now, and no row names it")
}

func TestNobodyHears(t *testing.T) {
	spoil := map[string]func(*hub.Forum){
		"whisper":          func(f *hub.Forum) { f.Post.Kind = hub.PostWhisper },
		"small action":     func(f *hub.Forum) { f.Post.Kind = hub.PostSmallAction },
		"moderator action": func(f *hub.Forum) { f.Post.Kind = hub.PostModerator },
		"hidden":           func(f *hub.Forum) { f.Post.Hidden = true },
		"deleted":          func(f *hub.Forum) { f.Post.Deleted = true },
		"private":          func(f *hub.Forum) { f.Topic.Archetype = hub.ArchetypePM },
		"perhaps private":  func(f *hub.Forum) { f.Topic.Archetype, f.Topic.ID = "", "777" },
		"unlisted":         func(f *hub.Forum) { f.Topic.Unlisted, f.Topic.ID = true, "778" },
	}
	for name, change := range spoil {
		t.Run(name, func(t *testing.T) {
			f := start(t, "slack | all | *,k/forum.*")
			data := post(2)
			change(&data)
			require.Empty(t, f.hear(hub.ForumPostCreated, data))
		})
	}
}

func TestUserEventsNeedAKindThatNamesThem(t *testing.T) {
	f := start(t, "slack | all | k/forum.*", "slack | users | k/forum.user.*")
	owed := f.hear("forum.user.suspended", hub.Forum{Object: json.RawMessage(`{"username":"mallory","suspend_reason":"spam *everywhere*"}`)})
	require.Equal(t, []string{"users"}, chats(owed))
	card := owed[0].Message.Card
	require.Equal(t, "User suspended", card.Kind)
	require.Equal(t, "mallory", card.Title)
	require.Equal(t, "https://forum.example.com/u/mallory", card.URL)
	require.Equal(t, `spam \*everywhere\*`, card.Text)
}

func TestDirectChatMessagesStay(t *testing.T) {
	f := start(t, "slack | chat | k/forum.chat.*")
	direct := json.RawMessage(`{"message":{"cooked":"<p>psst</p>"},"channel":{"title":"bob","chatable_type":"DirectMessage"}}`)
	require.Empty(t, f.hear("forum.chat.message_created", hub.Forum{Object: direct}))
	open := json.RawMessage(`{"message":{"cooked":"<p>Is <b>anyone</b> around?</p>","user":{"username":"alice"}},"channel":{"id":2,"title":"Support","slug":"support","chatable_type":"Category"}}`)
	owed := f.hear("forum.chat.message_created", hub.Forum{Object: open})
	require.Len(t, owed, 1)
	require.Equal(t, "Is anyone around?", owed[0].Message.Card.Text)
	require.Equal(t, "https://forum.example.com/chat/c/support/2", owed[0].Message.Card.URL)
}

func TestNotification(t *testing.T) {
	f := start(t, "slack | C1 | thread:*")
	owed := f.hear(hub.ForumPostCreated, post(1))
	require.Len(t, owed, 1)
	n := owed[0]
	require.Equal(t, hub.NotificationFor(n.Event, n.Chat), n.ID)
	require.Equal(t, n.QueuedAt.Add(time.Hour), n.StaleAt)
	require.Equal(t, "meta/topic/301", n.Message.Thread)
	require.True(t, n.Message.InThread)
	require.Equal(t, "New topic", n.Message.Card.Kind)
	require.Equal(t, "Which **model**?", n.Message.Card.Text)
	require.Equal(t, "forum.example.com", n.Message.Card.Site)

	require.Equal(t, "Reply", f.hear(hub.ForumPostCreated, post(2))[0].Message.Card.Kind)
	f.stop()
	require.Len(t, f.queued, 2)
	require.Equal(t, "Printer does not start", f.queued[0].Title)
	require.Equal(t, hub.StatusQueued, f.queued[0].Status)
	require.Contains(t, f.fired, hub.SubscriptionID("slack | C1 | thread:*"))
}

func TestOptionsShapeTheMessage(t *testing.T) {
	rows, err := rules.ParseRow("slack | compact | *")
	require.NoError(t, err)
	short := rows[0]
	rows[0].Options, short.Options = hub.Options{Style: hub.StyleCompact}, hub.Options{Excerpt: 5}
	short.Chat.ID = "short"
	f := resume(t, &memory{rows: append(rows, short)})
	owed := f.hear(hub.ForumPostCreated, post(2))
	require.True(t, owed[0].Message.Card.Compact)
	require.Empty(t, owed[0].Message.Card.Text)
	require.Equal(t, "Which…", owed[1].Message.Card.Text)
	require.True(t, owed[1].Message.Card.Cut)
}

func TestWhatCannotBeQueuedComesAgain(t *testing.T) {
	f := start(t, "slack | C1 | *")
	f.failNotify = errors.New("the stream is full")
	require.ErrorContains(t, f.give(hub.ForumPostCreated, post(2)), "the stream is full")
	f.failNotify = nil
	first := f.hear(hub.ForumPostCreated, post(2))
	require.Equal(t, first[0].ID, f.hear(hub.ForumPostCreated, post(2))[0].ID, "the same event owes the same notification")
}

func TestABrokenEventIsPassedOver(t *testing.T) {
	f := start(t, "slack | C1 | *")
	f.events <- []bus.Received{{Seq: 1, Event: &hub.Event{ID: "e1", Source: "meta", Type: hub.ForumPostCreated, Data: json.RawMessage(`{"post":3}`)}}}
	require.NoError(t, <-f.handled)
	require.Len(t, f.hear(hub.ForumPostCreated, post(2)), 1)
}
