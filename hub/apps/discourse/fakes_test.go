package discourse_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps/discourse"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/rules"
)

// began is a Monday noon, half past twelve in Berlin.
var began = time.Date(2026, 1, 12, 11, 30, 0, 0, time.UTC)

// world is everything around the app, in memory, with the real rules.
type world struct {
	mu        sync.Mutex // of changed
	now       time.Time
	table     []hub.Subscription // oldest first
	made      int
	changed   []hub.SubscriptionID
	storeErr  error
	forums    map[hub.Source]*hub.Taxonomy
	hidden    map[string]bool // topics that no reader but carol may see
	forumErr  error
	namesErr  error
	settings  map[hub.Chat]hub.ChatSettings
	chatsErr  error
	events    []hub.Event // newest last
	traces    map[hub.EventID]hub.Trace
	told      []hub.Announcement
	refs      map[hub.MessageRef]discourse.Told
	sent      []hub.Notification
	delivered map[hub.NotificationID]hub.Delivery
	level     hub.Level
}

func newWorld() *world {
	return &world{
		now: began, forums: map[hub.Source]*hub.Taxonomy{"meta": metaForum()}, hidden: map[string]bool{},
		settings: map[hub.Chat]hub.ChatSettings{}, traces: map[hub.EventID]hub.Trace{},
		refs: map[hub.MessageRef]discourse.Told{}, delivered: map[hub.NotificationID]hub.Delivery{}, level: hub.Operator,
	}
}

// metaForum is the forum as its reader may see it. The category Staff, 20, is
// hidden from the reader, and so is not here.
func metaForum() *hub.Taxonomy {
	return &hub.Taxonomy{
		Source: "meta", Complete: true,
		Categories: []hub.ForumCategory{
			{ID: "5", Name: "Support", Slug: "support"},
			{ID: "9", Name: "Printers", Slug: "printers", ParentID: "5"},
			{ID: "12", Name: "Printers for sale", Slug: "printers", ParentID: "13"},
			{ID: "13", Name: "Market", Slug: "market"},
			{ID: "14", Name: "Site Feedback", Slug: "site-feedback"},
			{ID: "15", Name: "日本語", Slug: ""},
			{ID: "16", Name: "Café *Crème*", Slug: "café"},
			{ID: "17", Name: "Members", Slug: "members", Restricted: true},
		},
		Tags:   []hub.ForumTag{{Name: "bug"}, {Name: "urgent"}, {Name: "wip"}, {Name: "größe"}, {Name: "PDF"}},
		Groups: []hub.ForumGroup{{Name: "helpers"}, {Name: "staff_of_the_day"}},
	}
}

func docsForum() *hub.Taxonomy {
	return &hub.Taxonomy{
		Source: "docs", Complete: true,
		Categories: []hub.ForumCategory{{ID: "5", Name: "Guides", Slug: "guides"}, {ID: "6", Name: "Support", Slug: "support"}},
		Tags:       []hub.ForumTag{{Name: "howto"}, {Name: "bug"}}, Groups: []hub.ForumGroup{{Name: "writers"}},
	}
}

func (w *world) sites() []discourse.Site {
	all := []discourse.Site{{Source: "docs", URL: "https://docs.example.org/community"}, {Source: "meta", URL: "https://forum.example.com"}}
	return slices.DeleteFunc(all, func(s discourse.Site) bool { return w.forums[s.Source] == nil })
}

func (w *world) app() *discourse.App { return w.appWith(w) }

func (w *world) appWith(table hub.SubscriptionStore) *discourse.App {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return discourse.New(discourse.Deps{
		Subscriptions: table, Sites: w.sites, Forums: w, Chats: w, History: w, Zone: zone,
		Notify: func(_ context.Context, n hub.Notification) error { w.sent = append(w.sent, n); return nil },
		Changed: func(ids ...hub.SubscriptionID) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.changed = append(w.changed, ids...)
		},
		May: func(context.Context, *hub.Command) hub.Level { return w.level },
		Now: func() time.Time { return w.now },
	})
}

// The store.

