package main

import (
	"context"
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
	leastPercent = 15        // of what lives, beside it
	mostPercent  = 50        // where that is too little
	busyPercent  = 100       // the same, in a busy process
	enoughMemory = 160 << 20 // bytes that Go's memory may always have
	muchMemory   = 216 << 20 // that it should not pass, unless what lives needs more
	leastRoom    = 16 << 20  // beside what lives, where that is much
	mostRoom     = 64 << 20
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
)

// room is what may be beside what lives, before the collector runs.
type room struct {
	percent int   // of what lives
	bytes   int64 // where the process has all its memory
}

// boundMemory keeps the process small until ctx ends, unless its user has said how
// large it may be: https://pkg.go.dev/runtime#hdr-Environment_Variables.
func boundMemory(ctx context.Context, env []string) {
	said := func(v string) bool { return strings.HasPrefix(v, "GOGC=") || strings.HasPrefix(v, "GOMEMLIMIT=") }
	if slices.ContainsFunc(env, said) {
		return
	}
	beside, percent := room{leastPercent, leastRoom}, 0
	last, given := readCollector(time.Now()), time.Time{}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if now := beside.growth(last.lives); now != percent {
			percent = now
			debug.SetGCPercent(percent)
		}
		debug.SetMemoryLimit(memoryLimit(last.lives, beside.bytes))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if time.Since(given) >= givePagesEvery {
			given = time.Now()
			_ = givePagesBack() // then it has more memory, and that is all
		}
		now := readCollector(time.Now())
		beside = beside.after(now.since(last))
		last = now
	}
}

// collector is what the garbage collector has found and used by a time.
type collector struct {
	at        time.Time
	lives     uint64  // bytes, with the stacks
	used, all float64 // CPU seconds, of it and of the process
}

func readCollector(now time.Time) collector {
	s := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
	}
	metrics.Read(s)
	idle := s[3].Value.Float64() // what it does while nobody else wants the CPU
	return collector{
		at: now, lives: s[0].Value.Uint64() + s[1].Value.Uint64(),
		used: s[2].Value.Float64() - idle, all: s[4].Value.Float64() - s[5].Value.Float64() - idle,
	}
}

// since tells the collector's part of the CPU time that was used since then, and how
// many CPUs that was.
func (c collector) since(then collector) (share, cpus float64) {
	took, all := c.at.Sub(then.at).Seconds(), c.all-then.all
	if took <= 0 || all <= 0 {
		return 0, 0
	}
	return (c.used - then.used) / all, all / took
}

// after is the room for the next second, by what the collector took in the last, and
// how many CPUs the process.
func (r room) after(share, cpus float64) room {
	most, tooMuch, tooLittle := mostPercent, collectsTooMuch, collectsTooLittle
	if cpus >= busy {
		most, tooMuch, tooLittle = busyPercent, busyCollectsTooMuch, busyCollectsTooLittle
	}
	switch {
	case share > tooMuch:
		r.percent, r.bytes = most, r.bytes+r.bytes/4
	case share < tooLittle:
		r.percent, r.bytes = r.percent-1, r.bytes-r.bytes/16
	}
	return room{min(max(r.percent, leastPercent), most), min(max(r.bytes, leastRoom), mostRoom)}
}

// growth is the percentage for a heap of which so many bytes live: by more than
// mostPercent it grows only to what is enough.
func (r room) growth(lives uint64) int {
	left := max(0, enoughMemory-int64(lives)) * 100 / max(1, int64(lives))
	return min(r.percent, max(mostPercent, int(left)))
}

// memoryLimit leaves room enough beside what lives: a limit that is too low makes
// the collector run all the time.
func memoryLimit(lives uint64, room int64) int64 {
	room = min(room, max(leastRoom, muchMemory-int64(lives)))
	return max(enoughMemory, int64(lives)+room)
}
