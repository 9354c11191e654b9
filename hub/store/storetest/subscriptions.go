package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func subscriptions(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"create and get":            createAndGet,
		"update":                    updateSubscription,
		"delete":                    deleteSubscription,
		"missing":                   missingSubscription,
		"repeated":                  repeatedSubscription,
		"repeated by an update":     repeatedByUpdate,
		"nearly the same":           nearlyTheSame,
		"odd values":                oddSubscriptions,
		"pages":                     subscriptionPages,
		"selected":                  subscriptionsSelected,
		"bad cursors":               badSubscriptionCursors,
		"limits":                    subscriptionLimits,
		"fired":                     fired,
		"concurrent":                concurrentSubscriptions,
		"one of many that repeat":   oneOfMany,
		"a set of rows":             setOfRows,
		"a chat too long for index": longChat,
		"the chats of all rows":     subscribedChats,
	})
}

func subscription(system hub.System, chat, tag string) hub.Subscription {
	return hub.Subscription{
		Chat: hub.Chat{System: system, ID: chat}, Source: "meta", Mode: hub.Watch, Enabled: true, CreatedBy: "admin",
		Filters: []hub.Filter{{Type: hub.FilterTag, Any: []string{tag}}},
	}
}

func create(t *testing.T, s *store.Store, sub hub.Subscription) hub.Subscription {
	t.Helper()
	require.NoError(t, s.CreateSubscription(t.Context(), &sub))
	return sub
}

func createAndGet(t *testing.T, s *store.Store) {
	want := hub.Subscription{
		ID: "chosen by the caller", Chat: hub.Chat{System: "matrix", ID: "!room:example.org"}, Source: "meta", Mode: hub.Thread,
		Filters: []hub.Filter{
			{Type: hub.FilterCategory, Any: []string{"5", "6"}, None: []string{"7"}},
			{Type: hub.FilterGroup, All: []string{"staff"}, As: hub.AsMessage},
		},
		Options: hub.Options{Style: hub.StyleFull, Excerpt: 120, Unlisted: true},
		Enabled: true, CreatedBy: "ada", Error: "the room is gone", LastFiredAt: noon,
	}
	before := time.Now().Truncate(time.Microsecond)
	require.NoError(t, s.CreateSubscription(t.Context(), &want))
	require.Regexp(t, `^s[a-z2-7]{16}$`, want.ID)
	require.False(t, want.CreatedAt.Before(before), "created at %v, before %v", want.CreatedAt, before)
	require.Equal(t, want.CreatedAt, want.UpdatedAt)
	require.Zero(t, want.LastFiredAt, "a new row has never fired")

	got, err := s.GetSubscription(t.Context(), want.ID)
	require.NoError(t, err)
	equal(t, &want, got)

	bare := create(t, s, hub.Subscription{Chat: hub.Chat{System: "slack", ID: "C1"}, Mode: hub.Follow})
	got, err = s.GetSubscription(t.Context(), bare.ID)
	require.NoError(t, err)
	equal(t, &bare, got)
	require.NotNil(t, got.Filters, "the API shows [], not null")
	require.NotNil(t, bare.Filters, "the API shows [], not null")
	require.False(t, got.Enabled)
}

func updateSubscription(t *testing.T, s *store.Store) {
	first := create(t, s, subscription("slack", "C1", "bug"))
	require.NoError(t, s.MarkFired(t.Context(), map[hub.SubscriptionID]time.Time{first.ID: noon}))

	change := hub.Subscription{
		ID: first.ID, Chat: hub.Chat{System: "telegram", ID: "-100"}, Mode: hub.Mute,
		Filters: []hub.Filter{{Type: hub.FilterText, All: []string{"x"}}}, Options: hub.Options{Excerpt: 9}, Error: "no",
	}
	require.NoError(t, s.UpdateSubscription(t.Context(), &change))
	require.Equal(t, first.CreatedAt, change.CreatedAt)
	require.Equal(t, "admin", change.CreatedBy)
	require.Equal(t, noon, change.LastFiredAt)
	require.False(t, change.UpdatedAt.Before(first.UpdatedAt))

	got, err := s.GetSubscription(t.Context(), first.ID)
	require.NoError(t, err)
	equal(t, &change, got)
	require.NoError(t, s.UpdateSubscription(t.Context(), got), "a row does not repeat itself")
}

