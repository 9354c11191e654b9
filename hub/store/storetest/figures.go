package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func figures(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"events count once":       eventsCountOnce,
		"deliveries count once":   deliveriesCountOnce,
		"told in any order":       figuresInAnyOrder,
		"sent again":              figuresOfSentAgain,
		"fired":                   firedDays,
		"how long it took":        figuresOfTook,
		"hours and bounds":        figureBounds,
		"odd names":               oddFigures,
		"prune":                   pruneFigures,
		"concurrent":              concurrentFigures,
		"refused batches are not": refusedFigures,
	})
}

var noonHour = noon.Truncate(time.Hour)

func figuresOf(t *testing.T, s *store.Store) []hub.Figure {
	t.Helper()
	list, err := s.Figures(t.Context(), noon.Add(-1000*time.Hour), noon.Add(1000*time.Hour))
	require.NoError(t, err)
	return list
}

// sum is all that is counted.
func sum(t *testing.T, s *store.Store) (all hub.Figure) {
	t.Helper()
	for _, f := range figuresOf(t, s) {
		all.Add(f)
	}
	return all
}

// counted expects figures to say of each hour what the deliveries say themselves.
func counted(t *testing.T, s *store.Store) {
	t.Helper()
	type place struct {
		at     time.Time
		system hub.System
	}
	want, got := map[place]hub.Delivered{}, map[place]hub.Delivered{}
	for _, d := range everyDelivery(t, s, hub.DeliveryQuery{}) {
		at := place{d.UpdatedAt.Truncate(time.Hour), d.System}
		switch d.Status {
		case hub.StatusSent:
			want[at] = want[at].Plus(hub.Delivered{Sent: 1})
		case hub.StatusFailed:
			want[at] = want[at].Plus(hub.Delivered{Failed: 1})
		case hub.StatusDead:
			want[at] = want[at].Plus(hub.Delivered{Dead: 1})
		case hub.StatusQueued:
		}
	}
	for _, f := range figuresOf(t, s) {
		for system, d := range f.Deliveries {
			got[place{f.At, system}] = d
		}
	}
	require.Equal(t, want, got)
}

