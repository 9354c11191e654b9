package route_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/hub/route"
	"github.com/bellhop-chat/bellhop/rules"
)

// memory stands for the bus and the database.
type memory struct {
	hub.SubscriptionStore
	hub.DeliveryStore
	mu         sync.Mutex
	events     chan []bus.Received
	handled    chan error
	failNotify error
	failStore  error

	log        []bus.Received // all events, in order
	published  []*hub.Event   // by the router, not routed yet
	floor      func() uint64
	rows       []hub.Subscription
	categories map[string]hub.ForumCategory
	tags       map[string]hub.ForumTag
	groups     map[string]hub.ForumGroup
	topics     map[string]hub.Topic
	told       map[hub.NotificationID]hub.Announcement
	traces     map[hub.EventID]hub.Trace
	receipts   map[hub.NotificationID]hub.Receipt
	owed       []hub.Notification
	queued     []hub.Delivery
	fired      map[hub.SubscriptionID]time.Time
}

func newMemory() *memory {
	return &memory{
		categories: map[string]hub.ForumCategory{}, tags: map[string]hub.ForumTag{}, groups: map[string]hub.ForumGroup{},
		topics: map[string]hub.Topic{}, told: map[hub.NotificationID]hub.Announcement{},
		traces: map[hub.EventID]hub.Trace{}, receipts: map[hub.NotificationID]hub.Receipt{},
	}
}

func (m *memory) Follow(ctx context.Context, r bus.Reader) error {
	lead, stop := context.WithCancel(ctx)
	defer stop()
	r.Begin(lead)
	m.floor = r.Floor
	for {
		select {
		case <-ctx.Done():
			return nil
		case batch := <-m.events:
			m.handled <- r.Handle(ctx, batch)
		}
	}
}

func (m *memory) EventAt(_ context.Context, seq uint64) (*bus.Received, error) {
	return &m.log[seq-1], nil
}

func (m *memory) Publish(_ context.Context, e *hub.Event) (bus.Ack, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.log {
		if r.Event.ID == e.ID {
			return bus.Ack{Duplicate: true}, nil
		}
	}
	m.published = append(m.published, e)
	return bus.Ack{}, nil
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

func (m *memory) GetSubscription(_ context.Context, id hub.SubscriptionID) (*hub.Subscription, error) {
	for _, r := range m.rows {
		if r.ID == id {
			return &r, nil
		}
	}
	return nil, hub.Errorf(hub.CodeNotFound, "no row %s", id)
}

func (m *memory) MarkFired(_ context.Context, at map[hub.SubscriptionID]time.Time) error {
	m.fired = at
	return nil
}

func (m *memory) RecordQueued(_ context.Context, ds []hub.Delivery) error {
	m.queued = append(m.queued, ds...)
	return nil
}

func (m *memory) GetDelivery(_ context.Context, id hub.NotificationID) (*hub.Delivery, error) {
	return &hub.Delivery{ID: id, Receipt: m.receipts[id]}, nil
}

func (m *memory) FindDeliveries(_ context.Context, ids []hub.NotificationID) (found []hub.Delivery, _ error) {
	for _, d := range m.queued {
		if slices.Contains(ids, d.ID) {
			found = append(found, d)
		}
	}
	return found, m.failStore
}

func (m *memory) PutAnnouncements(_ context.Context, as []hub.Announcement) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range as {
		m.told[a.Notification] = a
	}
	return nil
}

func (m *memory) Announcements(_ context.Context, source hub.Source, topic string, post int) ([]hub.Announcement, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failStore != nil {
		return nil, m.failStore
	}
	var out []hub.Announcement
	for _, a := range m.told {
		if a.Source == source && a.Topic == topic && (post == 0 || a.Post == post) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b hub.Announcement) int { return a.At.Compare(b.At) })
	return out, nil
}