func deleteSubscription(t *testing.T, s *store.Store) {
	a, b := create(t, s, subscription("slack", "C1", "a")), create(t, s, subscription("slack", "C1", "b"))
	require.NoError(t, s.DeleteSubscription(t.Context(), a.ID))
	_, err := s.GetSubscription(t.Context(), a.ID)
	code(t, hub.CodeNotFound, err)
	rows, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	equal(t, []hub.Subscription{b}, rows)
	again := create(t, s, subscription("slack", "C1", "a"))
	require.NotEqual(t, a.ID, again.ID)
}

func missingSubscription(t *testing.T, s *store.Store) {
	sub := subscription("slack", "C1", "bug")
	sub.ID = "snope"
	_, err := s.GetSubscription(t.Context(), "snope")
	code(t, hub.CodeNotFound, err)
	require.ErrorContains(t, err, "snope")
	code(t, hub.CodeNotFound, s.UpdateSubscription(t.Context(), &sub))
	code(t, hub.CodeNotFound, s.DeleteSubscription(t.Context(), "snope"))
	rows, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Empty(t, rows)
}

func repeatedSubscription(t *testing.T, s *store.Store) {
	sub := subscription("slack", "C1", "")
	sub.Filters = []hub.Filter{
		{Type: hub.FilterTag, Any: []string{"bug", "urgent"}, None: []string{"wip", "old"}},
		{Type: hub.FilterGroup, Any: []string{"staff"}},
	}
	first := create(t, s, sub)
	again := sub
	again.Enabled, again.CreatedBy, again.Options.Style = false, "someone else", hub.StyleCompact
	again.Filters = []hub.Filter{
		{Type: hub.FilterGroup, Any: []string{"staff", "staff"}, As: hub.AsMention},
		{Type: hub.FilterTag, Any: []string{"urgent", "bug"}, None: []string{"old", "wip"}},
		{Type: hub.FilterTag, Any: []string{"bug", "urgent"}, None: []string{"old", "wip"}},
	}
	err := s.CreateSubscription(t.Context(), &again)
	code(t, hub.CodeConflict, err)
	require.ErrorContains(t, err, string(first.ID))
	require.Empty(t, again.ID, "what was refused gets no id")
	require.Equal(t, "urgent", again.Filters[1].Any[0], "the caller's filters stay as they are")
}

func repeatedByUpdate(t *testing.T, s *store.Store) {
	a, b := create(t, s, subscription("slack", "C1", "a")), create(t, s, subscription("slack", "C1", "b"))
	change := a
	change.ID = b.ID
	err := s.UpdateSubscription(t.Context(), &change)
	code(t, hub.CodeConflict, err)
	require.ErrorContains(t, err, string(a.ID))
	got, err := s.GetSubscription(t.Context(), b.ID)
	require.NoError(t, err)
	equal(t, &b, got)
}

func nearlyTheSame(t *testing.T, s *store.Store) {
	change := func(do func(*hub.Subscription)) hub.Subscription {
		sub := subscription("slack", "C1", "bug")
		do(&sub)
		return sub
	}
	for _, sub := range []hub.Subscription{
		change(func(*hub.Subscription) {}),
		change(func(s *hub.Subscription) { s.System = "slack-acme" }),
		change(func(s *hub.Subscription) { s.Chat.ID = "c1" }),
		change(func(s *hub.Subscription) { s.Source = "" }),
		change(func(s *hub.Subscription) { s.Mode = hub.Follow }),
		change(func(s *hub.Subscription) { s.Filters = nil }),
		change(func(s *hub.Subscription) { s.Filters[0].Type = hub.FilterAuthor }),
		change(func(s *hub.Subscription) { s.Filters[0].Any = []string{"bug", "wip"} }),
		change(func(s *hub.Subscription) { s.Filters[0].Any, s.Filters[0].All = nil, []string{"bug"} }),
		change(func(s *hub.Subscription) { s.Filters[0].Any, s.Filters[0].None = nil, []string{"bug"} }),
		change(func(s *hub.Subscription) {
			s.Filters = append(s.Filters, hub.Filter{Type: hub.FilterTag, Any: []string{"wip"}})
		}),
		change(func(s *hub.Subscription) {
			s.Filters[0] = hub.Filter{Type: hub.FilterGroup, Any: []string{"bug"}, As: hub.AsMessage}
		}),
		change(func(s *hub.Subscription) { s.Filters[0] = hub.Filter{Type: hub.FilterGroup, Any: []string{"bug"}} }),
	} {
		require.NoError(t, s.CreateSubscription(t.Context(), &sub))
	}
}