func (w *world) CreateSubscription(_ context.Context, rows ...*hub.Subscription) error {
	if w.storeErr != nil {
		return w.storeErr
	}
	all := slices.Clone(w.table)
	for _, s := range rows {
		if slices.ContainsFunc(all, func(row hub.Subscription) bool { return rules.Asks(row) == rules.Asks(*s) }) {
			return hub.Errorf(hub.CodeConflict, "another says the same already")
		}
		w.made++
		w.now = w.now.Add(time.Microsecond)
		s.ID, s.CreatedAt, s.UpdatedAt = hub.SubscriptionID(fmt.Sprintf("s%d", w.made)), w.now, w.now
		all = append(all, *s)
	}
	w.table = all
	return nil
}

func (w *world) find(id hub.SubscriptionID) (int, error) {
	i := slices.IndexFunc(w.table, func(s hub.Subscription) bool { return s.ID == id })
	if i < 0 {
		return 0, hub.Errorf(hub.CodeNotFound, "there is no subscription %q", id)
	}
	return i, w.storeErr
}

func (w *world) GetSubscription(_ context.Context, id hub.SubscriptionID) (*hub.Subscription, error) {
	i, err := w.find(id)
	if err != nil {
		return nil, err
	}
	row := w.table[i]
	return &row, nil
}

func (w *world) UpdateSubscription(_ context.Context, s *hub.Subscription) error {
	i, err := w.find(s.ID)
	if err != nil {
		return err
	}
	for j, row := range w.table {
		if j != i && rules.Asks(row) == rules.Asks(*s) {
			return hub.Errorf(hub.CodeConflict, "another says the same already")
		}
	}
	w.now = w.now.Add(time.Microsecond)
	s.UpdatedAt = w.now
	w.table[i] = *s
	return nil
}

func (w *world) DeleteSubscription(_ context.Context, id hub.SubscriptionID) error {
	i, err := w.find(id)
	if err == nil {
		w.table = slices.Delete(slices.Clone(w.table), i, i+1)
	}
	return err
}

func (w *world) ListSubscriptions(_ context.Context, q hub.SubscriptionQuery) (rows []hub.Subscription, next string, err error) {
	for _, row := range slices.Backward(w.table) {
		if row.System == q.System && row.Chat.ID == q.Chat {
			rows = append(rows, row)
		}
	}
	from := 0
	if q.Page.Cursor != "" {
		if _, err := fmt.Sscan(q.Page.Cursor, &from); err != nil {
			return nil, "", err
		}
	}
	rows = rows[from:]
	if len(rows) > q.Page.Limit {
		return rows[:q.Page.Limit], fmt.Sprint(from + q.Page.Limit), w.storeErr
	}
	return rows, "", w.storeErr
}

func (w *world) AllSubscriptions(context.Context) ([]hub.Subscription, error) {
	return w.table, w.storeErr
}

func (w *world) MarkFired(context.Context, map[hub.SubscriptionID]time.Time) error { return w.storeErr }

// The forums.

var _ discourse.Forums = (*forum.State)(nil)

func (w *world) Shown(_ context.Context, source hub.Source) (*hub.Taxonomy, error) {
	return w.forums[source], nil
}

// Named knows the tag nightly, which no topic has yet.
func (w *world) Named(_ context.Context, source hub.Source, kind hub.FilterType, name string) (string, bool, error) {
	t := *w.forums[source]
	if source == "meta" {
		t.Tags = append(slices.Clone(t.Tags), hub.ForumTag{Name: "nightly"})
	}
	is, known := forum.NewDirectory(&t).Spelled(kind, name)
	return is, known, w.namesErr
}

func (w *world) Visible(_ context.Context, _ hub.Source, topic, reader string) (bool, error) {
	return !w.hidden[topic] || reader == "carol", w.forumErr
}

// The chats.

func (w *world) ChatSettings(_ context.Context, chat hub.Chat) (hub.ChatSettings, error) {
	s := w.settings[chat]
	s.Chat = chat
	return s, w.chatsErr
}

