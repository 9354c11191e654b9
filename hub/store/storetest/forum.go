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
		"tags":              tags,
		"groups":            groups,
		"topics":            topics,
		"odd values":        oddObjects,
		"odd names":         oddNames,
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

func tags(t *testing.T, s *store.Store) {
	list := func(source hub.Source) []hub.ForumTag {
		ts, err := s.Tags(t.Context(), source)
		require.NoError(t, err)
		return ts
	}
	require.Empty(t, list("meta"))
	for _, tag := range []hub.ForumTag{{Name: "urgent"}, {Name: "bug", ID: "7"}, {Name: "Bug"}, {Name: "ärger"}} {
		require.NoError(t, s.PutTag(t.Context(), "meta", tag))
	}
	require.NoError(t, s.PutTag(t.Context(), "other", hub.ForumTag{Name: "bug", ID: "1"}))
	equal(t, []hub.ForumTag{{Name: "Bug"}, {Name: "bug", ID: "7"}, {Name: "urgent"}, {Name: "ärger"}}, list("meta"))

	full := hub.ForumTag{Name: "bug", ID: "8", URL: "https://forum.example.com/tag/bug"}
	require.NoError(t, s.PutTag(t.Context(), "meta", full))
	require.NoError(t, s.DeleteTag(t.Context(), "meta", "Bug"))
	require.NoError(t, s.DeleteTag(t.Context(), "meta", "Bug"), "one that is gone is fine")
	require.NoError(t, s.DeleteTag(t.Context(), "meta", "ärger"))
	equal(t, []hub.ForumTag{full, {Name: "urgent"}}, list("meta"))
	equal(t, []hub.ForumTag{{Name: "bug", ID: "1"}}, list("other"))
}

func groups(t *testing.T, s *store.Store) {
	list := func(source hub.Source) []hub.ForumGroup {
		gs, err := s.Groups(t.Context(), source)
		require.NoError(t, err)
		return gs
	}
	require.Empty(t, list("meta"))
	support := hub.ForumGroup{ID: "41", Name: "support_team", Members: []string{"ada", "alice"}}
	require.NoError(t, s.PutGroup(t.Context(), "meta", support))
	require.Equal(t, []string{"ada", "alice"}, support.Members, "the caller's group stays as it is")
	require.NoError(t, s.PutGroup(t.Context(), "meta", hub.ForumGroup{ID: "3", Name: "staff"}))
	require.NoError(t, s.PutGroup(t.Context(), "other", hub.ForumGroup{Name: "staff"}))
	got := list("meta")
	equal(t, []hub.ForumGroup{{ID: "3", Name: "staff"}, {ID: "41", Name: "support_team"}}, got)
	require.Nil(t, got[1].Members, "members are not kept")

	renamed := hub.ForumGroup{ID: "42", Name: "support_team"}
	require.NoError(t, s.PutGroup(t.Context(), "meta", renamed))
	require.NoError(t, s.DeleteGroup(t.Context(), "meta", "staff"))
	require.NoError(t, s.DeleteGroup(t.Context(), "meta", "staff"), "one that is gone is fine")
	equal(t, []hub.ForumGroup{renamed}, list("meta"))
	require.Len(t, list("other"), 1)
}

func oddNames(t *testing.T, s *store.Store) {
	for _, v := range odd() {
		source := hub.Source("odd " + v)
		tag, group := hub.ForumTag{Name: v, URL: v}, hub.ForumGroup{Name: v, ID: v}
		require.NoError(t, s.PutTag(t.Context(), source, tag))
		require.NoError(t, s.PutGroup(t.Context(), source, group))
		ts, err := s.Tags(t.Context(), source)
		require.NoError(t, err)
		equal(t, []hub.ForumTag{tag}, ts)
		gs, err := s.Groups(t.Context(), source)
		require.NoError(t, err)
		equal(t, []hub.ForumGroup{group}, gs)
		require.NoError(t, s.DeleteTag(t.Context(), source, v))
		require.NoError(t, s.DeleteGroup(t.Context(), source, v))
	}
	for v, kept := range unstorable() {
		require.NoError(t, s.PutTag(t.Context(), "odd", hub.ForumTag{Name: v, ID: "1"}))
		require.NoError(t, s.PutTag(t.Context(), "odd", hub.ForumTag{Name: kept, ID: "2"}))
		ts, err := s.Tags(t.Context(), "odd")
		require.NoError(t, err)
		equal(t, []hub.ForumTag{{Name: kept, ID: "2"}}, ts)
		require.NoError(t, s.DeleteTag(t.Context(), "odd", v))
		ts, err = s.Tags(t.Context(), "odd")
		require.NoError(t, err)
		require.Empty(t, ts)
	}
	long := string(make([]byte, 4000))
	code(t, hub.CodeInvalid, s.PutTag(t.Context(), "odd", hub.ForumTag{Name: long}))
	code(t, hub.CodeInvalid, s.PutGroup(t.Context(), "odd", hub.ForumGroup{Name: long}))
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
		Author: &hub.Person{Username: "ada"}, Deleted: true, Solved: 3, Groups: []string{"staff"},
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