func (m *memory) FindAnnouncements(_ context.Context, ids []hub.NotificationID) (list []hub.Announcement, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if a, ok := m.told[id]; ok {
			list = append(list, a)
		}
	}
	return list, m.failStore
}

func (m *memory) AnnouncedTopics(_ context.Context, source hub.Source, after string, limit int) (topics []hub.Topic, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.topics)) {
		of := func(a hub.Announcement) bool { return a.Source == source && a.Topic == id }
		if id > after && len(topics) < limit && slices.ContainsFunc(slices.Collect(maps.Values(m.told)), of) {
			topics = append(topics, m.topics[id])
		}
	}
	return topics, m.failStore
}

func (m *memory) PruneAnnouncements(context.Context, time.Time) (int64, error) { return 0, nil }

func (m *memory) PutTraces(_ context.Context, ts []hub.Trace) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range ts {
		m.traces[t.Event] = t
	}
	return nil
}

func (m *memory) FindTrace(_ context.Context, id hub.EventID) (*hub.Trace, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.traces[id]; ok {
		return &t, nil
	}
	return nil, nil
}

func (m *memory) PruneTraces(context.Context, time.Time) (int64, error) { return 0, nil }

// shelf is the part of a memory that is a forum's.
type shelf struct{ *memory }

func (m shelf) PutCategory(_ context.Context, _ hub.Source, c hub.ForumCategory) error {
	m.categories[c.ID] = c
	return nil
}

func (m shelf) DeleteCategory(_ context.Context, _ hub.Source, id string) error {
	delete(m.categories, id)
	return nil
}

func (m shelf) Categories(context.Context, hub.Source) ([]hub.ForumCategory, error) {
	return slices.SortedFunc(maps.Values(m.categories), func(a, b hub.ForumCategory) int { return strings.Compare(a.Name, b.Name) }), nil
}

func (m shelf) PutTag(_ context.Context, _ hub.Source, t hub.ForumTag) error {
	m.tags[t.Name] = t
	return nil
}

func (m shelf) DeleteTag(_ context.Context, _ hub.Source, name string) error {
	delete(m.tags, name)
	return nil
}

func (m shelf) Tags(context.Context, hub.Source) ([]hub.ForumTag, error) {
	return slices.Collect(maps.Values(m.tags)), nil
}

func (m shelf) PutGroup(_ context.Context, _ hub.Source, g hub.ForumGroup) error {
	m.groups[g.Name] = g
	return nil
}

func (m shelf) DeleteGroup(_ context.Context, _ hub.Source, name string) error {
	delete(m.groups, name)
	return nil
}

func (m shelf) Groups(context.Context, hub.Source) ([]hub.ForumGroup, error) {
	return slices.Collect(maps.Values(m.groups)), nil
}

func (m shelf) PutTopics(_ context.Context, _ hub.Source, ts []hub.Topic) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range ts {
		m.topics[t.ID] = t
	}
	return nil
}

func (m shelf) FindTopic(_ context.Context, _ hub.Source, id string) (*hub.Topic, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.topics[id]; ok {
		return &t, nil
	}
	return nil, nil
}

// desk is a router at work on a memory, in a bubble of its own time.
type desk struct {
	*memory
	t      *testing.T
	router *route.Router
	stop   func() // ends the router and waits for what it writes behind
	read   bool   // another may have read the events that it is given
}

// bubble runs a test in time that passes only when all wait for it.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// table makes a memory with the rows of some lines, whose ids are the tokens.
func table(t *testing.T, lines ...string) *memory {
	t.Helper()
	m := newMemory()
	for _, line := range lines {
		rows, err := rules.ParseLine(line)
		require.NoError(t, err)
		for _, r := range rows {
			r.ID = hub.SubscriptionID(rules.FormatRow(r))
			m.rows = append(m.rows, r)
		}
	}
	return m
}

// with makes a memory of rows.
func with(rows []hub.Subscription) *memory {
	m := newMemory()
	for i := range rows {
		rows[i].ID = hub.SubscriptionID(fmt.Sprint("row", i))
	}
	m.rows = rows
	return m
}

