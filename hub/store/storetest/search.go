package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func search(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"words":         searchWords,
		"odd words":     searchOddWords,
		"filters":       searchFilters,
		"pages stay":    searchPages,
		"far back":      searchFar,
		"find by ids":   findDeliveries,
		"find too many": findManyDeliveries,
	})
}

// searchable makes deliveries with titles, a minute apart, the last the newest.
func searchable(t *testing.T, s *store.Store, titles ...string) []hub.Delivery {
	t.Helper()
	ds := queued("C1", len(titles))
	for i, title := range titles {
		ds[i].Title = title
		ds[i].QueuedAt = noon.Add(time.Duration(i) * time.Minute)
		ds[i].UpdatedAt = ds[i].QueuedAt
	}
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	return ds
}

func titles(ds []hub.Delivery) (list []string) {
	for _, d := range ds {
		list = append(list, d.Title)
	}
	return list
}

func searchWords(t *testing.T, s *store.Store) {
	ds := searchable(t, s, "Printer does not start", "GRÜSSE aus Köln", "ПРИВЕТ", "nothing", "50% off_now", "a!b")
	o := outcome(ds[3].ID, hub.StatusFailed, 1)
	o.Reason = "Slack says: CHANNEL_NOT_FOUND"
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
	for text, want := range map[string][]string{
		"printer": {"Printer does not start"}, "NOT S": {"Printer does not start"},
		"grüsse": {"GRÜSSE aus Köln"}, "KÖLN": {"GRÜSSE aus Köln"}, "привет": {"ПРИВЕТ"},
		"channel_not_found": {"nothing"}, "channel-not": nil, "channelxnot": nil,
		"%": {"50% off_now"}, "f_n": {"50% off_now"}, "!": {"a!b"}, "A!B": {"a!b"}, "!%": nil,
		"not": {"nothing", "Printer does not start"},
	} {
		require.Equal(t, want, titles(everyDelivery(t, s, hub.DeliveryQuery{Text: text})), text)
	}
	o = outcome(ds[3].ID, hub.StatusSent, 2)
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
	require.Empty(t, everyDelivery(t, s, hub.DeliveryQuery{Text: "channel_not_found"}), "it is not the reason any more")
}

// searchOddWords finds each odd title by itself, and a title that comes after
// the outcome.
func searchOddWords(t *testing.T, s *store.Store) {
	ds := searchable(t, s, odd()...)
	for _, d := range ds {
		if d.Title != "" {
			require.Contains(t, titles(everyDelivery(t, s, hub.DeliveryQuery{Text: d.Title})), d.Title)
		}
	}
	for v, stored := range unstorable() {
		d := queued(v, 1)[0]
		d.Title = v
		require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{outcome(d.ID, hub.StatusSent, 1)}))
		require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
		require.Equal(t, []string{stored}, titles(everyDelivery(t, s, hub.DeliveryQuery{Text: v})))
	}
}

func searchFilters(t *testing.T, s *store.Store) {
	ds := searchable(t, s, "a", "b", "c", "d")
	other := queued("C2", 1)
	other[0].Source, other[0].Title, other[0].QueuedAt = "ci", "e", noon.Add(time.Hour)
	require.NoError(t, s.RecordQueued(t.Context(), other))
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{
		outcome(ds[0].ID, hub.StatusDead, 8), outcome(ds[1].ID, hub.StatusSent, 1), outcome(ds[2].ID, hub.StatusFailed, 1),
	}))
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	for i, c := range []struct {
		query hub.DeliveryQuery
		want  []string
	}{
		{hub.DeliveryQuery{Source: "meta"}, []string{"d", "c", "b", "a"}},
		{hub.DeliveryQuery{Source: "ci"}, []string{"e"}},
		{hub.DeliveryQuery{Status: []hub.Status{hub.StatusDead, hub.StatusFailed}}, []string{"c", "a"}},
		{hub.DeliveryQuery{Status: []hub.Status{hub.StatusSent, hub.StatusSent}}, []string{"b"}},
		{hub.DeliveryQuery{Status: []hub.Status{hub.StatusQueued, hub.StatusFailed, hub.StatusSent, hub.StatusDead}}, []string{"e", "d", "c", "b", "a"}},
		{hub.DeliveryQuery{Since: at(1)}, []string{"e", "d", "c", "b"}},
		{hub.DeliveryQuery{Until: at(1)}, []string{"a"}},
		{hub.DeliveryQuery{Since: at(1), Until: at(3)}, []string{"c", "b"}},
		{hub.DeliveryQuery{Since: at(3), Until: at(1)}, nil},
		{hub.DeliveryQuery{System: "slack", Since: at(2), Status: []hub.Status{hub.StatusFailed, hub.StatusQueued}, Text: "C"}, []string{"c"}},
		{hub.DeliveryQuery{System: "slack", Source: "ci", Chat: "C1"}, nil},
	} {
		require.Equal(t, c.want, titles(everyDelivery(t, s, c.query)), "query %d", i)
	}
}

