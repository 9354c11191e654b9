package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func people(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"see and get":         seeAndGet,
		"seen again":          seenAgain,
		"sights out of order": sightsOutOfOrder,
		"levels":              levels,
		"refused":             refusedUsers,
		"odd values":          oddUsers,
		"pages":               userPages,
		"filters":             userFilters,
		"seen at once":        seenAtOnce,
	})
}

func see(t *testing.T, s *store.Store, system hub.System, u hub.User, at time.Time) {
	t.Helper()
	require.NoError(t, s.SeeUser(t.Context(), system, u, at))
}

func user(t *testing.T, s *store.Store, system hub.System, id string) *hub.ChatUser {
	t.Helper()
	u, err := s.GetUser(t.Context(), system, id)
	require.NoError(t, err)
	return u
}

func level(t *testing.T, s *store.Store, system hub.System, id string) hub.Level {
	t.Helper()
	l, err := s.LevelOf(t.Context(), system, id)
	require.NoError(t, err)
	return l
}

func seeAndGet(t *testing.T, s *store.Store) {
	anna := hub.User{ID: "U1", Name: "anna", Full: "Anna Bauer"}
	_, err := s.GetUser(t.Context(), "slack", "U1")
	code(t, hub.CodeNotFound, err)
	see(t, s, "slack", anna, noon)
	see(t, s, "slack", hub.User{ID: "u1", Bot: true}, noon)
	see(t, s, "telegram", hub.User{ID: "U1"}, noon)
	equal(t, &hub.ChatUser{System: "slack", User: anna, Level: hub.Member}, user(t, s, "slack", "U1"))
	equal(t, &hub.ChatUser{System: "slack", User: hub.User{ID: "u1", Bot: true}, Level: hub.Member}, user(t, s, "slack", "u1"))
	equal(t, &hub.ChatUser{System: "telegram", User: hub.User{ID: "U1"}, Level: hub.Member}, user(t, s, "telegram", "U1"))
}

// seenAgain tells by their order in the list whether a sight was written.
func seenAgain(t *testing.T, s *store.Store) {
	see(t, s, "slack", hub.User{ID: "U1", Name: "anna", Full: "Anna"}, noon)
	see(t, s, "slack", hub.User{ID: "U2", Name: "ben"}, noon.Add(time.Second))
	see(t, s, "slack", hub.User{ID: "U1", Name: "anna", Full: "Anna"}, noon.Add(59*time.Second))
	require.Equal(t, []string{"U2", "U1"}, userIDs(everyUser(t, s, hub.UserQuery{})), "less than a minute is not written")
	see(t, s, "slack", hub.User{ID: "U1", Name: "anna", Full: "Anna"}, noon.Add(time.Minute))
	require.Equal(t, []string{"U1", "U2"}, userIDs(everyUser(t, s, hub.UserQuery{})))

	see(t, s, "slack", hub.User{ID: "U2", Full: "Ben"}, noon.Add(61*time.Second))
	equal(t, hub.User{ID: "U2", Name: "ben", Full: "Ben"}, user(t, s, "slack", "U2").User)
	require.Equal(t, []string{"U2", "U1"}, userIDs(everyUser(t, s, hub.UserQuery{})), "a new name is written at once")
	require.Equal(t, []string{"U2"}, userIDs(everyUser(t, s, hub.UserQuery{Text: "ben"})))
	see(t, s, "slack", hub.User{ID: "U2", Name: "benno"}, noon.Add(62*time.Second))
	require.Equal(t, []string{"U2"}, userIDs(everyUser(t, s, hub.UserQuery{Text: "BENNO"})), "the new name is found")
}

func sightsOutOfOrder(t *testing.T, s *store.Store) {
	see(t, s, "slack", hub.User{ID: "U1", Name: "new"}, noon)
	see(t, s, "slack", hub.User{ID: "U1", Name: "old"}, noon.Add(-time.Hour))
	require.Equal(t, "new", user(t, s, "slack", "U1").Name)
	see(t, s, "slack", hub.User{ID: "U2", Name: "untimed"}, time.Time{})
	require.Equal(t, []string{"U2", "U1"}, userIDs(everyUser(t, s, hub.UserQuery{})), "no time is now")
}

func levels(t *testing.T, s *store.Store) {
	require.Equal(t, hub.Member, level(t, s, "slack", "U1"), "nobody knows them")
	got, err := s.SetLevel(t.Context(), "slack", "U1", hub.Admin)
	require.NoError(t, err)
	equal(t, &hub.ChatUser{System: "slack", User: hub.User{ID: "U1"}, Level: hub.Admin}, got)
	require.Equal(t, hub.Admin, level(t, s, "slack", "U1"))
	require.Equal(t, hub.Member, level(t, s, "telegram", "U1"))

	see(t, s, "slack", hub.User{ID: "U1", Name: "anna"}, noon)
	want := &hub.ChatUser{System: "slack", User: hub.User{ID: "U1", Name: "anna"}, Level: hub.Admin}
	equal(t, want, user(t, s, "slack", "U1"))
	want.Level = hub.Guest
	got, err = s.SetLevel(t.Context(), "slack", "U1", hub.Guest)
	require.NoError(t, err)
	equal(t, want, got)
	require.Equal(t, hub.Guest, level(t, s, "slack", "U1"))
	require.Equal(t, []string{"U1"}, userIDs(everyUser(t, s, hub.UserQuery{Text: "anna"})), "a level changes no name")
}

