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
	const (
		lives = 40 << 20  // bytes
		large = 120 << 20 // in a burst
	)
	least := newRoom(0)
	require.Equal(t, room{leastPercent, enoughMemory, mostMemory}, least)
	require.Equal(t, least, least.after(0, quiet, lives), "it is never less")
	require.Equal(t, least, least.after(collectsTooLittle, quiet, lives), "it was enough, and not too much")

	more := least.after(much, quiet, lives)
	require.Equal(t, room{mostPercent, muchMemory, mostMemory}, more, "a burst does not wait")
	require.Equal(t, more, more.after(much, quiet, lives), "and has its bounds")
	require.Equal(t, least, least.after(busyCollectsTooMuch+0.01, quiet, lives).after(0, quiet, lives), "little work may be collected often")
	busily := least.after(busyCollectsTooMuch+0.01, busy, lives)
	require.Equal(t, room{busyPercent, muchMemory, mostMemory}, busily, "much may not")
	require.Equal(t, mostPercent, busily.after(collectsTooMuch, quiet, lives).percent, "nor when it is done")

	require.Equal(t, busily, least.after(strained+0.01, busy, large), "it may be that there was little room")
	enough := busily.after(strained+0.01, busy, large)
	require.InEpsilon(t, odds(strained+0.01)/odds(unstrained), float64(enough.memory-large)/(muchMemory-large), 0.001, "or too little")
	short := least.after(strainedAtOnce+0.01, busy, large)
	require.Equal(t, busyPercent, short.percent)
	free, had := float64(short.memory-large), float64(enoughMemory-large)
	require.InEpsilon(t, odds(strainedAtOnce+0.01)/odds(unstrained), free/had, 0.001, "it runs as much less often")
	require.Equal(t, short, short.after(busyCollectsTooMuch+0.01, busy, large), "what it has got is not too much")
	require.Greater(t, least.after(0.6, busy, large).memory, short.memory)
	require.EqualValues(t, mostMemory, least.after(0.9, busy, large).memory)
	require.EqualValues(t, mostMemory, least.after(1, busy, large).memory)
	require.Equal(t, more, least.after(strainedAtOnce+0.01, quiet, large), "who has CPU time to spare need not have memory")

	for range 100 {
		short = short.after(collectsTooLittle-0.01, quiet, lives)
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

// TestMemoryLimit holds that the collector always has room beside what is taken.
func TestMemoryLimit(t *testing.T) {
	r := newRoom(0)
	require.EqualValues(t, enoughMemory, r.limit(70<<20))
	const taken = 230 << 20
	limit := r.limit(taken)
	require.GreaterOrEqual(t, limit*97/100, int64(taken+leastRoom))
	require.LessOrEqual(t, limit*97/100, int64(taken+leastRoom+4<<20))
	require.Equal(t, limit, r.limit(taken+100), "it is not set for every byte")
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
