package deliver_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
)

// TestDue holds that messages count as due which wait for the one before them, not
// those of a chat that the platform has asked to wait, and of one chat not all.
func TestDue(t *testing.T) {
	b := openBus(t)
	answer := make(chan struct{})
	var refused atomic.Bool
	f := newPlatform(func(p providers.Post, _ int) error {
		if p.To.ID == "limited" {
			refused.Store(true)
			return fault(hub.FaultRateLimited, time.Hour)
		}
		<-answer
		return nil
	})
	ns := append(notes("limited", 1, 10), notes("slow", 1, 20)...)
	require.NoError(t, b.Notify(t.Context(), append(ns, notes("flooded", 1, 600)...)))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f, Bytes: 1})
	require.Eventually(t, func() bool { return refused.Load() && w.Due() == 20+500 }, 20*time.Second, 5*time.Millisecond)
	close(answer)
	require.Eventually(t, func() bool { return w.Due() == 0 }, 20*time.Second, 5*time.Millisecond)
	require.Len(t, f.texts("flooded"), 600)
}

// TestNothingIsDueOfAPausedSystem holds that what waits for somebody to mend its
// credentials is no overload.
func TestNothingIsDueOfAPausedSystem(t *testing.T) {
	b := openBus(t)
	f := newPlatform(func(providers.Post, int) error { return fault(hub.FaultUnauthorized, 0) })
	require.NoError(t, b.Notify(t.Context(), append(notes("a", 1, 10), notes("b", 1, 10)...)))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f, Probe: time.Hour})
	f.awaits(t, 1) // so they are known
	require.Eventually(t, func() bool {
		state, _ := w.State()
		return state == "paused" && w.Due() == 0
	}, 20*time.Second, 5*time.Millisecond)
	waiting, err := b.Backlog(t.Context(), "fake")
	require.NoError(t, err)
	require.EqualValues(t, 20, waiting)
}
