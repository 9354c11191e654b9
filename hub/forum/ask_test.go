package forum_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// hardware is the category of the topics that whole and part make.
func hardware() hub.ForumCategory {
	return hub.ForumCategory{ID: "5", Name: "Hardware", Slug: "hardware"}
}

// filed is a forum that can be asked, whose category is known.
func filed(t *testing.T) *world {
	w := asking(t)
	put(w.store.categories, "meta", "5", hardware())
	return w
}

// mustWait tells that the forum did not answer, and why.
func mustWait(t *testing.T, err error) *forum.Waits {
	t.Helper()
	var w *forum.Waits
	require.ErrorAs(t, err, &w)
	require.ErrorContains(t, err, "the forum's API does not answer: ")
	return w
}

// TestAReplyFindsItsTopic is the usual case: a topic that is older than the hub.
func TestAReplyFindsItsTopic(t *testing.T) {
	w := asking(t)
	w.api.topics["301"] = *whole("ignored", "urgent")
	w.api.site.Categories = []hub.ForumCategory{hardware()}
	_, now := w.learn(hub.ForumPostCreated, reply(part("301")))
	require.Empty(t, w.api.counts(), "learning asks nobody")
	require.True(t, w.lacks(reply(now), forum.Wants{}))

	want := whole("301", "urgent")
	want.URL, want.CategorySlug = w.api.topics["301"].URL, "hardware" // the slug is what the post told
	require.Equal(t, want, w.complete(reply(now), forum.Wants{}))
	require.Equal(t, want, w.known("301"))
	require.False(t, w.lacks(reply(w.known("301")), forum.Wants{}))
	require.Equal(t, map[string]int{"topic 301": 1, "site": 1}, w.api.counts())

	require.Equal(t, want, w.complete(reply(now), forum.Wants{}), "an answer that came since the event was read is taken")
	require.Equal(t, map[string]int{"topic 301": 1, "site": 1}, w.api.counts())

	require.NoError(t, w.Flush(t.Context()))
	stored, _ := w.store.topic("meta", "301")
	require.Equal(t, *want, stored)
}

// TestAnAnswerKeepsWhatOnlyOthersTell holds that the API's words on a topic
// take nothing away that it does not speak of.
func TestAnAnswerKeepsWhatOnlyOthersTell(t *testing.T) {
	for category, slug := range map[string]string{"5": "hardware", "6": ""} {
		w := filed(t)
		put(w.store.categories, "meta", "6", hub.ForumCategory{ID: "6", Name: "Software"})
		first := part("301")
		first.Author = &hub.Person{Username: "alice"}
		w.learn(hub.ForumPostCreated, reply(first))
		told := *whole("301")
		told.Author, told.CategoryID = nil, category
		w.api.topics["301"] = told
		now := w.complete(reply(w.known("301")), forum.Wants{})
		require.Equal(t, "alice", now.Author.Username)
		require.Equal(t, category, now.CategoryID)
		require.Equal(t, slug, now.CategorySlug, "the slug is that of category 5")
	}
}

// TestGroupsOfAMessageAreAskedFor holds that they are if some row wants them.
func TestGroupsOfAMessageAreAskedFor(t *testing.T) {
	w := asking(t)
	pm := *message("301")
	pm.Tags, pm.Groups = []string{}, []string{"team"}
	w.api.topics["301"] = pm
	f := reply(message("301"))
	require.False(t, w.lacks(f, forum.Wants{}))
	require.Nil(t, w.complete(f, forum.Wants{}).Groups)
	require.Empty(t, w.api.counts())

	require.True(t, w.lacks(f, forum.Wants{Shares: true}))
	require.Equal(t, []string{"team"}, w.complete(f, forum.Wants{Shares: true}).Groups)
	require.False(t, w.lacks(reply(w.known("301")), forum.Wants{Shares: true}))
	require.Equal(t, map[string]int{"topic 301": 1}, w.api.counts())
}

// TestATopicThatMayBePrivateIsAskedFor is about what tells tags but no
// archetype, like an assignment.
func TestATopicThatMayBePrivateIsAskedFor(t *testing.T) {
	w := filed(t)
	pm := *message("301")
	pm.Tags, pm.Groups = []string{}, []string{"team"}
	w.api.topics["301"] = pm
	f := hub.Forum{Topic: &hub.Topic{ID: "301", Title: "Printer on fire", Tags: []string{"urgent"}}}
	require.True(t, w.lacks(f, forum.Wants{}))
	require.Equal(t, &pm, w.complete(f, forum.Wants{}))
}

