package forum_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
)

func (w *world) shown() *hub.Taxonomy {
	w.t.Helper()
	t, err := w.Shown(w.t.Context(), "meta")
	require.NoError(w.t, err)
	return t
}

func staffOnly() hub.ForumCategory {
	return hub.ForumCategory{ID: "20", Name: "Staff", Slug: "staff", Restricted: true}
}

// TestShownIsWhatTheReaderSees holds that nobody is told of more, whatever the
// hub knows.
func TestShownIsWhatTheReaderSees(t *testing.T) {
	w := asking(t)
	w.api.site = site()
	w.api.site.Categories = append(w.api.site.Categories, staffOnly())
	seen := site()
	seen.Tags = nil
	w.api.siteFor = map[string]hub.Taxonomy{"": seen}
	seen.Source = "meta"
	for range 2 {
		require.Equal(t, &seen, w.shown())
		w.clock.pass(4 * time.Minute)
	}
	require.Equal(t, map[string]int{"site for ": 1}, w.api.counts())
	w.clock.pass(time.Minute)
	require.Equal(t, &seen, w.shown())
	require.Equal(t, map[string]int{"site for ": 2}, w.api.counts())

	tag, known, err := w.Named(t.Context(), "meta", hub.FilterTag, "URGENT")
	require.NoError(t, err)
	require.True(t, known, "who knows the name may use it")
	require.Equal(t, "urgent", tag)
	_, known, err = w.Named(t.Context(), "meta", hub.FilterTag, "urgnt")
	require.NoError(t, err)
	require.False(t, known)

	none, err := w.Shown(t.Context(), "ci")
	require.NoError(t, err)
	require.Nil(t, none, "it is no forum")
}

// TestShownOfAForumThatIsAway holds that without the reader's view only what is
// public is shown, that the last view holds until a category changes, and that not
// everybody who looks waits for the forum.
func TestShownOfAForumThatIsAway(t *testing.T) {
	w := asking(t)
	w.learnCategory(hardware())
	w.learnCategory(staffOnly())
	w.learnTag(hub.ForumTagCreated, hub.ForumTag{ID: "1", Name: "secret-project"})
	away := &discourse.AwayError{Err: errDatabase}
	w.api.away = away
	public := w.shown()
	require.Equal(t, []hub.ForumCategory{hardware()}, public.Categories)
	require.Empty(t, public.Tags)
	require.False(t, public.Complete)
	w.shown()
	require.Equal(t, 1, w.api.counts()["site for "])

	w.api.set(func() { w.api.away, w.api.siteFor = nil, map[string]hub.Taxonomy{"": site()} })
	w.clock.pass(time.Minute)
	view := w.shown()
	require.True(t, view.Complete)
	w.api.set(func() { w.api.away = away })
	w.clock.pass(time.Hour)
	require.Equal(t, view, w.shown(), "nothing says that it has changed")
	hidden := hardware()
	hidden.Restricted = true
	w.learnCategory(hidden)
	require.Empty(t, w.shown().Categories)
}

// TestShownWhileACategoryChanges holds that an answer which is older than the
// change is worth nothing.
func TestShownWhileACategoryChanges(t *testing.T) {
	w := asking(t)
	w.api.siteFor = map[string]hub.Taxonomy{"": site()}
	hidden := hardware()
	hidden.Restricted = true
	w.api.once("site for ", func(context.Context) { w.learnCategory(hidden) })
	require.Empty(t, w.shown().Categories)
}

func TestVisibleWhereTheWebhookIsTrusted(t *testing.T) {
	w := deaf(t)
	w.learnCategory(hardware())
	w.learnCategory(staffOnly())
	visible := func(topic hub.Topic) bool {
		t.Helper()
		e := &hub.Event{ID: hub.EventID("e" + topic.ID), Source: "meta", Type: hub.ForumTopicCreated}
		_, err := w.Learn(t.Context(), e, &hub.Forum{Topic: &topic})
		require.NoError(t, err)
		is, err := w.Visible(t.Context(), "meta", topic.ID, "")
		require.NoError(t, err)
		return is
	}
	require.True(t, visible(hub.Topic{ID: "1", Archetype: hub.ArchetypeRegular, CategoryID: hardware().ID}))
	require.False(t, visible(hub.Topic{ID: "2", Archetype: hub.ArchetypeRegular, CategoryID: "20"}))
	require.False(t, visible(hub.Topic{ID: "3", Archetype: hub.ArchetypeRegular, CategoryID: "99"}), "nobody knows the category")
	require.False(t, visible(hub.Topic{ID: "4", Archetype: hub.ArchetypePM}))
	is, err := w.Visible(t.Context(), "meta", "5", "")
	require.NoError(t, err)
	require.False(t, is, "nobody knows the topic")
}
