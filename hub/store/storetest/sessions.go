package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func sessions(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"expiry":   sessionExpiry,
		"delete":   deleteSession,
		"prune":    pruneSessions,
		"repeated": repeatedSession,
		"use":      useSession,
		"listed":   listSessions,
	})
}

func session(digest string, expires time.Time) hub.Session {
	return hub.Session{Digest: digest, Who: "admin", CreatedAt: noon, ExpiresAt: expires}
}

func found(t *testing.T, s *store.Store, digest string, now time.Time) *hub.Session {
	t.Helper()
	f, err := s.FindSession(t.Context(), digest, now)
	require.NoError(t, err)
	return f
}

func sessionExpiry(t *testing.T, s *store.Store) {
	want := session("d1", noon.Add(time.Hour))
	require.NoError(t, s.CreateSession(t.Context(), want))
	equal(t, &want, found(t, s, "d1", noon))
	equal(t, &want, found(t, s, "d1", want.ExpiresAt.Add(-time.Microsecond)))
	require.Nil(t, found(t, s, "d1", want.ExpiresAt), "at its end it has ended")
	require.Nil(t, found(t, s, "d1", want.ExpiresAt.Add(time.Hour)))
	require.Nil(t, found(t, s, "D1", noon))
	require.Nil(t, found(t, s, "", noon))
	require.NoError(t, s.CreateSession(t.Context(), hub.Session{Digest: "d2", Who: "admin"}))
	require.Nil(t, found(t, s, "d2", noon), "one without an end must not last for ever")
}

func deleteSession(t *testing.T, s *store.Store) {
	require.NoError(t, s.CreateSession(t.Context(), session("d1", noon.Add(time.Hour))))
	require.NoError(t, s.CreateSession(t.Context(), session("d2", noon.Add(time.Hour))))
	require.NoError(t, s.DeleteSession(t.Context(), "d1"))
	require.NoError(t, s.DeleteSession(t.Context(), "d1"), "one that is gone is fine")
	require.Nil(t, found(t, s, "d1", noon))
	require.NotNil(t, found(t, s, "d2", noon))
}

func pruneSessions(t *testing.T, s *store.Store) {
	require.NoError(t, s.CreateSession(t.Context(), session("old", noon.Add(time.Minute))))
	require.NoError(t, s.CreateSession(t.Context(), session("young", noon.Add(time.Hour))))
	require.NoError(t, s.PruneSessions(t.Context(), noon.Add(time.Minute)))
	require.Nil(t, found(t, s, "old", noon))
	require.NotNil(t, found(t, s, "young", noon))
}

func repeatedSession(t *testing.T, s *store.Store) {
	first := session("d1", noon.Add(time.Hour))
	require.NoError(t, s.CreateSession(t.Context(), first))
	thief := session("d1", noon.Add(100*time.Hour))
	thief.Who = "someone else"
	code(t, hub.CodeConflict, s.CreateSession(t.Context(), thief))
	equal(t, &first, found(t, s, "d1", noon))
}

func useSession(t *testing.T, s *store.Store) {
	ctx, want := t.Context(), session("d1", noon.Add(time.Hour))
	want.Account, want.Agent, want.Address, want.ProvedAt, want.SeenAt = "u1", "Firefox \x00 <b>", "2001:db8::1", noon, noon
	require.NoError(t, s.CreateSession(ctx, want))
	want.Agent = "Firefox \uFFFD <b>"
	equal(t, &want, found(t, s, "d1", noon))

	later := noon.Add(time.Minute)
	require.NoError(t, s.TouchSession(ctx, "d1", "192.0.2.1", later, later.Add(time.Hour)))
	require.NoError(t, s.TouchSession(ctx, "d1", "192.0.2.9", noon, noon), "what is told late changes nothing")
	require.NoError(t, s.ProveSession(ctx, "d1", later))
	require.NoError(t, s.TouchSession(ctx, "gone", "", later, later))
	require.NoError(t, s.ProveSession(ctx, "gone", later))
	want.Address, want.SeenAt, want.ProvedAt, want.ExpiresAt = "192.0.2.1", later, later, later.Add(time.Hour)
	equal(t, &want, found(t, s, "d1", noon))
}

func listSessions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for i, account := range []hub.AccountID{"u1", "u2", "", "u1", "u1"} {
		one := session(string(rune('a'+i)), noon.Add(time.Hour))
		one.Account, one.SeenAt = account, noon.Add(time.Duration(i)*time.Second)
		if i == 4 {
			one.ExpiresAt = noon
		}
		require.NoError(t, s.CreateSession(ctx, one))
	}
	digests := func(account hub.AccountID, all bool) (list string) {
		got, err := s.ListSessions(ctx, account, all, noon)
		require.NoError(t, err)
		for _, one := range got {
			list += one.Digest
		}
		return list
	}
	require.Equal(t, "da", digests("u1", false))
	require.Equal(t, "c", digests("", false), "those of the admin token")
	require.Equal(t, "dcba", digests("", true))
	n, err := s.DeleteSessions(ctx, "u1", "d")
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	require.Equal(t, "dcb", digests("", true))
}
