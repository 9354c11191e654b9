package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// told are announcements of one post to n chats, as they are listed. They share a
// message, as what one event says does.
func told(topic string, n int) []hub.Announcement {
	one := announced(topic, 1)[0]
	one.Message = hub.Message{Thread: "meta/topic/" + topic, Card: &hub.Card{Title: "Printer on fire", Tags: []hub.Label{{Name: "bug"}}, Time: noon}}
	as := make([]hub.Announcement, n)
	for i := range as {
		as[i] = one
		as[i].Chat.ID = fmt.Sprint("C", i)
		as[i].Notification = hub.NotificationFor(one.Event, as[i].Chat)
		as[i].Subscription = hub.SubscriptionID(fmt.Sprint("s", i%7))
	}
	return asListed(as)
}

func asListed(as []hub.Announcement) []hub.Announcement {
	return slices.SortedFunc(slices.Values(as), func(a, b hub.Announcement) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Notification, b.Notification))
	})
}

func toldTogether(t *testing.T, s *store.Store) {
	list := told("301", 260)
	as, also := list[:250], list[250:]
	for i := range also { // of the same post, another message
		also[i].Message = hub.Message{Text: "Something else"}
	}
	next := announced("301", 2)[1]
	require.NoError(t, s.PutTopics(t.Context(), "meta", []hub.Topic{{ID: "301"}, {ID: "302"}}))
	require.NoError(t, s.PutAnnouncements(t.Context(), slices.Concat(as, also, []hub.Announcement{next})))
	equal(t, asListed(slices.Concat(as, also)), announcementsOf(t, s, "301", 1))
	equal(t, asListed(slices.Concat(as, also, []hub.Announcement{next})), announcementsOf(t, s, "301", 0))
	require.Empty(t, announcementsOf(t, s, "302", 0))
	topics, err := s.AnnouncedTopics(t.Context(), "meta", "", 10)
	require.NoError(t, err)
	equal(t, []hub.Topic{{ID: "301"}}, topics)
}

// toldTogetherOddly puts what cannot be in one row.
func toldTogetherOddly(t *testing.T, s *store.Store) {
	long, spaced := told("301", 3), told("302", 3)
	for i := range long {
		long[i].Event = hub.EventID(strings.Repeat("e", 4000))
		spaced[i].Notification = hub.NotificationID(fmt.Sprint("n ", i))
	}
	for range 2 {
		require.NoError(t, s.PutAnnouncements(t.Context(), slices.Concat(long, spaced)))
		equal(t, long, announcementsOf(t, s, "301", 1))
		equal(t, spaced, announcementsOf(t, s, "302", 1))
	}
}

func toldTogetherAndChanged(t *testing.T, s *store.Store) {
	as := told("301", 250)
	require.NoError(t, s.PutAnnouncements(t.Context(), as))
	as[7].State, as[7].UpdatedAt = hub.AnnouncedStruck, noon.Add(time.Hour)
	as[8].Message = hub.Message{Text: "An edit"} // its time is that of the first
	moved := as[9]
	moved.Topic, moved.Post, moved.UpdatedAt = "302", 4, noon.Add(time.Minute)
	require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{as[7], as[8], moved}))
	stay := slices.Delete(slices.Clone(as), 9, 10)
	equal(t, asListed(stay), announcementsOf(t, s, "301", 1))
	equal(t, asListed(stay), announcementsOf(t, s, "301", 0))
	equal(t, []hub.Announcement{moved}, announcementsOf(t, s, "302", 4))
	moved.Topic, moved.Post = "301", 1
	as[9] = moved
	require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{moved}))
	equal(t, asListed(as), announcementsOf(t, s, "301", 0))
	require.Empty(t, announcementsOf(t, s, "302", 0))
}

// toldTogetherAgain puts some again together with others, as a router does that goes
// on after a crash. The last word counts.
func toldTogetherAgain(t *testing.T, s *store.Store) {
	as := told("301", 120)
	require.NoError(t, s.PutAnnouncements(t.Context(), as[:50]))
	require.NoError(t, s.PutAnnouncements(t.Context(), as[:50]), "the same again")
	require.NoError(t, s.PutAnnouncements(t.Context(), as[60:70]))
	as[55].UpdatedAt = noon.Add(time.Hour)
	require.NoError(t, s.PutAnnouncements(t.Context(), as[55:56]))
	for i := range as {
		as[i].Message = hub.Message{Text: "Anew"}
		as[i].UpdatedAt = as[i].At
	}
	require.NoError(t, s.PutAnnouncements(t.Context(), as[1:]))
	as[0].Message = told("301", 1)[0].Message
	equal(t, asListed(as), announcementsOf(t, s, "301", 1))
	one := as[3]
	one.Message = hub.Message{Text: "And once more"}
	as[3] = one
	require.NoError(t, s.PutAnnouncements(t.Context(), []hub.Announcement{one}))
	equal(t, asListed(as), announcementsOf(t, s, "301", 1))
}

func toldTogetherAndFound(t *testing.T, s *store.Store) {
	as := told("301", 30)
	require.NoError(t, s.PutAnnouncements(t.Context(), as))
	ids := []hub.NotificationID{as[3].Notification, as[4].Notification, "nobody", as[3].Notification}
	found := func() []hub.Announcement {
		list, err := s.FindAnnouncements(t.Context(), ids)
		require.NoError(t, err)
		return list
	}
	require.Empty(t, found(), "the log does not know them yet")
	var ds []hub.Delivery
	for _, a := range as {
		ds = append(ds, hub.Delivery{ID: a.Notification, Chat: a.Chat, Event: a.Event, QueuedAt: noon})
	}
	require.NoError(t, s.RecordQueued(t.Context(), ds))
	require.ElementsMatch(t, as[3:5], found())
	as[4].State, as[4].UpdatedAt = hub.AnnouncedRetracted, noon.Add(time.Hour)
	require.NoError(t, s.PutAnnouncements(t.Context(), as[4:5]))
	require.ElementsMatch(t, as[3:5], found())
}

func toldTogetherAndPruned(t *testing.T, s *store.Store) {
	as := told("301", 250)
	require.NoError(t, s.PutAnnouncements(t.Context(), as))
	as[7].UpdatedAt = noon.Add(2 * time.Hour)
	require.NoError(t, s.PutAnnouncements(t.Context(), as[7:8]))
	n, err := s.PruneAnnouncements(t.Context(), noon)
	require.NoError(t, err)
	require.Zero(t, n, "what was told at the time itself stays")
	n, err = s.PruneAnnouncements(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 3, n, "a row for a hundred")
	equal(t, as[7:8], announcementsOf(t, s, "301", 0))
}

func toldTogetherAtOnce(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		as := told("301", 150)
		for n := range as {
			as[n].Message = hub.Message{Text: fmt.Sprint(i)}
		}
		return s.PutAnnouncements(t.Context(), as[i%5:])
	})
	got := announcementsOf(t, s, "301", 1)
	require.Len(t, got, 150)
	for i := range got[1:] {
		require.Less(t, got[i].Notification, got[i+1].Notification, "each once")
	}
}
