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
// may run more often: under load that is a twentieth of the CPU for a third of the
// memory.
const (
	collectAt    = 50        // percent of what lives
	enoughMemory = 160 << 20 // bytes that the process should not pass, unless what lives needs more
	headroom     = 24 << 20  // bytes beside what lives, where that is much
)

// boundMemory keeps the process small until ctx ends, unless its user has said how
// large it may be: https://pkg.go.dev/runtime#hdr-Environment_Variables.
func boundMemory(ctx context.Context, env []string) {
	said := func(v string) bool { return strings.HasPrefix(v, "GOGC=") || strings.HasPrefix(v, "GOMEMLIMIT=") }
	if slices.ContainsFunc(env, said) {
		return
	}
	debug.SetGCPercent(collectAt)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		metrics.Read(live)
		debug.SetMemoryLimit(memoryLimit(live[0].Value.Uint64() + live[1].Value.Uint64()))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// memoryLimit leaves room enough beside what lives: a limit that is too low makes
// the collector run all the time.
func memoryLimit(live uint64) int64 {
	return max(enoughMemory, int64(live+live/8)+headroom)
}