func refusedUsers(t *testing.T, s *store.Store) {
	_, err := s.SetLevel(t.Context(), "slack", "U1", "root")
	code(t, hub.CodeInvalid, err)
	_, err = s.GetUser(t.Context(), "slack", "U1")
	code(t, hub.CodeNotFound, err)
	long := string(make([]byte, 2000))
	for _, id := range []string{"", long} {
		_, err = s.SetLevel(t.Context(), "slack", id, hub.Admin)
		code(t, hub.CodeInvalid, err)
		code(t, hub.CodeInvalid, s.SeeUser(t.Context(), "slack", hub.User{ID: id}, noon))
		_, err = s.MakeLinkCode(t.Context(), "slack", id, noon)
		code(t, hub.CodeInvalid, err)
		_, err = s.Link(t.Context(), "slack", id, "ACDEFGHJ", noon)
		code(t, hub.CodeInvalid, err)
	}
	code(t, hub.CodeInvalid, s.SeeUser(t.Context(), "", hub.User{ID: "U1"}, noon))
	_, _, err = s.ListUsers(t.Context(), hub.UserQuery{Level: "root"})
	code(t, hub.CodeInvalid, err)
	_, _, err = s.ListUsers(t.Context(), hub.UserQuery{Page: hub.Page{Cursor: "nope"}})
	code(t, hub.CodeInvalid, err)
}

func oddUsers(t *testing.T, s *store.Store) {
	for i, v := range odd() {
		u := hub.User{ID: fmt.Sprintf("%s-%d", v, i), Name: v, Full: v}
		see(t, s, "slack", u, noon)
		equal(t, u, user(t, s, "slack", u.ID).User)
		require.Contains(t, userIDs(everyUser(t, s, hub.UserQuery{Text: u.ID})), u.ID)
	}
	for v, kept := range unstorable() {
		see(t, s, "slack", hub.User{ID: v, Name: v}, noon)
		see(t, s, "slack", hub.User{ID: v, Name: v}, noon)
		equal(t, hub.User{ID: kept, Name: kept}, user(t, s, "slack", v).User)
	}
}

func everyUser(t *testing.T, s *store.Store, q hub.UserQuery) (all []hub.ChatUser) {
	t.Helper()
	for {
		users, next, err := s.ListUsers(t.Context(), q)
		require.NoError(t, err)
		if all = append(all, users...); next == "" {
			return all
		}
		require.NotEmpty(t, users, "a page that leads on holds something")
		q.Page.Cursor = next
	}
}

func userIDs(users []hub.ChatUser) (ids []string) {
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids
}

// userPages turns pages of users of whom many were seen at one time, or never.
func userPages(t *testing.T, s *store.Store) {
	var want []string
	for i := range 30 {
		id := fmt.Sprintf("U%02d", i)
		want = append(want, id)
		if i < 10 {
			_, err := s.SetLevel(t.Context(), "slack", id, hub.Member)
			require.NoError(t, err)
			continue
		}
		see(t, s, "slack", hub.User{ID: id}, noon.Add(time.Duration(i/10)*time.Hour))
	}
	got := userIDs(everyUser(t, s, hub.UserQuery{Page: hub.Page{Limit: 7}}))
	require.ElementsMatch(t, want, got)
	require.ElementsMatch(t, want[20:], got[:10], "those seen last come first")
	require.ElementsMatch(t, want[:10], got[20:], "those never seen come last")
	users, next, err := s.ListUsers(t.Context(), hub.UserQuery{Page: hub.Page{Limit: 30}})
	require.NoError(t, err)
	require.Len(t, users, 30)
	require.Empty(t, next, "a page that is just full is the last")
}

func userFilters(t *testing.T, s *store.Store) {
	see(t, s, "slack", hub.User{ID: "U1", Name: "anna", Full: "Anna Bauer"}, noon.Add(4*time.Minute))
	see(t, s, "slack", hub.User{ID: "U2", Name: "ben_50%"}, noon.Add(3*time.Minute))
	see(t, s, "telegram", hub.User{ID: "77", Full: "ÄNNE Bauer"}, noon.Add(2*time.Minute))
	_, err := s.SetLevel(t.Context(), "slack", "U2", hub.Admin)
	require.NoError(t, err)
	for i, c := range []struct {
		query hub.UserQuery
		want  []string
	}{
		{hub.UserQuery{}, []string{"U1", "U2", "77"}},
		{hub.UserQuery{System: "slack"}, []string{"U1", "U2"}},
		{hub.UserQuery{System: "matrix"}, nil},
		{hub.UserQuery{Level: hub.Admin}, []string{"U2"}},
		{hub.UserQuery{Level: hub.Member}, []string{"U1", "77"}},
		{hub.UserQuery{Text: "bauer"}, []string{"U1", "77"}},
		{hub.UserQuery{Text: "änne"}, []string{"77"}},
		{hub.UserQuery{Text: "u2"}, []string{"U2"}},
		{hub.UserQuery{Text: "0%"}, []string{"U2"}},
		{hub.UserQuery{Text: "n_5"}, []string{"U2"}},
		{hub.UserQuery{Text: "a_n"}, nil},
		{hub.UserQuery{System: "slack", Level: hub.Member, Text: "ANNA"}, []string{"U1"}},
	} {
		require.Equal(t, c.want, userIDs(everyUser(t, s, c.query)), "query %d", i)
	}
}

// seenAtOnce sees one user in many goroutines while their level is set: the
// level stays.
func seenAtOnce(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		if i == 7 {
			_, err := s.SetLevel(t.Context(), "slack", "U1", hub.Operator)
			return err
		}
		return s.SeeUser(t.Context(), "slack", hub.User{ID: "U1", Name: fmt.Sprintf("anna%d", i)}, noon.Add(time.Duration(i)*time.Minute))
	})
	got := user(t, s, "slack", "U1")
	require.Equal(t, hub.Operator, got.Level)
	require.Equal(t, "anna15", got.Name, "the latest sight counts")
}
