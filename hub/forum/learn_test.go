package forum_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// TestATopicsOwnEventTellsAll holds that flags that are not set are told, and
// that what only others tell stays.
func TestATopicsOwnEventTellsAll(t *testing.T) {
	w := deaf(t)
	first := whole("301", "urgent")
	first.Closed, first.Unlisted = true, true
	before, now := w.learn(hub.ForumTopicCreated, hub.Forum{Topic: first})
	require.Nil(t, before)
	require.Equal(t, first, now)
	w.learn(hub.ForumPostCreated, reply(part("301")))
	require.Equal(t, "hardware", w.known("301").CategorySlug)
	w.learn(hub.ForumTopicSolved, reply(part("301")))

	edited := &hub.Topic{ID: "301", Title: "Printer is out", Archetype: hub.ArchetypeRegular, CategoryID: "5"} // of a forum that tells little
	before, now = w.learn(hub.ForumTopicEdited, hub.Forum{Topic: edited})
	require.True(t, before.Closed)
	require.Equal(t, &hub.Topic{
		ID: "301", Title: "Printer is out", Slug: first.Slug, URL: first.URL, Archetype: hub.ArchetypeRegular, CategoryID: "5", CategorySlug: "hardware",
		Tags: []string{"urgent"}, Solved: 2, Author: first.Author, CreatedAt: first.CreatedAt, Posts: 2,
	}, now)
	require.Equal(t, now, w.known("301"))

	edited = whole("301")
	edited.CategoryID = "6"
	_, now = w.learn(hub.ForumTopicEdited, hub.Forum{Topic: edited})
	require.Empty(t, now.CategorySlug, "the slug was that of the category before")
}

func TestAPostTellsOfItsTopicInPart(t *testing.T) {
	w := deaf(t)
	topic := whole("301", "urgent")
	topic.Closed, topic.Pinned = true, true
	w.learn(hub.ForumTopicCreated, hub.Forum{Topic: topic})
	told := part("301")
	told.Title, told.URL, told.Archetype = "Printer is out", "", ""
	before, now := w.learn(hub.ForumPostCreated, reply(told))
	require.Equal(t, "Printer on fire", before.Title)

	want := *topic
	want.Title, want.CategorySlug, want.Posts = "Printer is out", "hardware", 2
	require.Equal(t, &want, now)
	require.Equal(t, &want, w.known("301"))

	told = part("301")
	told.CategoryID, told.CategorySlug = "6", ""
	_, now = w.learn(hub.ForumPostEdited, reply(told))
	require.Equal(t, "6", now.CategoryID)
	require.Empty(t, now.CategorySlug, "the slug was that of the category before")
}

// TestAnIDAndATitleTeachNothing is about what tells no archetype, like an
// assignment: whether its topic is private is not known.
func TestAnIDAndATitleTeachNothing(t *testing.T) {
	w := deaf(t)
	told := &hub.Topic{ID: "301", Title: "Printer on fire", Tags: []string{"urgent"}}
	before, now := w.learn(hub.ForumTopicAssigned, hub.Forum{Topic: told})
	require.Nil(t, before)
	require.Empty(t, now.Archetype)
	require.Nil(t, w.known("301"))

	w.learn(hub.ForumTopicCreated, hub.Forum{Topic: whole("301")})
	_, now = w.learn(hub.ForumTopicAssigned, hub.Forum{Topic: told})
	require.Equal(t, hub.ArchetypeRegular, now.Archetype)
	require.Empty(t, now.Tags, "these are the tags that an object tells of in passing")
}

// TestTagsThatAreNotTold holds that nil is "not told" and empty is "none".
func TestTagsThatAreNotTold(t *testing.T) {
	w := deaf(t)
	w.learn(hub.ForumPostCreated, reply(part("301")))
	require.Nil(t, w.known("301").Tags)
	w.learn(hub.ForumTopicEdited, hub.Forum{Topic: whole("301", "urgent")})
	require.Equal(t, []string{"urgent"}, w.known("301").Tags)
	untold := whole("301")
	untold.Tags = nil
	w.learn(hub.ForumTopicEdited, hub.Forum{Topic: untold})
	require.Equal(t, []string{"urgent"}, w.known("301").Tags)
	w.learn(hub.ForumTopicEdited, hub.Forum{Topic: whole("301")})
	require.NotNil(t, w.known("301").Tags)
	require.Empty(t, w.known("301").Tags)
}

func TestSolvedIsToldByItsOwnEvents(t *testing.T) {
	w := deaf(t)
	_, now := w.learn(hub.ForumTopicSolved, reply(part("301")))
	require.Equal(t, 2, now.Solved)
	w.learn(hub.ForumPostLiked, reply(part("301")))
	w.learn(hub.ForumTopicEdited, hub.Forum{Topic: whole("301")})
	require.Equal(t, 2, w.known("301").Solved)
	before, now := w.learn(hub.ForumTopicUnsolved, reply(part("301")))
	require.Equal(t, 2, before.Solved)
	require.Zero(t, now.Solved)
	require.Zero(t, w.known("301").Solved)
}

