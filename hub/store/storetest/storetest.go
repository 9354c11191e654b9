// Package storetest is the suite that a store passes on every database. It
// asks for what the interfaces of package hub promise, not for how tables look.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// writers is how many goroutines write at once in the tests of concurrency.
const writers = 16

// Run runs the suite. Open opens the database of t, empty at first: called
// again with the same t it opens the same database, beside the first or after
// it was closed. It closes what it opened when t ends.
func Run(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Run("subscriptions", func(t *testing.T) { subscriptions(t, open) })
	t.Run("table", func(t *testing.T) { table(t, open) })
	RunDeliveries(t, open)
	t.Run("attempts", func(t *testing.T) { attempts(t, open) })
	t.Run("forum", func(t *testing.T) { forum(t, open) })
	t.Run("announcements", func(t *testing.T) { announcements(t, open) })
	t.Run("traces", func(t *testing.T) { traces(t, open) })
	t.Run("figures", func(t *testing.T) { figures(t, open) })
	t.Run("feeds", func(t *testing.T) { feeds(t, open) })
	t.Run("sections", func(t *testing.T) { sections(t, open) })
	t.Run("console", func(t *testing.T) { console(t, open) })
	t.Run("sessions", func(t *testing.T) { sessions(t, open) })
	t.Run("accounts", func(t *testing.T) { accounts(t, open) })
	t.Run("tokens", func(t *testing.T) { tokens(t, open) })
	t.Run("tries", func(t *testing.T) { tries(t, open) })
	t.Run("people", func(t *testing.T) { people(t, open) })
	t.Run("links", func(t *testing.T) { links(t, open) })
	t.Run("known chats", func(t *testing.T) { knownChats(t, open) })
	t.Run("room pages", func(t *testing.T) { roomPages(t, open) })
	t.Run("audit", func(t *testing.T) { audit(t, open) })
	t.Run("settings", func(t *testing.T) { settings(t, open) })
	t.Run("house", func(t *testing.T) { house(t, open) })
	t.Run("database", func(t *testing.T) { database(t, open) })
}

// RunDeliveries runs the part of the suite about the rows of the delivery log.
func RunDeliveries(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Run("deliveries", func(t *testing.T) { deliveries(t, open) })
	t.Run("search", func(t *testing.T) { search(t, open) })
	t.Run("fates", func(t *testing.T) { fates(t, open) })
}

// test is one case: it gets a store of its own.
type test = func(t *testing.T, s *store.Store)

