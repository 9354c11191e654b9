package forum_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// seen is what is known of a reader's sight of topic 301, in a word.
func (w *world) seen(reader string) string {
	switch visible, known := w.Seen("meta", "301", reader); {
	case !known:
		return "unknown"
	case visible:
		return "visible"
	}
	return "hidden"
}

// TestASightHolds holds that a forum is not asked the same for each event, and
// is asked again sooner about what would otherwise be kept from people.
func TestASightHolds(t *testing.T) {
	for reader, c := range map[string]struct {
		visible bool
		word    string
		holds   time.Duration
	}{
		"bot":     {true, "visible", 10 * time.Minute},
		"mallory": {false, "hidden", 2 * time.Minute},
		"":        {false, "hidden", 2 * time.Minute},
	} {
		w := asking(t)
		w.api.blind["mallory"], w.api.blind[""] = true, true
		for i := range 2 {
			require.Equal(t, "unknown", w.seen(reader))
			require.Equal(t, c.visible, w.look("301", reader))
			w.clock.pass(c.holds - time.Second)
			require.Equal(t, c.visible, w.look("301", reader))
			require.Equal(t, c.word, w.seen(reader))
			require.Equal(t, map[string]int{"visible 301 " + reader: i + 1}, w.api.counts())
			w.clock.pass(2 * time.Second)
		}
	}
}

// TestASightIsOfOneReaderAndOneTopic holds that nobody sees with another's eyes.
func TestASightIsOfOneReaderAndOneTopic(t *testing.T) {
	w := asking(t)
	w.api.blind[""] = true
	require.True(t, w.look("301", "bot"))
	require.False(t, w.look("301", ""))
	require.True(t, w.look("302", "bot"))
	require.Equal(t, map[string]int{"visible 301 bot": 1, "visible 301 ": 1, "visible 302 bot": 1}, w.api.counts())
	_, known := w.Seen("other", "301", "bot")
	require.False(t, known)
}

// changes are what may change who sees topic 301 of meta, and what does not.
var changes = map[string]struct {
	ends bool
	do   func(w *world)
}{
	"permissions of a category": {true, func(w *world) { // they do not show in what is told of it
		w.learn(hub.ForumCategoryUpdated, hub.Forum{Category: new(hardware())})
	}},
	"a category is deleted": {true, func(w *world) {
		w.learn(hub.ForumCategoryDeleted, hub.Forum{Category: &hub.ForumCategory{ID: "6"}})
	}},
	"the topic moves":       {true, func(w *world) { w.editTopic("301", func(t *hub.Topic) { t.CategoryID = "6" }) }},
	"the topic is unlisted": {true, func(w *world) { w.editTopic("301", func(t *hub.Topic) { t.Unlisted = true }) }},
	"the topic is deleted":  {true, func(w *world) { w.editTopic("301", func(t *hub.Topic) { t.Deleted = true }) }},
	"the topic is private": {true, func(w *world) {
		w.editTopic("301", func(t *hub.Topic) { t.Archetype, t.CategoryID = hub.ArchetypePM, "" })
	}},
	"a guest leaves": {true, func(w *world) {
		f := reply(part("301"))
		f.Post.Kind, f.Post.ActionCode = hub.PostSmallAction, "user_left"
		w.learn(hub.ForumPostCreated, f)
	}},
	"a group is created": {true, func(w *world) {
		w.learn(hub.ForumGroupCreated, hub.Forum{Object: object(w.t, map[string]any{"id": 41, "name": "staff"})})
	}},
	"a group has a member more": {true, func(w *world) {
		w.learn("forum.group.user_added", hub.Forum{Object: object(w.t, map[string]any{"group_id": 41})})
	}},
	"a user leaves a group": {true, func(w *world) {
		w.learn("forum.user.removed_from_group", hub.Forum{Object: object(w.t, map[string]any{"group_id": 41})})
	}},
	"the forum tells of another category": {true, func(w *world) {
		w.api.set(func() { w.api.site.Categories = []hub.ForumCategory{{ID: "6", Name: "Software", Restricted: true}} })
		w.clock.pass(61 * time.Second)
		_, err := w.Taxonomy(w.t.Context(), "meta")
		require.NoError(w.t, err)
	}},
	"another hub has routed meanwhile": {true, func(w *world) { w.Reset() }},

	"the forum tells what is known": {false, func(w *world) {
		w.clock.pass(61 * time.Second)
		_, err := w.Taxonomy(w.t.Context(), "meta")
		require.NoError(w.t, err)
	}},
	"the topic is closed":         {false, func(w *world) { w.editTopic("301", func(t *hub.Topic) { t.Closed, t.Tags = true, []string{"x"} }) }},
	"another topic moves":         {false, func(w *world) { w.editTopic("302", func(t *hub.Topic) { t.CategoryID = "6" }) }},
	"somebody answers":            {false, func(w *world) { w.learn(hub.ForumPostCreated, reply(part("301"))) }},
	"a tag":                       {false, func(w *world) { w.learn(hub.ForumTagCreated, hub.Forum{Tag: &hub.ForumTag{ID: "1", Name: "urgent"}}) }},
	"a category of another forum": {false, func(w *world) { w.learnFrom("other", hub.ForumCategoryUpdated, hub.Forum{Category: new(hardware())}) }},
	"a group of another forum":    {false, func(w *world) { w.learnFrom("other", "forum.group.user_added", hub.Forum{}) }},
	"a badge":                     {false, func(w *world) { w.learn("forum.user.badge_granted", hub.Forum{}) }},
}

// editTopic has a topic of meta changed.
func (w *world) editTopic(id string, edit func(*hub.Topic)) {
	w.t.Helper()
	t := whole(id)
	edit(t)
	w.learn(hub.ForumTopicEdited, hub.Forum{Topic: t})
}

