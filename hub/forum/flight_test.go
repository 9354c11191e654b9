package forum_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// asker is somebody who asks a forum something.
type asker struct {
	giveUp func()
	got    chan error
}

// asks has somebody ask one of the questions.
func asks(t *testing.T, w *world, what string) asker {
	ctx, giveUp := context.WithCancel(t.Context())
	a := asker{giveUp, make(chan error, 1)}
	go func() { a.got <- questions[what](w, ctx) }()
	return a
}

// slow is a forum that answers when the gate is opened, or not to who gives up.
func slow(t *testing.T) (w *world, open func()) {
	w = asking(t)
	w.api.topics["301"] = *whole("301", "urgent")
	w.api.members["staff"] = []string{"bob"}
	gate := make(chan struct{})
	w.api.meantime = func(ctx context.Context, _ string) {
		select {
		case <-gate:
		case <-ctx.Done():
		}
	}
	return w, func() { close(gate) }
}

// each runs a test for each question, on a forum that needs no other.
func each(t *testing.T, test func(t *testing.T, w *world, what string, open func())) {
	for what := range questions {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, open := slow(t)
				if what != "site" {
					put(w.store.categories, "meta", "5", hardware())
				}
				test(t, w, what, open)
			})
		})
	}
}

// TestManyAskOnce holds that a burst of events about one topic asks the forum
// once, and that all of them hear the answer.
func TestManyAskOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world, what string, open func()) {
		all := make([]asker, 20)
		for i := range all {
			all[i] = asks(t, w, what)
		}
		synctest.Wait()
		require.Equal(t, map[string]int{what: 1}, w.api.counts())
		open()
		for _, a := range all {
			require.NoError(t, <-a.got)
		}
		require.Equal(t, map[string]int{what: 1}, w.api.counts())
	})
}

// TestWhoAsksGivesUp holds that those who wait for the same have it asked again
// rather than fail with somebody else's reason.
func TestWhoAsksGivesUp(t *testing.T) {
	each(t, func(t *testing.T, w *world, what string, open func()) {
		first := asks(t, w, what)
		synctest.Wait()
		others := []asker{asks(t, w, what), asks(t, w, what)}
		synctest.Wait()
		first.giveUp()
		require.ErrorIs(t, <-first.got, context.Canceled)
		synctest.Wait()
		require.Equal(t, map[string]int{what: 2}, w.api.counts(), "one of the others asks, the other one waits")
		at, err := w.Trouble("meta")
		require.NoError(t, err)
		require.Zero(t, at, "who gave up knows nothing of the forum")
		open()
		for _, a := range others {
			require.NoError(t, <-a.got)
		}
		require.Equal(t, map[string]int{what: 2}, w.api.counts())
	})
}

// TestWhoWaitsGivesUp holds that somebody with little patience need not wait for
// as long as who asks.
func TestWhoWaitsGivesUp(t *testing.T) {
	each(t, func(t *testing.T, w *world, what string, open func()) {
		first := asks(t, w, what)
		synctest.Wait()
		other := asks(t, w, what)
		synctest.Wait()
		other.giveUp()
		err := <-other.got
		mustWait(t, err)
		require.ErrorIs(t, err, context.Canceled)
		open()
		require.NoError(t, <-first.got)
		require.Equal(t, map[string]int{what: 1}, w.api.counts())
	})
}