// searchPages turns pages while rows come, change and are sent again: each of
// those that were there at first is told once.
func searchPages(t *testing.T, s *store.Store) {
	var names []string
	for i := range 60 {
		names = append(names, fmt.Sprintf("Row %02d", i))
	}
	ds := searchable(t, s, names...)
	q := hub.DeliveryQuery{Text: "row", Source: "meta", Page: hub.Page{Limit: 7}}
	seen := map[string]int{}
	for page := 0; ; page++ {
		rows, next, err := s.ListDeliveries(t.Context(), q)
		require.NoError(t, err)
		for _, title := range titles(rows) {
			seen[title]++
		}
		if next == "" {
			break
		}
		q.Page.Cursor = next
		d := queued(fmt.Sprintf("new-%d", page), 1)
		d[0].Title, d[0].QueuedAt = "Row that came late", noon.Add(24*time.Hour)
		require.NoError(t, s.RecordQueued(t.Context(), append(d, replayed(ds[page], 1))))
		require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{outcome(ds[59-page].ID, hub.StatusDead, 8)}))
	}
	require.Len(t, seen, 60)
	for title, n := range seen {
		require.Equal(t, 1, n, title)
	}
}

func findDeliveries(t *testing.T, s *store.Store) {
	ds := searchable(t, s, "a", "b")
	got, err := s.FindDeliveries(t.Context(), []hub.NotificationID{ds[1].ID, "nnope", ds[1].ID})
	require.NoError(t, err)
	equal(t, ds[1:], got)
	for _, none := range [][]hub.NotificationID{nil, {}, {"nnope"}, {""}} {
		got, err = s.FindDeliveries(t.Context(), none)
		require.NoError(t, err)
		require.Empty(t, got)
	}
}

func findManyDeliveries(t *testing.T, s *store.Store) {
	ds := queued("C1", 1234)
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	ids := make([]hub.NotificationID, len(ds))
	for i, d := range ds {
		ids[i] = d.ID
	}
	got, err := s.FindDeliveries(t.Context(), ids)
	require.NoError(t, err)
	found := map[hub.NotificationID]bool{}
	for _, d := range got {
		found[d.ID] = true
	}
	require.Len(t, got, len(ds))
	require.Len(t, found, len(ds))
}

// searchFar finds the one of more rows than a page looks at, by its cursors alone.
func searchFar(t *testing.T, s *store.Store) {
	const rows = 10_050
	ds := queued("C1", rows)
	for i := range ds {
		ds[i].Title, ds[i].QueuedAt = "A row", noon.Add(time.Duration(i)*time.Second)
	}
	ds[3].Title = "The needle"
	for part := range slices.Chunk(ds, 1000) {
		require.NoError(t, s.RecordQueued(t.Context(), part))
	}
	q := hub.DeliveryQuery{Text: "needle", System: "slack"}
	var found []string
	for page := 1; ; page++ {
		list, next, err := s.ListDeliveries(t.Context(), q)
		require.NoError(t, err)
		found = append(found, titles(list)...)
		if q.Page.Cursor = next; next == "" {
			require.Equal(t, 2, page)
			break
		}
	}
	require.Equal(t, []string{"The needle"}, found)
}
