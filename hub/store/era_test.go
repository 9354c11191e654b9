package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

// TestDeliveriesOfShortEras holds the delivery log to its contract where each few rows
// of it are an era.
func TestDeliveriesOfShortEras(t *testing.T) {
	dirs := map[*testing.T]string{}
	storetest.RunDeliveries(t, func(t *testing.T) *store.Store {
		if dirs[t] == "" {
			dirs[t] = t.TempDir()
			storetest.Prepare(t, dirs[t])
		}
		s := open(t, store.Config{Dir: dirs[t]})
		s.EndErasAfter(3)
		return s
	})
}

// TestErasKeepTheOrder writes a log of many eras, out of order and over restarts, and
// reads by chat and by subscription what the whole list says of them.
func TestErasKeepTheOrder(t *testing.T) {
	c := store.Config{Dir: t.TempDir()}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 10 {
		s := open(t, c)
		s.EndErasAfter(25)
		for batch := range 8 {
			ds, os := make([]hub.Delivery, 20), []hub.Outcome(nil)
			for i := range ds {
				n := 1000*round + 100*batch + i
				ds[i] = hub.Delivery{
					ID: hub.NotificationID(fmt.Sprintf("n%d-%d", random.Uint32(), n)), Chat: hub.Chat{System: "slack", ID: fmt.Sprintf("C%d", n%3)},
					Event: hub.EventID(fmt.Sprintf("e%d", n)), Subscription: hub.SubscriptionID(fmt.Sprintf("s%d", n%5)),
					Title: fmt.Sprintf("Topic %d", n%2), QueuedAt: at(n + random.IntN(300)),
				}
				if i%4 != 0 {
					os = append(os, hub.Outcome{Notification: ds[i].ID, Chat: ds[i].Chat, Event: ds[i].Event, Status: hub.StatusSent, Attempt: 1, At: at(n + 500)})
				}
			}
			if batch%2 == 0 { // else those that are sent are written once
				require.NoError(t, s.RecordQueued(t.Context(), ds))
			}
			require.NoError(t, s.RecordOutcomes(t.Context(), os, ds...))
		}
		require.NoError(t, s.Close())
	}
	s := open(t, c)
	require.Greater(t, s.Eras(t), 20)
	whole := pages(t, s, hub.DeliveryQuery{}, 500)
	require.Len(t, whole, 1600)
	sent, halfway := []hub.Status{hub.StatusSent}, whole[len(whole)/2].QueuedAt
	for _, q := range []hub.DeliveryQuery{
		{System: "slack", Chat: "C1"},
		{Subscription: "s3"},
		{System: "slack", Subscription: "s3"},
		{System: "slack", Chat: "C1", Subscription: "s3"},
		{System: "slack", Chat: "C2", Status: sent},
		{System: "slack", Chat: "C2", Status: []hub.Status{hub.StatusQueued}},
		{System: "slack", Chat: "C2", Status: []hub.Status{hub.StatusQueued, hub.StatusSent}},
		{Subscription: "s1", Since: halfway},
		{Subscription: "s1", Until: halfway},
		{Subscription: "s1", Since: halfway, Until: halfway.Add(40 * time.Microsecond)},
		{Subscription: "s1", Until: time.Unix(-5, 0)},
		{Subscription: "s1", Since: time.Unix(-5, 0)},
		{Subscription: "s1", Text: "topic 1"},
		{System: "slack", Chat: "nobody"},
	} {
		wanted := slices.DeleteFunc(slices.Clone(whole), func(d hub.Delivery) bool {
			return q.Chat != "" && d.Chat.ID != q.Chat || q.Subscription != "" && d.Subscription != q.Subscription ||
				len(q.Status) > 0 && !slices.Contains(q.Status, d.Status) || q.Text != "" && d.Title != "Topic 1" ||
				d.QueuedAt.Before(q.Since) || !q.Until.IsZero() && !d.QueuedAt.Before(q.Until)
		})
		got := pages(t, s, q, 7)
		require.Len(t, got, len(wanted), "%+v", q)
		require.Equal(t, wanted, append([]hub.Delivery{}, got...), "%+v", q)
	}

	// A retention ends eras, too, and a row that comes late is found all the same.
	_, err := s.PruneDeliveries(t.Context(), whole[20].QueuedAt)
	require.NoError(t, err)
	require.Less(t, s.Eras(t), 5)
	late := hub.Delivery{ID: "nlate", Chat: hub.Chat{System: "slack", ID: "C1"}, Subscription: "s3", QueuedAt: whole[1000].QueuedAt}
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{late}))
	found := pages(t, s, hub.DeliveryQuery{System: "slack", Chat: "C1"}, 7)
	require.Equal(t, late.ID, found[len(found)-1].ID)
}

// pages reads all pages of a list.
func pages(t *testing.T, s *store.Store, q hub.DeliveryQuery, limit int) (all []hub.Delivery) {
	t.Helper()
	q.Page.Limit = limit
	for {
		page, next, err := s.ListDeliveries(t.Context(), q)
		require.NoError(t, err)
		all = append(all, page...)
		if next == "" {
			return all
		}
		q.Page.Cursor = next
	}
}

// TestErasBeginAfterAnUpgrade opens a log of before there were eras.
func TestErasBeginAfterAnUpgrade(t *testing.T) {
	c := store.Config{Dir: t.TempDir()}
	old, err := store.OpenAt(t.Context(), c, 14)
	require.NoError(t, err)
	for i := range 3 {
		require.NoError(t, old.Exec(t.Context(), `INSERT INTO deliveries (id, system, chat, event, event_type, source, subscription, title,
			status, attempts, reason, receipt, queued_at, updated_at, announced) VALUES ($1, 'slack', 'C1', '', '', '', 's1', '', 2, 1, '', '', $2, $2, 1)`,
			fmt.Sprintf("n%d", i), at(i).UnixMicro()))
	}
	require.NoError(t, old.Close())

	s := open(t, c)
	s.EndErasAfter(3)
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{{ID: "n3", Chat: hub.Chat{System: "slack", ID: "C1"}, Subscription: "s1", QueuedAt: at(3)}}))
	require.Equal(t, 2, s.Eras(t))
	var ids []string
	for _, d := range pages(t, s, hub.DeliveryQuery{System: "slack", Chat: "C1"}, 2) {
		ids = append(ids, string(d.ID))
	}
	require.Equal(t, []string{"n3", "n2", "n1", "n0"}, ids)
}
