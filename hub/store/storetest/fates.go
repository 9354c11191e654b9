package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func fates(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"counted":      countedFates,
		"some of many": someOfMany,
		"many events":  manyFates,
		"traces":       tracesOfMany,
	})
}

func countedFates(t *testing.T, s *store.Store) {
	ds := queued("C1", 5)
	for i := range ds {
		ds[i].Event = "e1"
	}
	ds[4].Event = "e2"
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	require.NoError(t, s.RecordOutcomes(t.Context(), []hub.Outcome{
		outcome(ds[0].ID, hub.StatusSent, 1), outcome(ds[1].ID, hub.StatusDead, 8), outcome(ds[2].ID, hub.StatusFailed, 1),
	}))
	got, err := s.Fates(t.Context(), []hub.EventID{"e1", "e2", "e1", "", "none", "E1"}, 3)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, map[hub.Status]int{hub.StatusSent: 1, hub.StatusDead: 1, hub.StatusFailed: 1, hub.StatusQueued: 1}, got["e1"].Counts)
	require.Equal(t, 4, got["e1"].Total())
	var ids []hub.NotificationID
	for _, d := range got["e1"].Some {
		ids = append(ids, d.ID)
	}
	require.Equal(t, []hub.NotificationID{ds[1].ID, ds[2].ID, ds[3].ID}, ids, "what went wrong comes first, what was sent last")
	require.Equal(t, map[hub.Status]int{hub.StatusQueued: 1}, got["e2"].Counts)
	require.Len(t, got["e2"].Some, 1)

	got, err = s.Fates(t.Context(), []hub.EventID{"e1"}, 0)
	require.NoError(t, err)
	require.Empty(t, got["e1"].Some)
	require.Equal(t, 4, got["e1"].Total())
	got, err = s.Fates(t.Context(), nil, 3)
	require.NoError(t, err)
	require.Empty(t, got)
}

func someOfMany(t *testing.T, s *store.Store) {
	ds := queued("C1", 700)
	for i := range ds {
		ds[i].Event = "e1"
	}
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	got, err := s.Fates(t.Context(), []hub.EventID{"e1"}, 5)
	require.NoError(t, err)
	require.Equal(t, 700, got["e1"].Total())
	require.Len(t, got["e1"].Some, 5)
}

func manyFates(t *testing.T, s *store.Store) {
	ds := queued("C1", 520)
	var events []hub.EventID
	for i := range ds {
		ds[i].Event = hub.EventID(fmt.Sprintf("e%d", i))
		events = append(events, ds[i].Event)
	}
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	got, err := s.Fates(t.Context(), events, 5)
	require.NoError(t, err)
	require.Len(t, got, len(events))
	for _, d := range ds {
		require.Equal(t, d.ID, got[d.Event].Some[0].ID)
	}
}

func tracesOfMany(t *testing.T, s *store.Store) {
	ts := decisions("e", 600)
	require.NoError(t, s.PutTraces(t.Context(), ts))
	var events []hub.EventID
	for _, d := range ts {
		events = append(events, d.Event, "x"+d.Event)
	}
	got, err := s.FindTraces(t.Context(), append(events, ""))
	require.NoError(t, err)
	require.Len(t, got, len(ts))
	for _, d := range ts {
		require.Equal(t, d, got[d.Event])
	}
}
