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
	require.EqualValues(t, live+leastRoom, memoryLimit(live, leastRoom))

	then := collector{used: 1, busy: 10}
	require.InDelta(t, 0.3, collector{used: 1.6, busy: 12}.shareSince(then), 1e-9)
	require.Zero(t, then.shareSince(then), "it has not run since")

	room := int64(leastRoom)
	require.Equal(t, room, roomFor(room, 0), "it is never less")
	for range 20 {
		room = roomFor(room, collectsTooMuch+0.01)
	}
	require.EqualValues(t, mostRoom, room)
	require.Equal(t, room, roomFor(room, collectsTooLittle), "enough, and not too much")
	for range 100 {
		room = roomFor(room, collectsTooLittle-0.01)
	}
	require.EqualValues(t, leastRoom, room)
	require.NotZero(t, readCollector().lives)
}