func eventsCountOnce(t *testing.T, s *store.Store) {
	require.Empty(t, figuresOf(t, s))
	ts := decisions("e", 4)
	ts[3].Source, ts[3].At = "ci", noon.Add(time.Hour)
	require.NoError(t, s.PutTraces(t.Context(), ts))
	late := decisions("e", 5) // each decided again an hour later, and one that is new
	for i := range late {
		late[i].At = noon.Add(time.Hour)
	}
	late = append(late, late[4], late[0])
	require.NoError(t, s.PutTraces(t.Context(), late))
	equal(t, []hub.Figure{
		{At: noonHour, Events: map[hub.Source]int64{"meta": 3}},
		{At: noonHour.Add(time.Hour), Events: map[hub.Source]int64{"ci": 1, "meta": 1}},
	}, figuresOf(t, s))
	require.EqualValues(t, 5, sum(t, s).EventCount())
	equal(t, &late[3], findTrace(t, s, "e3"))
	_, err := s.PruneTraces(t.Context(), noon.Add(2*time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 5, sum(t, s).EventCount(), "figures outlive what they count")
}

func deliveriesCountOnce(t *testing.T, s *store.Store) {
	ds := queued("C1", 4)
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	require.Empty(t, figuresOf(t, s), "what is owed is no delivery yet")
	tell := func(os ...hub.Outcome) {
		t.Helper()
		require.NoError(t, s.RecordOutcomes(t.Context(), os))
		counted(t, s)
	}
	later := outcome(ds[1].ID, hub.StatusSent, 3)
	later.At = noon.Add(5 * time.Hour)
	matrix := outcome(ds[3].ID, hub.StatusDead, 8)
	tell(outcome(ds[0].ID, hub.StatusSent, 1), outcome(ds[1].ID, hub.StatusFailed, 1))
	tell(outcome(ds[0].ID, hub.StatusSent, 1))
	require.Equal(t, hub.Delivered{Sent: 1, Failed: 1}, sum(t, s).Delivered())
	tell(outcome(ds[1].ID, hub.StatusFailed, 2), outcome(ds[2].ID, hub.StatusFailed, 1))
	require.Equal(t, hub.Delivered{Sent: 1, Failed: 2}, sum(t, s).Delivered())
	tell(later, later, outcome(ds[2].ID, hub.StatusFailed, 2), outcome(ds[2].ID, hub.StatusDead, 3), matrix)
	require.Equal(t, hub.Delivered{Sent: 2, Dead: 2}, sum(t, s).Delivered())
	equal(t, map[hub.System]hub.Delivered{"slack": {Sent: 1}}, figuresOf(t, s)[1].Deliveries)
}

func figuresInAnyOrder(t *testing.T, s *store.Store) {
	ds := queued("C1", 2)
	tell := func(o hub.Outcome) { require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o})) }
	tell(outcome(ds[0].ID, hub.StatusSent, 3))
	tell(outcome(ds[0].ID, hub.StatusFailed, 2))
	tell(outcome(ds[1].ID, hub.StatusFailed, 1))
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	tell(outcome(ds[0].ID, hub.StatusFailed, 1))
	counted(t, s)
	require.Equal(t, hub.Delivered{Sent: 1, Failed: 1}, sum(t, s).Delivered())
	require.EqualValues(t, 1, sum(t, s).Took.Count(), "since when it had waited was told at last")
	tell(outcome(ds[1].ID, hub.StatusSent, 2))
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	counted(t, s)
	require.EqualValues(t, 2, sum(t, s).Took.Count())
	more := queued("C2", 2) // of two that are told together one is known
	tell(outcome(more[0].ID, hub.StatusSent, 1))
	require.NoError(t, s.RecordQueued(t.Context(), more[1:]))
	require.NoError(t, s.RecordQueued(t.Context(), more))
	require.EqualValues(t, 3, sum(t, s).Took.Count())
}

func figuresOfSentAgain(t *testing.T, s *store.Store) {
	ds := queued("C1", 1)
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{outcome(ds[0].ID, hub.StatusDead, 8)}))
	require.Equal(t, hub.Delivered{Dead: 1}, sum(t, s).Delivered())
	again := replayed(ds[0], 1)
	for range 2 {
		require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{again}))
		counted(t, s)
		require.Zero(t, sum(t, s).Delivered().All(), "it is owed again")
	}
	sent := outcome(ds[0].ID, hub.StatusSent, 1)
	sent.Again, sent.At = 1, noon.Add(3*time.Hour)
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{sent}))
	counted(t, s)
	require.Equal(t, hub.Delivered{Sent: 1}, sum(t, s).Delivered())
	require.Zero(t, sum(t, s).Took.Count(), "it waited for a person")
	fired, err := s.Fired(t.Context(), []hub.SubscriptionID{ds[0].Subscription}, noon, noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 1, fired[ds[0].Subscription][0].Count, "what people had sent again did not fire again")
}

