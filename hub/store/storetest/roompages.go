package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func roomPages(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"kept":    keepRoomPage,
		"end":     roomPageEnds,
		"deleted": deleteRoomPage,
		"bounded": boundRoomPages,
	})
}

func roomPage(n int, ends time.Time) hub.RoomPage {
	return hub.RoomPage{
		ID: fmt.Sprintf("p%d", n), Digest: fmt.Sprintf("d%d", n), Chat: hub.Chat{System: "slack", ID: "C1"}, Ask: "Maren <admin>",
		CreatedBy: "maren", CreatedAt: noon.Add(time.Duration(n) * time.Second), ExpiresAt: ends,
	}
}

func keepRoomPage(t *testing.T, s *store.Store) {
	first, second := roomPage(1, time.Time{}), roomPage(2, noon.Add(time.Hour))
	require.NoError(t, s.CreateRoomPage(t.Context(), first))
	require.NoError(t, s.CreateRoomPage(t.Context(), second))
	require.Equal(t, hub.CodeConflict, hub.CodeOf(s.CreateRoomPage(t.Context(), first)), "a digest is there once")
	got, err := s.FindRoomPage(t.Context(), "d1", noon)
	require.NoError(t, err)
	equal(t, &first, got)
	require.NoError(t, s.OpenedRoomPage(t.Context(), "p1", noon.Add(time.Minute)))
	require.NoError(t, s.OpenedRoomPage(t.Context(), "p1", noon), "an older one changes nothing")
	first.OpenedAt = noon.Add(time.Minute)
	all, err := s.RoomPages(t.Context(), first.Chat)
	require.NoError(t, err)
	equal(t, []hub.RoomPage{second, first}, all)
	none, err := s.RoomPages(t.Context(), hub.Chat{System: "slack", ID: "C2"})
	require.NoError(t, err)
	require.Empty(t, none)
}

func roomPageEnds(t *testing.T, s *store.Store) {
	ends := noon.Add(time.Hour)
	require.NoError(t, s.CreateRoomPage(t.Context(), roomPage(1, ends)))
	for at, found := range map[time.Time]bool{noon: true, ends.Add(-time.Microsecond): true, ends: false, ends.Add(time.Hour): false} {
		got, err := s.FindRoomPage(t.Context(), "d1", at)
		require.NoError(t, err)
		require.Equal(t, found, got != nil, at)
	}
	for _, digest := range []string{"", "D1", "p1", "d1\x00"} {
		got, err := s.FindRoomPage(t.Context(), digest, noon)
		require.NoError(t, err)
		require.Nil(t, got, digest)
	}
}

func deleteRoomPage(t *testing.T, s *store.Store) {
	page := roomPage(1, time.Time{})
	require.NoError(t, s.CreateRoomPage(t.Context(), page))
	got, err := s.DeleteRoomPage(t.Context(), hub.Chat{System: "slack", ID: "C2"}, "p1")
	require.NoError(t, err)
	require.Nil(t, got, "it is another chat's")
	got, err = s.DeleteRoomPage(t.Context(), page.Chat, "p1")
	require.NoError(t, err)
	equal(t, &page, got)
	got, err = s.FindRoomPage(t.Context(), "d1", noon)
	require.NoError(t, err)
	require.Nil(t, got)
	got, err = s.DeleteRoomPage(t.Context(), page.Chat, "p1")
	require.NoError(t, err)
	require.Nil(t, got)
}

func boundRoomPages(t *testing.T, s *store.Store) {
	for n := range hub.MaxRoomPages {
		ends := time.Time{}
		if n == 0 {
			ends = noon.Add(time.Hour)
		}
		require.NoError(t, s.CreateRoomPage(t.Context(), roomPage(n, ends)))
	}
	require.Equal(t, hub.CodeConflict, hub.CodeOf(s.CreateRoomPage(t.Context(), roomPage(100, time.Time{}))))
	other := roomPage(101, time.Time{})
	other.Chat.ID = "C2"
	require.NoError(t, s.CreateRoomPage(t.Context(), other), "each chat has its own")
	later := roomPage(102, time.Time{})
	later.CreatedAt = noon.Add(2 * time.Hour) // one has ended by then
	require.NoError(t, s.CreateRoomPage(t.Context(), later))
	all, err := s.RoomPages(t.Context(), later.Chat)
	require.NoError(t, err)
	require.Len(t, all, hub.MaxRoomPages)
	require.Equal(t, "p102", all[0].ID)
}
