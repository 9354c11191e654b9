package route

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// told is a store of announcements.
type told struct {
	hub.AnnouncementStore
	rows  map[hub.NotificationID]hub.Announcement
	asked int

	mu       sync.Mutex
	whenRead func() // called when an answer is made and not yet given
	whenPut  func() // called when rows are given and not yet stored
	given    func(list []hub.Announcement)
}

func (s *told) call(hook *func()) {
	s.mu.Lock()
	f := *hook
	*hook = nil
	s.mu.Unlock()
	if f != nil {
		f()
	}
}

func (s *told) Announcements(_ context.Context, source hub.Source, topic string, post int) (out []hub.Announcement, err error) {
	s.asked++
	for _, a := range s.rows {
		if a.Source == source && a.Topic == topic && (post == 0 || a.Post == post) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b hub.Announcement) int { return a.At.Compare(b.At) })
	s.call(&s.whenRead)
	return out, nil
}

func (s *told) PutAnnouncements(_ context.Context, list []hub.Announcement) error {
	s.call(&s.whenPut)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.given != nil {
		s.given(list)
	}
	for _, a := range list {
		s.rows[a.Notification] = a
	}
	return nil
}

// TestSaidToManyChats holds that what thousands of chats were told of a post is
// found as what a few were, before and after it is stored and forgotten.
func TestSaidToManyChats(t *testing.T) {
	for _, n := range []int{3, longTelling, longTelling + 1, 3000} {
		store := &told{rows: map[hub.NotificationID]hub.Announcement{}}
		s, k := newSaid(store), sayKey{"meta", "301", 1}
		chat := func(i int) hub.Chat { return hub.Chat{System: "slack", ID: fmt.Sprint("C", i)} }
		say := func(i int, state hub.Announced) {
			s.put(hub.Announcement{
				Notification: hub.NotificationID(fmt.Sprint("n", i)), Chat: chat(i), Source: k.source, Topic: k.topic, Post: k.number, State: state,
				At: time.UnixMilli(int64(i)),
			})
		}
		check := func(name string) {
			require.Len(t, s.of(k), n, name)
			for i := range n {
				a := s.find(k, "", chat(i))
				if i == 1 {
					require.Nil(t, a, "%s: it was taken back", name)
					continue
				}
				require.NotNil(t, a, name)
				require.Equal(t, chat(i), a.Chat, name)
			}
			require.Nil(t, s.find(k, "", chat(n)), name)
			require.Equal(t, n, s.known, name)
		}
		for i := range n {
			say(i, hub.AnnouncedLive)
		}
		say(1, hub.AnnouncedRetracted)
		check("said")
		s.reset()
		require.NoError(t, s.load(t.Context(), k))
		check("not stored yet")
		require.NoError(t, s.flush(t.Context()))
		require.Empty(t, s.dirty)
		require.Empty(t, s.loose)
		s.reset()
		require.NoError(t, s.load(t.Context(), k, k))
		check("stored")
		require.Equal(t, 2, store.asked)
	}
}

