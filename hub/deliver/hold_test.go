package deliver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
)

func hold(t *testing.T, b *bus.Bus, h hub.Hold) {
	t.Helper()
	require.NoError(t, b.SetHold(t.Context(), "fake", h))
}

func awaitState(t *testing.T, w *deliver.Worker, state, reason string) {
	t.Helper()
	require.Eventually(t, func() bool {
		now, why := w.State()
		return now == state && (why == "") == (reason == "") && len(why) >= len(reason) && why[:len(reason)] == reason
	}, 10*time.Second, time.Millisecond)
}

// TestHold holds that nothing is sent while an operator has paused the system, from
// the first moment of a worker on, and everything in order afterwards.
func TestHold(t *testing.T) {
	b, f := openBus(t), newPlatform(nil)
	began := time.Date(2026, 1, 10, 9, 5, 0, 0, time.UTC)
	hold(t, b, hub.Hold{By: "Anna", Since: began, Reason: "we move"})
	require.NoError(t, b.Notify(t.Context(), append(notes("a", 1, 3), notes("b", 1, 1)...)))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f})
	awaitState(t, w, hub.SystemPaused, "paused by Anna since 2026-01-10 09:05 UTC: we move")
	b.Changed(deliver.Resume, "fake") // as somebody who thinks that the platform is the trouble
	require.Never(t, func() bool { return f.count() > 0 }, 300*time.Millisecond, 10*time.Millisecond)

	hold(t, b, hub.Hold{By: "Anna", Since: began, Until: time.Now()})
	f.awaits(t, 4)
	require.Equal(t, []string{"1", "2", "3"}, f.texts("a"))
	awaitState(t, w, hub.SystemOK, "")

	hold(t, b, hub.Hold{By: "Ben", Since: time.Now()}) // of a worker that has sent before
	awaitState(t, w, hub.SystemPaused, "paused by Ben")
	require.NoError(t, b.Notify(t.Context(), notes("a", 4, 4)))
	require.Never(t, func() bool { return f.count() > 4 }, 300*time.Millisecond, 10*time.Millisecond)
	require.NoError(t, b.DropHold(t.Context(), "fake"))
	f.awaits(t, 1)
}

// TestHoldAndRefusedCredentials holds that neither pause ends the other.
func TestHoldAndRefusedCredentials(t *testing.T) {
	b := openBus(t)
	f := newPlatform(func(providers.Post, int) error { return fault(hub.FaultUnauthorized, 0) })
	require.NoError(t, b.Notify(t.Context(), notes("a", 1, 1)))
	w, _ := run(t, deliver.Config{Bus: b, Provider: f, Probe: time.Hour})
	awaitState(t, w, hub.SystemPaused, "post: the platform says")
	hold(t, b, hub.Hold{By: "Anna", Since: time.Now()})
	awaitState(t, w, hub.SystemPaused, "paused by Anna")
	hold(t, b, hub.Hold{By: "Anna", Since: time.Now(), Until: time.Now()})
	awaitState(t, w, hub.SystemPaused, "post: the platform says")
}

// TestHoldMakesNothingStale holds that the time for which an operator has paused
// the system does not count against a message's age.
func TestHoldMakesNothingStale(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		since time.Duration // before now
		sent  bool
	}{
		"all the while":        {3 * time.Hour, true},
		"for a moment of it":   {time.Minute, false},
		"for most of the time": {100 * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			b, f := openBus(t), newPlatform(nil)
			n := note("a", 1)
			n.QueuedAt, n.StaleAt = now.Add(-2*time.Hour), now.Add(-time.Hour)
			hold(t, b, hub.Hold{By: "Anna", Since: now.Add(-c.since), Until: now})
			require.NoError(t, b.Notify(t.Context(), []hub.Notification{n}))
			w, _ := run(t, deliver.Config{Bus: b, Provider: f})
			require.Eventually(t, func() bool { return w.Counts().Sent.Load()+w.Counts().Dead.Load() == 1 }, 10*time.Second, time.Millisecond)
			require.Equal(t, c.sent, w.Counts().Sent.Load() == 1)
		})
	}
}
