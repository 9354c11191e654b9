package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func console(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"append and list":       appendAndList,
		"same key":              sameKey,
		"no key":                noKey,
		"pages":                 consolePages,
		"rooms":                 consoleRooms,
		"odd values":            oddPosts,
		"concurrent":            concurrentPosts,
		"concurrent, same keys": concurrentKeys,
		"a reader misses none":  readerMissesNone,
	})
}

func room(id string) hub.Chat { return hub.Chat{System: "console", ID: id} }

func say(t *testing.T, s *store.Store, to hub.Chat, key string) hub.ConsolePost {
	t.Helper()
	p := hub.ConsolePost{Chat: to, Key: key, Message: hub.Message{Text: "said " + key}}
	require.NoError(t, s.AppendConsolePost(t.Context(), &p))
	return p
}

func appendAndList(t *testing.T, s *store.Store) {
	p := hub.ConsolePost{
		Seq: 77, Chat: room("general"), Key: "k1", Root: "12", At: noon,
		Message: hub.Message{
			Text: "**hi**", Thread: "meta/topic/301", InThread: true,
			Card: &hub.Card{Kind: "New topic", Title: "T", Tags: []hub.Label{{Name: "bug"}}, Time: noon},
		},
	}
	require.NoError(t, s.AppendConsolePost(t.Context(), &p))
	require.EqualValues(t, 1, p.Seq)
	require.WithinDuration(t, time.Now(), p.At, time.Minute)
	elsewhere := say(t, s, room("random"), "k1")
	require.EqualValues(t, 2, elsewhere.Seq, "the number grows over all rooms")
	other := say(t, s, hub.Chat{System: "console-2", ID: "general"}, "k1")

	for _, c := range []struct {
		room hub.Chat
		want []hub.ConsolePost
	}{
		{p.Chat, []hub.ConsolePost{p}},
		{elsewhere.Chat, []hub.ConsolePost{elsewhere}},
		{other.Chat, []hub.ConsolePost{other}},
		{room("empty"), nil},
	} {
		got, err := s.ConsolePosts(t.Context(), c.room, 0, 10)
		require.NoError(t, err)
		equal(t, c.want, got)
	}
}

func sameKey(t *testing.T, s *store.Store) {
	first := say(t, s, room("general"), "k1")
	again := hub.ConsolePost{Chat: first.Chat, Key: "k1", Message: hub.Message{Text: "another text"}}
	require.NoError(t, s.AppendConsolePost(t.Context(), &again))
	require.Equal(t, first.Seq, again.Seq)
	require.Equal(t, first.At, again.At)
	got, err := s.ConsolePosts(t.Context(), first.Chat, 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{first}, got)
	require.Greater(t, say(t, s, room("general"), "k2").Seq, first.Seq)
}

func noKey(t *testing.T, s *store.Store) {
	a, b := say(t, s, room("general"), ""), say(t, s, room("general"), "")
	got, err := s.ConsolePosts(t.Context(), a.Chat, 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{a, b}, got)
}

func consolePages(t *testing.T, s *store.Store) {
	var general, every []hub.ConsolePost
	for i := range 250 {
		p := say(t, s, room([]string{"general", "random"}[i%2]), fmt.Sprint(i))
		every = append(every, p)
		if i%2 == 0 {
			general = append(general, p)
		}
	}
	var before int64
	var back []hub.ConsolePost
	for range 4 {
		part, err := s.ConsolePosts(t.Context(), room("general"), before, 40)
		require.NoError(t, err)
		back = append(slices.Clone(part), back...)
		before = part[0].Seq
	}
	equal(t, general, back)

	var after int64
	var forward []hub.ConsolePost
	for range 7 {
		part, err := s.ConsolePostsAfter(t.Context(), "console", after, 40)
		require.NoError(t, err)
		forward = append(forward, part...)
		after = forward[len(forward)-1].Seq
	}
	equal(t, every, forward)
	rest, err := s.ConsolePostsAfter(t.Context(), "console", after, 40)
	require.NoError(t, err)
	require.Empty(t, rest)
}

