package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

func forum(t *testing.T, open func(t *testing.T) *store.Store) {
	each(t, open, map[string]test{
		"categories":        categories,
		"topics":            topics,
		"odd values":        oddObjects,
		"many topics":       manyTopics,
		"concurrent topics": concurrentTopics,
	})
}

func categories(t *testing.T, s *store.Store) {
	support := hub.ForumCategory{ID: "5", Name: "Support", Slug: "support", Color: "#0088cc"}
	bugs := hub.ForumCategory{ID: "10", Name: "Bugs", Slug: "bugs", ParentID: "5", Restricted: true}
	again := hub.ForumCategory{ID: "11", Name: "Bugs", Slug: "bugs"}
	list := func(source hub.Source) []hub.ForumCategory {
		cs, err := s.Categories(t.Context(), source)
		require.NoError(t, err)
		return cs
	}
	require.Empty(t, list("meta"))
	for _, c := range []hub.ForumCategory{support, again, bugs} {
		require.NoError(t, s.PutCategory(t.Context(), "meta", c))
	}
	require.NoError(t, s.PutCategory(t.Context(), "other", hub.ForumCategory{ID: "5", Name: "Elsewhere"}))
	equal(t, []hub.ForumCategory{bugs, again, support}, list("meta"))

	renamed := hub.ForumCategory{ID: "5", Name: "Answers"}
	require.NoError(t, s.PutCategory(t.Context(), "meta", renamed))
	require.NoError(t, s.DeleteCategory(t.Context(), "meta", "11"))
	require.NoError(t, s.DeleteCategory(t.Context(), "meta", "11"), "one that is gone is fine")
	equal(t, []hub.ForumCategory{renamed, bugs}, list("meta"))
	require.Len(t, list("other"), 1)
}

func topics(t *testing.T, s *store.Store) {
	find := func(source hub.Source, id string) *hub.Topic {
		topic, err := s.FindTopic(t.Context(), source, id)
		require.NoError(t, err)
		return topic
	}
	require.Nil(t, find("meta", "301"))
	require.NoError(t, s.PutTopics(t.Context(), "meta", nil))
	full := hub.Topic{
		ID: "301", Title: "A topic", Tags: []string{"bug"}, Closed: true, Posts: 3, CreatedAt: noon,
		Author: &hub.Person{Username: "ada"},
	}
	require.NoError(t, s.PutTopics(t.Context(), "meta", []hub.Topic{{ID: "301", Title: "First of two"}, {ID: "7"}, full}))
	equal(t, &full, find("meta", "301"))
	require.Nil(t, find("other", "301"), "two forums have their own topics")
	require.Nil(t, find("meta", "7").Tags, "tags that were not told are nil")

	less := hub.Topic{ID: "301", Tags: []string{}}
	require.NoError(t, s.PutTopics(t.Context(), "meta", []hub.Topic{less}))
	got := find("meta", "301")
	equal(t, &less, got)
	require.NotNil(t, got.Tags, "no tags are not the same as tags not told")
}

func oddObjects(t *testing.T, s *store.Store) {
	for i, v := range odd() {
		id := fmt.Sprintf("%d%s", i, v)
		want := hub.Topic{ID: id, Title: v, Slug: v, Tags: []string{v}}
		require.NoError(t, s.PutTopics(t.Context(), "meta", []hub.Topic{want}))
		got, err := s.FindTopic(t.Context(), "meta", id)
		require.NoError(t, err)
		equal(t, &want, got)
	}
	for v, kept := range unstorable() {
		require.NoError(t, s.PutCategory(t.Context(), "odd", hub.ForumCategory{ID: v, Name: kept}))
		require.NoError(t, s.PutTopics(t.Context(), "odd", []hub.Topic{{ID: v, Title: "x"}, {ID: kept, Title: "y"}}))
		got, err := s.FindTopic(t.Context(), "odd", v)
		require.NoError(t, err)
		require.Equal(t, "y", got.Title)
	}
	cs, err := s.Categories(t.Context(), "odd")
	require.NoError(t, err)
	require.Len(t, cs, len(unstorable()))
	code(t, hub.CodeInvalid, s.PutTopics(t.Context(), "odd", []hub.Topic{{ID: string(make([]byte, 4000))}}))
}

func manyTopics(t *testing.T, s *store.Store) {
	ts := make([]hub.Topic, 1234)
	for i := range ts {
		ts[i] = hub.Topic{ID: fmt.Sprint(i), Posts: i + 1}
	}
	require.NoError(t, s.PutTopics(t.Context(), "meta", ts))
	for _, i := range []int{0, 99, 100, 1233} {
		got, err := s.FindTopic(t.Context(), "meta", fmt.Sprint(i))
		require.NoError(t, err)
		equal(t, &ts[i], got)
	}
}

func concurrentTopics(t *testing.T, s *store.Store) {
	all(t, func(i int) error {
		ts := make([]hub.Topic, 50)
		for n := range ts {
			ts[n] = hub.Topic{ID: fmt.Sprint((n*7 + i) % 50), Posts: i + 1}
		}
		return s.PutTopics(t.Context(), "meta", ts)
	})
	last, err := s.FindTopic(t.Context(), "meta", "0")
	require.NoError(t, err)
	for n := range 50 { // all are of the one writer that came last
		got, err := s.FindTopic(t.Context(), "meta", fmt.Sprint(n))
		require.NoError(t, err)
		require.Equal(t, last.Posts, got.Posts)
	}
}
