package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRoomForTheCollector holds that the collector has room as it needs it, between
// bounds.
func TestRoomForTheCollector(t *testing.T) {
	const (
		quiet = 0.1 // CPUs
		much  = collectsTooMuch + 0.01
	)
	least := newRoom(0)
	require.Equal(t, room{leastPercent, enoughMemory, mostMemory}, least)
	require.Equal(t, least, least.after(0, quiet), "it is never less")
	require.Equal(t, least, least.after(collectsTooLittle, quiet), "it was enough, and not too much")

	more := least.after(much, quiet)
	require.Equal(t, room{mostPercent, muchMemory, mostMemory}, more, "a burst does not wait")
	require.Equal(t, more, more.after(much, quiet), "and has its bounds")
	require.Equal(t, least, least.after(busyCollectsTooMuch+0.01, quiet).after(0, quiet), "little work may be collected often")
	busily := least.after(busyCollectsTooMuch+0.01, busy)
	require.Equal(t, room{busyPercent, muchMemory, mostMemory}, busily, "much may not")
	require.Equal(t, mostPercent, busily.after(collectsTooMuch, quiet).percent, "nor when it is done")

	short := least.after(strained+0.01, busy)
	require.Equal(t, room{busyPercent, enoughMemory * 3 / 2, mostMemory}, short)
	require.Equal(t, short, short.after(busyCollectsTooMuch+0.01, busy), "what it has got is not too much")
	for range 5 {
		short = short.after(strained+0.01, busy)
	}
	require.EqualValues(t, mostMemory, short.memory)
	require.Equal(t, more, least.after(strained+0.01, quiet), "who has CPU time to spare need not have memory")

	for range 100 {
		short = short.after(collectsTooLittle-0.01, quiet)
	}
	require.Equal(t, least, short, "it gives all back")
}

// TestMemoryOfTheMachine holds that a small machine is not filled.
func TestMemoryOfTheMachine(t *testing.T) {
	require.EqualValues(t, 400<<20, newRoom(800<<20).most)
	require.EqualValues(t, muchMemory, newRoom(256<<20).most)
	require.EqualValues(t, mostMemory, newRoom(math.MaxInt64).most)
	if runtime.GOOS == "linux" {
		require.Greater(t, machineMemory(), int64(64<<20))
	}
}

// TestMemoryLimit holds that the collector always has room beside what lives and
// what that costs.
func TestMemoryLimit(t *testing.T) {
	r := newRoom(0)
	require.EqualValues(t, enoughMemory, r.limit(50<<20, 20<<20))
	const lives, costs = 200 << 20, 30 << 20
	limit := r.limit(lives, costs)
	require.GreaterOrEqual(t, limit*97/100, int64(lives+costs+leastRoom))
	require.LessOrEqual(t, limit*97/100, int64(lives+costs+leastRoom+4<<20))
	require.Equal(t, limit, r.limit(lives+100, costs), "it is not set for every byte")
}

// TestCollector reads what a collection takes.
func TestCollector(t *testing.T) {
	then := collector{used: 1, all: 10, one: 100}
	share, cpus := collector{used: 1.6, all: 12, one: 104}.since(then)
	require.InDelta(t, 0.3, share, 1e-9)
	require.InDelta(t, 0.5, cpus, 1e-9)
	share, cpus = then.since(then)
	require.Zero(t, share+cpus, "none has ended")

	runtime.GC()
	before := readCollector(time.Now())
	held := make([]byte, 32<<20)
	runtime.GC()
	after := readCollector(time.Now())
	require.Greater(t, after.lives, before.lives+30<<20)
	require.Less(t, after.costs, uint64(1<<30))
	share, cpus = after.since(before)
	require.Positive(t, share)
	require.LessOrEqual(t, share, 1.0)
	require.Positive(t, cpus)
	require.LessOrEqual(t, cpus, float64(runtime.GOMAXPROCS(0)))
	runtime.KeepAlive(held)
}

// TestUserDecidesOnMemory holds that what the environment says of memory stays.
func TestUserDecidesOnMemory(t *testing.T) {
	percent := debug.SetGCPercent(77)
	defer debug.SetGCPercent(percent)
	boundMemory(t.Context(), []string{"HOME=/", "GOMEMLIMIT=300MiB"}) // it returns
	require.Equal(t, 77, debug.SetGCPercent(77))
}
