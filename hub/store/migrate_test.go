package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// TestUpgradeFromFirstSchema fills the first schema as the first release did
// and expects today's release to read all of it and to go on from there.
func TestUpgradeFromFirstSchema(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		c := fresh(t)
		first, err := store.OpenAt(t.Context(), c, 1)
		require.NoError(t, err)
		fill(t, first, "testdata/schema1.sql")
		require.NoError(t, first.Close())

		s := open(t, c)
		keptSubscriptions(t, s)
		keptDeliveries(t, s)
		keptRest(t, s)
		takesForum(t, s)
		takesAttempts(t, s)
		takesPeople(t, s)
	})
}

func fill(t *testing.T, s *store.Store, file string) {
	t.Helper()
	fixture, err := os.ReadFile(file)
	require.NoError(t, err)
	for statement := range strings.SplitSeq(strings.TrimSpace(string(fixture)), ";\n") {
		require.NoError(t, s.Exec(t.Context(), statement))
	}
}

// at is n microseconds after the beginning of 2026.
func at(n int) time.Time {
	return time.Date(2026, 1, 1, 0, 0, 0, n*1000, time.UTC)
}

func keptSubscriptions(t *testing.T, s *store.Store) {
	t.Helper()
	got, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	same(t, []hub.Subscription{{
		ID: "saaaaaaaaaaaaaaaa", Chat: hub.Chat{System: "slack", ID: "C1"}, Source: "meta", Mode: hub.Watch,
		Filters: []hub.Filter{
			{Type: hub.FilterCategory, Any: []string{"5"}}, {Type: hub.FilterTag, Any: []string{"bug"}, None: []string{"wip"}},
		},
		Options: hub.Options{Style: hub.StyleCompact, Excerpt: 120}, Enabled: true, CreatedBy: "admin",
		CreatedAt: at(1), UpdatedAt: at(2), LastFiredAt: at(3),
	}, {
		ID: "sbbbbbbbbbbbbbbbb", Chat: hub.Chat{System: "matrix", ID: "!room:example.org"}, Mode: hub.Mute,
		Filters: []hub.Filter{}, CreatedAt: at(4), UpdatedAt: at(4), Error: "the room is gone",
	}}, got)
	sub := hub.Subscription{Chat: hub.Chat{System: "slack", ID: "C9"}, Mode: hub.Watch}
	require.NoError(t, s.CreateSubscription(t.Context(), &sub), "the table takes new rows")
}

func keptDeliveries(t *testing.T, s *store.Store) {
	t.Helper()
	got, _, err := s.ListDeliveries(t.Context(), hub.DeliveryQuery{})
	require.NoError(t, err)
	slack := hub.Chat{System: "slack", ID: "C1"}
	same(t, []hub.Delivery{{
		ID: "ndead", Chat: hub.Chat{System: "slack", ID: "C2"}, Status: hub.StatusDead, Attempts: 8,
		Reason: "channel_not_found", QueuedAt: at(4), UpdatedAt: at(9),
	}, {
		ID: "nsent", Chat: slack, Event: "e3", EventType: hub.ForumTopicCreated, Source: "meta", Subscription: "saaaaaaaaaaaaaaaa",
		Title: "Another", Status: hub.StatusSent, Attempts: 1, QueuedAt: at(3), UpdatedAt: at(9),
		Receipt: hub.Receipt{Ref: "1700000000.000100", URL: "https://example.slack.com/p1", At: at(1000000)},
	}, {
		ID: "nfailed", Chat: slack, Event: "e2", EventType: hub.ForumPostCreated, Source: "meta", Subscription: "saaaaaaaaaaaaaaaa",
		Title: "A topic", Status: hub.StatusFailed, Attempts: 2, Reason: "timeout", QueuedAt: at(2), UpdatedAt: at(9),
	}, {
		ID: "nqueued", Chat: slack, Event: "e1", EventType: hub.ForumPostCreated, Source: "meta", Subscription: "saaaaaaaaaaaaaaaa",
		Title: "A topic", Status: hub.StatusQueued, QueuedAt: at(1), UpdatedAt: at(1),
	}}, got)
}

func keptRest(t *testing.T, s *store.Store) {
	t.Helper()
	categories, err := s.Categories(t.Context(), "meta")
	require.NoError(t, err)
	same(t, []hub.ForumCategory{{ID: "5", Name: "Support", Slug: "support"}}, categories)
	topic, err := s.FindTopic(t.Context(), "meta", "301")
	require.NoError(t, err)
	same(t, &hub.Topic{ID: "301", Title: "A topic", Tags: []string{"bug"}}, topic)

	chat := hub.Chat{System: "console", ID: "general"}
	posts, err := s.ConsolePosts(t.Context(), chat, "", 0, 10)
	require.NoError(t, err)
	same(t, []hub.ConsolePost{{Seq: 1, Chat: chat, Key: "k1", Message: hub.Message{Text: "hello"}, At: at(1), Rev: 1}}, posts)
	next := hub.ConsolePost{Chat: chat, Key: "k2"}
	require.NoError(t, s.AppendConsolePost(t.Context(), &next))
	require.EqualValues(t, 2, next.Seq)

	session, err := s.FindSession(t.Context(), "d", at(4))
	require.NoError(t, err)
	same(t, &hub.Session{Digest: "d", Who: "admin", CreatedAt: at(1), ExpiresAt: at(5)}, session)
}