// ordered is a forum whose topics 301 and 302 and whose category are known.
func ordered(t *testing.T) *world {
	w := filed(t)
	w.api.site.Categories = []hub.ForumCategory{hardware()}
	for _, id := range []string{"301", "302"} {
		w.learn(hub.ForumTopicCreated, hub.Forum{Topic: whole(id)})
	}
	_, err := w.Taxonomy(t.Context(), "meta")
	require.NoError(t, err)
	return w
}

// TestWhatEndsASight holds that a change is heeded at once, and that nothing
// else has the forum asked again.
func TestWhatEndsASight(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			w := ordered(t)
			require.True(t, w.look("301", "bot"))
			w.api.set(func() { w.api.blind["bot"] = true })
			change.do(w)
			require.Equal(t, !change.ends, w.look("301", "bot"))
		})
	}
}

// TestAChangeDuringALook holds that an answer from before the change is not
// taken for one from after it.
func TestAChangeDuringALook(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			w := ordered(t)
			w.api.once("visible 301 bot", func(context.Context) {
				w.api.set(func() { w.api.blind["bot"] = true })
				change.do(w)
				w.learnFrom("other", "forum.group.user_added", hub.Forum{})
			})
			require.Equal(t, !change.ends, w.look("301", "bot"))
			require.Equal(t, map[bool]string{true: "hidden", false: "visible"}[change.ends], w.seen("bot"))
		})
	}
}

// TestASightThatNeverRests holds that a forum is not asked for ever, and that
// its last answer is not believed either.
func TestASightThatNeverRests(t *testing.T) {
	w := ordered(t)
	w.api.meantime = func(context.Context, string) { w.learn("forum.group.user_added", hub.Forum{}) }
	_, err := w.Look(t.Context(), "meta", "301", "bot")
	mustWait(t, err)
	require.Equal(t, 3, w.api.counts()["visible 301 bot"])
	require.Equal(t, "unknown", w.seen("bot"))
}

// TestAReaderWhomTheForumDoesNotTake holds that a row that names one hears
// nothing and holds up nobody, that the operator is told once, and that it
// heals.
func TestAReaderWhomTheForumDoesNotTake(t *testing.T) {
	w := asking(t)
	w.api.strange["mallory"] = true
	warned := func() int { return strings.Count(w.log.String(), "level=WARN") }
	for range 3 {
		require.False(t, w.look("301", "mallory"))
		require.False(t, w.look("302", "mallory"))
		w.clock.pass(3 * time.Minute)
	}
	require.Equal(t, 1, warned())
	require.Contains(t, w.log.String(), "reader=mallory")
	require.Contains(t, w.log.String(), "there is no user mallory")
	require.Equal(t, 3, w.api.counts()["visible 301 mallory"])
	_, err := w.Trouble("meta")
	require.ErrorContains(t, err, "there is no user mallory", "whoever looks at the forum's state sees why")

	w.api.set(func() { w.api.away = &discourse.AwayError{Err: errDatabase} })
	_, err = w.Look(t.Context(), "meta", "301", "mallory")
	mustWait(t, err)
	w.api.set(func() { w.api.away = nil })
	require.False(t, w.look("301", "mallory"))
	require.Equal(t, 1, warned(), "that the forum was away says nothing of the reader")

	w.clock.pass(3 * time.Minute)
	w.api.set(func() { w.api.strange["mallory"] = false })
	require.True(t, w.look("301", "mallory"))
	w.api.set(func() { w.api.strange["mallory"] = true })
	require.False(t, w.look("302", "mallory"))
	require.Equal(t, 2, warned(), "it is another trouble than the first")
}

// TestNobodyToAskShowsNothing holds that what may be seen is not guessed.
func TestNobodyToAskShowsNothing(t *testing.T) {
	for name, w := range map[string]*world{"no API": deaf(t), "no such forum": over(t, newShelf(), newAPI())} {
		require.False(t, w.look("301", "bot"), name)
		require.Equal(t, "unknown", w.seen("bot"), "an API that is configured later is asked")
	}
	w := asking(t)
	w.api.away = discourse.ErrNotFound
	require.False(t, w.look("301", "bot"))
	require.Equal(t, "hidden", w.seen("bot"))
	_, err := w.Trouble("meta")
	require.NoError(t, err)
}

// TestAPeekSeesWithItsOwnEyes holds that who only looks on takes nothing from
// what routing has in hand, reads what is stored and asks the same forum.
func TestAPeekSeesWithItsOwnEyes(t *testing.T) {
	w := ordered(t)
	require.NoError(t, w.Flush(t.Context()))
	w.editTopic("301", func(t *hub.Topic) { t.Title = "not stored yet" })
	require.True(t, w.look("301", "bot"))

	peek := w.Peek()
	topic, err := peek.Topic(t.Context(), "meta", "301")
	require.NoError(t, err)
	require.Equal(t, "Printer on fire", topic.Title)
	_, known := peek.Seen("meta", "301", "bot")
	require.False(t, known)
	w.api.set(func() { w.api.blind["bot"] = true })
	visible, err := peek.Look(t.Context(), "meta", "301", "bot")
	require.NoError(t, err)
	require.False(t, visible)
	require.Equal(t, "visible", w.seen("bot"))
	require.Equal(t, w.Source("meta"), peek.Source("meta"))
	require.Nil(t, peek.Source("other"))
}

func TestReaderName(t *testing.T) {
	require.Equal(t, "an anonymous visitor", forum.ReaderName(""))
	require.Equal(t, `"bot"`, forum.ReaderName("bot"))
}
