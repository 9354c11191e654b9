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
// may run more often: under load, at 50 percent, that is a twentieth of the CPU for
// a third of the memory. While there is little to do it may run more often still.
const (
	leastPercent = 15        // of what lives, beside it
	mostPercent  = 50        //
	enoughMemory = 160 << 20 // bytes that Go's memory may always have
	muchMemory   = 216 << 20 // that it should not pass, unless what lives needs more
	leastRoom    = 16 << 20  // beside what lives, where that is much
	mostRoom     = 64 << 20
)

// givePagesEvery is how often pages of the program are let go of that were not needed
// since. Those that were cost a thousandth of a second of CPU time in all.
const givePagesEvery = 30 * time.Second

// The room beside what lives is as large as it takes for the collector to have no
// more than this part of the CPU time, and no larger.
const (
	collectsTooMuch   = 0.15
	collectsTooLittle = 0.10
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
	last, given := readCollector(), time.Time{}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if beside.percent != percent {
			percent = beside.percent
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
		now := readCollector()
		beside = beside.after(now.shareSince(last))
		last = now
	}
}

// collector is what the garbage collector has found and used so far.
type collector struct {
	lives      uint64  // bytes, with the stacks
	used, busy float64 // CPU seconds, of it and of all
}

func readCollector() collector {
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
		lives: s[0].Value.Uint64() + s[1].Value.Uint64(),
		used:  s[2].Value.Float64() - idle, busy: s[4].Value.Float64() - s[5].Value.Float64() - idle,
	}
}

// shareSince is the collector's part of the CPU time that was used since then.
func (c collector) shareSince(then collector) float64 {
	if busy := c.busy - then.busy; busy > 0 {
		return (c.used - then.used) / busy
	}
	return 0
}

// after is the room for the next second, by what the collector took in the last.
func (r room) after(share float64) room {
	switch {
	case share > collectsTooMuch:
		r.percent, r.bytes = mostPercent, r.bytes+r.bytes/4
	case share < collectsTooLittle:
		r.percent, r.bytes = r.percent-1, r.bytes-r.bytes/16
	}
	return room{max(r.percent, leastPercent), min(max(r.bytes, leastRoom), mostRoom)}
}

// memoryLimit leaves room enough beside what lives: a limit that is too low makes
// the collector run all the time.
func memoryLimit(lives uint64, room int64) int64 {
	room = min(room, max(leastRoom, muchMemory-int64(lives)))
	return max(enoughMemory, int64(lives)+room)
}
