package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func house(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"rows as they were":        rowsAsTheyWere,
		"rows that changed":        rowsThatChanged,
		"all rows or none":         allRowsOrNone,
		"a row in another's place": rowInAnothersPlace,
		"users as they were":       usersAsTheyWere,
		"users that changed":       usersThatChanged,
		"accounts that come":       accountsThatCome,
	})
}

func rows(t *testing.T, s *store.Store) []hub.Subscription {
	t.Helper()
	list, err := s.AllSubscriptions(t.Context())
	require.NoError(t, err)
	return list
}

// rowsAsTheyWere puts back rows that are gone, with what they said of themselves.
func rowsAsTheyWere(t *testing.T, s *store.Store) {
	var was []hub.Subscription
	for _, tag := range []string{"bug", "wip", "urgent"} {
		was = append(was, create(t, s, subscription("slack", "C1", tag)))
	}
	var gone, back []hub.SubscriptionChange
	for i := range was {
		gone = append(gone, hub.SubscriptionChange{Before: &was[i]})
		row := was[i]
		row.CreatedAt = noon
		row.CreatedBy = "ada"
		back = append(back, hub.SubscriptionChange{After: &row})
	}
	require.NoError(t, s.ChangeSubscriptions(t.Context(), gone))
	require.Empty(t, rows(t, s))
	require.NoError(t, s.ChangeSubscriptions(t.Context(), back))
	got := rows(t, s)
	require.Len(t, got, 3)
	for i := range got {
		equal(t, back[i].After, &got[i])
		require.Equal(t, was[i].ID, got[i].ID)
		require.Equal(t, noon, got[i].CreatedAt)
		require.Equal(t, "ada", got[i].CreatedBy)
	}
	fresh := subscription("slack", "C2", "bug")
	before := time.Now().Truncate(time.Microsecond)
	require.NoError(t, s.ChangeSubscriptions(t.Context(), []hub.SubscriptionChange{{After: &fresh}}))
	require.NotEmpty(t, fresh.ID)
	require.False(t, fresh.CreatedAt.Before(before))
	require.NoError(t, s.ChangeSubscriptions(t.Context(), nil))
}

func rowsThatChanged(t *testing.T, s *store.Store) {
	row := create(t, s, subscription("slack", "C1", "bug"))
	require.NoError(t, s.MarkFired(t.Context(), map[hub.SubscriptionID]time.Time{row.ID: noon}))
	read, mine := row, row
	mine.Mode = hub.Mute
	require.NoError(t, s.ChangeSubscriptions(t.Context(), []hub.SubscriptionChange{{Before: &read, After: &mine}}))
	got := rows(t, s)
	require.Equal(t, hub.Mute, got[0].Mode)
	require.Equal(t, noon, got[0].LastFiredAt, "what it did is not forgotten")

	late := row
	late.Mode = hub.Follow
	code(t, hub.CodeConflict, s.ChangeSubscriptions(t.Context(), []hub.SubscriptionChange{{Before: &read, After: &late}}))
	code(t, hub.CodeConflict, s.ChangeSubscriptions(t.Context(), []hub.SubscriptionChange{{Before: &read}}))
	require.Equal(t, hub.Mute, rows(t, s)[0].Mode)
	require.NoError(t, s.ChangeSubscriptions(t.Context(), []hub.SubscriptionChange{{Before: &mine}}))
	code(t, hub.CodeConflict, s.ChangeSubscriptions(t.Context(), []hub.SubscriptionChange{{Before: &mine}}))
}

func allRowsOrNone(t *testing.T, s *store.Store) {
	there := create(t, s, subscription("slack", "C1", "bug"))
	one, same := subscription("slack", "C2", "bug"), there
	same.ID = "sother"
	err := s.ChangeSubscriptions(t.Context(), []hub.SubscriptionChange{{After: &one}, {After: &same}})
	code(t, hub.CodeConflict, err)
	require.ErrorContains(t, err, string(there.ID))
	require.Len(t, rows(t, s), 1)
}

