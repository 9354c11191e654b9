package deliver_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
)

// TestWorkersShareTheChats starts three workers of a system one after the other,
// under load: each gets its part of the chats, nothing comes twice or out of
// order, and what one had that stops goes to the others.
func TestWorkersShareTheChats(t *testing.T) {
	const chats = 24
	b := openBus(t)
	f := newPlatform(func(providers.Post, int) error {
		<-time.After(2 * time.Millisecond) // a platform takes its time
		return nil
	})
	said := 0
	load := func(until func() bool) { // a message for each chat, again and again
		t.Helper()
		require.Eventually(t, func() bool {
			if chats*said-f.count() > 100*chats { // enough waits
				return until()
			}
			var ns []hub.Notification
			for c := range chats {
				ns = append(ns, note(fmt.Sprint("chat-", c), said))
			}
			require.NoError(t, b.Notify(t.Context(), ns))
			said++
			return until()
		}, 30*time.Second, 20*time.Millisecond, "the chats are not shared")
	}
	var workers []*deliver.Worker
	var stops []func()
	for range 3 {
		w, stop := run(t, deliver.Config{Bus: b, Provider: f})
		workers, stops = append(workers, w), append(stops, stop)
		load(func() bool { return w.Counts().Sent.Load() > 0 })
	}
	load(func() bool {
		most, least := 0, b.Partitions()
		for _, w := range workers {
			most, least = max(most, w.Partitions()), min(least, w.Partitions())
		}
		return most-least <= 1
	})
	stops[0]()
	load(func() bool { return workers[1].Partitions()+workers[2].Partitions() == b.Partitions() })

	require.Eventually(t, func() bool { return f.count() >= chats*said }, 20*time.Second, 5*time.Millisecond)
	var want []string
	for i := range said {
		want = append(want, fmt.Sprint(i))
	}
	for c := range chats {
		require.Equal(t, want, f.texts(fmt.Sprint("chat-", c)))
	}
	require.False(t, f.together, "two posts of one chat at once")
}

// TestWorkersTellTogether holds that what is told of a system is what all of its
// workers know, not what the one knows that spoke last, and that one which stops
// takes its word back.
func TestWorkersTellTogether(t *testing.T) {
	const chats = 24
	b := openBus(t)
	f := newPlatform(func(p providers.Post, _ int) error { return fault(hub.FaultChatGone, 0) })
	first, stop := run(t, deliver.Config{Bus: b, Provider: f})
	second, _ := run(t, deliver.Config{Bus: b, Provider: f})
	half := b.Partitions() / 2
	require.Eventually(t, func() bool { return first.Partitions() == half && second.Partitions() == half }, 20*time.Second, 10*time.Millisecond)
	var ns []hub.Notification
	for c := range chats {
		gone, digest := note(fmt.Sprint("gone-", c), 1), note(fmt.Sprint("digest-", c), 1)
		digest.Digest = "daily@" + time.Now().UTC().Add(-time.Hour).Format("15:04")
		ns = append(ns, gone, digest)
	}
	require.NoError(t, b.Notify(t.Context(), ns))
	told := func() hub.SystemStatus {
		all, err := b.Systems(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		return all[0]
	}
	complete := func(workers int) func() bool {
		return func() bool {
			s := told()
			return len(s.PausedChats) == chats && s.Held == chats && s.Workers == workers
		}
	}
	require.Eventually(t, complete(2), 30*time.Second, 20*time.Millisecond, "%+v", told())
	require.Positive(t, len(second.PausedChats())*int(second.Held()), "each knows of a part")
	require.Less(t, len(second.PausedChats()), chats)
	stop()
	require.Eventually(t, func() bool { return told().Workers == 1 }, 10*time.Second, 20*time.Millisecond, "who has stopped is not counted for another minute")
	require.Eventually(t, complete(1), 30*time.Second, 20*time.Millisecond, "%+v", told())
}
