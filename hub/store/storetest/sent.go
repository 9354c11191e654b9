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

// owedWithOutcomes holds that what is noted together leaves what is left by noting
// one after the other.
func owedWithOutcomes(t *testing.T, s *store.Store) {
	const n = 12
	together := func(of hub.System) (ds []hub.Delivery, os []hub.Outcome) {
		for i, d := range queued("C1", n) {
			d.System, d.Chat.System, d.Subscription = of, of, hub.SubscriptionID("s"+of)
			d.ID = hub.NotificationID(fmt.Sprintf("n%02d-%s", i, of))
			ds = append(ds, d)
		}
		say := func(i int, status hub.Status, attempt int) {
			o := outcome(ds[i].ID, status, attempt)
			o.Chat, o.Event = ds[i].Chat, ds[i].Event
			os = append(os, o)
		}
		for i := range 4 {
			say(i, hub.StatusSent, 1)
		}
		ds[1].Act = hub.ActEdit
		ds[2].Again, os[2].Again, ds[2].UpdatedAt = 1, 1, noon.Add(30*time.Second)
		say(4, hub.StatusSent, 3)
		say(5, hub.StatusFailed, 1)
		say(5, hub.StatusSent, 2)
		say(6, hub.StatusDead, 8)
		say(7, hub.StatusSent, 1)
		os[len(os)-1].Reason = "as plain text"
		os[len(os)-1].Fault = hub.FaultRejected
		say(8, hub.StatusSent, 1)
		ds = append(ds[:8], ds[9:]...) // one that nobody owes
		return ds, append(os, os[3])
	}
	one, other := hub.System("slack"), hub.System("matrix")
	for range 2 { // and again
		ds, os := together(one)
		require.NoError(t, s.RecordQueued(t.Context(), ds))
		require.NoError(t, s.RecordOutcomes(t.Context(), os))
		ds, os = together(other)
		require.NoError(t, s.RecordOutcomes(t.Context(), os, ds...))
	}
	ds, _ := together(other)
	require.Len(t, history(t, s, hub.NotificationID("n07-"+one)), 1)
	like := strings.NewReplacer(string(other), string(one))
	for _, d := range append(slices.Clone(ds), hub.Delivery{ID: hub.NotificationID("n08-" + other)}) {
		want := delivery(t, s, hub.NotificationID(like.Replace(string(d.ID))))
		got := delivery(t, s, d.ID)
		equal(t, history(t, s, want.ID), history(t, s, got.ID))
		got.ID, got.System, got.Chat.System, got.Subscription = want.ID, one, one, want.Subscription
		equal(t, want, got)
	}
	figures, err := s.Figures(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour))
	require.NoError(t, err)
	var took int64
	for _, f := range figures {
		require.Equal(t, f.Deliveries[one], f.Deliveries[other])
		for _, n := range f.Took {
			took += n
		}
	}
	require.Positive(t, took)
	require.Zero(t, took%2, "both were as fast")
	fired, err := s.Fired(t.Context(), []hub.SubscriptionID{"sslack", "smatrix"}, noon.Add(-24*time.Hour), noon.Add(24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, fired["sslack"], fired["smatrix"])
	require.NotEmpty(t, fired["smatrix"])

	late := queued("C1", 2)
	spoilt := []hub.Outcome{outcome(late[0].ID, hub.StatusSent, 1), outcome(late[1].ID, "lost", 1)}
	code(t, hub.CodeInvalid, s.RecordOutcomes(t.Context(), spoilt, late...))
	for _, d := range late {
		_, err := s.GetDelivery(t.Context(), d.ID)
		code(t, hub.CodeNotFound, err)
	}
	require.NoError(t, s.RecordOutcomes(t.Context(), nil, late...))
	equal(t, late[0], delivery(t, s, late[0].ID))
}

func history(t *testing.T, s *store.Store, id hub.NotificationID) []hub.Attempt {
	t.Helper()
	list, err := s.Attempts(t.Context(), id)
	require.NoError(t, err)
	return list
}
