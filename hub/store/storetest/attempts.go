package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func attempts(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"kept":              attemptsKept,
		"any order":         attemptsInAnyOrder,
		"sent stays told":   sentStaysTold,
		"waits are one row": waitsAreOneRow,
		"within one batch":  attemptsOfOneBatch,
		"odd values":        oddAttempts,
		"long texts":        longAttempts,
		"refused":           refusedAttempts,
		"pruned":            attemptsPruned,
		"concurrent":        concurrentAttempts,
		"sent again":        sentAgain,
		"again, any order":  sentAgainInAnyOrder,
		"again and again":   againInOneBatch,
		"again, not known":  againNotKnown,
		"concurrent again":  concurrentAgain,
	})
}

func exchange() *hub.Exchange {
	return &hub.Exchange{
		Method: "POST", URL: "https://slack.com/api/chat.postMessage", Request: `{"channel":"C1"}`,
		Status: 200, Answer: `{"ok":false,"error":"channel_not_found"}`, At: noon, TookMS: 20,
	}
}

// kept is o as its attempt, told once.
func kept(o hub.Outcome) hub.Attempt {
	return hub.Attempt{
		Again: o.Again, Attempt: o.Attempt, Status: o.Status, Fault: o.Fault, Reason: o.Reason,
		RetryAt: o.RetryAt, At: o.At, Times: 1, Exchange: o.Exchange,
	}
}

func attemptsOf(t *testing.T, s *store.Store, id hub.NotificationID) []hub.Attempt {
	t.Helper()
	list, err := s.Attempts(t.Context(), id)
	require.NoError(t, err)
	return list
}

func tell(t *testing.T, s *store.Store, os ...hub.Outcome) {
	t.Helper()
	require.NoError(t, s.RecordOutcomes(t.Context(), os))
}

func attemptsKept(t *testing.T, s *store.Store) {
	require.Empty(t, attemptsOf(t, s, "nnope"))
	d := queued("C1", 1)[0]
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
	require.Empty(t, attemptsOf(t, s, d.ID))
	failed, sent := outcome(d.ID, hub.StatusFailed, 1), outcome(d.ID, hub.StatusSent, 2)
	failed.RetryAt, failed.Exchange = failed.At.Add(time.Minute), exchange()
	tell(t, s, failed, sent, outcome("nother", hub.StatusDead, 1))
	equal(t, []hub.Attempt{kept(failed), kept(sent)}, attemptsOf(t, s, d.ID))
	require.Len(t, attemptsOf(t, s, "nother"), 1)
}

func attemptsInAnyOrder(t *testing.T, s *store.Store) {
	for i, order := range permutations(4) {
		id := hub.NotificationID(fmt.Sprintf("n%d", i))
		os := []hub.Outcome{
			outcome(id, hub.StatusFailed, 1), outcome(id, hub.StatusFailed, 2), outcome(id, hub.StatusDead, 3), outcome(id, hub.StatusSent, 1),
		}
		os[3].Again, os[3].At = 1, noon.Add(time.Hour)
		for range 2 { // all of them twice
			for _, n := range order {
				tell(t, s, os[n])
			}
		}
		equal(t, []hub.Attempt{kept(os[0]), kept(os[1]), kept(os[2]), kept(os[3])}, attemptsOf(t, s, id))
	}
}

// sentStaysTold has a notification be sent, and then told of as something else,
// by whoever tells first.
func sentStaysTold(t *testing.T, s *store.Store) {
	for i, order := range permutations(5) {
		d := queued(fmt.Sprintf("C%d", i), 1)[0]
		os := []hub.Outcome{
			outcome(d.ID, hub.StatusSent, 1), outcome(d.ID, hub.StatusSent, 2), outcome(d.ID, hub.StatusDead, 3), outcome(d.ID, hub.StatusSent, 1),
		}
		os[3].Again, os[3].At = 1, noon.Add(time.Hour)
		for range 2 { // all of them twice
			for _, n := range order {
				if n == 4 {
					require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{replayed(d, 1)}))
				} else {
					tell(t, s, os[n])
				}
			}
			equal(t, []hub.Attempt{kept(os[0]), kept(os[1]), kept(os[2]), kept(os[3])}, attemptsOf(t, s, d.ID))
		}
	}
	// The same in batches that one statement does not carry.
	ds := queued("many", 600)
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	for attempt := 1; attempt <= 2; attempt++ {
		var os []hub.Outcome
		for _, d := range ds {
			os = append(os, outcome(d.ID, hub.StatusSent, attempt))
		}
		tell(t, s, os...)
	}
	for _, d := range ds {
		equal(t, []hub.Attempt{kept(outcome(d.ID, hub.StatusSent, 1)), kept(outcome(d.ID, hub.StatusSent, 2))}, attemptsOf(t, s, d.ID))
	}
}