func (w *world) AllChatSettings(context.Context, hub.System) ([]hub.ChatSettings, error) {
	return slices.Collect(maps.Values(w.settings)), w.chatsErr
}

// ChangeChat calls change twice, as it may.
func (w *world) ChangeChat(ctx context.Context, chat hub.Chat, change func(*hub.ChatSettings) error) (hub.ChatSettings, error) {
	first, err := w.ChatSettings(ctx, chat)
	if err != nil {
		return first, err
	}
	first.Ends = maps.Clone(first.Ends)
	if err := change(&first); err != nil {
		return first, err
	}
	second, _ := w.ChatSettings(ctx, chat)
	second.Ends = maps.Clone(second.Ends)
	if err := change(&second); err != nil {
		return second, err
	}
	w.settings[chat] = second
	return second, nil
}

// The history.

// post is a post that was written: it is decided at once, and told where a row
// says so.
type post struct {
	source   hub.Source
	topic    string
	number   int
	category string
	tags     []string
	author   string
	title    string
	why      string // it is dropped
}

func (w *world) write(p post) *hub.Event {
	p.source, p.number, p.title = cmp.Or(p.source, "meta"), max(p.number, 1), cmp.Or(p.title, "Paper jam")
	p.author, p.category = cmp.Or(p.author, "bob"), cmp.Or(p.category, "5")
	data, err := json.Marshal(hub.Forum{
		Topic: &hub.Topic{ID: p.topic, Title: p.title, CategoryID: p.category, Tags: append([]string{}, p.tags...)},
		Post:  &hub.Post{ID: fmt.Sprintf("9%s%d", p.topic, p.number), Number: p.number, Kind: hub.PostRegular, Author: hub.Person{Username: p.author}},
	})
	if err != nil {
		panic(err)
	}
	e := hub.Event{
		ID: hub.EventID(fmt.Sprintf("e%d", len(w.events)+1)), Source: p.source, Type: hub.ForumPostCreated,
		Subject: fmt.Sprintf("topic/%s/%d", p.topic, p.number), Data: data,
	}
	w.events = append(w.events, e)
	t := hub.Trace{Event: e.ID, Source: e.Source, Type: e.Type, At: w.now, Verdict: hub.VerdictNobody, Rows: len(w.table)}
	index, facts := rules.Compile(w.table), w.facts(&e)
	for _, d := range index.Match(facts, nil) {
		t.Verdict = hub.VerdictDecided
		c := hub.TraceChat{Chat: d.Chat, Subscription: d.Subscription, Mode: d.Mode, Result: hub.ResultMuted}
		if !d.Mute {
			c.Result, c.Notification = hub.ResultQueued, hub.NotificationFor(e.ID, d.Chat)
			w.delivered[c.Notification] = hub.Delivery{ID: c.Notification, Chat: d.Chat, Status: hub.StatusSent, UpdatedAt: w.now}
			m := w.message(&e)
			w.told = append(w.told, hub.Announcement{Chat: d.Chat, Source: e.Source, Topic: p.topic, Post: p.number, Message: m, State: hub.AnnouncedLive})
		}
		t.Chats = append(t.Chats, c)
	}
	for _, v := range index.Nearest(facts, hub.MaxNearest) {
		t.Nearest = append(t.Nearest, v.RowVerdict)
	}
	if p.why != "" {
		t = hub.Trace{Event: e.ID, Verdict: hub.VerdictDropped, Why: p.why}
	}
	w.traces[e.ID] = t
	return &w.events[len(w.events)-1]
}

func forumOf(e *hub.Event) hub.Forum {
	var f hub.Forum
	if err := json.Unmarshal(e.Data, &f); err != nil {
		panic(err)
	}
	return f
}

func (w *world) message(e *hub.Event) hub.Message {
	f := forumOf(e)
	return hub.Message{Thread: "meta/topic/" + f.Topic.ID, Card: &hub.Card{Kind: "New topic", Title: f.Topic.Title}}
}