// noDelay is a forum that cannot be asked and whose rows do not wait.
var noDelay = forum.Source{Name: "meta"}

// start runs a router whose forum "meta" cannot be asked and has no delay.
func start(t *testing.T, lines ...string) *desk {
	t.Helper()
	return resume(t, table(t, lines...), noDelay)
}

// resume starts a router on what another has left.
func resume(t *testing.T, m *memory, sources ...forum.Source) *desk {
	t.Helper()
	m.events, m.handled = make(chan []bus.Received), make(chan error)
	log := slog.New(slog.DiscardHandler)
	r := route.New(route.Config{
		Bus: m, Subscriptions: m, Forums: forum.New(shelf{m}, sources, log, time.Now), Deliveries: m,
		Announcements: m, Traces: m, Log: log, MaxAge: time.Hour,
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	synctest.Wait() // the table is read
	return &desk{memory: m, t: t, router: r, stop: stop}
}

// hear gives the router one event, and those that follow from it, and returns
// what it owes to whom at once.
func (f *desk) hear(kind hub.EventType, data hub.Forum) []hub.Notification {
	f.t.Helper()
	require.NoError(f.t, f.give(kind, data))
	return f.now()
}

// now is what is owed since the last look.
func (f *desk) now() []hub.Notification {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	owed := f.owed
	f.owed = nil
	return owed
}

// after lets time pass and returns what is owed by then.
func (f *desk) after(d time.Duration) []hub.Notification {
	time.Sleep(d)
	return f.now()
}

func (f *desk) give(kind hub.EventType, data hub.Forum) error {
	data.Site = "https://forum.example.com"
	raw, err := json.Marshal(data)
	require.NoError(f.t, err)
	return f.route(&hub.Event{
		SpecVersion: hub.SpecVersion, ID: hub.EventID("e" + hub.Digest(string(kind), string(raw))), Source: "meta", Type: kind,
		ReceivedTime: time.Now(), Data: raw,
	})
}

func (f *desk) route(e *hub.Event) error {
	f.mu.Lock()
	f.log = append(f.log, bus.Received{Seq: uint64(len(f.log) + 1), Stored: time.Now(), Event: e, First: !f.read})
	batch := f.log[len(f.log)-1:]
	f.mu.Unlock()
	f.events <- batch
	if err := <-f.handled; err != nil {
		return err
	}
	f.mu.Lock()
	next := f.published
	f.published = nil
	f.mu.Unlock()
	for _, e := range next {
		if err := f.route(e); err != nil {
			return err
		}
	}
	return nil
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
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | tagged | t/urgent", "slack | all | *")
		require.Equal(t, []string{"all"}, chats(f.hear(hub.ForumPostCreated, post(2))), "tags not known yet")
		tagged := topic()
		tagged.Tags = []string{"urgent"}
		require.Empty(t, f.hear(hub.ForumTopicCreated, hub.Forum{Topic: tagged}))
		require.Equal(t, []string{"tagged", "all"}, chats(f.hear(hub.ForumPostCreated, post(3))))

		f.stop()
		again := resume(t, f.memory, noDelay) // what was learned outlives the router
		require.Equal(t, []string{"tagged", "all"}, chats(again.hear(hub.ForumPostCreated, post(4))))
	})
}

func TestCategoriesAreNamedOnceKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
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
	})
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
			bubble(t, func(t *testing.T) {
				f := start(t, "slack | all | *,k/forum.*")
				data := post(2)
				change(&data)
				require.Empty(t, f.hear(hub.ForumPostCreated, data))
			})
		})
	}
}

func TestUserEventsNeedAKindThatNamesThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | all | k/forum.*", "slack | users | k/forum.user.*")
		owed := f.hear("forum.user.suspended", hub.Forum{Object: json.RawMessage(`{"username":"mallory","suspend_reason":"spam *everywhere*"}`)})
		require.Equal(t, []string{"users"}, chats(owed))
		card := owed[0].Message.Card
		require.Equal(t, "User suspended", card.Kind)
		require.Equal(t, "mallory", card.Title)
		require.Equal(t, "https://forum.example.com/u/mallory", card.URL)
		require.Equal(t, `spam \*everywhere\*`, card.Text)
	})
}

func TestDirectChatMessagesStay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | chat | k/forum.chat.*")
		direct := json.RawMessage(`{"message":{"cooked":"<p>psst</p>"},"channel":{"title":"bob","chatable_type":"DirectMessage"}}`)
		require.Empty(t, f.hear("forum.chat.message_created", hub.Forum{Object: direct}))
		open := json.RawMessage(`{"message":{"cooked":"<p>Is <b>anyone</b> around?</p>","user":{"username":"alice"}},"channel":{"id":2,"title":"Support","slug":"support","chatable_type":"Category"}}`)
		owed := f.hear("forum.chat.message_created", hub.Forum{Object: open})
		require.Len(t, owed, 1)
		require.Equal(t, "Is anyone around?", owed[0].Message.Card.Text)
		require.Equal(t, "https://forum.example.com/chat/c/support/2", owed[0].Message.Card.URL)
	})
}

func TestNotification(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | C1 | thread:*")
		owed := f.hear(hub.ForumPostCreated, post(1))
		require.Len(t, owed, 1)
		n := owed[0]
		require.Equal(t, n.QueuedAt.Add(time.Hour), n.StaleAt)
		require.Equal(t, "meta/topic/301", n.Message.Thread)
		require.True(t, n.Message.InThread)
		require.Equal(t, "New topic", n.Message.Card.Kind)
		require.Equal(t, "Which **model**?", n.Message.Card.Text)
		require.Equal(t, "forum.example.com", n.Message.Card.Site)

		reply := f.hear(hub.ForumPostCreated, post(2))[0]
		require.Equal(t, "Reply", reply.Message.Card.Kind)
		require.Equal(t, hub.NotificationFor(reply.Event, reply.Chat), reply.ID)
		f.stop()
		require.Len(t, f.queued, 2)
		require.Equal(t, "Printer does not start", f.queued[0].Title)
		require.Equal(t, hub.StatusQueued, f.queued[0].Status)
		require.Contains(t, f.fired, hub.SubscriptionID("slack | C1 | thread:*"))
	})
}

func TestOptionsShapeTheMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rows, err := rules.ParseRow("slack | compact | *")
		require.NoError(t, err)
		short := rows[0]
		rows[0].Options, short.Options = hub.Options{Style: hub.StyleCompact}, hub.Options{Excerpt: 5}
		short.Chat.ID = "short"
		f := resume(t, with(append(rows, short)), noDelay)
		owed := f.hear(hub.ForumPostCreated, post(2))
		require.True(t, owed[0].Message.Card.Compact)
		require.Empty(t, owed[0].Message.Card.Text)
		require.Equal(t, "Which…", owed[1].Message.Card.Text)
		require.True(t, owed[1].Message.Card.Cut)
	})
}

func TestWhatCannotBeQueuedComesAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | C1 | *")
		f.failNotify = errors.New("the stream is full")
		require.ErrorContains(t, f.give(hub.ForumPostCreated, post(2)), "the stream is full")
		f.failNotify = nil
		first := f.hear(hub.ForumPostCreated, post(2))
		require.Equal(t, first[0].ID, f.hear(hub.ForumPostCreated, post(2))[0].ID, "the same event owes the same notification")
	})
}

