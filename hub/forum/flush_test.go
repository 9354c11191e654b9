package forum_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// mostTopics is more topics than are kept in memory.
const mostTopics = 40_000

// TestUnstoredTopicsStay holds that a database that is away loses nothing, of
// no source, whatever else comes meanwhile.
func TestUnstoredTopicsStay(t *testing.T) {
	w := deaf(t)
	w.store.broken["b"] = true
	w.store.set(func() { w.store.failing = "PutTopics" })
	for _, source := range []hub.Source{"a", "c"} {
		w.learnFrom(source, hub.ForumTopicCreated, hub.Forum{Topic: whole("1", "x")})
	}
	w.store.set(func() { delete(w.store.broken, "b") })
	w.learnFrom("b", hub.ForumTopicCreated, hub.Forum{Topic: whole("1", "x")})
	w.store.set(func() { w.store.failing, w.store.broken["b"] = "", true })

	err := w.Flush(t.Context())
	require.ErrorIs(t, err, errDatabase)
	require.ErrorContains(t, err, "topics of b")
	require.Len(t, w.store.topics, 2, "the other sources are stored all the same")

	for i := range mostTopics {
		_, err := w.Topic(t.Context(), "a", fmt.Sprint("n", i))
		require.NoError(t, err)
	}
	finds := w.store.count("FindTopic")
	for i := range mostTopics {
		_, err := w.Topic(t.Context(), "a", fmt.Sprint("n", i))
		require.NoError(t, err)
	}
	require.Greater(t, w.store.count("FindTopic")-finds, mostTopics/2-1, "no more than the bound is kept")

	require.Error(t, w.Flush(t.Context()))
	w.store.set(func() { delete(w.store.broken, "b") })
	require.NoError(t, w.Flush(t.Context()))
	stored, _ := w.store.topic("b", "1")
	require.Equal(t, []string{"x"}, stored.Tags)
	puts := w.store.count("PutTopics")
	require.NoError(t, w.Flush(t.Context()))
	require.Equal(t, puts, w.store.count("PutTopics"), "what is stored is not stored again")
}

// TestTopicsAreReadOnce holds that a topic, or that there is none, is asked of
// the store once.
func TestTopicsAreReadOnce(t *testing.T) {
	w := deaf(t)
	put(w.store.topics, "meta", "301", *whole("301"))
	for range 3 {
		require.NotNil(t, w.known("301"))
		require.Nil(t, w.known("302"))
	}
	require.Equal(t, 2, w.store.count("FindTopic"))
}

// TestResetKeepsWhatIsNotStored holds that a hub that begins to route reads what
// another one has learned, and loses nothing of its own.
func TestResetKeepsWhatIsNotStored(t *testing.T) {
	w := deaf(t)
	w.learn(hub.ForumTopicCreated, hub.Forum{Topic: whole("301", "mine")})
	require.NoError(t, w.Flush(t.Context()))
	w.store.set(func() { w.store.failing = "PutTopics" })
	w.learn(hub.ForumTopicCreated, hub.Forum{Topic: whole("302", "mine")})
	require.Error(t, w.Flush(t.Context()))

	other := over(t, w.store, w.api, forum.Source{Name: "meta"})
	w.store.set(func() { w.store.failing = "" })
	other.learn(hub.ForumTopicEdited, hub.Forum{Topic: whole("301", "theirs")})
	other.learn(hub.ForumCategoryCreated, hub.Forum{Category: &hub.ForumCategory{ID: "5", Name: "Hardware"}})
	require.NoError(t, other.Flush(t.Context()))
	require.Equal(t, []string{"mine"}, w.known("301").Tags)

	w.Reset()
	require.Equal(t, []string{"theirs"}, w.known("301").Tags)
	require.Equal(t, []string{"mine"}, w.known("302").Tags)
	line, err := w.Lineage(t.Context(), "meta", "5")
	require.NoError(t, err)
	require.Len(t, line, 1)
	require.NoError(t, w.Flush(t.Context()))
	stored, _ := w.store.topic("meta", "302")
	require.Equal(t, []string{"mine"}, stored.Tags)
	stored, _ = w.store.topic("meta", "301")
	require.Equal(t, []string{"theirs"}, stored.Tags, "what was stored before is not stored again")
}

// TestAChangeDuringAFlush holds that it is stored by the next one.
func TestAChangeDuringAFlush(t *testing.T) {
	w := deaf(t)
	w.learn(hub.ForumTopicCreated, hub.Forum{Topic: whole("301", "old")})
	w.store.during("PutTopics", func() { w.learn(hub.ForumTopicEdited, hub.Forum{Topic: whole("301", "new")}) })
	require.NoError(t, w.Flush(t.Context()))
	stored, _ := w.store.topic("meta", "301")
	require.Equal(t, []string{"old"}, stored.Tags)
	require.NoError(t, w.Flush(t.Context()))
	stored, _ = w.store.topic("meta", "301")
	require.Equal(t, []string{"new"}, stored.Tags)
}

// TestAnOlderTopicOfTheStore holds that what was read before something was
// learned does not take its place.
func TestAnOlderTopicOfTheStore(t *testing.T) {
	w := deaf(t)
	put(w.store.topics, "meta", "301", *whole("301", "old"))
	w.store.during("FindTopic", func() { w.learn(hub.ForumTopicEdited, hub.Forum{Topic: whole("301", "new")}) })
	require.Equal(t, []string{"new"}, w.known("301").Tags)
	require.NoError(t, w.Flush(t.Context()))
	stored, _ := w.store.topic("meta", "301")
	require.Equal(t, []string{"new"}, stored.Tags)
}