func oddSubscriptions(t *testing.T, s *store.Store) {
	for _, v := range odd() {
		want := subscription("slack", "room "+v, v)
		want.CreatedBy, want.Error = v, v
		want.Filters[0].None = []string{v, v}
		want = create(t, s, want)
		got, err := s.GetSubscription(t.Context(), want.ID)
		require.NoError(t, err)
		equal(t, &want, got)
		rows, _, err := s.ListSubscriptions(t.Context(), hub.SubscriptionQuery{Chat: want.Chat.ID})
		require.NoError(t, err)
		equal(t, []hub.Subscription{want}, rows)
	}
	for v, kept := range unstorable() {
		sub := create(t, s, subscription("slack", v, v))
		got, err := s.GetSubscription(t.Context(), sub.ID)
		require.NoError(t, err)
		require.Equal(t, kept, got.Chat.ID)
	}
}

func subscriptionPages(t *testing.T, s *store.Store) {
	const rows = 250
	for i := range rows {
		create(t, s, subscription("slack", fmt.Sprintf("C%d", i), "bug"))
	}
	oldestFirst, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Len(t, oldestFirst, rows)
	require.Equal(t, "C0", oldestFirst[0].Chat.ID)
	require.Equal(t, "C249", oldestFirst[rows-1].Chat.ID)

	var got []hub.Subscription
	page := hub.Page{Limit: 60}
	for range 5 {
		part, next, err := s.ListSubscriptions(t.Context(), hub.SubscriptionQuery{Page: page})
		require.NoError(t, err)
		got = append(got, part...)
		page.Cursor = next
		// What comes or goes meanwhile moves nothing between pages.
		create(t, s, subscription("slack", "new "+next, "bug"))
		require.NoError(t, s.DeleteSubscription(t.Context(), part[0].ID))
	}
	require.Empty(t, page.Cursor, "the fifth page is the last")
	slices.Reverse(got)
	equal(t, oldestFirst, got)
}

func subscriptionsSelected(t *testing.T, s *store.Store) {
	a := create(t, s, subscription("slack", "C1", "a"))
	b := create(t, s, subscription("slack", "C2", "b"))
	c := create(t, s, subscription("telegram", "C1", "c"))
	d := subscription("telegram", "C1", "d")
	d.Source, d.Mode = "other", hub.Mute
	d = create(t, s, d)
	for _, c := range []struct {
		query hub.SubscriptionQuery
		want  []hub.Subscription
	}{
		{hub.SubscriptionQuery{}, []hub.Subscription{d, c, b, a}},
		{hub.SubscriptionQuery{System: "slack"}, []hub.Subscription{b, a}},
		{hub.SubscriptionQuery{Chat: "C1"}, []hub.Subscription{d, c, a}},
		{hub.SubscriptionQuery{System: "slack", Chat: "C1"}, []hub.Subscription{a}},
		{hub.SubscriptionQuery{Source: "other"}, []hub.Subscription{d}},
		{hub.SubscriptionQuery{Mode: hub.Mute}, []hub.Subscription{d}},
		{hub.SubscriptionQuery{Mode: hub.Mute, Source: "meta"}, nil},
	} {
		rows, next, err := s.ListSubscriptions(t.Context(), c.query)
		require.NoError(t, err)
		require.Empty(t, next)
		equal(t, c.want, rows)
	}
}

func badSubscriptionCursors(t *testing.T, s *store.Store) {
	for range 2 {
		create(t, s, subscription("slack", time.Now().String(), "a"))
	}
	require.NoError(t, s.RecordQueued(t.Context(), queued("C1", 2)))
	_, fromOther, err := s.ListDeliveries(t.Context(), hub.DeliveryQuery{Page: hub.Page{Limit: 1}})
	require.NoError(t, err)
	require.NotEmpty(t, fromOther)
	for _, bad := range []string{"x", "MTIz", "!!", fromOther, "c3Vic2NyaXB0aW9ucyB4IA"} {
		_, _, err := s.ListSubscriptions(t.Context(), hub.SubscriptionQuery{Page: hub.Page{Cursor: bad}})
		code(t, hub.CodeInvalid, err)
	}
}

func subscriptionLimits(t *testing.T, s *store.Store) {
	for i := range 60 {
		create(t, s, subscription("slack", fmt.Sprintf("C%d", i), "bug"))
	}
	for limit, want := range map[int]int{0: 50, -3: 50, 1: 1, 60: 60, 1 << 40: 60} {
		rows, next, err := s.ListSubscriptions(t.Context(), hub.SubscriptionQuery{Page: hub.Page{Limit: limit}})
		require.NoError(t, err)
		require.Len(t, rows, want)
		require.Equal(t, want < 60, next != "", "limit %d", limit)
	}
}

