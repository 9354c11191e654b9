package bus_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// solved is what a forum's nth webhook tells of a topic.
func solved(id string, number uint64) *hub.Event {
	e := typed(id, hub.ForumTopicSolved)
	e.Line = hub.Line{Name: "solved/301", Number: number}
	return e
}

// TestWhatIsSoAgainIsNoDuplicate holds that an event is no duplicate of one of the
// same content if another of its line came in between, and that one told again is.
func TestWhatIsSoAgainIsNoDuplicate(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		ids := map[hub.EventID]uint64{}
		tell := func(id string, number uint64, fresh bool) {
			t.Helper()
			e := solved(id, number)
			a, err := b.Publish(t.Context(), e)
			require.NoError(t, err)
			require.Equal(t, !fresh, a.Duplicate, "%s, told %d", id, number)
			if fresh {
				require.NotContains(t, ids, e.ID)
				ids[e.ID] = a.Seq
			}
		}
		tell("yes", 1, true)
		tell("yes", 2, false) // another webhook, or a retry
		tell("no", 3, true)
		tell("yes", 1, false) // by hand
		tell("yes", 5, true)
		tell("yes", 6, false)
		tell("no", 3, false)
		tell("no", 4, false) // late
		tell("no", 7, true)
		tell("yes", 8, true)
		require.Len(t, ids, 5)
		for id, seq := range ids {
			got, err := b.Event(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, seq, got.Seq)
			require.Equal(t, id, got.Event.ID)
		}
		e := typed("yes", hub.ForumTopicSolved)
		a, err := b.Publish(t.Context(), e)
		require.NoError(t, err)
		require.True(t, a.Duplicate, "of no line")
	})
}

// TestWhatIsToldAgainSoon holds that the same content is the same event for as long
// as its line says, from when it came in, by whatever id it comes again.
func TestWhatIsToldAgainSoon(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	var last hub.EventID
	tell := func(id string, fresh bool) {
		t.Helper()
		e := typed(id, "user.backup")
		e.Line = hub.Line{Name: "backup", For: 10 * time.Minute}
		a, err := b.Publish(t.Context(), e)
		require.NoError(t, err)
		require.Equal(t, !fresh, a.Duplicate)
		if fresh {
			require.Equal(t, hub.EventID(id), e.ID)
			last = e.ID
		}
		require.Equal(t, last, e.ID)
	}
	tell("1", true)
	tell("1", false)
	tell("2", false)
	b.Later(9 * time.Minute)
	tell("2", false)
	b.Later(time.Minute)
	tell("2", true)
	b.Later(9 * time.Minute)
	tell("3", false)
	b.Later(40 * time.Hour)
	tell("4", true)
	require.EqualValues(t, 3, stored(t, b, "EVENTS"))
}

// TestLinesOutliveARestart holds that a hub knows the lines of events that came in
// before it was started, or by another hub.
func TestLinesOutliveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir)
	for i, id := range []string{"yes", "no"} {
		_, err := b.Publish(t.Context(), solved(id, uint64(i)+1))
		require.NoError(t, err)
	}
	require.NoError(t, b.Close())
	b = open(t, dir)
	first := solved("yes", 3)
	a, err := b.Publish(t.Context(), first)
	require.NoError(t, err)
	require.False(t, a.Duplicate)
	require.NoError(t, b.Close())
	b = open(t, dir)
	a, err = b.Publish(t.Context(), solved("yes", 4))
	require.NoError(t, err)
	require.True(t, a.Duplicate)

	ns := natsServer(t)
	one, two := open(t, "", at(ns.ClientURL())), open(t, "", at(ns.ClientURL()))
	require.NoError(t, one.ForgetServerIDs(t.Context()))
	for i, id := range []string{"yes", "no"} {
		_, err := one.Publish(t.Context(), solved(id, uint64(i)+1))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { // once two has heard of it
		a, err := two.Publish(t.Context(), solved("no", 3))
		return err == nil && a == bus.Ack{Seq: 2, Duplicate: true}
	}, 10*time.Second, 10*time.Millisecond)
	again := solved("yes", 4)
	a, err = two.Publish(t.Context(), again)
	require.NoError(t, err)
	require.False(t, a.Duplicate)
	require.Equal(t, first.ID, again.ID, "whichever hub takes it in")
}