func firedDays(t *testing.T, s *store.Store) {
	ds := queued("C1", 6)
	ds[1].QueuedAt = noon.Add(24 * time.Hour)
	ds[2].QueuedAt, ds[2].Subscription = noon.Add(48*time.Hour), "sother"
	ds[3].Subscription = ""
	ds[4].Act, ds[5].Act = hub.ActEdit, hub.ActRetract
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{outcome(ds[0].ID, hub.StatusSent, 1)}))
	for range 2 { // the second time nothing is new
		require.NoError(t, s.RecordQueued(t.Context(), append(ds, ds[0])))
	}
	first, day := ds[0].Subscription, noon.Truncate(24*time.Hour)
	for _, c := range []struct {
		ids          []hub.SubscriptionID
		since, until time.Time
		want         map[hub.SubscriptionID][]hub.FiredDay
	}{
		{nil, day, day.Add(72 * time.Hour), nil},
		{[]hub.SubscriptionID{"sgone", ""}, day, day.Add(72 * time.Hour), nil},
		{[]hub.SubscriptionID{first, "sother"}, noon, noon.Add(72 * time.Hour), map[hub.SubscriptionID][]hub.FiredDay{
			first: {{Day: day, Count: 1}, {Day: day.Add(24 * time.Hour), Count: 1}}, "sother": {{Day: day.Add(48 * time.Hour), Count: 1}},
		}},
		{[]hub.SubscriptionID{first}, day.Add(24 * time.Hour), day.Add(24*time.Hour + time.Microsecond), map[hub.SubscriptionID][]hub.FiredDay{
			first: {{Day: day.Add(24 * time.Hour), Count: 1}},
		}},
		{[]hub.SubscriptionID{first}, day, day.Add(24 * time.Hour), map[hub.SubscriptionID][]hub.FiredDay{first: {{Day: day, Count: 1}}}},
	} {
		got, err := s.Fired(t.Context(), c.ids, c.since, c.until)
		require.NoError(t, err)
		equal(t, c.want, got)
	}
	many := make([]hub.SubscriptionID, 1234)
	for i := range many {
		many[i] = hub.SubscriptionID(fmt.Sprintf("s%d", i))
	}
	got, err := s.Fired(t.Context(), append(many, first), day, day.Add(72*time.Hour))
	require.NoError(t, err)
	require.Len(t, got[first], 2)
}

func figuresOfTook(t *testing.T, s *store.Store) {
	ds := queued("C1", 60)
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	os := make([]hub.Outcome, len(ds))
	for i, d := range ds {
		os[i] = outcome(d.ID, hub.StatusSent, 1)
		os[i].At = noon.Add(1200 * time.Millisecond)
		if i >= 56 {
			os[i].At = noon.Add(40 * time.Second)
		}
	}
	os[0].At = noon.Add(-time.Second) // a clock that goes wrong
	for range 2 {
		require.NoError(t, s.RecordOutcomes(t.Context(), os))
	}
	took := sum(t, s).Took
	require.EqualValues(t, 60, took.Count())
	require.InDelta(t, time.Second+250*time.Millisecond, took.Within(0.5), float64(300*time.Millisecond))
	require.Less(t, took.Within(0.9), 2*time.Second)
	require.InDelta(t, 40*time.Second, took.Within(0.98), float64(15*time.Second))

	many := queued("C2", 1000) // of many together some are looked at
	require.NoError(t, s.RecordQueued(t.Context(), many))
	os = os[:0]
	for _, d := range many {
		os = append(os, outcome(d.ID, hub.StatusSent, 1))
	}
	require.NoError(t, s.RecordOutcomes(t.Context(), os))
	require.InDelta(t, 1060, sum(t, s).Took.Count(), 20)
	require.EqualValues(t, 1060, sum(t, s).Delivered().Sent)
	counted(t, s)
}

func figureBounds(t *testing.T, s *store.Store) {
	ts := decisions("e", 3)
	for i := range ts {
		ts[i].At = noonHour.Add(time.Duration(i) * time.Hour)
	}
	require.NoError(t, s.PutTraces(t.Context(), ts))
	for _, c := range []struct {
		since, until time.Duration
		want         int
	}{
		{0, time.Hour, 1}, {0, time.Hour + time.Microsecond, 2}, {time.Microsecond, 3 * time.Hour, 2}, {time.Hour, time.Hour, 0}, {3 * time.Hour, 0, 0}, {-time.Hour, 9 * time.Hour, 3},
	} {
		got, err := s.Figures(t.Context(), noonHour.Add(c.since), noonHour.Add(c.until))
		require.NoError(t, err)
		require.Len(t, got, c.want, "%v to %v", c.since, c.until)
	}
}

