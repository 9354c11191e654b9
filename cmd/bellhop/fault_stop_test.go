package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFaultStopped ends the program with SIGTERM under load again and again, while
// platforms take their time: it is gone within ten seconds, and nothing is lost or
// comes twice.
func TestFaultStopped(t *testing.T) {
	t.Parallel()
	rounds := 2
	if soak() {
		rounds = 20
	}
	w := newTroubled(t)
	s := w.serve(each)
	w.every(s, 2)
	for _, g := range w.gates {
		g.has(func(c call) answer {
			if c.act == callSend {
				return takes(100 * time.Millisecond)
			}
			return nil
		})
	}
	load := newPoster(s)
	stop := load.flow(t)
	for range rounds {
		for _, platform := range w.byName() {
			arrives(t, platform, 6)
		}
		begin := time.Now()
		s.signal(syscall.SIGTERM)
		select {
		case <-s.exited:
		case <-time.After(10 * time.Second):
			t.Fatal("it has not ended after ten seconds")
		}
		require.Zero(t, s.cmd.ProcessState.ExitCode(), "its exit code")
		t.Logf("ended after %s", time.Since(begin).Round(time.Millisecond))
		s = w.serve(each)
		load.to(s)
	}
	for _, g := range w.gates {
		g.has(nil)
	}
	w.owedAll(2, stop(), 0)
	s.steady(load, 8)
	s.letters(0)
}