// TestSaidOnce holds that what one event says to many chats is kept once, and that
// what differs in anything is not.
func TestSaidOnce(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	actions := []hub.Action{{Label: "Snooze"}, {Label: "Mute"}}
	first := hub.Announcement{
		Notification: "n1", Chat: hub.Chat{System: "slack", ID: "C1"}, Subscription: "s1", Source: "meta", Topic: "301", Post: 1, PostID: "901",
		Event: "e1", Mode: hub.Watch, Message: hub.Message{Text: "x", Card: &hub.Card{Title: "x"}, Actions: actions}, State: hub.AnnouncedLive,
		At: at, UpdatedAt: at,
	}
	s := newSaid(&told{rows: map[hub.NotificationID]hub.Announcement{}})
	s.put(first)
	other := first
	other.Notification, other.Chat.ID, other.Subscription = "n2", "C2", "s2"
	s.put(other)
	require.Same(t, s.dirty["n1"].said, s.dirty["n2"].said)
	require.Equal(t, first, *s.find(keyOf(&first), "901", first.Chat))
	require.Equal(t, other, *s.find(keyOf(&first), "901", other.Chat))

	own := map[string]bool{"Notification": true, "Chat": true, "Subscription": true}
	differ := func(what string, a hub.Announcement) {
		require.False(t, saysTheSame(&a, &first), what)
		require.False(t, saysTheSame(&first, &a), what)
	}
	set := func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "+")
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
		case reflect.Slice:
			v.Set(v.Slice(0, 1))
		case reflect.Struct:
			v.Set(reflect.ValueOf(at.Add(1)))
		default:
			t.Fatalf("a field of kind %s", v.Kind())
		}
	}
	for i, f := range reflect.VisibleFields(reflect.TypeFor[hub.Announcement]()) {
		if len(f.Index) > 1 || own[f.Name] {
			continue
		}
		a := first
		if inner := reflect.ValueOf(&a).Elem().FieldByIndex(f.Index); f.Name == "Message" || f.Name == "Options" {
			for k := range inner.NumField() {
				a = first
				set(inner.Field(k))
				differ(f.Name+"."+inner.Type().Field(k).Name, a)
			}
		} else {
			set(inner)
			differ(fmt.Sprint(i, " ", f.Name), a)
		}
	}
}

// TestSaidIsBounded holds that posts are forgotten when too much is known.
func TestSaidIsBounded(t *testing.T) {
	s := newSaid(&told{rows: map[hub.NotificationID]hub.Announcement{}})
	for i := range mostKnown + 100 {
		s.put(hub.Announcement{Notification: hub.NotificationID(fmt.Sprint(i)), Source: "meta", Topic: fmt.Sprint(i % 100), Post: 1})
	}
	s.trim()
	require.Less(t, s.known, mostKnown)
	left := 0
	for _, post := range s.posts {
		left += len(post.list)
	}
	require.Equal(t, left, s.known)
	require.Len(t, s.dirty, mostKnown+100, "nothing is lost")
}

// TestSaidInPart holds that a change of what one chat was told, kept before anything
// else of the post is known, does not hide from a later event what others were told.
func TestSaidInPart(t *testing.T) {
	k, live, gone := struckPost()
	other := live
	other.Notification, other.Chat.ID = "n2", "C2"
	store := &told{rows: map[hub.NotificationID]hub.Announcement{live.Notification: live, other.Notification: other}}
	s := newSaid(store)
	s.put(gone)
	require.NoError(t, s.load(t.Context(), k))
	require.ElementsMatch(t, []*hub.Announcement{&gone, &other}, s.of(k))
	require.Equal(t, 2, s.known)
	require.NoError(t, s.load(t.Context(), k))
	require.Equal(t, 1, store.asked)
}

// TestSaidOfAPostThatMovesAtOnce holds that what is not stored yet is known of the post
// that it is of by now.
func TestSaidOfAPostThatMovesAtOnce(t *testing.T) {
	from, live, _ := struckPost()
	s := newSaid(&told{rows: map[hub.NotificationID]hub.Announcement{}})
	s.put(live)
	moved := live
	moved.Topic, moved.Post = "302", 4
	to := keyOf(&moved)
	s.put(moved)
	s.reset()
	require.NoError(t, s.load(t.Context(), from, to))
	require.Equal(t, []*hub.Announcement{&moved}, s.of(to))
	require.Empty(t, s.of(from))
	require.NoError(t, s.flush(t.Context()))
	require.Empty(t, s.dirty)
	require.Empty(t, s.loose)
	require.Empty(t, s.order)
}