func consoleRooms(t *testing.T, s *store.Store) {
	rooms, err := s.ConsoleRooms(t.Context(), "console")
	require.NoError(t, err)
	require.Empty(t, rooms)
	say(t, s, room("b-side"), "1")
	upper := say(t, s, room("B"), "1")
	last := say(t, s, room("b-side"), "2")
	a := say(t, s, room("a"), "1")
	say(t, s, hub.Chat{System: "console-2", ID: "z"}, "1")
	rooms, err = s.ConsoleRooms(t.Context(), "console")
	require.NoError(t, err)
	equal(t, []hub.ConsoleRoom{
		{Chat: room("B"), Posts: 1, Last: upper.At},
		{Chat: room("a"), Posts: 1, Last: a.At},
		{Chat: room("b-side"), Posts: 2, Last: last.At},
	}, rooms)
}

func oddPosts(t *testing.T, s *store.Store) {
	for _, v := range append(odd(), "\x00 in JSON") {
		to := room("room " + v)
		p := hub.ConsolePost{Chat: to, Key: "key " + v, Root: hub.MessageRef(v), Message: hub.Message{Text: v}}
		if v == "\x00 in JSON" {
			p.Chat, p.Key, p.Root = room("nul"), "nul", ""
		}
		require.NoError(t, s.AppendConsolePost(t.Context(), &p))
		got, err := s.ConsolePosts(t.Context(), p.Chat, 0, 10)
		require.NoError(t, err)
		equal(t, []hub.ConsolePost{p}, got)
	}
	long := hub.ConsolePost{Chat: room("general"), Key: string(make([]byte, 4000))}
	code(t, hub.CodeInvalid, s.AppendConsolePost(t.Context(), &long))
}

func concurrentPosts(t *testing.T, s *store.Store) {
	var mu sync.Mutex
	var seqs []int64
	all(t, func(i int) error {
		for n := range 10 {
			p := hub.ConsolePost{Chat: room(fmt.Sprint(i % 3)), Key: fmt.Sprintf("%d-%d", i, n)}
			if err := s.AppendConsolePost(t.Context(), &p); err != nil {
				return err
			}
			mu.Lock()
			seqs = append(seqs, p.Seq)
			mu.Unlock()
		}
		return nil
	})
	slices.Sort(seqs)
	require.Len(t, slices.Compact(seqs), writers*10, "two posts have one number")
	posts, err := s.ConsolePostsAfter(t.Context(), "console", 0, 500)
	require.NoError(t, err)
	require.Len(t, posts, writers*10)
	require.True(t, slices.IsSortedFunc(posts, func(a, b hub.ConsolePost) int { return a.At.Compare(b.At) }),
		"times go with the numbers")
}

func concurrentKeys(t *testing.T, s *store.Store) {
	seqs := make([]int64, writers)
	all(t, func(i int) error {
		p := hub.ConsolePost{Chat: room("general"), Key: "the same", Message: hub.Message{Text: fmt.Sprint(i)}}
		err := s.AppendConsolePost(t.Context(), &p)
		seqs[i] = p.Seq
		return err
	})
	posts, err := s.ConsolePosts(t.Context(), room("general"), 0, 10)
	require.NoError(t, err)
	require.Len(t, posts, 1)
	require.Equal(t, []int64{posts[0].Seq}, slices.Compact(seqs))
}

// readerMissesNone follows the posts while they are written: a number that
// became visible after a higher one would be passed over.
func readerMissesNone(t *testing.T, s *store.Store) {
	const each = 20
	var read []hub.ConsolePost
	follow := func() error {
		var after int64
		for len(read) < writers*each {
			part, err := s.ConsolePostsAfter(t.Context(), "console", after, 500)
			if err != nil {
				return err
			}
			for _, p := range part {
				after = p.Seq
			}
			read = append(read, part...)
			if after >= writers*each {
				return nil // the highest number is there: what is missing was missed
			}
		}
		return nil
	}
	var wg sync.WaitGroup
	var failed error
	wg.Go(func() { failed = follow() })
	all(t, func(i int) error {
		for n := range each {
			p := hub.ConsolePost{Chat: room(fmt.Sprint(i)), Key: fmt.Sprint(n)}
			if err := s.AppendConsolePost(t.Context(), &p); err != nil {
				return err
			}
		}
		return nil
	})
	wg.Wait()
	require.NoError(t, failed)
	require.Len(t, read, writers*each)
}
