package forum_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/forum"
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

// TestShownAfterACategoryWasClosed holds that who looks after a category was closed is
// not given the answer to one who looked before.
func TestShownAfterACategoryWasClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := asking(t)
		w.api.siteFor = map[string]hub.Taxonomy{"": site()}
		hidden := hardware()
		hidden.Restricted = true
		second := make(chan *hub.Taxonomy, 1)
		w.api.once("site for ", func(context.Context) {
			w.api.set(func() { w.api.siteFor = nil })
			w.learnCategory(hidden)
			go func() { second <- w.shown() }()
			synctest.Wait() // until it asks, or waits for the answer to the other
		})
		require.Empty(t, w.shown().Categories)
		require.Empty(t, (<-second).Categories, "it is no longer for everyone")
		require.Empty(t, w.shown().Categories)
	})
}

// TestShownAfterTheReaderChanged holds that nobody is shown what a source's earlier
// reader saw, which the forum was still asked for.
func TestShownAfterTheReaderChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		w := over(t, newShelf(), a, forum.Source{Name: "meta", API: a, Check: true, ReadAs: "boss"})
		all := site()
		all.Categories = append(all.Categories, staffOnly())
		a.siteFor = map[string]hub.Taxonomy{"boss": all, "": site()}
		second := make(chan *hub.Taxonomy, 1)
		a.once("site for boss", func(context.Context) {
			w.SetSources([]forum.Source{{Name: "meta", API: a, Check: true}})
			go func() { second <- w.shown() }()
			synctest.Wait() // until it asks, or waits for the answer to the other
		})
		w.shown()
		for _, seen := range []*hub.Taxonomy{<-second, w.shown()} {
			for _, c := range seen.Categories {
				require.False(t, c.Restricted, "an anonymous visitor is shown %s", c.Name)
			}
		}
	})
}
