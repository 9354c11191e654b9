package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func announcements(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"put and list":              putAndList,
		"order":                     announcementOrder,
		"replaced":                  replacedAnnouncements,
		"topics":                    announcedTopics,
		"odd values":                oddAnnouncements,
		"refused":                   refusedAnnouncements,
		"large batches":             largeAnnouncements,
		"prune":                     pruneAnnouncements,
		"told together":             toldTogether,
		"told together oddly":       toldTogetherOddly,
		"told together and changed": toldTogetherAndChanged,
		"told together again":       toldTogetherAgain,
		"told together and found":   toldTogetherAndFound,
		"told together and pruned":  toldTogetherAndPruned,
		"told together at once":     toldTogetherAtOnce,
		"concurrent":                concurrentAnnouncements,
		"concurrent with pruning":   concurrentPruneAnnouncements,
		"nothing to put is fine":    nothingToAnnounce,
		"the message is kept whole": wholeAnnouncement,
	})
}

// announced makes n announcements, of the first n posts of a topic.
func announced(topic string, n int) []hub.Announcement {
	as := make([]hub.Announcement, n)
	for i := range as {
		event := hub.EventID(fmt.Sprintf("meta/%s/%d", topic, i+1))
		chat := hub.Chat{System: "slack", ID: "C1"}
		as[i] = hub.Announcement{
			Notification: hub.NotificationFor(event, chat), Chat: chat, Source: "meta", Topic: topic, Post: i + 1, Event: event,
			Subscription: "sabcdefghijklmnop", Mode: hub.Watch, Message: hub.Message{Text: "A post"},
			State: hub.AnnouncedLive, At: noon.Add(time.Duration(i) * time.Minute), UpdatedAt: noon.Add(time.Duration(i) * time.Minute),
		}
	}
	return as
}

func announcementsOf(t *testing.T, s *store.Store, topic string, post int) []hub.Announcement {
	t.Helper()
	as, err := s.Announcements(t.Context(), "meta", topic, post)
	require.NoError(t, err)
	return as
}

func putAndList(t *testing.T, s *store.Store) {
	require.Empty(t, announcementsOf(t, s, "301", 0))
	as := announced("301", 3)
	second := as[1]
	second.Notification, second.Chat, second.At = "nsecond", hub.Chat{System: "matrix", ID: "!room:example.org"}, as[1].At.Add(time.Second)
	elsewhere := announced("301", 1)[0]
	elsewhere.Notification, elsewhere.Source = "nelsewhere", "other"
	require.NoError(t, s.PutAnnouncements(t.Context(), append(announced("30", 2), second, elsewhere, as[2], as[0], as[1])))

	equal(t, []hub.Announcement{as[0], as[1], second, as[2]}, announcementsOf(t, s, "301", 0))
	equal(t, []hub.Announcement{as[1], second}, announcementsOf(t, s, "301", 2))
	require.Empty(t, announcementsOf(t, s, "301", 4))
	require.Empty(t, announcementsOf(t, s, "", 0))
	found, err := s.FindAnnouncements(t.Context(), []hub.NotificationID{as[1].Notification, "nobody", "nelsewhere", as[1].Notification})
	require.NoError(t, err)
	require.ElementsMatch(t, []hub.Announcement{as[1], elsewhere}, found)
	found, err = s.FindAnnouncements(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, found)
	got, err := s.Announcements(t.Context(), "other", "301", 1)
	require.NoError(t, err)
	equal(t, []hub.Announcement{elsewhere}, got)
}

// announcementOrder asks for the order by At and then Notification, byte by
// byte whatever the locale of the database.
func announcementOrder(t *testing.T, s *store.Store) {
	as := announced("301", 6)
	for i, id := range []hub.NotificationID{"nB", "na", "nb", "n-a", "nA", "nz"} {
		as[i].Notification, as[i].At, as[i].UpdatedAt = id, noon, noon.Add(-time.Duration(i)*time.Hour)
	}
	as[5].At = noon.Add(-time.Nanosecond)
	require.NoError(t, s.PutAnnouncements(t.Context(), as))
	var ids []hub.NotificationID
	for _, a := range announcementsOf(t, s, "301", 0) {
		ids = append(ids, a.Notification)
	}
	require.Equal(t, []hub.NotificationID{"nz", "n-a", "nA", "nB", "na", "nb"}, ids)
}

