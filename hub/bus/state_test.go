package bus_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

func TestStreamsAndOldest(t *testing.T) {
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close() })
	at, err := b.Oldest(t.Context(), "slack")
	require.NoError(t, err)
	require.Zero(t, at)
	queue := func(system hub.System) {
		n := hub.Notification{Version: 1, ID: hub.NotificationID("n" + hub.Digest(string(system))), Chat: hub.Chat{System: system, ID: "C1"}, QueuedAt: time.Now()}
		require.NoError(t, b.Notify(t.Context(), []hub.Notification{n}))
	}
	queue("slack")
	first, err := b.Oldest(t.Context(), "slack")
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), first, time.Minute)
	queue("slack-acme")
	again, err := b.Oldest(t.Context(), "slack")
	require.NoError(t, err)
	require.Equal(t, first, again, "another system's plays no part")
	_, err = b.Oldest(t.Context(), "sl>ack")
	require.Equal(t, hub.CodeInvalid, hub.CodeOf(err))

	streams, err := b.Streams(t.Context())
	require.NoError(t, err)
	require.Len(t, streams, 3)
	for _, s := range streams {
		require.Positive(t, s.Limit, s.Name)
		require.Equal(t, s.Name == "NOTIFY", s.Refuses, s.Name)
		if s.Name == "NOTIFY" {
			require.EqualValues(t, 2, s.Messages)
			require.Positive(t, s.Bytes)
		}
	}
}