// TestWhatIsNew holds that a notification is only called new, so that no worker
// looks for its receipt, if it cannot have been queued before.
func TestWhatIsNew(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | C1 | *", "slack | C2 | k/forum.user.*")
		require.True(t, f.hear(hub.ForumPostCreated, post(2))[0].New)
		require.False(t, f.hear(hub.ForumPostCreated, post(2))[0].New, "the same event again")
		require.False(t, f.hear(hub.ForumPostCreated, post(1))[0].New, "a topic's creation comes as two events")
		require.False(t, f.hear("forum.user.suspended", hub.Forum{Object: json.RawMessage(`{"username":"mallory"}`)})[0].New, "what it tells is not kept")
		f.failNotify = errors.New("the stream is full")
		require.Error(t, f.give(hub.ForumPostCreated, post(3)))
		f.failNotify = nil
		owed := f.hear(hub.ForumPostCreated, post(4))
		require.Len(t, owed, 2)
		require.False(t, owed[0].New, "it may be queued all the same")
		require.True(t, owed[1].New)
		f.read = true
		require.False(t, f.hear(hub.ForumPostCreated, post(5))[0].New, "a hub that is gone may have queued it")
	})
}

// TestTheLogIsWrittenOnce holds that of a notification nothing is written while its
// worker may tell of it at once, nor when somebody took it who writes both.
func TestTheLogIsWrittenOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | C1 | *")
		var os []hub.Outcome
		for n := 2; n <= 4; n++ {
			os = append(os, hub.Outcome{Notification: f.hear(hub.ForumPostCreated, post(n))[0].ID})
		}
		require.Empty(t, f.queued)
		taken := f.router.Owed(append(os[:2:2], hub.Outcome{Notification: "nother"}))
		require.Len(t, taken, 2)
		require.Equal(t, os[0].Notification, taken[0].ID)
		require.Equal(t, "Printer does not start", taken[0].Title)
		require.Empty(t, f.router.Owed(os[:2]), "they are in hand")
		f.router.Owe(taken[1:]) // it could not be written
		f.after(2 * time.Second)
		require.Len(t, f.queued, 2)
		require.ElementsMatch(t, []hub.NotificationID{os[1].Notification, os[2].Notification}, []hub.NotificationID{f.queued[0].ID, f.queued[1].ID})
		f.stop()
		require.Len(t, f.queued, 2)
	})
}

func TestABrokenEventIsPassedOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | C1 | *")
		require.NoError(t, f.route(&hub.Event{ID: "e1", Source: "meta", Type: hub.ForumPostCreated, Data: json.RawMessage(`{"post":3}`)}))
		require.Len(t, f.hear(hub.ForumPostCreated, post(2)), 1)
	})
}

func jsonOf(v any) (json.RawMessage, error) { return json.Marshal(v) }

// TestARowsMaxAge holds that a row says itself how long its news are news.
func TestARowsMaxAge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | C1 | * | max_age=10m", "slack | C2 | *")
		owed := f.hear(hub.ForumPostCreated, post(1))
		require.Len(t, owed, 2)
		age := map[string]time.Duration{}
		for _, n := range owed {
			age[n.Chat.ID] = n.StaleAt.Sub(n.QueuedAt)
		}
		require.Equal(t, map[string]time.Duration{"C1": 10 * time.Minute, "C2": time.Hour}, age)
	})
}

// TestARowsDigest holds that a notification says when its row wants it told, and
// that what changes it waits for nothing.
func TestARowsDigest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := start(t, "slack | C1 | * | digest=daily@09:00", "slack | C2 | *")
		owed := f.hear(hub.ForumPostCreated, post(1))
		require.Len(t, owed, 2)
		digest := map[string]string{}
		for _, n := range owed {
			digest[n.Chat.ID] = n.Digest
		}
		require.Equal(t, map[string]string{"C1": "daily@09:00", "C2": ""}, digest)
		gone := post(1)
		gone.Post.Deleted = true
		changed := f.hear(hub.ForumPostDeleted, gone)
		require.Len(t, changed, 2)
		for _, n := range changed {
			require.Equal(t, hub.ActEdit, n.Act)
			require.Empty(t, n.Digest)
		}
	})
}