func replacedAnnouncements(t *testing.T, s *store.Store) {
	as := announced("301", 2)
	require.NoError(t, s.PutAnnouncements(t.Context(), as))
	struck := as[0]
	struck.State, struck.UpdatedAt, struck.Message = hub.AnnouncedStruck, noon.Add(time.Hour), hub.Message{Card: &hub.Card{Struck: true}}
	moved := as[1]
	moved.Topic, moved.Post, moved.Source = "302", 1, "meta"
	require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{as[0], moved, struck}))
	equal(t, []hub.Announcement{struck}, announcementsOf(t, s, "301", 0))
	equal(t, []hub.Announcement{moved}, announcementsOf(t, s, "302", 1))

	require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{struck, as[0]}))
	equal(t, []hub.Announcement{as[0]}, announcementsOf(t, s, "301", 0))
}

func announcedTopics(t *testing.T, s *store.Store) {
	list := func(source hub.Source) []hub.Topic {
		got, err := s.AnnouncedTopics(t.Context(), source, "", 10)
		require.NoError(t, err)
		return got
	}
	require.Empty(t, list("meta"))
	known := []hub.Topic{{ID: "301", Title: "A printer", CategoryID: "5"}, {ID: "302", Title: "Another"}, {ID: "30", Title: "Nobody was told of it"}}
	require.NoError(t, s.PutTopics(t.Context(), "meta", known))
	require.NoError(t, s.PutTopics(t.Context(), "other", known[:1]))
	require.Empty(t, list("meta"))
	require.NoError(t, s.PutAnnouncements(t.Context(), slices.Concat(announced("302", 1), announced("301", 3), announced("303", 1))))
	equal(t, known[:2], list("meta"))
	for after, want := range map[string][]hub.Topic{"": known[:1], "301": known[1:2], "302": nil} {
		got, err := s.AnnouncedTopics(t.Context(), "meta", after, 1)
		require.NoError(t, err)
		equal(t, want, got)
	}
	require.Empty(t, list("other"))
}

func oddAnnouncements(t *testing.T, s *store.Store) {
	for i, v := range odd() {
		a := announced(v, 1)[0]
		a.Notification, a.Source = hub.NotificationID(fmt.Sprintf("n%d%s", i, v)), hub.Source("odd"+v)
		a.Chat.ID, a.Event, a.Message.Text = v, hub.EventID(v), v
		require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{a}))
		got, err := s.Announcements(t.Context(), a.Source, v, 1)
		require.NoError(t, err)
		equal(t, []hub.Announcement{a}, got)
	}
	for v, kept := range unstorable() {
		a, b := announced(v, 1)[0], announced(kept, 1)[0]
		a.Notification, b.Notification = hub.NotificationID("n"+v), hub.NotificationID("n"+kept)
		require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{a, b}))
		equal(t, []hub.Announcement{b}, announcementsOf(t, s, v, 1))
	}
}