// waitsAreOneRow has a platform ask for patience a thousand times.
func waitsAreOneRow(t *testing.T, s *store.Store) {
	failed := outcome("n1", hub.StatusFailed, 1)
	tell(t, s, failed)
	var last hub.Outcome
	for i := range 1000 {
		last = outcome("n1", hub.StatusFailed, 1)
		last.Fault, last.At = hub.FaultRateLimited, noon.Add(time.Hour+time.Duration(i)*time.Second)
		if i%100 == 0 || i == 999 {
			tell(t, s, last)
		}
	}
	late := last
	late.At, late.Reason = noon.Add(2*time.Minute), "told late"
	tell(t, s, late)
	want := kept(last)
	want.Times = 11
	equal(t, []hub.Attempt{kept(failed), want}, attemptsOf(t, s, "n1"))
}

func attemptsOfOneBatch(t *testing.T, s *store.Store) {
	var os []hub.Outcome
	for i := range 250 {
		o := outcome("n1", hub.StatusFailed, 1)
		o.At, o.Reason = noon.Add(time.Duration(i%50)*time.Second), fmt.Sprint(i%50)
		os = append(os, o)
	}
	tell(t, s, os...)
	want := kept(os[49])
	want.Times = 50
	equal(t, []hub.Attempt{want}, attemptsOf(t, s, "n1"))
}

func oddAttempts(t *testing.T, s *store.Store) {
	for i, v := range odd() {
		o := outcome(hub.NotificationID(fmt.Sprintf("n%d", i)), hub.StatusFailed, 1)
		o.Fault, o.Reason = hub.Fault(v), v
		o.Exchange = &hub.Exchange{Method: v, URL: v, Request: v, Answer: v}
		tell(t, s, o)
		equal(t, []hub.Attempt{kept(o)}, attemptsOf(t, s, o.Notification))
	}
	for v, stored := range unstorable() {
		o := outcome(hub.NotificationID(v), hub.StatusFailed, -1)
		o.Again, o.Fault, o.Reason, o.At = -1, hub.Fault(v), v, time.Time{}
		o.Exchange = &hub.Exchange{Request: v}
		tell(t, s, o)
		got := attemptsOf(t, s, hub.NotificationID(stored))
		require.Len(t, got, 1)
		require.Equal(t, []string{stored, stored}, []string{string(got[0].Fault), got[0].Reason})
		require.NotNil(t, got[0].Exchange)
		require.Zero(t, got[0].Attempt)
		require.Zero(t, got[0].Again)
		require.WithinDuration(t, time.Now(), got[0].At, time.Minute)
	}
}

func longAttempts(t *testing.T, s *store.Store) {
	o := outcome("n1", hub.StatusFailed, 1)
	long := strings.Repeat("日本語", 100_000)
	o.Exchange = &hub.Exchange{URL: long, Request: long, Answer: long}
	tell(t, s, o)
	x := attemptsOf(t, s, "n1")[0].Exchange
	for _, got := range []string{x.URL, x.Request, x.Answer} {
		require.LessOrEqual(t, len(got), hub.MaxExchangeText)
		require.True(t, strings.HasSuffix(got, "…"))
	}
}

func refusedAttempts(t *testing.T, s *store.Store) {
	long, timeless := outcome("n1", hub.StatusFailed, 1), outcome("n1", hub.StatusFailed, 1)
	long.Fault = hub.Fault(strings.Repeat("x", 4000))
	timeless.RetryAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) // JSON has no such year
	for _, bad := range []hub.Outcome{long, timeless} {
		code(t, hub.CodeInvalid, s.RecordOutcomes(t.Context(), []hub.Outcome{outcome("n1", hub.StatusSent, 1), bad}))
	}
	require.Empty(t, attemptsOf(t, s, "n1"))
}

func attemptsPruned(t *testing.T, s *store.Store) {
	old, young := queued("old", 300), queued("young", 1)
	young[0].QueuedAt = noon.Add(time.Hour)
	require.NoError(t, s.RecordQueued(t.Context(), append(old, young...)))
	for _, d := range append(slices.Clone(old), young...) {
		tell(t, s, outcome(d.ID, hub.StatusFailed, 1), outcome(d.ID, hub.StatusFailed, 2))
	}
	n, err := s.PruneDeliveries(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 300, n, "attempts are not counted")
	for _, d := range old {
		require.Empty(t, attemptsOf(t, s, d.ID))
	}
	require.Len(t, attemptsOf(t, s, young[0].ID), 2)
}

