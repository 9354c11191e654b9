package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func table(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"by chat":              tableByChat,
		"folded":               tableFolded,
		"searched":             tableSearched,
		"counted":              tableCounted,
		"bad cursors":          tableCursors,
		"replaced if the same": replaceIfSame,
		"changed at once":      changeAtOnce,
		"restored":             restoreRow,
		"restored in place":    restoreInPlace,
	})
}

// read pages through the table and names each row by its chat and tag.
func read(t *testing.T, s *store.Store, q hub.TableQuery) (said []string) {
	t.Helper()
	for {
		rows, next, err := s.SubscriptionsByChat(t.Context(), q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(rows), q.Limit)
		for _, row := range rows {
			said = append(said, row.Chat.ID+" "+row.Filters[0].Any[0])
		}
		if q.Cursor = next; next == "" {
			return said
		}
		require.Len(t, rows, q.Limit)
	}
}

func tableByChat(t *testing.T, s *store.Store) {
	for _, row := range []struct{ chat, tag string }{{"b", "one"}, {"a", "one"}, {"b", "two"}, {"c", "one"}, {"a", "two"}} {
		create(t, s, subscription("slack", row.chat, row.tag))
	}
	create(t, s, subscription("matrix", "z", "one"))
	want := []string{"z one", "a one", "a two", "b one", "b two", "c one"}
	for limit := 1; limit <= 7; limit++ {
		require.Equal(t, want, read(t, s, hub.TableQuery{Limit: limit}), "%d", limit)
	}
	require.Equal(t, want[1:3], read(t, s, hub.TableQuery{System: "slack", Chat: "a", Limit: 5}))
	require.Empty(t, read(t, s, hub.TableQuery{Chat: "q", Limit: 5}))
}

func tableFolded(t *testing.T, s *store.Store) {
	var want []string
	for chat, rows := range map[string]int{"a": 5, "b": 2, "c": 3, "d": 1} {
		for i := range rows {
			create(t, s, subscription("slack", chat, fmt.Sprint(i)))
		}
	}
	for _, chat := range []string{"a", "b", "c", "d"} {
		for i := range map[string]int{"a": 2, "b": 2, "c": 2, "d": 1}[chat] {
			want = append(want, chat+" "+fmt.Sprint(i))
		}
	}
	for limit := 1; limit <= 9; limit++ {
		require.Equal(t, want, read(t, s, hub.TableQuery{Limit: limit, Fold: 2}), "%d", limit)
	}
	require.Len(t, read(t, s, hub.TableQuery{Limit: 3}), 11)
}

