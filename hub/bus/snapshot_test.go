package bus_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// copies takes a copy of everything.
func copies(t *testing.T, b *bus.Bus) []bus.Copy {
	t.Helper()
	var all []bus.Copy
	first, then := bus.Copied()
	for _, name := range slices.Concat(first, then) {
		var text bytes.Buffer
		require.NoError(t, b.Snapshot(t.Context(), name, &text))
		all = append(all, bus.Copy{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }})
	}
	return all
}

// TestCopyThereAndBack copies a bus that is in use and puts the copy back, in and
// out of process.
func TestCopyThereAndBack(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, b *bus.Bus) {
		publish(t, b, names("before", 300)...)
		large := event("large")
		large.Data = []byte(`"` + strings.Repeat("x", 1<<19) + `"`)
		_, err := b.Publish(t.Context(), large)
		require.NoError(t, err)
		require.NoError(t, b.Notify(t.Context(), []hub.Notification{notification("C1", 1), notification("C1", 2)}))
		bury(t, b, letter("C1", 1))
		chat := hub.Chat{System: "slack", ID: "C1"}
		_, err = b.ChangeChat(t.Context(), chat, func(c *hub.ChatSettings) error { c.Quiet = "22:00-07:00"; return nil })
		require.NoError(t, err)
		require.NoError(t, b.PutPlace(t.Context(), "slack", "offset", []byte("17")))
		newest, err := b.Newest(t.Context(), "meta")
		require.NoError(t, err)

		ctx, stop := context.WithCancel(t.Context())
		busy := make(chan struct{})
		go func() {
			defer close(busy)
			for i := 0; ctx.Err() == nil; i++ {
				_, _ = b.Publish(ctx, event("during"+time.Now().Format(time.RFC3339Nano)))
			}
		}()
		all := copies(t, b)
		stop()
		<-busy

		dir := t.TempDir()
		require.NoError(t, bus.Restore(t.Context(), bus.Config{Dir: dir, Partitions: 4}, all))
		other := open(t, dir)
		again, err := other.EventAt(t.Context(), newest.Seq)
		require.NoError(t, err)
		require.Equal(t, newest.Event.ID, again.Event.ID, "places in the stream are what they were")
		ack, err := other.Publish(t.Context(), event("before017"))
		require.NoError(t, err)
		require.True(t, ack.Duplicate, "what was there is known")
		n, err := other.Backlog(t.Context(), "slack")
		require.NoError(t, err)
		require.Equal(t, int64(2), n)
		require.Len(t, eachDead(t, other, hub.DeadQuery{}), 1)
		c, err := other.ChatSettings(t.Context(), chat)
		require.NoError(t, err)
		require.Equal(t, "22:00-07:00", c.Quiet)
		place, err := other.Place(t.Context(), "slack", "offset")
		require.NoError(t, err)
		require.Equal(t, "17", string(place))
	})
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	b := open(t, t.TempDir())
	publish(t, b, "a")
	all := copies(t, b)
	taken := t.TempDir()
	require.NoError(t, bus.Restore(t.Context(), bus.Config{Dir: taken}, all))
	require.ErrorContains(t, bus.Restore(t.Context(), bus.Config{Dir: taken}, all), "is there already")

	url := natsServer(t).ClientURL()
	require.NoError(t, bus.Restore(t.Context(), bus.Config{URL: url}, all))
	require.Equal(t, uint64(1), stored(t, open(t, "", at(url)), "EVENTS"))
	require.ErrorContains(t, bus.Restore(t.Context(), bus.Config{URL: url}, all), "is there already")

	for _, text := range []string{"", "{", "{\"config\":3}\n", "{}\n"} {
		broken := []bus.Copy{{Name: "EVENTS", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}}
		require.Error(t, bus.Restore(t.Context(), bus.Config{Dir: t.TempDir()}, broken), text)
	}
}