// TestATopicThatTheForumDoesNotKnow holds that it is not asked for again with
// each of its events. An answer that does not say whether the topic is private
// is none.
func TestATopicThatTheForumDoesNotKnow(t *testing.T) {
	for name, told := range map[string]map[string]hub.Topic{
		"no such topic": {},
		"no archetype":  {"301": {ID: "301", Title: "Printer on fire", Tags: []string{"urgent"}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := filed(t)
			w.api.topics = told
			f := reply(part("301"))
			ask := func(times int) {
				t.Helper()
				require.True(t, w.lacks(f, forum.Wants{}))
				require.Equal(t, part("301"), w.complete(f, forum.Wants{}), "the event says what it said")
				require.False(t, w.lacks(f, forum.Wants{}))
				w.complete(f, forum.Wants{})
				require.Equal(t, times, w.api.counts()["topic 301"])
			}
			ask(1)
			_, err := w.Trouble("meta")
			require.NoError(t, err, "that is an answer like any other")
			require.Nil(t, w.known("301"))
			w.clock.pass(59 * time.Second)
			require.False(t, w.lacks(f, forum.Wants{}))
			require.True(t, w.lacks(reply(part("302")), forum.Wants{}), "another topic")
			w.clock.pass(2 * time.Second)
			ask(2)
			w.learn(hub.ForumPostCreated, f) // it is there after all
			ask(3)
			w.Reset()
			ask(4)
		})
	}
}

// TestWithoutAKeyNobodyIsAsked holds that what is missing then is said in words.
func TestWithoutAKeyNobodyIsAsked(t *testing.T) {
	keyless := asking(t)
	keyless.api.keyless = true
	wants := forum.Wants{AuthorGroups: []string{"staff"}, Shares: true}
	const why = ": its webhook does not tell, and no api_key is configured to ask the forum"
	for name, w := range map[string]*world{"no key": keyless, "no API": deaf(t), "no such forum": over(t, newShelf(), newAPI())} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []hub.Forum{reply(part("301")), reply(message("302"))} {
				require.False(t, w.lacks(f, wants))
				require.Nil(t, w.complete(f, wants).Tags)
			}
			require.Empty(t, w.api.counts())
			at, err := w.Trouble("meta")
			require.NoError(t, err)
			require.Zero(t, at)

			f := reply(part("301"))
			require.Equal(t, []string{
				"the tags of topic 301 are not known" + why,
				"category 5 is known by its number and its slug alone" + why,
				"the groups of Bob are not known" + why,
			}, w.Unknown("meta", &f, nil, wants))
			f = reply(message("302"))
			require.Equal(t, []string{
				"the groups that the private message is shared with are not known" + why,
				"the groups of Bob are not known" + why,
			}, w.Unknown("meta", &f, nil, wants))
			require.Empty(t, w.Unknown("meta", &f, nil, forum.Wants{}), "nobody wants to know")
			require.Empty(t, w.Unknown("meta", &hub.Forum{}, nil, wants))
		})
	}
}

// TestWhatTheAPIDoesNotTellIsSaid holds that a forum that answered is not said
// to lack a key, and that what is known is not said to be unknown.
func TestWhatTheAPIDoesNotTellIsSaid(t *testing.T) {
	w := asking(t)
	wants := forum.Wants{AuthorGroups: []string{"staff"}}
	f := reply(part("301"))
	w.complete(f, wants)
	require.Equal(t, []string{
		"the tags of topic 301 are not known: the forum's API does not tell",
		"category 5 is known by its number and its slug alone: the forum's API does not tell",
	}, w.Unknown("meta", &f, nil, wants))
	f = reply(whole("301"))
	require.Empty(t, w.Unknown("meta", &f, []hub.ForumCategory{hardware()}, wants))
}

// TestATopicThatChangesWhileItIsAskedFor holds that an answer that has become
// old, also that there is no such topic, does not replace what an event told.
func TestATopicThatChangesWhileItIsAskedFor(t *testing.T) {
	for name, told := range map[string]map[string]hub.Topic{"an answer": {"301": *whole("301", "old")}, "no answer": {}} {
		t.Run(name, func(t *testing.T) {
			w := filed(t)
			w.api.topics = told
			w.learn(hub.ForumPostCreated, reply(part("301")))
			w.api.once("topic 301", func(context.Context) {
				edited := part("301")
				edited.Title = "Printer is out"
				w.learn(hub.ForumPostCreated, reply(edited))
				w.api.set(func() {
					w.api.topics["301"] = *whole("301", "new")
				})
			})
			now := w.complete(reply(part("301")), forum.Wants{})
			require.Equal(t, []string{"new"}, now.Tags)
			require.Equal(t, now, w.known("301"))
			require.Equal(t, 2, w.api.counts()["topic 301"])
		})
	}
}

// TestAResetWhileATopicIsAskedFor holds that what another hub has stored since
// is newer than the answer.
func TestAResetWhileATopicIsAskedFor(t *testing.T) {
	w := filed(t)
	w.api.topics["301"] = *whole("301", "old")
	w.api.once("topic 301", func(context.Context) {
		put(w.store.topics, "meta", "301", *whole("301", "new"))
		w.Reset()
		w.api.set(func() { w.api.topics["301"] = *whole("301", "new") })
	})
	require.Equal(t, []string{"new"}, w.complete(reply(part("301")), forum.Wants{}).Tags)
}