// facts are what the rules are told of an event, as routing would.
func (w *world) facts(e *hub.Event) *rules.Facts {
	f := forumOf(e)
	facts := &rules.Facts{
		Source: e.Source, Type: e.Type, Topic: f.Topic.ID, Tags: f.Topic.Tags, Author: f.Post.Author.Username,
		Reply: f.Post.Number > 1, Title: f.Topic.Title, Mentions: f.Post.Groups,
	}
	for id := f.Topic.CategoryID; id != ""; {
		parent := ""
		for _, c := range w.forums[e.Source].Categories {
			if c.ID == id {
				facts.Categories = append(facts.Categories, rules.Category{ID: c.ID, Slug: c.Slug, Path: c.Slug, Restricted: c.Restricted})
				parent = c.ParentID
			}
		}
		id = parent
	}
	if w.hidden[f.Topic.ID] {
		facts.Blind = []string{""}
	}
	return facts
}

func (w *world) Posted(_ context.Context, source hub.Source, p discourse.Post) (found []hub.Event, err error) {
	for _, e := range slices.Backward(w.events) {
		f := forumOf(&e)
		byID := p.Topic == "" && f.Post.ID == p.ID
		if e.Source == source && (byID || f.Topic.ID == p.Topic && f.Post.Number == p.Number) {
			found = append(found, e)
		}
	}
	return found, nil
}

func (w *world) Newest(_ context.Context, _ hub.Source, n int) ([]hub.Event, error) {
	newest := slices.Clone(w.events)
	slices.Reverse(newest)
	return newest[:min(n, len(newest))], nil
}

func (w *world) Explain(_ context.Context, e *hub.Event, chat hub.Chat) (*hub.Explanation, error) {
	x := &hub.Explanation{Event: e, Verdict: hub.VerdictNobody, Rows: len(w.table)}
	if t := w.traces[e.ID]; t.Verdict == hub.VerdictDropped {
		x.Verdict, x.Why = t.Verdict, t.Why
		return x, nil
	}
	index, facts := rules.Compile(w.table), w.facts(e)
	expected := hub.Expected{Chat: chat, Result: hub.ResultNothing}
	for _, v := range index.Explain(facts, func(c hub.Chat) bool { return c == chat }) {
		expected.Rows = append(expected.Rows, v.RowVerdict)
	}
	for _, d := range index.Match(facts, nil) {
		if d.Chat != chat {
			continue
		}
		x.Verdict, expected.Subscription, expected.Result = hub.VerdictDecided, d.Subscription, hub.ResultMuted
		if !d.Mute {
			m := w.message(e)
			expected.Result, expected.Message = hub.ResultQueued, &m
		}
	}
	if len(expected.Rows) > 0 {
		x.Chats = append(x.Chats, expected)
	}
	return x, nil
}

func (w *world) FindTrace(_ context.Context, event hub.EventID) (*hub.Trace, error) {
	t, known := w.traces[event]
	if !known {
		return nil, nil
	}
	return &t, nil
}

func (w *world) Announcements(_ context.Context, source hub.Source, topic string, number int) (found []hub.Announcement, err error) {
	for _, a := range w.told {
		if a.Source == source && a.Topic == topic && (number == 0 || a.Post == number) {
			found = append(found, a)
		}
	}
	return found, nil
}

func (w *world) FindDeliveries(_ context.Context, ids []hub.NotificationID) (found []hub.Delivery, err error) {
	for _, id := range ids {
		if d, known := w.delivered[id]; known {
			found = append(found, d)
		}
	}
	return found, nil
}

func (w *world) Told(_ context.Context, _ hub.Chat, ref hub.MessageRef) (*discourse.Told, error) {
	if told, known := w.refs[ref]; known {
		return &told, nil
	}
	return nil, nil
}

var errBroken = errors.New("disk on fire at /var/lib/secret")

// lines are the table as the text form has it, with what it has no place for.
func (w *world) lines() string {
	var b strings.Builder
	if len(w.table) > 50 {
		return fmt.Sprintf("    %d rows\n", len(w.table))
	}
	for _, row := range w.table {
		fmt.Fprintf(&b, "    %s: %s", row.ID, rules.FormatLine(row))
		if row.Error != "" {
			fmt.Fprintf(&b, " # %s", row.Error)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
