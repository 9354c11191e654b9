package store_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

// dialects are the databases to test on, each with a way to a fresh one.
func dialects() map[string]func(testing.TB) store.Config {
	return map[string]func(testing.TB) store.Config{
		store.SQLite:   func(t testing.TB) store.Config { return store.Config{Dir: t.TempDir()} },
		store.Postgres: func(t testing.TB) store.Config { return store.Config{URL: storetest.PostgresURL(t)} },
	}
}

// onEach runs test on every dialect.
func onEach(t *testing.T, test func(t *testing.T, fresh func(testing.TB) store.Config)) {
	for name, fresh := range dialects() {
		t.Run(name, func(t *testing.T) { test(t, fresh) })
	}
}

func open(t testing.TB, c store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		fresh(t) // skips or fails once, not for every case
		var configs sync.Map
		storetest.Run(t, func(t *testing.T) *store.Store {
			c, ok := configs.Load(t)
			if !ok {
				own := fresh(t)
				if own.URL == "" {
					storetest.Prepare(t, own.Dir)
				}
				c = own
				configs.Store(t, c)
			}
			return open(t, c.(store.Config))
		})
	})
}

func TestDialect(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		require.Equal(t, filepath.Base(t.Name()), open(t, fresh(t)).Dialect())
	})
}

// FuzzCursor gives the lists cursors that nobody made: they answer or refuse.
func FuzzCursor(f *testing.F) {
	s := open(f, store.Config{Dir: f.TempDir()})
	require.NoError(f, s.RecordQueued(f.Context(), thousand(1)[:3]))
	for _, chat := range []string{"C1", "C2"} {
		sub := hub.Subscription{Chat: hub.Chat{System: "slack", ID: chat}, Mode: hub.Watch}
		require.NoError(f, s.CreateSubscription(f.Context(), &sub))
	}
	_, delivery, err := s.ListDeliveries(f.Context(), hub.DeliveryQuery{Page: hub.Page{Limit: 1}})
	require.NoError(f, err)
	_, subscription, err := s.ListSubscriptions(f.Context(), hub.SubscriptionQuery{Page: hub.Page{Limit: 1}})
	require.NoError(f, err)
	for _, user := range []string{"U1", "U2"} {
		require.NoError(f, s.SeeUser(f.Context(), "slack", hub.User{ID: user}, at(1)))
		require.NoError(f, s.AppendAudit(f.Context(), hub.AuditEntry{Action: "user.level", User: user}))
	}
	_, user, err := s.ListUsers(f.Context(), hub.UserQuery{Page: hub.Page{Limit: 1}})
	require.NoError(f, err)
	_, entry, err := s.ListAudit(f.Context(), hub.AuditQuery{Page: hub.Page{Limit: 1}})
	require.NoError(f, err)
	for _, seed := range []string{
		"", delivery, subscription, user, entry, "ZGVsaXZlcmllcyAxIAA", "ZGVsaXZlcmllcyAxIP8", "ZGVsaXZlcmllcyAtMSA", "c3Vic2NyaXB0aW9ucyAx",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		page := hub.Page{Cursor: cursor, Limit: 1}
		ds, _, first := s.ListDeliveries(t.Context(), hub.DeliveryQuery{Page: page})
		ss, _, second := s.ListSubscriptions(t.Context(), hub.SubscriptionQuery{Page: page})
		us, _, third := s.ListUsers(t.Context(), hub.UserQuery{Page: page})
		es, _, fourth := s.ListAudit(t.Context(), hub.AuditQuery{Page: page})
		took := 0
		for _, err := range []error{first, second, third, fourth} {
			if err == nil {
				took++
			}
			if err != nil {
				require.Equal(t, hub.CodeInvalid, hub.CodeOf(err), "%v", err)
			}
		}
		if cursor != "" {
			require.LessOrEqual(t, took, 1, "two lists took %q: %v %v %v %v", cursor, ds, ss, us, es)
		}
	})
}