func tableSearched(t *testing.T, s *store.Store) {
	plain := create(t, s, subscription("slack", "C1", "bug"))
	off := subscription("slack", "C2", "50%_off")
	off.Enabled, off.CreatedBy, off.Source, off.Mode = false, "Ineke Ødegård", "other", hub.Mute
	off = create(t, s, off)
	named := subscription("matrix", "!room:example.org", "urgent")
	named.Filters = []hub.Filter{{Type: hub.FilterCategory, Any: []string{"12/*"}}}
	named.Error = "the forum meta has no category \"gone\""
	named = create(t, s, named)
	require.NoError(t, s.MarkFired(t.Context(), map[hub.SubscriptionID]time.Time{plain.ID: noon}))

	for name, c := range map[string]struct {
		query hub.TableQuery
		want  []hub.SubscriptionID
	}{
		"a system":            {hub.TableQuery{System: "matrix"}, []hub.SubscriptionID{named.ID}},
		"a source":            {hub.TableQuery{Source: "other"}, []hub.SubscriptionID{off.ID}},
		"a mode":              {hub.TableQuery{Mode: hub.Mute}, []hub.SubscriptionID{off.ID}},
		"on":                  {hub.TableQuery{State: hub.RowsOn}, []hub.SubscriptionID{named.ID, plain.ID}},
		"off":                 {hub.TableQuery{State: hub.RowsOff}, []hub.SubscriptionID{off.ID}},
		"failing":             {hub.TableQuery{State: hub.RowsFailing}, []hub.SubscriptionID{named.ID}},
		"never fired":         {hub.TableQuery{State: hub.RowsSilent}, []hub.SubscriptionID{named.ID, off.ID}},
		"made by":             {hub.TableQuery{CreatedBy: "Ineke Ødegård"}, []hub.SubscriptionID{off.ID}},
		"a part of who":       {hub.TableQuery{Text: "neke"}, []hub.SubscriptionID{off.ID}},
		"a part of a tag":     {hub.TableQuery{Text: "BU"}, []hub.SubscriptionID{plain.ID}},
		"in any case":         {hub.TableQuery{Text: "ØDEGÅ"}, []hub.SubscriptionID{off.ID}},
		"no wildcards":        {hub.TableQuery{Text: "50%_"}, []hub.SubscriptionID{off.ID}},
		"and no others":       {hub.TableQuery{Text: "5_%"}, nil},
		"a chat's id":         {hub.TableQuery{Text: "room:ex"}, []hub.SubscriptionID{named.ID}},
		"a chat by name":      {hub.TableQuery{Text: "help", Chats: []hub.Chat{{System: "slack", ID: "C1"}}}, []hub.SubscriptionID{plain.ID}},
		"a category by name":  {hub.TableQuery{Text: "supp", Values: []string{"12"}}, []hub.SubscriptionID{named.ID}},
		"another category":    {hub.TableQuery{Text: "supp", Values: []string{"1"}}, nil},
		"what is wrong":       {hub.TableQuery{Text: "no category"}, []hub.SubscriptionID{named.ID}},
		"odd texts":           {hub.TableQuery{Text: "\x00'\"\\"}, nil},
		"several at once":     {hub.TableQuery{System: "slack", State: hub.RowsOn, Text: "c1"}, []hub.SubscriptionID{plain.ID}},
		"a text of one field": {hub.TableQuery{Text: "category"}, []hub.SubscriptionID{named.ID}},
	} {
		rows, _, err := s.SubscriptionsByChat(t.Context(), c.query)
		require.NoError(t, err, name)
		var got []hub.SubscriptionID
		for _, row := range rows {
			got = append(got, row.ID)
		}
		require.Equal(t, c.want, got, name)
		n, err := s.CountSubscriptions(t.Context(), c.query, 10)
		require.NoError(t, err, name)
		require.Equal(t, len(c.want), n, name)
		found, err := s.FindSubscriptions(t.Context(), c.query, 10)
		require.NoError(t, err, name)
		require.ElementsMatch(t, c.want, found, name)
		again := c.query
		again.IDs = []hub.SubscriptionID{}
		none, _, err := s.SubscriptionsByChat(t.Context(), again)
		require.NoError(t, err, name)
		require.Empty(t, none, name)
		again.Text, again.Values, again.Chats, again.IDs = "", nil, nil, found
		rows, _, err = s.SubscriptionsByChat(t.Context(), again)
		require.NoError(t, err, name)
		require.Len(t, rows, len(c.want), name)
	}
}

func tableCounted(t *testing.T, s *store.Store) {
	for i := range 5 {
		create(t, s, subscription("slack", "a", fmt.Sprint(i)))
	}
	create(t, s, subscription("matrix", "a", "0"))
	n, err := s.CountSubscriptions(t.Context(), hub.TableQuery{}, 4)
	require.NoError(t, err)
	require.Equal(t, 4, n, "no more than that are counted")
	n, err = s.CountChats(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, n)
	slack, none := hub.Chat{System: "slack", ID: "a"}, hub.Chat{System: "slack", ID: "b"}
	by, err := s.CountByChat(t.Context(), hub.TableQuery{}, []hub.Chat{slack, none})
	require.NoError(t, err)
	require.Equal(t, map[hub.Chat]int{slack: 5}, by)
	by, err = s.CountByChat(t.Context(), hub.TableQuery{Text: "3"}, []hub.Chat{slack})
	require.NoError(t, err)
	require.Equal(t, map[hub.Chat]int{slack: 1}, by)
}

func tableCursors(t *testing.T, s *store.Store) {
	for _, c := range []string{"?", "AAAA", "bnVsbCA"} {
		_, _, err := s.SubscriptionsByChat(t.Context(), hub.TableQuery{Cursor: c})
		require.Equal(t, hub.CodeInvalid, hub.CodeOf(err), c)
	}
}