// TestSaidIsStoredTogether holds that what one event says is given to the store
// together, so that it may be one row, also where it has changed while it was stored.
func TestSaidIsStoredTogether(t *testing.T) {
	store := &told{rows: map[hub.NotificationID]hub.Announcement{}}
	s := newSaid(store)
	const chats = 10
	put := func(event, chat int, state hub.Announced) {
		s.put(hub.Announcement{
			Notification: hub.NotificationID(fmt.Sprintf("n%d-%d", event, chat)), Source: "meta", Topic: "301", Post: event, State: state,
			Event: hub.EventID(fmt.Sprint(event)),
		})
	}
	for event := range batchSize / chats * 3 {
		for chat := range chats {
			put(event, chat, hub.AnnouncedLive)
		}
	}
	events := map[hub.EventID]int{} // in how many pieces each was given
	store.given = func(list []hub.Announcement) {
		seen := map[hub.EventID]bool{}
		for i := range list {
			seen[list[i].Event] = true
		}
		for e := range seen {
			events[e]++
		}
	}
	store.whenPut = func() { put(0, 3, hub.AnnouncedStruck) }
	require.NoError(t, s.flush(t.Context()))
	require.Len(t, events, batchSize/chats*3)
	for e, pieces := range events {
		if e == "0" {
			require.Equal(t, 2, pieces, "it has changed meanwhile")
		} else {
			require.Equal(t, 1, pieces, e)
		}
	}
	require.Equal(t, hub.AnnouncedStruck, store.rows["n0-3"].State)
	require.Empty(t, s.dirty)
	require.Empty(t, s.order)
}

// soonest waits for what is wrong if it happens, and must not: nobody tells that it
// did not.
func soonest(wrong <-chan error) {
	select {
	case <-wrong:
	case <-time.After(100 * time.Millisecond):
	}
}

func struckPost() (sayKey, hub.Announcement, hub.Announcement) {
	live := hub.Announcement{Notification: "n1", Chat: hub.Chat{System: "slack", ID: "C1"}, Source: "meta", Topic: "301", Post: 1, State: hub.AnnouncedLive}
	gone := live
	gone.State = hub.AnnouncedBuried
	return keyOf(&live), live, gone
}

// TestSaidIsReadWhileItIsStored holds that who reads what was told gets the newest,
// though it is stored between the question and the answer: from an older one a message
// that was hidden would stay so for ever.
func TestSaidIsReadWhileItIsStored(t *testing.T) {
	k, live, gone := struckPost()
	for name, read := range map[string]func(s *said) []*hub.Announcement{
		"whole": func(s *said) []*hub.Announcement {
			all, err := s.whole(t.Context(), k.source, k.topic)
			require.NoError(t, err)
			return all
		},
		"load": func(s *said) []*hub.Announcement {
			s.reset()
			require.NoError(t, s.load(t.Context(), k))
			return s.of(k)
		},
	} {
		store := &told{rows: map[hub.NotificationID]hub.Announcement{live.Notification: live}}
		s := newSaid(store)
		s.put(gone)
		flushed := make(chan error, 2)
		store.whenRead = func() {
			go func() {
				err := s.flush(t.Context())
				flushed <- err
				flushed <- err
			}()
			soonest(flushed)
		}
		all := read(s)
		require.Len(t, all, 1, name)
		require.Equal(t, hub.AnnouncedBuried, all[0].State, name)
		require.NoError(t, <-flushed, name)
		require.Empty(t, s.dirty, name)
		require.Equal(t, hub.AnnouncedBuried, store.rows[live.Notification].State, name)
	}
}

// TestSaidIsStoredInOrder holds that of two who store at once none stores an older
// state over a newer one.
func TestSaidIsStoredInOrder(t *testing.T) {
	_, live, gone := struckPost()
	store := &told{rows: map[hub.NotificationID]hub.Announcement{}}
	s := newSaid(store)
	s.put(live)
	second := make(chan error, 2)
	store.whenPut = func() {
		s.put(gone)
		go func() {
			err := s.flush(t.Context())
			second <- err
			second <- err
		}()
		soonest(second)
	}
	require.NoError(t, s.flush(t.Context()))
	require.NoError(t, <-second)
	require.Equal(t, hub.AnnouncedBuried, store.rows[live.Notification].State)
	require.Empty(t, s.dirty)
}