func each(t *testing.T, open func(t *testing.T) *store.Store, tests map[string]test) {
	for name, run := range tests {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

func database(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Run("keeps data when reopened", func(t *testing.T) { keepsData(t, open) })
	t.Run("shared by two", func(t *testing.T) { sharedByTwo(t, open) })
	each(t, open, map[string]test{
		"ended context": endedContext,
		"health":        health,
	})
}

func keepsData(t *testing.T, open func(t *testing.T) *store.Store) {
	first := open(t)
	sub := subscription("slack", "C1", "bug")
	require.NoError(t, first.CreateSubscription(t.Context(), &sub))
	post := hub.ConsolePost{Chat: hub.Chat{System: "console", ID: "general"}, Key: "k1"}
	require.NoError(t, first.AppendConsolePost(t.Context(), &post))
	require.NoError(t, first.Close())

	second := open(t)
	got, err := second.GetSubscription(t.Context(), sub.ID)
	require.NoError(t, err)
	equal(t, &sub, got)
	again := hub.ConsolePost{Chat: post.Chat, Key: "k2"}
	require.NoError(t, second.AppendConsolePost(t.Context(), &again))
	require.Greater(t, again.Seq, post.Seq, "a counter must go on where it was")
}

func sharedByTwo(t *testing.T, open func(t *testing.T) *store.Store) {
	one, two := open(t), open(t)
	all(t, func(i int) error {
		s := one
		if i%2 == 1 {
			s = two
		}
		sub := subscription("slack", fmt.Sprintf("C%d", i), "bug")
		return s.CreateSubscription(t.Context(), &sub)
	})
	for _, s := range []*store.Store{one, two} {
		rows, err := s.AllSubscriptions(t.Context())
		require.NoError(t, err)
		require.Len(t, rows, writers)
	}
}

// endedContext calls everything with a context that has ended, and in the
// middle of work, and then expects the store to be as good as before.
func endedContext(t *testing.T, s *store.Store) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range everyCall(ended, s) {
		require.ErrorIs(t, call(), context.Canceled, name)
	}
	var wg sync.WaitGroup
	for i := range 40 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*300*time.Microsecond)
		defer cancel()
		wg.Go(func() {
			err := s.RecordQueued(ctx, queued(fmt.Sprintf("cut-%d", i), 300))
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a call whose context ended: %v", err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, s.RecordQueued(t.Context(), queued("after", 300)))
	require.NoError(t, s.Health(t.Context()))
	whole(t, s)
}

// whole expects each batch of endedContext to be there completely or not at all.
func whole(t *testing.T, s *store.Store) {
	t.Helper()
	for i := range 40 {
		chat := hub.Chat{System: "slack", ID: fmt.Sprintf("cut-%d", i)}
		rows, _, err := s.ListDeliveries(t.Context(), hub.DeliveryQuery{Chat: chat.ID, Page: hub.Page{Limit: 500}})
		require.NoError(t, err)
		require.Contains(t, []int{0, 300}, len(rows), "batch %d is there in part", i)
	}
}

func everyCall(ctx context.Context, s *store.Store) map[string]func() error {
	sub := subscription("slack", "C1", "bug")
	return map[string]func() error{
		"CreateSubscription": func() error { return s.CreateSubscription(ctx, &sub) },
		"UpdateSubscription": func() error { return s.UpdateSubscription(ctx, &sub) },
		"DeleteSubscription": func() error { return s.DeleteSubscription(ctx, "s1") },
		"GetSubscription":    func() error { _, err := s.GetSubscription(ctx, "s1"); return err },
		"ListSubscriptions": func() error {
			_, _, err := s.ListSubscriptions(ctx, hub.SubscriptionQuery{})
			return err
		},
		"AllSubscriptions": func() error { _, err := s.AllSubscriptions(ctx); return err },
		"MarkFired":        func() error { return s.MarkFired(ctx, map[hub.SubscriptionID]time.Time{"s1": noon}) },
		"RecordQueued":     func() error { return s.RecordQueued(ctx, queued("C1", 1)) },
		"RecordOutcomes":   func() error { return s.RecordOutcomes(ctx, []hub.Outcome{outcome("n1", hub.StatusSent, 1)}) },
		"GetDelivery":      func() error { _, err := s.GetDelivery(ctx, "n1"); return err },
		"ListDeliveries":   func() error { _, _, err := s.ListDeliveries(ctx, hub.DeliveryQuery{}); return err },
		"FindDeliveries": func() error {
			_, err := s.FindDeliveries(ctx, []hub.NotificationID{"n1"})
			return err
		},
		"Attempts":         func() error { _, err := s.Attempts(ctx, "n1"); return err },
		"PruneDeliveries":  func() error { _, err := s.PruneDeliveries(ctx, noon); return err },
		"PutCategory":      func() error { return s.PutCategory(ctx, "meta", hub.ForumCategory{ID: "1"}) },
		"DeleteCategory":   func() error { return s.DeleteCategory(ctx, "meta", "1") },
		"Categories":       func() error { _, err := s.Categories(ctx, "meta"); return err },
		"PutTag":           func() error { return s.PutTag(ctx, "meta", hub.ForumTag{Name: "bug"}) },
		"DeleteTag":        func() error { return s.DeleteTag(ctx, "meta", "bug") },
		"Tags":             func() error { _, err := s.Tags(ctx, "meta"); return err },
		"PutGroup":         func() error { return s.PutGroup(ctx, "meta", hub.ForumGroup{Name: "staff"}) },
		"DeleteGroup":      func() error { return s.DeleteGroup(ctx, "meta", "staff") },
		"Groups":           func() error { _, err := s.Groups(ctx, "meta"); return err },
		"PutTopics":        func() error { return s.PutTopics(ctx, "meta", []hub.Topic{{ID: "1"}}) },
		"FindTopic":        func() error { _, err := s.FindTopic(ctx, "meta", "1"); return err },
		"PutAnnouncements": func() error { return s.PutAnnouncements(ctx, announced("301", 1)) },
		"Announcements":    func() error { _, err := s.Announcements(ctx, "meta", "301", 0); return err },
		"PruneAnnouncements": func() error {
			_, err := s.PruneAnnouncements(ctx, noon)
			return err
		},
		"PutTraces":  func() error { return s.PutTraces(ctx, decisions("e", 1)) },
		"FindTrace":  func() error { _, err := s.FindTrace(ctx, "e0"); return err },
		"FindTraces": func() error { _, err := s.FindTraces(ctx, []hub.EventID{"e0"}); return err },
		"Figures":    func() error { _, err := s.Figures(ctx, noon, noon.Add(time.Hour)); return err },
		"Fired": func() error {
			_, err := s.Fired(ctx, []hub.SubscriptionID{"s1"}, noon, noon.Add(time.Hour))
			return err
		},
		"PruneFigures": func() error { _, err := s.PruneFigures(ctx, noon, noon); return err },
		"PruneTraces":  func() error { _, err := s.PruneTraces(ctx, noon); return err },
		"FindFeed":     func() error { _, err := s.FindFeed(ctx, "news"); return err },
		"PutFeed":      func() error { return s.PutFeed(ctx, "news", hub.FeedState{}) },
		"AppendConsolePost": func() error {
			return s.AppendConsolePost(ctx, &hub.ConsolePost{Chat: hub.Chat{System: "console", ID: "x"}})
		},
		"ReviseConsolePost": func() error { return s.ReviseConsolePost(ctx, hub.Chat{System: "console", ID: "x"}, 1, nil) },
		"ConsolePosts":      func() error { _, err := s.ConsolePosts(ctx, hub.Chat{}, "", 0, 1); return err },
		"ConsolePostsAfter": func() error { _, err := s.ConsolePostsAfter(ctx, "console", 0, 1); return err },
		"ConsoleRooms":      func() error { _, err := s.ConsoleRooms(ctx, "console"); return err },
		"CreateSession":     func() error { return s.CreateSession(ctx, hub.Session{Digest: "d"}) },
		"FindSession":       func() error { _, err := s.FindSession(ctx, "d", noon); return err },
		"DeleteSession":     func() error { return s.DeleteSession(ctx, "d") },
		"PruneSessions":     func() error { return s.PruneSessions(ctx, noon) },
		"CreateRoomPage":    func() error { return s.CreateRoomPage(ctx, roomPage(1, time.Time{})) },
		"FindRoomPage":      func() error { _, err := s.FindRoomPage(ctx, "d1", noon); return err },
		"OpenedRoomPage":    func() error { return s.OpenedRoomPage(ctx, "p1", noon) },
		"RoomPages":         func() error { _, err := s.RoomPages(ctx, hub.Chat{System: "slack", ID: "C1"}); return err },
		"DeleteRoomPage": func() error {
			_, err := s.DeleteRoomPage(ctx, hub.Chat{System: "slack", ID: "C1"}, "p1")
			return err
		},
		"TouchSession":   func() error { return s.TouchSession(ctx, "d", "", noon, noon) },
		"ProveSession":   func() error { return s.ProveSession(ctx, "d", noon) },
		"ListSessions":   func() error { _, err := s.ListSessions(ctx, "", true, noon); return err },
		"DeleteSessions": func() error { _, err := s.DeleteSessions(ctx, "u1", ""); return err },
		"CreateAccount":  func() error { return s.CreateAccount(ctx, &hub.Account{Login: "anna"}, false) },
		"GetAccount":     func() error { _, err := s.GetAccount(ctx, "u1"); return err },
		"FindLogin":      func() error { _, err := s.FindLogin(ctx, "anna"); return err },
		"FindSubject":    func() error { _, err := s.FindSubject(ctx, "i", "s"); return err },
		"FindLink":       func() error { _, err := s.FindLink(ctx, "d"); return err },
		"ListAccounts":   func() error { _, _, err := s.ListAccounts(ctx, hub.AccountQuery{}); return err },
		"HasAccounts":    func() error { _, err := s.HasAccounts(ctx); return err },
		"ChangeAccount": func() error {
			_, _, err := s.ChangeAccount(ctx, "u1", false, func(*hub.Account) error { return nil })
			return err
		},
		"DeleteAccount": func() error { _, err := s.DeleteAccount(ctx, "u1"); return err },
		"SeeAccount":    func() error { return s.SeeAccount(ctx, "u1", noon) },
		"CreateToken":   func() error { return s.CreateToken(ctx, &hub.Token{Digest: "d"}) },
		"FindToken":     func() error { _, err := s.FindToken(ctx, "d", noon); return err },
		"GetToken":      func() error { _, err := s.GetToken(ctx, "t1"); return err },
		"UseToken":      func() error { return s.UseToken(ctx, "t1", noon) },
		"ListTokens":    func() error { _, err := s.ListTokens(ctx, "", true); return err },
		"DeleteToken":   func() error { return s.DeleteToken(ctx, "t1") },
		"Try": func() error {
			_, _, err := s.Try(ctx, []string{"k"}, noon, time.Hour, func(string, hub.Tries) time.Duration { return 0 })
			return err
		},
		"Succeed":      func() error { return s.Succeed(ctx, []string{"k"}, nil) },
		"PruneTries":   func() error { return s.PruneTries(ctx, noon, 1) },
		"SeeUser":      func() error { return s.SeeUser(ctx, "slack", hub.User{ID: "U1"}, noon) },
		"GetUser":      func() error { _, err := s.GetUser(ctx, "slack", "U1"); return err },
		"SetLevel":     func() error { _, err := s.SetLevel(ctx, "slack", "U1", hub.Admin); return err },
		"LevelOf":      func() error { _, err := s.LevelOf(ctx, "slack", "U1"); return err },
		"ListUsers":    func() error { _, _, err := s.ListUsers(ctx, hub.UserQuery{}); return err },
		"MakeLinkCode": func() error { _, err := s.MakeLinkCode(ctx, "slack", "U1", noon); return err },
		"Link":         func() error { _, err := s.Link(ctx, "slack", "U1", "ACDEFGHJ", noon); return err },
		"Unlink":       func() error { return s.Unlink(ctx, "slack", "U1") },
		"Linked":       func() error { _, err := s.Linked(ctx, "slack", "U1"); return err },
		"SeeChat": func() error {
			_, err := s.SeeChat(ctx, hub.KnownChat{Chat: hub.Chat{System: "slack", ID: "C1"}})
			return err
		},
		"ListKnownChats":       func() error { _, err := s.ListKnownChats(ctx, ""); return err },
		"AppendAudit":          func() error { return s.AppendAudit(ctx, hub.AuditEntry{Action: "subscription.delete"}) },
		"ListAudit":            func() error { _, _, err := s.ListAudit(ctx, hub.AuditQuery{}); return err },
		"PruneAudit":           func() error { _, err := s.PruneAudit(ctx, noon); return err },
		"Settings":             func() error { _, err := s.Settings(ctx); return err },
		"PutSetting":           func() error { return s.PutSetting(ctx, &hub.Setting{Key: "look", Value: []byte("{}")}) },
		"ChangeSubscriptions":  func() error { return s.ChangeSubscriptions(ctx, []hub.SubscriptionChange{{After: &sub}}) },
		"RankedUsers":          func() error { _, err := s.RankedUsers(ctx); return err },
		"ChangeUsers":          func() error { return s.ChangeUsers(ctx, []hub.UserChange{{After: ranked("U1", hub.Admin, "")}}) },
		"Health":               func() error { return s.Health(ctx) },
		"PruneConsoleWhispers": func() error { return s.PruneConsoleWhispers(ctx, "console", noon) },
	}
}

func health(t *testing.T, s *store.Store) {
	require.NoError(t, s.Health(t.Context()))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing twice is fine")
	require.ErrorContains(t, s.Health(t.Context()), "database did not answer")
}

// noon is a time that every column keeps exactly.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// odd are texts that some database, encoding or quoting trips over.
func odd() []string {
	return []string{
		"", " ", "'; DROP TABLE subscriptions; --", `"quoted" \back\ `, "$1 ? %s :name @x", "100%_",
		"line\nline\r\n\ttab", "Grüße 日本語 עברית", "👩‍👩‍👧‍👦 e\u0301", "\u202eright to left", "\ufeffmark", "<script>&amp;",
		"null", "0", "007", "1e3", "true", "x'00'",
	}
}

// unstorable are texts that PostgreSQL refuses, and what is kept of them.
func unstorable() map[string]string {
	return map[string]string{
		"nul\x00byte":    "nul\uFFFDbyte",
		"broken\xff":     "broken\uFFFD",
		"cut \xf0\x9f":   "cut \uFFFD",
		"surrogate \xed": "surrogate \uFFFD",
	}
}

// all runs do in 16 goroutines at once and expects no error.
func all(t *testing.T, do func(i int) error) {
	t.Helper()
	errs := make([]error, writers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
}

func code(t *testing.T, want hub.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, hub.CodeOf(err), "%v", err)
}

func equal(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("-want +got\n%s", diff)
	}
}
