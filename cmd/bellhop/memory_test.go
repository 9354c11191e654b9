package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRoomBesideWhatLives holds that the collector has room as it needs it, between
// two bounds.
func TestRoomBesideWhatLives(t *testing.T) {
	const live = 200 << 20
	require.EqualValues(t, enoughMemory, memoryLimit(live/10, leastRoom), "a small process is left alone")
	require.EqualValues(t, 100<<20+mostRoom, memoryLimit(100<<20, mostRoom))
	require.EqualValues(t, muchMemory, memoryLimit(170<<20, mostRoom), "a large one has less")
	require.EqualValues(t, live+leastRoom, memoryLimit(live, mostRoom), "but some")

	then := collector{used: 1, busy: 10}
	require.InDelta(t, 0.3, collector{used: 1.6, busy: 12}.shareSince(then), 1e-9)
	require.Zero(t, then.shareSince(then), "it has not run since")

	least, most := room{leastPercent, leastRoom}, room{mostPercent, mostRoom}
	beside := least
	require.Equal(t, least, beside.after(0), "it is never less")
	require.Equal(t, mostPercent, beside.after(collectsTooMuch+0.01).percent, "a burst does not wait")
	for range 20 {
		beside = beside.after(collectsTooMuch + 0.01)
	}
	require.Equal(t, most, beside)
	require.Equal(t, most, beside.after(collectsTooLittle), "enough, and not too much")
	for range 100 {
		beside = beside.after(collectsTooLittle - 0.01)
	}
	require.Equal(t, least, beside)
	require.NotZero(t, readCollector().lives)
}