func concurrentAttempts(t *testing.T, s *store.Store) {
	ds := queued("C1", 60)
	all(t, func(i int) error {
		var os []hub.Outcome
		for _, d := range ds {
			o := outcome(d.ID, hub.StatusFailed, 1)
			o.At = noon.Add(time.Duration(i) * time.Second)
			os = append(os, o, outcome(d.ID, hub.StatusFailed, 2+i))
		}
		if i%2 == 1 {
			slices.Reverse(os) // rows are locked in one order all the same
		}
		if i == 3 {
			if _, err := s.PruneDeliveries(t.Context(), noon.Add(-time.Hour)); err != nil {
				return err
			}
		}
		return s.RecordOutcomes(t.Context(), os)
	})
	for _, d := range ds {
		list := attemptsOf(t, s, d.ID)
		require.Len(t, list, 1+writers)
		first := slices.IndexFunc(list, func(a hub.Attempt) bool { return a.Attempt == 1 })
		require.Equal(t, noon.Add((writers-1)*time.Second), list[first].At, "the last stays")
	}
}

// replayed is d as people have it sent again.
func replayed(d hub.Delivery, again int) hub.Delivery {
	d.Again, d.Status, d.UpdatedAt = again, hub.StatusQueued, noon.Add(time.Duration(again)*time.Hour)
	return d
}

// sentAgain gives a notification up, has it sent again, and hears of the first
// sending once more.
func sentAgain(t *testing.T, s *store.Store) {
	d := queued("C1", 1)[0]
	dead := outcome(d.ID, hub.StatusDead, 8)
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
	tell(t, s, dead)
	equal(t, seen(d, dead), delivery(t, s, d.ID))

	again := replayed(d, 1)
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{again}))
	equal(t, again, delivery(t, s, d.ID))
	rows := everyDelivery(t, s, hub.DeliveryQuery{Text: "dead at"})
	require.Empty(t, rows, "the old reason is not found any more")

	late := outcome(d.ID, hub.StatusDead, 9)
	late.At = again.UpdatedAt.Add(time.Hour)
	tell(t, s, late)
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d, again}))
	equal(t, again, delivery(t, s, d.ID))

	sent := outcome(d.ID, hub.StatusSent, 1)
	sent.Again, sent.At = 1, again.UpdatedAt.Add(time.Minute)
	tell(t, s, sent)
	equal(t, seen(again, sent), delivery(t, s, d.ID))
	require.Len(t, attemptsOf(t, s, d.ID), 3)
}

func sentAgainInAnyOrder(t *testing.T, s *store.Store) {
	for i, order := range permutations(5) {
		d := queued(fmt.Sprintf("C%d", i), 1)[0]
		again := replayed(d, 1)
		dead, failed, deadAgain := outcome(d.ID, hub.StatusDead, 8), outcome(d.ID, hub.StatusFailed, 1), outcome(d.ID, hub.StatusDead, 2)
		for _, o := range []*hub.Outcome{&failed, &deadAgain} {
			o.Again, o.At = 1, again.UpdatedAt.Add(o.At.Sub(noon))
		}
		records := []func() error{
			func() error { return s.RecordQueued(t.Context(), []hub.Delivery{d}) },
			func() error { return s.RecordQueued(t.Context(), []hub.Delivery{again}) },
			func() error { return s.RecordOutcomes(t.Context(), []hub.Outcome{dead}) },
			func() error { return s.RecordOutcomes(t.Context(), []hub.Outcome{failed}) },
			func() error { return s.RecordOutcomes(t.Context(), []hub.Outcome{deadAgain}) },
		}
		want := seen(again, deadAgain)
		want.Chat = d.Chat
		for range 2 {
			for _, n := range order {
				require.NoError(t, records[n]())
			}
			got := delivery(t, s, d.ID)
			got.Chat = d.Chat // an outcome may have made the row, in its own chat
			equal(t, want, got)
		}
	}
}

func againInOneBatch(t *testing.T, s *store.Store) {
	d := queued("C1", 1)[0]
	tell(t, s, outcome(d.ID, hub.StatusDead, 8))
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{replayed(d, 2), replayed(d, 1), d, replayed(d, 3)}))
	equal(t, replayed(d, 3), delivery(t, s, d.ID))
}

// againNotKnown replays what the log has forgotten.
func againNotKnown(t *testing.T, s *store.Store) {
	d := replayed(queued("C1", 1)[0], 2)
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{d}))
	equal(t, d, delivery(t, s, d.ID))
	equal(t, []hub.Delivery{d}, everyDelivery(t, s, hub.DeliveryQuery{Text: "topic"}))
}

func concurrentAgain(t *testing.T, s *store.Store) {
	ds := queued("C1", 100)
	all(t, func(i int) error {
		mine := make([]hub.Delivery, len(ds))
		var os []hub.Outcome
		for n, d := range ds {
			mine[n] = replayed(d, i)
			os = append(os, outcome(d.ID, hub.StatusDead, 8))
		}
		if i%2 == 1 {
			slices.Reverse(mine)
		}
		if err := s.RecordQueued(t.Context(), mine); err != nil {
			return err
		}
		return s.RecordOutcomes(t.Context(), os)
	})
	for _, d := range ds {
		equal(t, replayed(d, writers-1), delivery(t, s, d.ID))
	}
}