func replaceIfSame(t *testing.T, s *store.Store) {
	row := create(t, s, subscription("slack", "C1", "bug"))
	mine, hers := row, row
	hers.Mode = hub.Follow
	require.NoError(t, s.ReplaceSubscription(t.Context(), &hers, row.UpdatedAt))
	require.True(t, hers.UpdatedAt.After(row.UpdatedAt))
	mine.Mode = hub.Thread
	err := s.ReplaceSubscription(t.Context(), &mine, row.UpdatedAt)
	require.Equal(t, hub.CodeConflict, hub.CodeOf(err))
	now, err := s.GetSubscription(t.Context(), row.ID)
	require.NoError(t, err)
	require.Equal(t, hub.Follow, now.Mode, "hers holds")
	require.NoError(t, s.MarkFired(t.Context(), map[hub.SubscriptionID]time.Time{row.ID: noon}))
	require.NoError(t, s.ReplaceSubscription(t.Context(), &mine, hers.UpdatedAt), "that it fired is no change")
	require.True(t, mine.LastFiredAt.Equal(noon))

	other := create(t, s, subscription("slack", "C1", "wip"))
	other.Filters, other.Mode = mine.Filters, mine.Mode
	require.ErrorContains(t, s.ReplaceSubscription(t.Context(), &other, other.UpdatedAt), string(row.ID)+" says the same already")
	gone := other
	gone.ID = "sgone"
	require.Equal(t, hub.CodeNotFound, hub.CodeOf(s.ReplaceSubscription(t.Context(), &gone, gone.UpdatedAt)))
}

func changeAtOnce(t *testing.T, s *store.Store) {
	a := create(t, s, subscription("slack", "C1", "bug"))
	b := create(t, s, subscription("slack", "C1", "wip"))
	there := create(t, s, subscription("slack", "C2", "bug"))
	a.Chat.ID, b.Chat.ID = "C2", "C2"
	gone := b
	gone.ID = "sgone"
	left, err := s.ChangeMany(t.Context(), []*hub.Subscription{&a, &b, &gone}, []hub.SubscriptionID{"snone"})
	require.NoError(t, err)
	require.Equal(t, []hub.SubscriptionID{a.ID, "sgone", "snone"}, left, "one says what a row there says")
	require.Equal(t, []string{"C1 bug", "C2 wip", "C2 bug"}, read(t, s, hub.TableQuery{Limit: 9}))
	left, err = s.ChangeMany(t.Context(), nil, []hub.SubscriptionID{a.ID, there.ID})
	require.NoError(t, err)
	require.Empty(t, left)
	require.Equal(t, []string{"C2 wip"}, read(t, s, hub.TableQuery{Limit: 9}))
}

func restoreRow(t *testing.T, s *store.Store) {
	row := create(t, s, subscription("slack", "C1", "bug"))
	require.NoError(t, s.MarkFired(t.Context(), map[hub.SubscriptionID]time.Time{row.ID: noon}))
	row.LastFiredAt = noon
	again := row
	require.Equal(t, hub.CodeConflict, hub.CodeOf(s.RestoreSubscription(t.Context(), &again)), "it is there")
	require.NoError(t, s.DeleteSubscription(t.Context(), row.ID))
	require.NoError(t, s.RestoreSubscription(t.Context(), &again))
	back, err := s.GetSubscription(t.Context(), row.ID)
	require.NoError(t, err)
	require.True(t, back.UpdatedAt.After(row.UpdatedAt))
	back.UpdatedAt = row.UpdatedAt
	require.Equal(t, row, *back)

	require.NoError(t, s.DeleteSubscription(t.Context(), row.ID))
	twin := create(t, s, subscription("slack", "C1", "bug"))
	require.ErrorContains(t, s.RestoreSubscription(t.Context(), &again), string(twin.ID)+" says the same already")
}

func restoreInPlace(t *testing.T, s *store.Store) {
	var rows []hub.Subscription
	for i := range 4 {
		rows = append(rows, create(t, s, subscription("slack", "C1", fmt.Sprint(i))))
	}
	for _, i := range []int{1, 2, 3} {
		require.NoError(t, s.DeleteSubscription(t.Context(), rows[i].ID))
	}
	for _, i := range []int{1, 2, 3} {
		require.NoError(t, s.RestoreSubscription(t.Context(), &rows[i]))
	}
	require.Equal(t, []string{"C1 0", "C1 1", "C1 2", "C1 3"}, read(t, s, hub.TableQuery{Limit: 9}))
	create(t, s, subscription("slack", "C1", "4"))
	require.Equal(t, "C1 4", read(t, s, hub.TableQuery{Limit: 9})[4])
}