// TestDerivedEventsTeachNothing holds that an event of ours, which is read after
// whatever came since the edit that it follows from, does not bring that back.
func TestDerivedEventsTeachNothing(t *testing.T) {
	for _, kind := range []hub.EventType{hub.ForumTopicTagsChanged, hub.ForumTopicCategoryChanged} {
		w := deaf(t)
		before, now := w.learn(kind, hub.Forum{Topic: whole("301", "old")})
		require.Nil(t, before)
		require.Equal(t, []string{"old"}, now.Tags, "it is told as it was")
		require.Nil(t, w.known("301"))

		w.learn(hub.ForumTopicEdited, hub.Forum{Topic: whole("301", "new")})
		_, now = w.learn(kind, hub.Forum{Topic: whole("301", "old")})
		require.Equal(t, []string{"new"}, now.Tags, "it is told as it is")
		require.Equal(t, []string{"new"}, w.known("301").Tags)
	}
}

// TestATopicThatBecomesAMessage holds that it does not keep what it was as the
// other.
func TestATopicThatBecomesAMessage(t *testing.T) {
	w := asking(t)
	asked := *whole("301")
	asked.Groups = []string{}
	w.api.topics["301"] = asked
	w.complete(reply(part("301")), forum.Wants{})
	_, now := w.learn(hub.ForumPostCreated, reply(message("301")))
	require.Equal(t, hub.ArchetypePM, now.Archetype)
	require.Empty(t, now.CategoryID)
	require.Empty(t, now.CategorySlug)
	require.Nil(t, now.Groups, "that it had no groups was said of a topic that has none")
	require.True(t, w.lacks(reply(now), forum.Wants{Shares: true}))

	_, now = w.learn(hub.ForumTopicEdited, hub.Forum{Topic: whole("301")})
	require.Equal(t, "5", now.CategoryID)
}

// TestGuestsOfAMessage holds that the posts that tell who was invited to a
// message end what was known of that.
func TestGuestsOfAMessage(t *testing.T) {
	for code, groups := range map[string]bool{"invited_group": true, "removed_group": true, "invited_user": false, "removed_user": false, "user_left": false} {
		w := asking(t)
		pm := *message("301")
		pm.Tags, pm.Groups = []string{}, []string{"team"}
		w.api.topics["301"] = pm
		wants := forum.Wants{Shares: true}
		w.complete(reply(message("301")), wants)
		w.look("301", "bot")
		require.False(t, w.lacks(reply(w.known("301")), wants))

		f := reply(message("301"))
		f.Post.Kind, f.Post.ActionCode = hub.PostSmallAction, code
		_, now := w.learn(hub.ForumPostCreated, f)
		require.Equal(t, groups, w.lacks(reply(now), wants), code)
		_, known := w.Seen("meta", "301", "bot")
		require.False(t, known, code)
	}
}

// TestWhatIsGivenAwayIsNotKept holds that who changes what the State gave out
// changes nothing in it.
func TestWhatIsGivenAwayIsNotKept(t *testing.T) {
	w := deaf(t)
	_, now := w.learn(hub.ForumTopicCreated, hub.Forum{Topic: whole("301")})
	now.Title = "mine"
	before, now := w.learn(hub.ForumTopicClosed, hub.Forum{Topic: whole("301")})
	before.Title, now.Title = "mine", "mine"
	w.known("301").Title = "mine"
	require.Equal(t, "Printer on fire", w.known("301").Title)
}

func TestMergeIsWhatLearnDoes(t *testing.T) {
	known := *whole("301", "urgent")
	f := reply(part("301"))
	f.Topic.Title = "Printer is out"
	merged := forum.Merge(known, &f)
	require.Equal(t, "Printer is out", merged.Title)
	require.Equal(t, []string{"urgent"}, merged.Tags)
	require.Equal(t, time.Date(2026, 1, 9, 8, 0, 0, 0, time.UTC), merged.CreatedAt)
	require.Equal(t, "Printer on fire", known.Title)
}

func TestSameNames(t *testing.T) {
	require.True(t, forum.SameNames(nil, nil))
	require.False(t, forum.SameNames(nil, []string{}), "an empty list says more than none")
	require.False(t, forum.SameNames([]string{}, nil))
	a, b := []string{"a", "b"}, []string{"b", "a"}
	require.True(t, forum.SameNames(a, b), "a forum lists tags by how often they are used")
	require.Equal(t, []string{"b", "a"}, b)
	require.False(t, forum.SameNames(a, []string{"a"}))
	require.False(t, forum.SameNames(a, []string{"a", "c"}))
	require.False(t, forum.SameNames([]string{"a", "a", "b"}, []string{"a", "b", "b"}))
}

// TestOtherEventsTeachNothing holds that what is not about a topic, a place or
// a group asks nothing of anybody.
func TestOtherEventsTeachNothing(t *testing.T) {
	w := asking(t)
	w.store.failing = "FindTopic"
	w.learn("forum.user.logged_in", hub.Forum{Object: object(t, map[string]any{"id": 5})})
	w.learn("forum.chat.message_created", hub.Forum{})
	require.Empty(t, w.store.calls)
	require.Empty(t, w.api.counts())
}

// TestLearningFailsWithItsStore holds that an event whose topic cannot be
// looked up is not half taken in.
func TestLearningFailsWithItsStore(t *testing.T) {
	w := deaf(t)
	w.store.set(func() { w.store.failing = "FindTopic" })
	f := hub.Forum{Topic: whole("301")}
	_, err := w.Learn(t.Context(), &hub.Event{Source: "meta", Type: hub.ForumTopicCreated}, &f)
	require.ErrorIs(t, err, errDatabase)
	require.ErrorContains(t, err, "topic 301 of meta")
	require.NoError(t, w.Flush(t.Context()))
	_, stored := w.store.topic("meta", "301")
	require.False(t, stored)
}
