package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"time"
)

// Go's default lets the heap grow to twice what lives in it. Most of what lives
// here are buffers of the streams, which cost the collector nothing, so that it
// may run more often while there is CPU time to spare. While there is not, it takes
// a twelfth of the instructions to halve the room.
const (
	leastPercent = 15  // of what lives, beside it
	mostPercent  = 50  // where that is too little
	busyPercent  = 160 // the same, in a busy process

	leastRoom = 16 << 20 // bytes beside what lives, where that is much
)

// How much memory Go may have, in bytes, unless what lives needs more.
const (
	enoughMemory = 160 << 20 // always
	muchMemory   = 184 << 20 // where the collector takes too much of the CPU time
	// In a burst of tens of thousands of posts, where it would take half of that: what
	// it frees are buffers of the streams' files, too, which are then read anew.
	mostMemory = 512 << 20
)

// How often it is looked whether the collector has enough room, and whether it has
// far too little.
const (
	lookEvery  = time.Second
	guardEvery = 250 * time.Millisecond
)

// givePagesEvery is how often pages of the program are let go of that were not needed
// since. Those that were cost a thousandth of a second of CPU time in all.
const givePagesEvery = 30 * time.Second

// The room beside what lives is as large as it takes for the collector to have no
// more than one part of the CPU time that the process uses, and no less than another.
const (
	collectsTooMuch   = 0.15
	collectsTooLittle = 0.10
	// In a busy process, which is one that uses so many CPUs, it has less.
	busy                  = 0.75
	busyCollectsTooMuch   = 0.10
	busyCollectsTooLittle = 0.06
	// So much in a busy process is a burst for which there is too little memory: in a
	// second for which it had all the room that it has otherwise, or in a quarter of
	// one. The room then grows to where the collector should have the third.
	strained       = 0.20
	strainedAtOnce = 0.36
	unstrained     = 0.12
)

// room is how far the heap may grow before the collector runs.
type room struct {
	percent int   // beside what lives
	memory  int64 // bytes that Go may have
	most    int64 // that it may ever have
}

// boundMemory keeps the process small until ctx ends, unless its user has said how
// large it may be: https://pkg.go.dev/runtime#hdr-Environment_Variables.
func boundMemory(ctx context.Context, env []string) {
	said := func(v string) bool { return strings.HasPrefix(v, "GOGC=") || strings.HasPrefix(v, "GOMEMLIMIT=") }
	if slices.ContainsFunc(env, said) {
		return
	}
	has := newRoom(machineMemory())
	last, given := readCollector(time.Now()), time.Time{}
	now, percent, limit := last, 0, int64(0)
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	for {
		if has.percent != percent {
			percent = has.percent
			debug.SetGCPercent(percent)
		}
		if wants := has.limit(now.lives + now.costs); wants != limit { // to set it stops the world
			limit = wants
			debug.SetMemoryLimit(limit)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if time.Since(given) >= givePagesEvery {
			given = time.Now()
			_ = givePagesBack() // then it has more memory, and that is all
		}
		now = readCollector(time.Now())
		share, cpus := now.since(last)
		if now.at.Sub(last.at) >= lookEvery || cpus >= busy && share > strainedAtOnce {
			has, last = has.after(share, cpus, now.lives+now.costs), now
		}
	}
}

// collector is what the garbage collector has found and used by a time.
type collector struct {
	at    time.Time
	lives uint64 // bytes, with the stacks
	costs uint64 // bytes that Go has beside what is in use or free
	// CPU seconds, of it, of the process and of one CPU, when it last ended.
	used, all, one float64
}

func readCollector(now time.Time) collector {
	s := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
	}
	metrics.Read(s)
	bytes := func(i int) uint64 { return s[i].Value.Uint64() }
	seconds := func(i int) float64 { return s[i].Value.Float64() }
	idle := seconds(7) // what it does while nobody else wants the CPU
	return collector{
		at: now, lives: bytes(0) + bytes(1),
		costs: bytes(5) - bytes(4) - bytes(3) - bytes(2) - bytes(1),
		used:  seconds(6) - idle, all: seconds(8) - seconds(9) - idle, one: seconds(8) / float64(runtime.GOMAXPROCS(0)),
	}
}

// since tells the collector's part of the CPU time that was used since then, and how
// many CPUs that was. Where it has not ended since, it is zero.
func (c collector) since(then collector) (share, cpus float64) {
	took, all := c.one-then.one, c.all-then.all
	if took <= 0 || all <= 0 {
		return 0, 0
	}
	return (c.used - then.used) / all, all / took
}

// newRoom is the least, on a machine that has so much memory, which is zero where
// that is not known. Half of that must do.
func newRoom(machine int64) room {
	r := room{percent: leastPercent, memory: enoughMemory, most: mostMemory}
	if machine > 0 {
		r.most = max(muchMemory, min(r.most, machine/2))
	}
	return r
}

// after is the room for the next while, by what the collector took in the last, how
// many CPUs the process, and how many bytes of memory there is no freeing.
func (r room) after(share, cpus float64, taken uint64) room {
	most, tooMuch, tooLittle := mostPercent, collectsTooMuch, collectsTooLittle
	if cpus >= busy {
		most, tooMuch, tooLittle = busyPercent, busyCollectsTooMuch, busyCollectsTooLittle
	}
	full := r.percent == busyPercent && r.memory >= muchMemory
	switch {
	case cpus >= busy && (share > strainedAtOnce || full && share > strained):
		// It runs half as often in twice the room.
		free := float64(r.limit(taken) - int64(taken))
		wants := int64(taken) + int64(free*odds(share)/odds(unstrained))
		r.percent, r.memory = most, min(max(r.memory, wants), r.most)
	case share > tooMuch:
		r.percent, r.memory = most, max(r.memory, muchMemory)
	case share < tooLittle:
		r.percent, r.memory = r.percent-1, r.memory-r.memory/16
	}
	r.percent, r.memory = min(max(r.percent, leastPercent), most), max(r.memory, enoughMemory)
	return r
}

// odds are what the collector takes for each second of all others.
func odds(share float64) float64 { return share / max(1-share, 0.01) }

// limit is how much memory Go may have, with some room beside what is taken: a limit
// that is too low makes the collector run all the time. Go itself leaves three parts of
// a hundred free.
func (r room) limit(taken uint64) int64 {
	const step = 4 << 20
	needs := (int64(taken) + leastRoom) * 100 / 97
	return max(r.memory, (needs+step-1)/step*step)
}
