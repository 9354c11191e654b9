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
		"edit":                  editPost,
		"retract":               retractPost,
		"nothing to revise":     nothingToRevise,
		"changes are followed":  changesFollowed,
		"odd revisions":         oddRevisions,
		"concurrent revisions":  concurrentRevisions,
		"people speak":          peopleSpeak,
		"whispers":              whispers,
		"whispers are pruned":   whispersPruned,
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
	require.EqualValues(t, 1, p.Rev, "at first the Seq")
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
		got, err := s.ConsolePosts(t.Context(), c.room, "", 0, 10)
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
	got, err := s.ConsolePosts(t.Context(), first.Chat, "", 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{first}, got)
	require.Greater(t, say(t, s, room("general"), "k2").Seq, first.Seq)
}

func noKey(t *testing.T, s *store.Store) {
	a, b := say(t, s, room("general"), ""), say(t, s, room("general"), "")
	got, err := s.ConsolePosts(t.Context(), a.Chat, "", 0, 10)
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
		part, err := s.ConsolePosts(t.Context(), room("general"), "", before, 40)
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
		got, err := s.ConsolePosts(t.Context(), p.Chat, "", 0, 10)
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
	posts, err := s.ConsolePosts(t.Context(), room("general"), "", 0, 10)
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

// revised is p as it should stand after its last change.
func revised(t *testing.T, s *store.Store, p hub.ConsolePost, m *hub.Message) hub.ConsolePost {
	t.Helper()
	before := p.Rev
	require.NoError(t, s.ReviseConsolePost(t.Context(), p.Chat, p.Seq, m))
	posts, err := s.ConsolePosts(t.Context(), p.Chat, "", p.Seq+1, 1)
	require.NoError(t, err)
	require.Len(t, posts, 1)
	p.Rev, p.Edited = posts[0].Rev, posts[0].Edited
	require.Greater(t, p.Rev, before)
	require.WithinDuration(t, time.Now(), p.Edited, time.Minute)
	if p.Gone = m == nil; p.Gone {
		p.Message = hub.Message{}
	} else {
		p.Message = *m
	}
	equal(t, []hub.ConsolePost{p}, posts)
	return p
}

func editPost(t *testing.T, s *store.Store) {
	p := hub.ConsolePost{Chat: room("general"), Key: "k1", Root: "7", Message: hub.Message{Text: "first"}}
	require.NoError(t, s.AppendConsolePost(t.Context(), &p))
	other := say(t, s, room("random"), "k1")
	p = revised(t, s, p, &hub.Message{Card: &hub.Card{Kind: "Deleted", Title: "T", Struck: true, Tags: []hub.Label{{Name: "bug"}}, Time: noon}})
	require.Greater(t, p.Rev, other.Seq, "a change draws from the counter of new posts")

	require.NoError(t, s.ReviseConsolePost(t.Context(), p.Chat, p.Seq, &p.Message))
	posts, err := s.ConsolePosts(t.Context(), p.Chat, "", 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{p}, posts)
	require.Equal(t, p.Rev, posts[0].Rev, "a change to the same is none")

	again := hub.ConsolePost{Chat: p.Chat, Key: "k1", Message: hub.Message{Text: "first"}}
	require.NoError(t, s.AppendConsolePost(t.Context(), &again))
	require.Equal(t, []int64{p.Seq, p.Rev}, []int64{again.Seq, again.Rev})
	revised(t, s, p, &hub.Message{Text: "third"})
	posts, err = s.ConsolePosts(t.Context(), other.Chat, "", 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{other}, posts)
}

func retractPost(t *testing.T, s *store.Store) {
	p := say(t, s, room("general"), "k1")
	p = revised(t, s, p, &hub.Message{Text: "changed"})
	p = revised(t, s, p, nil)
	require.NoError(t, s.ReviseConsolePost(t.Context(), p.Chat, p.Seq, nil), "what is gone already is no error")
	code(t, hub.CodeNotFound, s.ReviseConsolePost(t.Context(), p.Chat, p.Seq, &hub.Message{Text: "back again"}))
	posts, err := s.ConsolePosts(t.Context(), p.Chat, "", 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{p}, posts)
	require.Greater(t, say(t, s, room("general"), "k2").Seq, p.Rev)
}

func nothingToRevise(t *testing.T, s *store.Store) {
	p := say(t, s, room("general"), "k1")
	for name, c := range map[string]struct {
		room hub.Chat
		seq  int64
	}{
		"empty":         {room("general"), 0},
		"none yet":      {room("general"), p.Seq + 1},
		"another room":  {room("random"), p.Seq},
		"not of system": {hub.Chat{System: "console-2", ID: "general"}, p.Seq},
	} {
		for _, m := range []*hub.Message{nil, {Text: "changed"}} {
			err := s.ReviseConsolePost(t.Context(), c.room, c.seq, m)
			require.Equal(t, hub.CodeNotFound, hub.CodeOf(err), "%s: %v", name, err)
		}
	}
	posts, err := s.ConsolePostsAfter(t.Context(), "console", 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{p}, posts)
}

// changesFollowed reads on from a Rev as the pages do.
func changesFollowed(t *testing.T, s *store.Store) {
	var posts []hub.ConsolePost
	for i := range 5 {
		posts = append(posts, say(t, s, room([]string{"general", "random"}[i%2]), fmt.Sprint(i)))
	}
	posts[1] = revised(t, s, posts[1], &hub.Message{Text: "changed"})
	posts[3] = revised(t, s, posts[3], nil)
	posts[0] = revised(t, s, posts[0], &hub.Message{Text: "changed"})
	posts[1] = revised(t, s, posts[1], &hub.Message{Text: "changed again"})

	var after int64
	var read []hub.ConsolePost
	for range 3 {
		part, err := s.ConsolePostsAfter(t.Context(), "console", after, 2)
		require.NoError(t, err)
		read = append(read, part...)
		after = read[len(read)-1].Rev
	}
	equal(t, []hub.ConsolePost{posts[2], posts[4], posts[3], posts[0], posts[1]}, read)
	part, err := s.ConsolePostsAfter(t.Context(), "console", posts[3].Rev, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{posts[0], posts[1]}, part)
}

func oddRevisions(t *testing.T, s *store.Store) {
	p := say(t, s, room("general"), "k1")
	for _, v := range append(odd(), "\x00 in JSON", "") {
		p = revised(t, s, p, &hub.Message{Text: v})
	}
}

// concurrentRevisions lets many change one post at once, one of them for good.
func concurrentRevisions(t *testing.T, s *store.Store) {
	p := say(t, s, room("general"), "k1")
	all(t, func(i int) error {
		m := &hub.Message{Text: fmt.Sprint(i)}
		if i == writers/2 {
			m = nil
		}
		err := s.ReviseConsolePost(t.Context(), p.Chat, p.Seq, m)
		if m != nil && hub.CodeOf(err) == hub.CodeNotFound {
			return nil // it came after the retraction
		}
		return err
	})
	posts, err := s.ConsolePostsAfter(t.Context(), "console", 0, 10)
	require.NoError(t, err)
	require.Len(t, posts, 1)
	require.True(t, posts[0].Gone)
	require.Empty(t, posts[0].Message)
	require.Greater(t, posts[0].Rev, p.Rev)
}

func peopleSpeak(t *testing.T, s *store.Store) {
	for i, v := range append(odd(), "anna") {
		p := hub.ConsolePost{
			Chat: room(fmt.Sprint("people-", i)), Key: "k", Author: &hub.User{ID: "id " + v, Name: v, Full: "Anna " + v},
			Message: hub.Message{Text: "hello"},
		}
		require.NoError(t, s.AppendConsolePost(t.Context(), &p))
		got, err := s.ConsolePosts(t.Context(), p.Chat, "", 0, 10)
		require.NoError(t, err)
		equal(t, []hub.ConsolePost{p}, got)
	}
}

// whisper is a post that anna alone sees.
func whisper(t *testing.T, s *store.Store, to, key string) hub.ConsolePost {
	t.Helper()
	p := hub.ConsolePost{Chat: room(to), Key: key, Reader: "anna", Message: hub.Message{Text: "for anna"}}
	require.NoError(t, s.AppendConsolePost(t.Context(), &p))
	return p
}

func whispers(t *testing.T, s *store.Store) {
	before := say(t, s, room("general"), "1")
	private := whisper(t, s, "general", "2")
	after := say(t, s, room("general"), "3")
	whisper(t, s, "secret", "4")
	for reader, want := range map[string][]hub.ConsolePost{
		"anna": {before, private, after}, "bob": {before, after}, "": {before, after},
	} {
		got, err := s.ConsolePosts(t.Context(), private.Chat, reader, 0, 10)
		require.NoError(t, err)
		equal(t, want, got)
	}
	got, err := s.ConsolePosts(t.Context(), private.Chat, "bob", 0, 2)
	require.NoError(t, err)
	require.Len(t, got, 2, "what others may not see takes up no room")

	all, err := s.ConsolePostsAfter(t.Context(), "console", 0, 10)
	require.NoError(t, err)
	require.Len(t, all, 4)
	require.Equal(t, "anna", all[1].Reader)
	rooms, err := s.ConsoleRooms(t.Context(), "console")
	require.NoError(t, err)
	equal(t, []hub.ConsoleRoom{{Chat: room("general"), Posts: 2, Last: after.At}}, rooms)
}

func whispersPruned(t *testing.T, s *store.Store) {
	public, old := say(t, s, room("general"), "1"), whisper(t, s, "general", "2")
	require.NoError(t, s.PruneConsoleWhispers(t.Context(), "console-2", time.Now().Add(time.Hour)))
	require.NoError(t, s.PruneConsoleWhispers(t.Context(), "console", old.At))
	got, err := s.ConsolePosts(t.Context(), room("general"), "anna", 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{public, old}, got)
	require.NoError(t, s.PruneConsoleWhispers(t.Context(), "console", old.At.Add(time.Millisecond)))
	got, err = s.ConsolePosts(t.Context(), room("general"), "anna", 0, 10)
	require.NoError(t, err)
	equal(t, []hub.ConsolePost{public}, got)
}
