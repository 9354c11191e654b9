package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// meanwhile is a store of which somebody else changes a row at the worst moment.
type meanwhile struct {
	*store.Store
	other func()
}

func (m *meanwhile) ChangeMany(ctx context.Context, put []*hub.Subscription, drop []hub.SubscriptionID) ([]hub.SubscriptionID, error) {
	m.other()
	return m.Store.ChangeMany(ctx, put, drop)
}

func (m *meanwhile) UpdateSubscription(ctx context.Context, s *hub.Subscription) error {
	m.other()
	return m.Store.UpdateSubscription(ctx, s)
}

func (m *meanwhile) ReplaceSubscription(ctx context.Context, s *hub.Subscription, was time.Time) error {
	m.other()
	return m.Store.ReplaceSubscription(ctx, s, was)
}

// TestSwitchOverwritesNothing holds that switching rows on or off, one or many, keeps
// what somebody else has changed in them since they were read.
func TestSwitchOverwritesNothing(t *testing.T) {
	s, err := store.Open(t.Context(), store.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	m := &meanwhile{Store: s, other: func() {}}
	w := newWorld(func(d *admin.Deps) { d.Subscriptions, d.Table, d.Audit = m, m, s })
	row := hub.Subscription{Chat: hub.Chat{System: "slack", ID: "C1"}, Mode: hub.Watch, Enabled: true, Filters: []hub.Filter{}}
	require.NoError(t, s.CreateSubscription(t.Context(), &row))
	changes := 0
	m.other = func() {
		if changes++; changes > 1 {
			return
		}
		hers, err := s.GetSubscription(t.Context(), row.ID)
		require.NoError(t, err)
		hers.Mode = hub.Follow
		require.NoError(t, s.UpdateSubscription(t.Context(), hers))
	}
	got := w.call(t, "POST", "/api/v1/subscriptions/bulk", `{"do":"disable","ids":["`+string(row.ID)+`"]}`)
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	now, err := s.GetSubscription(t.Context(), row.ID)
	require.NoError(t, err)
	require.Equal(t, hub.Follow, now.Mode, "the bulk has undone what somebody else had changed")
	var result admin.BulkResult
	require.NoError(t, json.Unmarshal(got.Body.Bytes(), &result))
	require.Equal(t, []hub.SubscriptionID{row.ID}, result.Left)

	now.Mode = hub.Watch
	require.NoError(t, s.UpdateSubscription(t.Context(), now))
	changes = 0
	got = w.call(t, "PATCH", "/api/v1/subscriptions/"+string(row.ID), `{"enabled":false}`)
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	now, err = s.GetSubscription(t.Context(), row.ID)
	require.NoError(t, err)
	require.Equal(t, hub.Follow, now.Mode, "the switch has undone what somebody else had changed")
	require.False(t, now.Enabled)
}
