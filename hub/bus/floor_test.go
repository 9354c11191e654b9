package bus_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/bus"
)

// TestUnfinishedEventsAreReadAgain ends a reader that has taken events and not
// finished them all: the next one begins with the first that is not finished.
func TestUnfinishedEventsAreReadAgain(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	publish(t, b, names("a", 10)...)

	var mu sync.Mutex
	var seqs []uint64
	begun := 0
	lead := make(chan context.Context, 1)
	ctx, cancel := context.WithCancel(t.Context())
	all := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- b.Follow(ctx, bus.Reader{
			Name:  "router",
			Begin: func(leading context.Context) { begun++; lead <- leading },
			Handle: func(_ context.Context, batch []bus.Received) error {
				mu.Lock()
				defer mu.Unlock()
				for _, r := range batch {
					if seqs = append(seqs, r.Seq); len(seqs) == 10 {
						close(all)
					}
				}
				return nil
			},
			Floor: func() uint64 { // the eighth is not finished
				mu.Lock()
				defer mu.Unlock()
				if len(seqs) < 8 {
					return 0
				}
				return seqs[7]
			},
		})
	}()
	<-all
	leading := <-lead
	require.NoError(t, leading.Err())
	cancel()
	require.NoError(t, <-done)
	require.Error(t, leading.Err(), "leading ends with the reading")
	require.Equal(t, 1, begun)

	r := follow(t, b)
	r.has(t, names("a", 10)[7:])
	r.end(t)
}

func TestNewestOfASource(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		none, err := b.Newest(t.Context(), "meta")
		require.NoError(t, err)
		require.Nil(t, none)
		publish(t, b, names("a", 3)...)
		e := event("other")
		e.Source = "elsewhere"
		_, err = b.Publish(t.Context(), e)
		require.NoError(t, err)
		newest, err := b.Newest(t.Context(), event("a").Source)
		require.NoError(t, err)
		require.Equal(t, names("a", 3)[2], string(newest.Event.ID))
		again, err := b.EventAt(t.Context(), newest.Seq)
		require.NoError(t, err)
		require.Equal(t, newest.Event.ID, again.Event.ID)
		gone, err := b.EventAt(t.Context(), 99_999)
		require.NoError(t, err)
		require.Nil(t, gone)
	})
}

func TestChangedNamesWhat(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	heard := make(chan []string, 4)
	defer b.OnChange("subscriptions", func(ids []string) { heard <- slices.Clone(ids) })()
	b.Changed("subscriptions", "s1", "s2")
	require.Equal(t, []string{"s1", "s2"}, <-heard)
	b.Changed("subscriptions")
	require.Empty(t, <-heard)
	b.Changed("subscriptions", names("s", 2000)...)
	require.Empty(t, <-heard, "too many to name")
}