// TestATopicThatNeverRests holds that a forum is not asked for ever.
func TestATopicThatNeverRests(t *testing.T) {
	w := filed(t)
	w.api.topics["301"] = *whole("301", "old")
	n := 0
	w.api.meantime = func(context.Context, string) {
		n++
		edited := part("301")
		edited.Title = fmt.Sprint("Printer ", n)
		w.learn(hub.ForumPostEdited, reply(edited))
	}
	f := reply(part("301"))
	mustWait(t, w.Complete(t.Context(), "meta", &f, forum.Wants{}))
	require.Equal(t, 3, w.api.counts()["topic 301"])
	require.Equal(t, "Printer 3", w.known("301").Title)
	require.True(t, w.lacks(f, forum.Wants{}))
}

// TestAForumThatDoesNotAnswer holds, of each question, that whoever asks it
// waits, that nothing is taken for known, and that the state of the forum shows.
func TestAForumThatDoesNotAnswer(t *testing.T) {
	refused := &discourse.RefusedError{Setting: "api_key", Reason: "it was revoked"}
	for _, why := range []struct {
		err   error
		after time.Duration
	}{
		{&discourse.AwayError{After: 90 * time.Second, Err: errDatabase}, 90 * time.Second},
		{&discourse.AwayError{Err: errDatabase}, 0},
		{refused, 0}, // whoever mends the key expects nothing to be lost meanwhile
		{errDatabase, 0},
	} {
		for name, known := range map[string]func(*world) bool{
			"topic 301": func(w *world) bool { return !w.lacks(reply(part("301")), forum.Wants{}) },
			"site":      func(w *world) bool { return !w.lacks(hub.Forum{Topic: whole("302")}, forum.Wants{}) },
			"members staff": func(w *world) bool {
				return !w.lacks(reply(nil), forum.Wants{AuthorGroups: []string{"staff"}})
			},
			"visible 301 bot": func(w *world) bool {
				_, known := w.Seen("meta", "301", "bot")
				return known
			},
		} {
			w := asking(t)
			if name != "site" {
				put(w.store.categories, "meta", "5", hardware())
			}
			w.api.away = why.err
			w.clock.pass(time.Hour)
			err := questions[name](w, t.Context())
			require.ErrorIs(t, err, why.err)
			require.Equal(t, why.after, mustWait(t, err).After)
			require.False(t, known(w), name)
			at, err := w.Trouble("meta")
			require.Equal(t, w.clock.now(), at)
			require.Equal(t, why.err, err)

			w.api.set(func() { w.api.away = nil })
			w.clock.pass(time.Second)
			require.NoError(t, questions[name](w, t.Context()))
			require.Equal(t, map[string]int{name: 2}, w.api.counts())
			at, err = w.Trouble("meta")
			require.Equal(t, w.clock.now(), at)
			require.NoError(t, err)
		}
	}
}

// questions are ways to have the forum asked, by what it is asked then.
var questions = map[string]func(*world, context.Context) error{
	"topic 301": func(w *world, ctx context.Context) error {
		f := reply(part("301"))
		return w.Complete(ctx, "meta", &f, forum.Wants{})
	},
	"site": func(w *world, ctx context.Context) error {
		return w.Complete(ctx, "meta", &hub.Forum{Topic: whole("302")}, forum.Wants{})
	},
	"members staff": func(w *world, ctx context.Context) error {
		f := reply(nil)
		return w.Complete(ctx, "meta", &f, forum.Wants{AuthorGroups: []string{"staff"}})
	},
	"visible 301 bot": func(w *world, ctx context.Context) error {
		_, err := w.Look(ctx, "meta", "301", "bot")
		return err
	},
}

// TestAskingFailsWithItsStore holds that a database that is away is not taken
// for a forum that is.
func TestAskingFailsWithItsStore(t *testing.T) {
	for call, what := range map[string]string{"FindTopic": "topic 301 of meta", "Categories": "categories of meta"} {
		w := asking(t)
		w.api.topics["301"] = *whole("301", "urgent")
		w.store.failing = call
		f := reply(part("301"))
		err := w.Complete(t.Context(), "meta", &f, forum.Wants{})
		require.ErrorIs(t, err, errDatabase)
		require.ErrorContains(t, err, what)
		var waits *forum.Waits
		require.NotErrorAs(t, err, &waits)
	}
	w := asking(t)
	w.store.failing = "Categories"
	_, err := w.Lacks(t.Context(), "meta", &hub.Forum{Topic: whole("301")}, forum.Wants{})
	require.ErrorIs(t, err, errDatabase)
}