// takesForum expects the tables of the second schema to take rows, and the log
// to tell what a notification does.
func takesForum(t *testing.T, s *store.Store) {
	t.Helper()
	require.NoError(t, s.PutTag(t.Context(), "meta", hub.ForumTag{Name: "bug"}))
	require.NoError(t, s.PutGroup(t.Context(), "meta", hub.ForumGroup{Name: "staff"}))
	require.NoError(t, s.PutFeed(t.Context(), "news", hub.FeedState{ETag: "1"}))
	require.NoError(t, s.PutTraces(t.Context(), []hub.Trace{{Event: "e1", At: at(1)}}))
	told := hub.Announcement{Notification: "nsent", Source: "meta", Topic: "301", Post: 1, At: at(1), UpdatedAt: at(1)}
	require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{told}))
	as, err := s.Announcements(t.Context(), "meta", "301", 0)
	require.NoError(t, err)
	same(t, []hub.Announcement{told}, as)

	edit := hub.Delivery{ID: "uedit", Chat: told.Chat, Act: hub.ActEdit, Status: hub.StatusQueued, QueuedAt: at(9), UpdatedAt: at(9)}
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{edit, {ID: "ndead", Act: hub.ActRetract, QueuedAt: at(4)}}))
	got, err := s.GetDelivery(t.Context(), "uedit")
	require.NoError(t, err)
	same(t, &edit, got)
	got, err = s.GetDelivery(t.Context(), "ndead")
	require.NoError(t, err)
	require.Equal(t, hub.ActRetract, got.Act, "a row of the first schema learns what it is about")
	require.Equal(t, hub.StatusDead, got.Status)
}

// takesAttempts expects the rows of the first schema to be searched and to take
// what the fourth knows of them.
func takesAttempts(t *testing.T, s *store.Store) {
	t.Helper()
	rows, _, err := s.ListDeliveries(t.Context(), hub.DeliveryQuery{Text: "ANOTHER"})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	rows, _, err = s.ListDeliveries(t.Context(), hub.DeliveryQuery{Text: "Channel_Not"})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	dead := rows[0]
	require.Equal(t, hub.NotificationID("ndead"), dead.ID)
	dead.Again, dead.UpdatedAt = 1, at(10)
	require.NoError(t, s.RecordQueued(t.Context(), []hub.Delivery{dead}))
	told := hub.Outcome{Notification: "ndead", Chat: dead.Chat, Status: hub.StatusFailed, Again: 1, Attempt: 1, Reason: "again", At: at(11)}
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{told}))
	got, err := s.GetDelivery(t.Context(), "ndead")
	require.NoError(t, err)
	require.Equal(t, hub.StatusFailed, got.Status)
	attempts, err := s.Attempts(t.Context(), "ndead")
	require.NoError(t, err)
	same(t, []hub.Attempt{{Again: 1, Attempt: 1, Status: hub.StatusFailed, Reason: "again", At: at(11), Times: 1}}, attempts)
}

// takesPeople expects the tables of the sixth schema to take rows.
func takesPeople(t *testing.T, s *store.Store) {
	t.Helper()
	require.NoError(t, s.SeeUser(t.Context(), "slack", hub.User{ID: "U1", Name: "anna"}, at(1)))
	code, err := s.MakeLinkCode(t.Context(), "slack", "U1", at(3))
	require.NoError(t, err)
	linked, err := s.Link(t.Context(), "telegram", "77", code, at(2))
	require.NoError(t, err)
	require.Len(t, linked, 2)
	first, err := s.SeeChat(t.Context(), hub.KnownChat{Chat: hub.Chat{System: "slack", ID: "C1"}, FirstAt: at(1)})
	require.NoError(t, err)
	require.True(t, first)
	require.NoError(t, s.AppendAudit(t.Context(), hub.AuditEntry{Action: "user.level", At: at(1)}))
	entries, _, err := s.ListAudit(t.Context(), hub.AuditQuery{})
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-want +got\n%s", diff)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		c := fresh(t)
		s := open(t, c)
		require.NoError(t, s.Exec(t.Context(), `INSERT INTO bellhop_migrations (version_id, is_applied) VALUES (9999, $1)`, true))
		_, err := store.Open(t.Context(), c)
		require.ErrorContains(t, err, "database has schema 9999")
	})
}

func TestMigrationsAreLogged(t *testing.T) {
	var log bytes.Buffer
	c := store.Config{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil))}
	open(t, c)
	require.Contains(t, log.String(), "database migrated")
	log.Reset()
	open(t, c)
	require.NotContains(t, log.String(), "database migrated", "the second start has nothing to do")
	require.Contains(t, log.String(), "database ready")
}

// TestHubsStartTogether starts several hubs on one new PostgreSQL: one
// migrates, the others wait for it.
func TestHubsStartTogether(t *testing.T) {
	c := dialects()[store.Postgres](t)
	var hubs errgroup.Group
	for range 5 {
		hubs.Go(func() error {
			s, err := store.Open(t.Context(), c)
			if err != nil {
				return err
			}
			return s.Close()
		})
	}
	require.NoError(t, hubs.Wait())
}

func TestWaitForMigrationEndsWithContext(t *testing.T) {
	c := dialects()[store.Postgres](t)
	s := open(t, c)
	unlock, err := s.HoldMigrationLock(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Exec(t.Context(), `UPDATE bellhop_migrations SET version_id = -version_id`))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = store.Open(ctx, c)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "another hub is still migrating")

	require.NoError(t, s.Exec(t.Context(), `UPDATE bellhop_migrations SET version_id = -version_id`))
	require.NoError(t, unlock())
	open(t, c)
}
