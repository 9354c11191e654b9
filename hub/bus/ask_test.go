package bus_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/stretchr/testify/require"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		_, err := b.AskApp(t.Context(), "discourse", "watch", nil)
		require.ErrorIs(t, err, bus.ErrNobody)
		echo := func(_ context.Context, what string, body []byte) []byte { return append([]byte(what+": "), body...) }
		stop, err := b.ServeApp("discourse", echo)
		require.NoError(t, err)
		defer stop()
		stopHub, err := b.ServeHub(echo)
		require.NoError(t, err)
		defer stopHub()
		stopSystem, err := b.ServeSystem("slack", echo)
		require.NoError(t, err)
		defer stopSystem()
		var all sync.WaitGroup
		for n := range 600 { // more than are answered at once
			all.Go(func() {
				got, err := b.AskApp(t.Context(), "discourse", "watch", fmt.Appendf(nil, "%d", n))
				if err != nil || string(got) != fmt.Sprintf("watch: %d", n) {
					t.Errorf("%d: %q %v", n, got, err)
				}
			})
		}
		all.Wait()
		got, err := b.AskHub(t.Context(), "heard", []byte("x"))
		require.NoError(t, err)
		require.Equal(t, "heard: x", string(got))
		got, err = b.AskSystem(t.Context(), "slack", "answer", nil)
		require.NoError(t, err)
		require.Equal(t, "answer: ", string(got))
		_, err = b.AskSystem(t.Context(), "slack.>", "answer", nil)
		require.Error(t, err)
		_, err = b.AskApp(t.Context(), "discourse", "a.b", nil)
		require.Error(t, err)
		stop()
		_, err = b.AskApp(t.Context(), "discourse", "watch", nil)
		require.ErrorIs(t, err, bus.ErrNobody)
	})
}

// TestStopWaits ends the context of what is in hand, and waits for it.
func TestStopWaits(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	began, ended := make(chan struct{}), make(chan struct{})
	stop, err := b.ServeApp("slow", func(ctx context.Context, _ string, _ []byte) []byte {
		close(began)
		<-ctx.Done()
		close(ended)
		return nil
	})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	go func() { <-began; <-ctx.Done(); stop() }()
	_, err = b.AskApp(ctx, "slow", "walk", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	<-ended
}

func TestBucket(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		k := b.Bindings()
		key := bus.BucketKey("slack", "C1 & others")
		value, revision, err := k.Get(t.Context(), key)
		require.NoError(t, err)
		require.Nil(t, value)
		require.Zero(t, revision)
		first, ok, err := k.Swap(t.Context(), key, []byte("one"), 0)
		require.NoError(t, err)
		require.True(t, ok)
		_, ok, err = k.Swap(t.Context(), key, []byte("two"), 0)
		require.NoError(t, err)
		require.False(t, ok, "it is there already")
		second, ok, err := k.Swap(t.Context(), key, []byte("three"), first)
		require.NoError(t, err)
		require.True(t, ok)
		_, ok, err = k.Swap(t.Context(), key, []byte("four"), first)
		require.NoError(t, err)
		require.False(t, ok, "it has changed meanwhile")
		value, revision, err = k.Get(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, "three", string(value))
		require.Equal(t, second, revision)
		seen := 0
		require.NoError(t, k.Each(t.Context(), func(at string, v []byte, _ uint64) error {
			seen++
			require.Equal(t, key+"=three", at+"="+string(v))
			return nil
		}))
		require.Equal(t, 1, seen)
		ok, err = k.Delete(t.Context(), key, first)
		require.NoError(t, err)
		require.False(t, ok)
		ok, err = k.Delete(t.Context(), key, second)
		require.NoError(t, err)
		require.True(t, ok)
		_, revision, err = k.Get(t.Context(), key)
		require.NoError(t, err)
		require.Zero(t, revision)
		_, ok, err = k.Swap(t.Context(), key, []byte("again"), 0)
		require.NoError(t, err)
		require.True(t, ok, "what was deleted can be made anew")

		require.NoError(t, b.PutPlace(t.Context(), "matrix", "since", []byte("s1")))
		place, err := b.Place(t.Context(), "matrix", "since")
		require.NoError(t, err)
		require.Equal(t, "s1", string(place))
		place, err = b.Place(t.Context(), "matrix", "other")
		require.NoError(t, err)
		require.Nil(t, place)
	})
}
