package main

import (
	"testing"
	"time"

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

	began := time.Now()
	then := collector{at: began, used: 1, all: 10}
	share, cpus := collector{at: began.Add(4 * time.Second), used: 1.6, all: 12}.since(then)
	require.InDelta(t, 0.3, share, 1e-9)
	require.InDelta(t, 0.5, cpus, 1e-9)
	share, cpus = then.since(then)
	require.Zero(t, share+cpus, "no time has passed")

	least, most := room{leastPercent, leastRoom}, room{mostPercent, mostRoom}
	beside := least
	require.Equal(t, least, beside.after(0, 0.1), "it is never less")
	require.Equal(t, mostPercent, beside.after(collectsTooMuch+0.01, 0.1).percent, "a burst does not wait")
	require.Equal(t, least, beside.after(busyCollectsTooMuch+0.01, 0.1).after(0, 0.1), "little work may be collected often")
	require.Equal(t, busyPercent, beside.after(busyCollectsTooMuch+0.01, busy).percent, "much may not")
	require.Equal(t, mostPercent, beside.after(collectsTooMuch, busy).after(collectsTooMuch, 0.1).percent, "nor when it is done")
	burst := room{busyPercent, leastRoom}
	require.Equal(t, busyPercent, burst.growth(0))
	require.Equal(t, busyPercent, burst.growth(enoughMemory/2))
	require.Equal(t, 60, burst.growth(100<<20), "to what is enough")
	require.Equal(t, mostPercent, burst.growth(live), "a large heap grows less")
	require.Equal(t, leastPercent, least.growth(live))
	for range 20 {
		beside = beside.after(collectsTooMuch+0.01, 0.1)
	}
	require.Equal(t, most, beside)
	require.Equal(t, most, beside.after(collectsTooLittle, 0.1), "enough, and not too much")
	for range 100 {
		beside = beside.after(collectsTooLittle-0.01, 0.1)
	}
	require.Equal(t, least, beside)
	require.NotZero(t, readCollector(time.Now()).lives)
}