func rowInAnothersPlace(t *testing.T, s *store.Store) {
	old := create(t, s, subscription("slack", "C1", "bug"))
	heir := old
	heir.ID = "sheir"
	require.NoError(t, s.ChangeSubscriptions(t.Context(), []hub.SubscriptionChange{{After: &heir}, {Before: &old}}))
	require.Equal(t, hub.SubscriptionID("sheir"), rows(t, s)[0].ID)
}

func ranked(id string, level hub.Level, account string) *hub.ChatUser {
	return &hub.ChatUser{System: "slack", User: hub.User{ID: id, Name: "name of " + id}, Level: level, Account: account}
}

func usersAsTheyWere(t *testing.T, s *store.Store) {
	require.NoError(t, s.SeeUser(t.Context(), "slack", hub.User{ID: "U0", Name: "nobody"}, noon))
	want := []hub.ChatUser{*ranked("U1", hub.Admin, ""), *ranked("U2", hub.Member, "a7"), *ranked("U3", hub.Operator, "a7")}
	var put, drop []hub.UserChange
	for i := range want {
		put, drop = append(put, hub.UserChange{After: &want[i]}), append(drop, hub.UserChange{Before: &want[i]})
	}
	require.NoError(t, s.ChangeUsers(t.Context(), put))
	got, err := s.RankedUsers(t.Context())
	require.NoError(t, err)
	equal(t, want, got)
	linked, err := s.Linked(t.Context(), "slack", "U2")
	require.NoError(t, err)
	require.Len(t, linked, 2)

	require.NoError(t, s.ChangeUsers(t.Context(), drop))
	got, err = s.RankedUsers(t.Context())
	require.NoError(t, err)
	require.Empty(t, got)
	u, err := s.GetUser(t.Context(), "slack", "U1")
	require.NoError(t, err)
	require.Equal(t, "name of U1", u.Name, "they are known all the same")
	require.NoError(t, s.ChangeUsers(t.Context(), nil))
}

func usersThatChanged(t *testing.T, s *store.Store) {
	require.NoError(t, s.SeeUser(t.Context(), "slack", hub.User{ID: "U1", Name: "as they are called now"}, noon))
	require.NoError(t, s.ChangeUsers(t.Context(), []hub.UserChange{{After: ranked("U1", hub.Operator, "")}}))
	u, err := s.GetUser(t.Context(), "slack", "U1")
	require.NoError(t, err)
	require.Equal(t, "as they are called now", u.Name)
	code(t, hub.CodeConflict, s.ChangeUsers(t.Context(), []hub.UserChange{
		{After: ranked("U2", hub.Admin, "")}, {Before: ranked("U1", hub.Admin, ""), After: ranked("U1", hub.Guest, "")},
	}))
	_, err = s.GetUser(t.Context(), "slack", "U2")
	code(t, hub.CodeNotFound, err)
	code(t, hub.CodeConflict, s.ChangeUsers(t.Context(), []hub.UserChange{{Before: ranked("U3", hub.Admin, "")}}))
	code(t, hub.CodeInvalid, s.ChangeUsers(t.Context(), []hub.UserChange{{After: ranked("U3", "king", "")}}))
	code(t, hub.CodeInvalid, s.ChangeUsers(t.Context(), []hub.UserChange{{After: ranked("", hub.Admin, "")}}))
}

// accountsThatCome links people after accounts have come from elsewhere: nobody
// may become the same person as a stranger.
func accountsThatCome(t *testing.T, s *store.Store) {
	require.NoError(t, s.ChangeUsers(t.Context(), []hub.UserChange{
		{After: ranked("U1", hub.Admin, "a3")}, {After: ranked("U2", hub.Member, "a3")}, {After: ranked("U4", hub.Member, "no number")},
	}))
	for i, pair := range [][2]string{{"V1", "V2"}, {"W1", "W2"}, {"X1", "X2"}, {"Y1", "Y2"}} {
		made, err := s.MakeLinkCode(t.Context(), "slack", pair[0], noon.Add(time.Hour))
		require.NoError(t, err)
		linked, err := s.Link(t.Context(), "slack", pair[1], made, noon)
		require.NoError(t, err)
		require.Len(t, linked, 2, "pair %d", i)
	}
}
