package bus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGathererWaitsOnlyWhileManyCome(t *testing.T) {
	t.Parallel()
	const d = 10 * time.Millisecond
	// Batches of n events come every so often for a second, and so many wait behind.
	waits := func(g *gatherer, now *time.Time, n int, every time.Duration, behind uint64) (waits, reads int) {
		for end := now.Add(time.Second); now.Before(end); reads++ {
			*now = now.Add(every)
			batch := make([]read, n)
			if n > 0 {
				batch[n-1].waiting = behind
			}
			if until := g.until(*now, d, batch); !until.IsZero() {
				require.Equal(t, now.Add(d), until)
				waits++
			}
		}
		return waits, reads
	}
	for _, c := range []struct {
		name   string
		n      int
		every  time.Duration
		behind uint64
		always bool
	}{
		{"200 events a second", 1, 5 * time.Millisecond, 0, false},
		{"some at a time, and seldom", 9, 20 * time.Millisecond, 0, false},
		{"ten at a time, 300 a second", 10, 33 * time.Millisecond, 0, false},
		{"500 events a second", 1, 2 * time.Millisecond, 0, false},
		{"an event a minute", 1, time.Minute, 0, false},
		{"a large batch a second", tailBatch, time.Second, 0, false},
		{"pulls that end without events", 0, time.Millisecond, 0, false},
		{"1,000 events a second", 1, time.Millisecond, 0, true},
		{"1,000 a second in batches", 10, 10 * time.Millisecond, 0, true},
		{"25,000 a second", 250, 10 * time.Millisecond, tailBatch - 1, true},
		{"a backlog", tailBatch, 5 * time.Millisecond, tailBatch, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Now()
			got, reads := waits(&gatherer{}, &now, c.n, c.every, c.behind)
			if !c.always {
				require.Zero(t, got)
				return
			}
			require.GreaterOrEqual(t, got, reads-2*int(gatherWindow/c.every), "at most two windows have passed without")
		})
	}

	now, g := time.Now(), gatherer{}
	waits(&g, &now, 1, time.Millisecond, 0)
	require.Zero(t, g.until(now, d, nil), "a pull that ended without events")
	got, _ := waits(&g, &now, 1, 5*time.Millisecond, 0)
	require.LessOrEqual(t, got, int(gatherWindow/(5*time.Millisecond)), "it has become quiet")
}
