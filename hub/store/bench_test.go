package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

func BenchmarkRecordQueued(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchRecordQueued(b, store.Config{Dir: b.TempDir()}) })
	b.Run("postgres", func(b *testing.B) { benchRecordQueued(b, store.Config{URL: storetest.PostgresURL(b)}) })
}

func benchRecordQueued(b *testing.B, c store.Config) {
	s, err := store.Open(b.Context(), c)
	require.NoError(b, err)
	defer s.Close()
	n := 0
	for b.Loop() {
		n++
		require.NoError(b, s.RecordQueued(b.Context(), thousand(n)))
	}
}

func BenchmarkRecordOutcomes(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchRecordOutcomes(b, store.Config{Dir: b.TempDir()}) })
	b.Run("postgres", func(b *testing.B) { benchRecordOutcomes(b, store.Config{URL: storetest.PostgresURL(b)}) })
}

func benchRecordOutcomes(b *testing.B, c store.Config) {
	s, err := store.Open(b.Context(), c)
	require.NoError(b, err)
	defer s.Close()
	n := 0
	for b.Loop() {
		n++
		b.StopTimer()
		ds := thousand(n)
		require.NoError(b, s.RecordQueued(b.Context(), ds))
		b.StartTimer()
		require.NoError(b, s.RecordOutcomes(b.Context(), sent(ds)))
	}
}

// BenchmarkRecordSent notes what is sent by now, a thousand at a time, of a thousand
// subscriptions in a hundred chats: ask for hundreds of times, as the log grows.
func BenchmarkRecordSent(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchRecordSent(b, store.Config{Dir: b.TempDir()}) })
	b.Run("postgres", func(b *testing.B) { benchRecordSent(b, store.Config{URL: storetest.PostgresURL(b)}) })
}

func benchRecordSent(b *testing.B, c store.Config) {
	s, err := store.Open(b.Context(), c)
	require.NoError(b, err)
	defer s.Close()
	n := 0
	for b.Loop() {
		n++
		b.StopTimer()
		ds := thousand(n)
		for i := range ds {
			d := &ds[i]
			topic := 1000*n + i/10
			d.Event = hub.EventID("e" + hub.OrderedDigest(uint64(topic), "meta", "topic"))
			d.Chat.ID = fmt.Sprintf("C%05d", (topic+i%10)%100)
			d.ID = hub.NotificationFor(d.Event, d.Chat)
			d.Subscription = hub.SubscriptionID(fmt.Sprintf("s%016d", 10*(topic%100)+i%10))
		}
		b.StartTimer()
		require.NoError(b, s.RecordOutcomes(b.Context(), sent(ds), ds...))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(1000*n), "µs/row")
}

// BenchmarkPutAnnouncements puts a thousand at a time: of a thousand events, and of a
// hundred that ten chats are told of.
func BenchmarkPutAnnouncements(b *testing.B) {
	for _, chats := range []int{1, 10} {
		b.Run(fmt.Sprintf("sqlite %d", chats), func(b *testing.B) { benchPutAnnouncements(b, store.Config{Dir: b.TempDir()}, chats) })
		b.Run(fmt.Sprintf("postgres %d", chats), func(b *testing.B) { benchPutAnnouncements(b, store.Config{URL: storetest.PostgresURL(b)}, chats) })
	}
}

func benchPutAnnouncements(b *testing.B, c store.Config, chats int) {
	s, err := store.Open(b.Context(), c)
	require.NoError(b, err)
	defer s.Close()
	n := 0
	for b.Loop() {
		n++
		b.StopTimer()
		as := make([]hub.Announcement, 0, 1000)
		var message hub.Message
		for i, d := range thousand(n) {
			if i%chats == 0 {
				message = hub.Message{Card: &hub.Card{Kind: "New topic", Title: d.Title, Text: strings.Repeat("An excerpt. ", 33)}}
			}
			as = append(as, hub.Announcement{
				Notification: d.ID, Chat: d.Chat, Source: d.Source, Topic: fmt.Sprint(n), Post: i/chats + 1, Event: hub.EventID(fmt.Sprintf("e%d-%d", n, i/chats)),
				Subscription: d.Subscription, Mode: hub.Watch, State: hub.AnnouncedLive, At: d.QueuedAt, UpdatedAt: d.QueuedAt, Message: message,
			})
		}
		b.StartTimer()
		require.NoError(b, s.PutAnnouncements(b.Context(), as))
	}
}

func thousand(batch int) []hub.Delivery {
	ds := make([]hub.Delivery, 1000)
	for i := range ds {
		event := hub.EventID(fmt.Sprintf("meta/post/%d/%d", batch, i/10))
		chat := hub.Chat{System: "slack", ID: fmt.Sprintf("C%05d", i%10)}
		ds[i] = hub.Delivery{
			ID: hub.NotificationFor(event, chat), Chat: chat, Event: event,
			EventType: hub.ForumPostCreated, Source: "meta", Subscription: "sabcdefghijklmnop",
			Title: "How do I make the thing do what the other thing does?", QueuedAt: time.Now(),
		}
	}
	return ds
}

func sent(ds []hub.Delivery) []hub.Outcome {
	os := make([]hub.Outcome, len(ds))
	for i, d := range ds {
		os[i] = hub.Outcome{
			Notification: d.ID, Chat: d.Chat, Event: d.Event, Status: hub.StatusSent, Attempt: 1,
			Receipt: hub.Receipt{Ref: "1700000000.000100", At: time.Now()}, At: time.Now(),
		}
	}
	return os
}
