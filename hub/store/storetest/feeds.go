package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func feeds(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"put and find": putAndFindFeed,
		"odd values":   oddFeeds,
		"refused":      refusedFeeds,
		"concurrent":   concurrentFeeds,
	})
}

func findFeed(t *testing.T, s *store.Store, source hub.Source) *hub.FeedState {
	t.Helper()
	got, err := s.FindFeed(t.Context(), source)
	require.NoError(t, err)
	return got
}

func putAndFindFeed(t *testing.T, s *store.Store) {
	require.Nil(t, findFeed(t, s, "news"))
	full := hub.FeedState{
		ETag: `W/"abc"`, LastModified: "Sat, 10 Jan 2026 09:05:00 GMT", CheckedAt: noon, Error: "the feed answered 503",
	}
	for i := range 5000 {
		full.Seen = append(full.Seen, hub.Digest("news", fmt.Sprint(i)))
	}
	require.NoError(t, s.PutFeed(t.Context(), "news", full))
	equal(t, &full, findFeed(t, s, "news"))
	require.Nil(t, findFeed(t, s, "other"))

	require.NoError(t, s.PutFeed(t.Context(), "news", hub.FeedState{}))
	equal(t, &hub.FeedState{}, findFeed(t, s, "news"))
}

func oddFeeds(t *testing.T, s *store.Store) {
	for _, v := range odd() {
		want := hub.FeedState{ETag: v, LastModified: v, Seen: []string{v}, Error: v}
		require.NoError(t, s.PutFeed(t.Context(), hub.Source("odd"+v), want))
		equal(t, &want, findFeed(t, s, hub.Source("odd"+v)))
	}
	for v, kept := range unstorable() {
		require.NoError(t, s.PutFeed(t.Context(), hub.Source(v), hub.FeedState{ETag: "old"}))
		require.NoError(t, s.PutFeed(t.Context(), hub.Source(kept), hub.FeedState{ETag: kept}))
		equal(t, &hub.FeedState{ETag: kept}, findFeed(t, s, hub.Source(v)))
	}
}

func refusedFeeds(t *testing.T, s *store.Store) {
	code(t, hub.CodeInvalid, s.PutFeed(t.Context(), hub.Source(make([]byte, 4000)), hub.FeedState{}))
	year := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) // JSON has no such year
	code(t, hub.CodeInvalid, s.PutFeed(t.Context(), "news", hub.FeedState{CheckedAt: year}))
	require.Nil(t, findFeed(t, s, "news"))
}

func concurrentFeeds(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		for n := range 10 {
			source := hub.Source(fmt.Sprintf("feed%d", n%5))
			if err := s.PutFeed(t.Context(), source, hub.FeedState{Seen: []string{fmt.Sprint(i)}}); err != nil {
				return err
			}
		}
		return nil
	})
	for n := range 5 {
		require.Len(t, findFeed(t, s, hub.Source(fmt.Sprintf("feed%d", n))).Seen, 1)
	}
}