func refusedAnnouncements(t *testing.T, s *store.Store) {
	good := announced("301", 1)[0]
	for _, spoil := range []func(*hub.Announcement){
		func(a *hub.Announcement) { a.Notification = "" },
		func(a *hub.Announcement) { a.Notification = hub.NotificationID(make([]byte, 4000)) },
		func(a *hub.Announcement) { a.Source = hub.Source(make([]byte, 4000)) },
		func(a *hub.Announcement) { a.Topic = string(make([]byte, 4000)) },
		func(a *hub.Announcement) { a.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, // JSON has no such year
	} {
		bad := announced("301", 2)[1]
		spoil(&bad)
		code(t, hub.CodeInvalid, s.PutAnnouncements(t.Context(), []hub.Announcement{good, bad}))
	}
	require.Empty(t, announcementsOf(t, s, "301", 0))
}

func largeAnnouncements(t *testing.T, s *store.Store) {
	for _, n := range []int{1, 99, 100, 101, 1000} {
		as := announced(fmt.Sprint(n), n)
		require.NoError(t, s.PutAnnouncements(t.Context(), as))
		require.NoError(t, s.PutAnnouncements(t.Context(), as), "the same again")
		equal(t, as, announcementsOf(t, s, fmt.Sprint(n), 0))
	}
}

func pruneAnnouncements(t *testing.T, s *store.Store) {
	as := announced("301", 4502)
	for i := range as {
		as[i].At, as[i].UpdatedAt = noon, noon
	}
	// Told long ago and changed lately, it may change again.
	as[0].UpdatedAt = noon.Add(time.Hour)
	// One without any time counts as told now.
	as[1].At, as[1].UpdatedAt = time.Time{}, time.Time{}
	for part := range slices.Chunk(as, 1000) {
		require.NoError(t, s.PutAnnouncements(t.Context(), part))
	}
	n, err := s.PruneAnnouncements(t.Context(), noon)
	require.NoError(t, err)
	require.Zero(t, n, "what was told at the time itself stays")
	n, err = s.PruneAnnouncements(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 4500, n)
	equal(t, []hub.Announcement{as[1], as[0]}, announcementsOf(t, s, "301", 0))
}

func concurrentAnnouncements(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		as := announced("301", 150)
		for n := range as {
			as[n].Message.Text = fmt.Sprint(i)
		}
		if i%2 == 1 {
			slices.Reverse(as) // rows are locked in one order all the same
		}
		return s.PutAnnouncements(t.Context(), as)
	})
	got := announcementsOf(t, s, "301", 0)
	require.Len(t, got, 150)
	for _, a := range got { // all are of the one writer that came last
		require.Equal(t, got[0].Message.Text, a.Message.Text)
	}
}

func concurrentPruneAnnouncements(t *testing.T, s *store.Store) {
	old, told := announced("301", 200), announced("301", 200)
	for i := range told {
		told[i].UpdatedAt = noon.Add(24 * time.Hour)
	}
	require.NoError(t, s.PutAnnouncements(t.Context(), old))
	all(t, func(i int) error {
		if i%4 == 0 {
			_, err := s.PruneAnnouncements(t.Context(), noon.Add(24*time.Hour))
			return err
		}
		return s.PutAnnouncements(t.Context(), told)
	})
	equal(t, told, announcementsOf(t, s, "301", 0))
}

func nothingToAnnounce(t *testing.T, s *store.Store) {
	require.NoError(t, s.PutAnnouncements(t.Context(), nil))
	n, err := s.PruneAnnouncements(t.Context(), noon)
	require.NoError(t, err)
	require.Zero(t, n)
}

func wholeAnnouncement(t *testing.T, s *store.Store) {
	a := announced("301", 1)[0]
	a.Options = hub.Options{Style: hub.StyleFull, Excerpt: 9, Unlisted: true, Thread: hub.ThreadBoth, Delay: "0s", ReadAs: "ada"}
	a.Message = hub.Message{
		Text: strings.Repeat("Grüße <&> \x00 👩‍👩‍👧‍👦\n", 20_000), Thread: "meta/topic/301", InThread: true, Broadcast: true,
		Card: &hub.Card{Kind: "Reply", Title: "x", Author: &hub.Person{Username: "ada"}, Tags: []hub.Label{{Name: "bug"}}, Time: noon},
	}
	a.At, a.UpdatedAt = noon.Add(789*time.Nanosecond), noon.Add(time.Hour+time.Nanosecond)
	require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{a}))
	equal(t, []hub.Announcement{a}, announcementsOf(t, s, "301", 1))
}