func fired(t *testing.T, s *store.Store) {
	a, b := create(t, s, subscription("slack", "C1", "a")), create(t, s, subscription("slack", "C1", "b"))
	require.NoError(t, s.MarkFired(t.Context(), nil))
	require.NoError(t, s.MarkFired(t.Context(), map[hub.SubscriptionID]time.Time{a.ID: noon, "sgone": noon}))
	require.NoError(t, s.MarkFired(t.Context(), map[hub.SubscriptionID]time.Time{a.ID: noon.Add(-time.Hour)}))
	got, err := s.GetSubscription(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, noon, got.LastFiredAt, "an earlier time changes nothing")
	require.Equal(t, a.UpdatedAt, got.UpdatedAt, "to fire is no change of the row")
	got, err = s.GetSubscription(t.Context(), b.ID)
	require.NoError(t, err)
	require.Zero(t, got.LastFiredAt)
}

func concurrentSubscriptions(t *testing.T, s *store.Store) {
	var mu sync.Mutex
	fired := map[hub.SubscriptionID]time.Time{}
	all(t, func(i int) error {
		for n := range 10 {
			sub := subscription("slack", fmt.Sprintf("C%d-%d", i, n), "bug")
			if err := s.CreateSubscription(t.Context(), &sub); err != nil {
				return err
			}
			mu.Lock()
			fired[sub.ID] = noon.Add(time.Duration(i) * time.Second)
			mu.Unlock()
		}
		return nil
	})
	all(t, func(int) error { return s.MarkFired(t.Context(), fired) })
	rows, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, writers*10)
	for _, row := range rows {
		require.Equal(t, fired[row.ID], row.LastFiredAt)
	}
}

func oneOfMany(t *testing.T, s *store.Store) {
	made := make([]hub.SubscriptionID, writers)
	all(t, func(i int) error {
		sub := subscription("slack", "C1", "bug")
		err := s.CreateSubscription(t.Context(), &sub)
		made[i] = sub.ID
		if hub.CodeOf(err) == hub.CodeConflict {
			return nil
		}
		return err
	})
	rows, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, []hub.SubscriptionID{rows[0].ID}, slices.DeleteFunc(made, func(id hub.SubscriptionID) bool { return id == "" }))
}

// setOfRows makes sets of rows that others read meanwhile: all of them or none.
func setOfRows(t *testing.T, s *store.Store) {
	require.NoError(t, s.CreateSubscription(t.Context()))
	const size = 40
	all(t, func(i int) error {
		set := make([]*hub.Subscription, size)
		for n := range set {
			sub := subscription("slack", fmt.Sprintf("C%d", i), fmt.Sprint("tag-", n))
			set[n] = &sub
		}
		if err := s.CreateSubscription(t.Context(), set...); err != nil {
			return err
		}
		rows, err := s.AllSubscriptions(t.Context())
		if err == nil && len(rows)%size != 0 {
			err = fmt.Errorf("a part of a set is read: %d rows of sets of %d", len(rows), size)
		}
		return err
	})
	before, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Len(t, before, writers*size)

	first, second, repeated := subscription("slack", "new", "a"), subscription("slack", "new", "b"), subscription("slack", "C0", "tag-0")
	code(t, hub.CodeConflict, s.CreateSubscription(t.Context(), &first, &second, &repeated))
	require.Empty(t, first.ID, "what was not made gets no id")
	after, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.NoError(t, s.CreateSubscription(t.Context(), &first, &second))
	after, err = s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hub.SubscriptionID{first.ID, second.ID}, []hub.SubscriptionID{after[len(before)].ID, after[len(before)+1].ID}, "in their order")
}

func longChat(t *testing.T, s *store.Store) {
	sub := subscription("slack", string(make([]byte, 4000)), "bug")
	code(t, hub.CodeInvalid, s.CreateSubscription(t.Context(), &sub))
}

func subscribedChats(t *testing.T, s *store.Store) {
	list, err := s.SubscribedChats(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
	for i, chat := range []string{"b", "a", "b"} {
		row := subscription("slack", chat, fmt.Sprint("tag", i))
		require.NoError(t, s.CreateSubscription(t.Context(), &row))
	}
	row := subscription("console", "z", "tag")
	require.NoError(t, s.CreateSubscription(t.Context(), &row))
	list, err = s.SubscribedChats(t.Context())
	require.NoError(t, err)
	require.Equal(t, []hub.ChatRows{
		{Chat: hub.Chat{System: "console", ID: "z"}, Rows: 1}, {Chat: hub.Chat{System: "slack", ID: "a"}, Rows: 1}, {Chat: hub.Chat{System: "slack", ID: "b"}, Rows: 2},
	}, list)
}