func oddFigures(t *testing.T, s *store.Store) {
	for i, v := range odd() {
		trace := decisions(fmt.Sprintf("odd%d-", i), 1)[0]
		trace.Source = hub.Source(v)
		require.NoError(t, s.PutTraces(t.Context(), []hub.Trace{trace}))
		d := queued(fmt.Sprintf("odd%d", i), 1)[0]
		d.System, d.Subscription = hub.System(v), hub.SubscriptionID(v)
		o := outcome(d.ID, hub.StatusSent, 1)
		o.System = hub.System(v)
		require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
		require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{o}))
		require.EqualValues(t, 1, sum(t, s).Events[hub.Source(v)], "%q", v)
		require.EqualValues(t, 1, sum(t, s).Deliveries[hub.System(v)].Sent, "%q", v)
	}
	counted(t, s)
}

func pruneFigures(t *testing.T, s *store.Store) {
	ds := queued("C1", 2500)
	for i := range ds {
		ds[i].Subscription = hub.SubscriptionID(fmt.Sprintf("s%d", i))
	}
	ds[0].QueuedAt = noon.Add(24 * time.Hour)
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{outcome(ds[0].ID, hub.StatusFailed, 1), outcome(ds[1].ID, hub.StatusSent, 1)}))
	require.NoError(t, s.PutTraces(t.Context(), decisions("e", 1)))
	day := noon.Truncate(24 * time.Hour)
	n, err := s.PruneFigures(t.Context(), noonHour, day)
	require.NoError(t, err)
	require.Zero(t, n)
	n, err = s.PruneFigures(t.Context(), noon, noon)
	require.NoError(t, err)
	require.EqualValues(t, 2499+4, n, "a row of events, two of deliveries, one of how long it took, and the days but one")
	require.Empty(t, figuresOf(t, s))
	// What leaves an hour that is gone leaves no trace.
	later := outcome(ds[0].ID, hub.StatusSent, 2)
	later.At = noon.Add(24 * time.Hour)
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{later}))
	require.Equal(t, hub.Delivered{Sent: 1}, sum(t, s).Delivered())
	fired, err := s.Fired(t.Context(), []hub.SubscriptionID{"s0", "s1"}, day, day.Add(48*time.Hour))
	require.NoError(t, err)
	require.Len(t, fired, 1)
}

func concurrentFigures(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		ds := queued(fmt.Sprintf("C%d", i%4), 50) // four writers tell of each
		if err := s.RecordQueued(t.Context(), ds); err != nil {
			return err
		}
		os := make([]hub.Outcome, len(ds))
		for n, d := range ds {
			status := []hub.Status{hub.StatusFailed, hub.StatusSent, hub.StatusDead}[(i/4+n)%3]
			os[n] = outcome(d.ID, status, i/4)
			os[n].System = d.System
		}
		if err := s.RecordOutcomes(t.Context(), os); err != nil {
			return err
		}
		return s.PutTraces(t.Context(), decisions("e", 50))
	})
	counted(t, s)
	require.EqualValues(t, 200, sum(t, s).Delivered().All())
	require.EqualValues(t, 50, sum(t, s).EventCount())
	fired, err := s.Fired(t.Context(), []hub.SubscriptionID{"sabcdefghijklmnop"}, noon, noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 200, fired["sabcdefghijklmnop"][0].Count)
}

func refusedFigures(t *testing.T, s *store.Store) {
	ds := queued("C1", 1)
	bad := outcome(ds[0].ID, "odd", 1)
	code(t, hub.CodeInvalid, s.RecordOutcomes(t.Context(), []hub.Outcome{outcome(ds[0].ID, hub.StatusSent, 1), bad}))
	require.Empty(t, figuresOf(t, s))
}
