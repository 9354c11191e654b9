package deliver

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestReadyStepsEachLane holds that each lane that is pushed has its step, that no more
// run at once than may, and that those who wait for more leave.
func TestReadyStepsEachLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit, pushers, each = 100, 20, 200
		var now, most, done atomic.Int64
		r := newReady(limit, func(*partition, *lane) {
			for n := now.Add(1); ; {
				if seen := most.Load(); n <= seen || most.CompareAndSwap(seen, n) {
					break
				}
			}
			time.Sleep(time.Millisecond)
			now.Add(-1)
			done.Add(1)
		})
		var all sync.WaitGroup
		for i := range pushers {
			all.Go(func() {
				for n := range each {
					r.push(nil, nil)
					if n%(i+1) == 0 {
						time.Sleep(linger * time.Duration(n%3) / 2) // now and then just as some leave
					}
				}
			})
		}
		all.Wait()
		synctest.Wait()
		time.Sleep(time.Second)
		require.EqualValues(t, pushers*each, done.Load())
		require.EqualValues(t, limit, most.Load())
		requireReady(t, r, 0, 0)
		require.Empty(t, r.call)
	})
}

// TestReadyKeepsWhoHasWorked holds that what comes soon after is done by who is there.
func TestReadyKeepsWhoHasWorked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newReady(1000, func(*partition, *lane) { time.Sleep(time.Millisecond) })
		for range 2 * mostIdle {
			r.push(nil, nil)
		}
		time.Sleep(linger / 2)
		requireReady(t, r, mostIdle, mostIdle)
		r.push(nil, nil)
		requireReady(t, r, mostIdle, mostIdle-1)
		time.Sleep(2 * linger)
		requireReady(t, r, 0, 0)
	})
}

func requireReady(t *testing.T, r *ready, running, idle int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.Equal(t, running, r.running, "running")
	require.Equal(t, idle, r.idle, "idle")
}
