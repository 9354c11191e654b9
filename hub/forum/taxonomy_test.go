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

// order is how meta is ordered, as far as known.
func (w *world) order() *hub.Taxonomy {
	w.t.Helper()
	t, err := w.Taxonomy(w.t.Context(), "meta")
	require.NoError(w.t, err)
	return t
}

// site is what a forum tells of itself.
func site() hub.Taxonomy {
	return hub.Taxonomy{
		Complete: true, Categories: []hub.ForumCategory{hardware()},
		Tags: []hub.ForumTag{{ID: "1", Name: "urgent"}}, Groups: []hub.ForumGroup{{ID: "41", Name: "staff"}},
	}
}

// TestTheForumTellsItsTaxonomy holds that it is asked when somebody wants to
// see it, once a minute, and also without a key: a visitor may ask.
func TestTheForumTellsItsTaxonomy(t *testing.T) {
	for _, keyless := range []bool{false, true} {
		w := asking(t)
		w.api.keyless, w.api.site = keyless, site()
		want := site()
		want.Source, want.At = "meta", w.clock.now()
		for range 2 {
			require.Equal(t, &want, w.order())
			w.clock.pass(59 * time.Second)
		}
		require.Equal(t, map[string]int{"site": 1}, w.api.counts())
		w.clock.pass(time.Second)
		w.api.set(func() { w.api.site.Tags, w.api.site.Complete = nil, false })
		want.At, want.Complete = w.clock.now(), false
		require.Equal(t, &want, w.order(), "what is not told of is not gone if not all is told")
		require.Equal(t, map[string]int{"site": 2}, w.api.counts())
	}
}

// TestWebhooksTellATaxonomy holds that a name that they did not tell of is not
// said to be wrong.
func TestWebhooksTellATaxonomy(t *testing.T) {
	w := deaf(t)
	require.Equal(t, &hub.Taxonomy{Source: "meta"}, w.order())
	w.learnCategory(hardware())
	w.learnTag(hub.ForumTagCreated, hub.ForumTag{ID: "1", Name: "urgent"})
	w.clock.pass(time.Hour)
	w.learnGroup(hub.ForumGroupCreated, map[string]any{"id": 41, "name": "staff"})
	want := site()
	want.Source, want.At, want.Complete = "meta", w.clock.now(), false
	w.clock.pass(time.Hour)
	require.Equal(t, &want, w.order())

	none, err := w.Taxonomy(t.Context(), "ci")
	require.NoError(t, err)
	require.Nil(t, none, "it is no forum")
}

// TestATaxonomyOfAForumThatIsAway holds that what is stored is told, as such,
// and that not everybody who looks waits for the forum.
func TestATaxonomyOfAForumThatIsAway(t *testing.T) {
	w := asking(t)
	w.api.site = site()
	want := w.order()
	w.clock.pass(time.Hour)
	w.api.set(func() { w.api.away = &discourse.AwayError{Err: errDatabase} })
	want.Complete = false
	for range 2 {
		require.Equal(t, want, w.order(), "it is as old as it says")
		w.clock.pass(30 * time.Second)
	}
	require.Equal(t, 2, w.api.counts()["site"])
	w.learnTag(hub.ForumTagCreated, hub.ForumTag{ID: "2", Name: "webhooks still come"})
	require.Len(t, w.order().Tags, 2)
	require.False(t, w.order().Complete)

	w.clock.pass(time.Minute)
	w.api.set(func() { w.api.away = nil })
	got := w.order()
	require.True(t, got.Complete)
	require.Len(t, got.Tags, 1)
	require.Equal(t, w.clock.now(), got.At)
}

// TestWhatWaitsAsksAForumThatIsDown holds that an event does not wait for the
// minute in which nobody else is made to wait.
func TestWhatWaitsAsksAForumThatIsDown(t *testing.T) {
	w := asking(t)
	w.api.away = errDatabase
	w.order()
	f := hub.Forum{Topic: whole("301")}
	require.True(t, w.lacks(f, forum.Wants{}))
	w.api.set(func() { w.api.away, w.api.site = nil, site() })
	w.complete(f, forum.Wants{})
	require.Equal(t, []string{"5"}, w.line("5"))
	require.True(t, w.order().Complete)
	require.Equal(t, map[string]int{"site": 2}, w.api.counts())
}

// TestPatience holds that somebody who looks at a taxonomy waits for five
// seconds, and that whoever looks next does not.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := slow(t)
		put(w.store.tags, "meta", "urgent", hub.ForumTag{Name: "urgent"})
		start := time.Now()
		for range 2 {
			got := w.order()
			require.Equal(t, []hub.ForumTag{{Name: "urgent"}}, got.Tags)
			require.False(t, got.Complete)
			require.Equal(t, 5*time.Second, time.Since(start))
		}
		require.Equal(t, map[string]int{"site": 1}, w.api.counts())
	})
}

// TestPatienceWithAnEventThatAsks holds that who looks waits no longer than
// that for the answer to an event, which has more time, and spoils it not.
func TestPatienceWithAnEventThatAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, open := slow(t)
		event := asks(t, w, "site")
		synctest.Wait()
		start := time.Now()
		require.False(t, w.order().Complete)
		require.Equal(t, 5*time.Second, time.Since(start))
		open()
		require.NoError(t, <-event.got)
		require.True(t, w.order().Complete)
		require.Equal(t, map[string]int{"site": 1}, w.api.counts())
	})
}

// TestWhoGoesAwaySpoilsNoTaxonomy holds that a forum is not taken for one that
// is down because somebody did not want to wait.
func TestWhoGoesAwaySpoilsNoTaxonomy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, open := slow(t)
		ctx, goAway := context.WithCancel(t.Context())
		got := make(chan *hub.Taxonomy, 1)
		go func() {
			told, _ := w.Taxonomy(ctx, "meta")
			got <- told
		}()
		synctest.Wait()
		goAway()
		require.False(t, (<-got).Complete)
		open()
		require.True(t, w.order().Complete)
	})
}

// TestATaxonomyFailsWithItsStore holds that half of it is not shown as all.
func TestATaxonomyFailsWithItsStore(t *testing.T) {
	for call, words := range map[string]string{"Categories": "categories of meta", "Tags": "tags of meta", "Groups": "groups of meta"} {
		for name, w := range map[string]*world{"asked": asking(t), "deaf": deaf(t)} {
			w.store.failing = call
			got, err := w.Taxonomy(t.Context(), "meta")
			require.ErrorIs(t, err, errDatabase, name)
			require.ErrorContains(t, err, words, name)
			require.Nil(t, got)
		}
	}
}
