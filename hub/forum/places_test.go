package forum_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// line is a category of meta and its ancestors, by id.
func (w *world) line(id string) (ids []string) {
	w.t.Helper()
	all, err := w.Lineage(w.t.Context(), "meta", id)
	require.NoError(w.t, err)
	for _, c := range all {
		ids = append(ids, c.ID)
	}
	return ids
}

// names is what the store knows of meta.
func (w *world) names() (categories, tags, groups []string) {
	w.t.Helper()
	t, err := w.Peek().Taxonomy(w.t.Context(), "meta")
	require.NoError(w.t, err)
	for _, c := range t.Categories {
		categories = append(categories, c.Name)
	}
	for _, tag := range t.Tags {
		tags = append(tags, tag.Name)
	}
	for _, g := range t.Groups {
		groups = append(groups, g.Name)
	}
	return categories, tags, groups
}

func (w *world) learnCategory(c hub.ForumCategory) {
	w.t.Helper()
	w.learn(hub.ForumCategoryUpdated, hub.Forum{Category: &c})
}

func (w *world) learnTag(kind hub.EventType, t hub.ForumTag) {
	w.t.Helper()
	w.learn(kind, hub.Forum{Tag: &t})
}

func (w *world) learnGroup(kind hub.EventType, g map[string]any) {
	w.t.Helper()
	w.learn(kind, hub.Forum{Object: object(w.t, g)})
}

// TestLineage holds that a category comes with those above it, as far as they
// are known, and that a forum that makes no sense does no harm.
func TestLineage(t *testing.T) {
	w := deaf(t)
	for _, c := range []hub.ForumCategory{
		{ID: "1", Name: "Support"},
		{ID: "2", Name: "Hardware", ParentID: "1"},
		{ID: "3", Name: "Printers", ParentID: "2"},
		{ID: "4", Name: "Orphan", ParentID: "404"},
		{ID: "5", Name: "Egg", ParentID: "6"},
		{ID: "6", Name: "Hen", ParentID: "5"},
		{ID: "7", Name: "Self", ParentID: "7"},
	} {
		put(w.store.categories, "meta", c.ID, c)
	}
	for i := range 100 {
		w.learnCategory(hub.ForumCategory{ID: fmt.Sprint("deep", i), ParentID: fmt.Sprint("deep", i+1)})
	}
	for id, want := range map[string][]string{
		"3": {"3", "2", "1"}, "1": {"1"}, "4": {"4"}, "404": nil, "": nil, "5": {"5", "6"}, "6": {"6", "5"}, "7": {"7"},
	} {
		require.Equal(t, want, w.line(id), id)
	}
	require.Len(t, w.line("deep0"), 8)
	require.Equal(t, 1, w.store.count("Categories"))

	w.learnCategory(hub.ForumCategory{ID: "2", Name: "Things", ParentID: "4"})
	require.Equal(t, []string{"3", "2", "4"}, w.line("3"))
	w.learn(hub.ForumCategoryDeleted, hub.Forum{Category: &hub.ForumCategory{ID: "2"}})
	require.Equal(t, []string{"3"}, w.line("3"))
	puts := w.store.count("PutCategory")
	w.learnCategory(hub.ForumCategory{ID: "3", Name: "Printers", ParentID: "2"})
	require.Equal(t, puts, w.store.count("PutCategory"), "it is known")
	w.Reset()
	require.Equal(t, []string{"3"}, w.line("3"), "so it is stored")
}

// TestACategoryLearnedWhileTheStoreIsRead holds that what was read before does
// not take its place.
func TestACategoryLearnedWhileTheStoreIsRead(t *testing.T) {
	w := deaf(t)
	put(w.store.categories, "meta", "5", hardware())
	w.store.during("Categories", func() { w.learnCategory(hub.ForumCategory{ID: "5", Name: "Things", ParentID: "1"}) })
	line, err := w.Lineage(t.Context(), "meta", "5")
	require.NoError(t, err)
	require.Equal(t, "Things", line[0].Name)
}

// TestAnUnknownCategoryIsAskedFor holds that a category that the forum does not
// tell of, or whose parent it does not, is not asked for with each event.
func TestAnUnknownCategoryIsAskedFor(t *testing.T) {
	for name, told := range map[string][]hub.ForumCategory{
		"not told": nil, "an orphan": {{ID: "5", ParentID: "404"}}, "a loop": {{ID: "5", ParentID: "6"}, {ID: "6", ParentID: "5"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := asking(t)
			w.api.site.Categories = told
			f := hub.Forum{Topic: whole("301")}
			for i := range 2 {
				require.True(t, w.lacks(f, forum.Wants{}))
				w.complete(f, forum.Wants{})
				require.False(t, w.lacks(f, forum.Wants{}))
				w.complete(f, forum.Wants{})
				w.clock.pass(59 * time.Second)
				require.False(t, w.lacks(f, forum.Wants{}))
				require.Equal(t, map[string]int{"site": i + 1}, w.api.counts())
				w.clock.pass(time.Second)
			}
			w.learnCategory(hardware())
			require.False(t, w.lacks(f, forum.Wants{}))
			f.Topic.CategoryID = ""
			require.False(t, w.lacks(f, forum.Wants{}), "a topic in no category lacks none")
		})
	}
}

// TestWhatTheForumTellsReplacesWhatWasKnown holds that it does if it is all
// there is, and is added if it is what a visitor may see.
func TestWhatTheForumTellsReplacesWhatWasKnown(t *testing.T) {
	for complete, want := range map[bool][3][]string{
		true:  {{"Hardware", "Software"}, {"new", "urgent"}, {"new", "staff"}},
		false: {{"Hardware", "Old", "Software"}, {"new", "old", "urgent"}, {"new", "old", "staff"}},
	} {
		w := filed(t)
		put(w.store.categories, "meta", "4", hub.ForumCategory{ID: "4", Name: "Old"})
		put(w.store.categories, "meta", "6", hub.ForumCategory{ID: "6", Name: "Was"})
		put(w.store.tags, "meta", "old", hub.ForumTag{ID: "1", Name: "old"})
		put(w.store.tags, "meta", "urgent", hub.ForumTag{ID: "2", Name: "urgent"})
		put(w.store.groups, "meta", "old", hub.ForumGroup{ID: "40", Name: "old"})
		put(w.store.groups, "meta", "staff", hub.ForumGroup{ID: "41", Name: "staff"})
		put(w.store.tags, "other", "theirs", hub.ForumTag{Name: "theirs"})
		w.api.site = hub.Taxonomy{
			Complete:   complete,
			Categories: []hub.ForumCategory{hardware(), {ID: "6", Name: "Software", ParentID: "5"}},
			Tags:       []hub.ForumTag{{ID: "2", Name: "urgent"}, {ID: "3", Name: "new"}},
			Groups:     []hub.ForumGroup{{ID: "41", Name: "staff"}, {ID: "42", Name: "new", Members: []string{"bob"}}},
		}
		w.complete(hub.Forum{Topic: &hub.Topic{ID: "301", Archetype: hub.ArchetypeRegular, CategoryID: "9", Tags: []string{}}}, forum.Wants{})
		require.Equal(t, []string{"6", "5"}, w.line("6"))
		require.Equal(t, !complete, w.line("4") != nil)
		for _, call := range []string{"PutCategory", "PutTag", "PutGroup"} {
			require.Equal(t, 1, w.store.count(call), "what has not changed is not stored again")
		}
		require.Nil(t, w.store.groups["meta"]["new"].Members, "members change unseen")
		require.Contains(t, w.store.tags["other"], "theirs")

		w.api.away = errDatabase // a look at the store alone
		categories, tags, groups := w.names()
		require.Equal(t, want, [3][]string{categories, tags, groups})
	}
}

// TestAPlaceThatChangesWhileTheForumTells holds that what an event tells is
// newer than what the forum was asked for before.
func TestAPlaceThatChangesWhileTheForumTells(t *testing.T) {
	for name, change := range map[string]func(*world){
		"a category":              func(w *world) { w.learnCategory(hub.ForumCategory{ID: "6", Name: "New"}) },
		"a category is gone":      func(w *world) { w.learn(hub.ForumCategoryDeleted, hub.Forum{Category: &hub.ForumCategory{ID: "6"}}) },
		"a tag":                   func(w *world) { w.learnTag(hub.ForumTagCreated, hub.ForumTag{ID: "1", Name: "new"}) },
		"a group":                 func(w *world) { w.learnGroup(hub.ForumGroupCreated, map[string]any{"id": 41, "name": "new"}) },
		"another hub has learned": func(w *world) { w.Reset() },
		"another hub and an event": func(w *world) {
			w.Reset()
			w.learnCategory(hub.ForumCategory{ID: "6", Name: "New"})
		},
	} {
		for before := range 2 {
			w := asking(t)
			for range before {
				w.learnCategory(hub.ForumCategory{ID: "1", Name: "Any"})
			}
			w.api.site.Categories = []hub.ForumCategory{{ID: "5", Name: "Before the change"}}
			w.api.once("site", func(context.Context) {
				change(w)
				w.api.set(func() { w.api.site.Categories = []hub.ForumCategory{{ID: "5", Name: "After the change"}} })
			})
			w.complete(hub.Forum{Topic: whole("301")}, forum.Wants{})
			require.Equal(t, map[string]int{"site": 2}, w.api.counts(), name)
			line, err := w.Lineage(t.Context(), "meta", "5")
			require.NoError(t, err)
			require.Equal(t, "After the change", line[0].Name)
			require.Equal(t, "After the change", w.store.categories["meta"]["5"].Name)
		}
	}
}

// TestPlacesThatNeverRest holds that a forum is not asked for ever.
func TestPlacesThatNeverRest(t *testing.T) {
	w := asking(t)
	w.api.site.Categories = []hub.ForumCategory{hardware()}
	w.api.meantime = func(context.Context, string) { w.learnTag(hub.ForumTagCreated, hub.ForumTag{Name: "urgent"}) }
	mustWait(t, w.Complete(t.Context(), "meta", &hub.Forum{Topic: whole("301")}, forum.Wants{}))
	require.Equal(t, map[string]int{"site": 3}, w.api.counts())
	require.Nil(t, w.line("5"))
	require.Contains(t, w.store.tags["meta"], "urgent")
}

// TestNamesThatChange holds that a tag or a group is not kept under a name that
// it has no more.
func TestNamesThatChange(t *testing.T) {
	w := deaf(t)
	for _, tag := range []hub.ForumTag{{ID: "1", Name: "urgent"}, {ID: "2", Name: "bug"}, {Name: "numberless"}, {}} {
		w.learnTag(hub.ForumTagCreated, tag)
	}
	for _, g := range []map[string]any{{"id": 41, "name": "staff"}, {"id": 42, "name": "team"}, {"name": "numberless"}, {"id": 43}} {
		w.learnGroup(hub.ForumGroupCreated, g)
	}
	for _, raw := range []string{``, `null`, `[]`, `"staff"`, `{"id":{},"name":"odd"}`} {
		w.learn(hub.ForumGroupUpdated, hub.Forum{Object: json.RawMessage(raw)})
	}
	_, tags, groups := w.names()
	require.Equal(t, []string{"bug", "numberless", "urgent"}, tags)
	require.Equal(t, []string{"numberless", "staff", "team"}, groups)

	w.learnTag(hub.ForumTagUpdated, hub.ForumTag{ID: "1", Name: "asap"})
	w.learnTag(hub.ForumTagUpdated, hub.ForumTag{ID: "2", Name: "bug", URL: "https://forum.example.com/tag/bug"})
	w.learnTag(hub.ForumTagUpdated, hub.ForumTag{Name: "other"})
	w.learnGroup(hub.ForumGroupUpdated, map[string]any{"id": 41, "name": "crew"})
	w.learnGroup(hub.ForumGroupUpdated, map[string]any{"id": 42, "name": "team"})
	w.learnGroup(hub.ForumGroupUpdated, map[string]any{"name": "other"})
	_, tags, groups = w.names()
	require.Equal(t, []string{"asap", "bug", "numberless", "other"}, tags)
	require.Equal(t, []string{"crew", "numberless", "other", "team"}, groups)
	require.Equal(t, "https://forum.example.com/tag/bug", w.store.tags["meta"]["bug"].URL)
	require.Equal(t, "41", w.store.groups["meta"]["crew"].ID)

	w.learnTag(hub.ForumTagDeleted, hub.ForumTag{ID: "1", Name: "asap"})
	w.learnGroup(hub.ForumGroupDeleted, map[string]any{"id": 41, "name": "crew"})
	_, tags, groups = w.names()
	require.Equal(t, []string{"bug", "numberless", "other"}, tags)
	require.Equal(t, []string{"numberless", "other", "team"}, groups)
}

// TestLearningPlacesFailsWithTheStore holds that an event that could not be
// stored is not taken for known, so that it is when it comes again.
func TestLearningPlacesFailsWithTheStore(t *testing.T) {
	category, tag := hub.Forum{Category: new(hardware())}, hub.Forum{Tag: &hub.ForumTag{ID: "1", Name: "new"}}
	group := hub.Forum{Object: object(t, map[string]any{"id": 41, "name": "new"})}
	for _, c := range []struct {
		call, words string
		kind        hub.EventType
		f           hub.Forum
		want        [3][]string // categories, tags and groups
	}{
		{"Categories", "categories of meta", hub.ForumTagCreated, tag, [3][]string{{"Old"}, {"new", "old"}, {"old"}}},
		{"PutCategory", "category 5 of meta", hub.ForumCategoryUpdated, category, [3][]string{{"Hardware"}, {"old"}, {"old"}}},
		{"DeleteCategory", "category 5 of meta", hub.ForumCategoryDeleted, category, [3][]string{nil, {"old"}, {"old"}}},
		{"PutTag", "tag new of meta", hub.ForumTagCreated, tag, [3][]string{{"Old"}, {"new", "old"}, {"old"}}},
		{"Tags", "tags of meta", hub.ForumTagUpdated, tag, [3][]string{{"Old"}, {"new"}, {"old"}}},
		{"DeleteTag", "tag old of meta", hub.ForumTagUpdated, tag, [3][]string{{"Old"}, {"new"}, {"old"}}},
		{"PutGroup", "group new of meta", hub.ForumGroupCreated, group, [3][]string{{"Old"}, {"old"}, {"new", "old"}}},
		{"Groups", "groups of meta", hub.ForumGroupUpdated, group, [3][]string{{"Old"}, {"old"}, {"new"}}},
		{"DeleteGroup", "group old of meta", hub.ForumGroupUpdated, group, [3][]string{{"Old"}, {"old"}, {"new"}}},
	} {
		t.Run(fmt.Sprint(c.call, " of ", c.kind), func(t *testing.T) {
			w := deaf(t)
			put(w.store.categories, "meta", "5", hub.ForumCategory{ID: "5", Name: "Old"})
			put(w.store.tags, "meta", "old", hub.ForumTag{ID: "1", Name: "old"})
			put(w.store.groups, "meta", "old", hub.ForumGroup{ID: "41", Name: "old"})
			w.store.failing = c.call
			_, err := w.Learn(t.Context(), &hub.Event{Source: "meta", Type: c.kind}, &c.f)
			require.ErrorIs(t, err, errDatabase)
			require.ErrorContains(t, err, c.words)
			w.store.failing = ""
			line, err := w.Lineage(t.Context(), "meta", "5")
			require.NoError(t, err)
			require.Equal(t, "Old", line[0].Name)
			categories, tags, groups := w.names()
			require.Equal(t, [3][]string{{"Old"}, {"old"}, {"old"}}, [3][]string{categories, tags, groups})

			w.learn(c.kind, c.f)
			categories, tags, groups = w.names()
			require.Equal(t, c.want, [3][]string{categories, tags, groups})
		})
	}
}

// TestAskingForPlacesFailsWithTheStore holds that the forum is not said to be
// away then, and is asked again.
func TestAskingForPlacesFailsWithTheStore(t *testing.T) {
	for call, words := range map[string]string{
		"PutCategory": "category 5 of meta", "DeleteCategory": "category 4 of meta", "Tags": "tags of meta", "PutTag": "tag new of meta",
		"DeleteTag": "tag old of meta", "Groups": "groups of meta", "PutGroup": "group new of meta", "DeleteGroup": "group old of meta",
	} {
		t.Run(call, func(t *testing.T) {
			w := asking(t)
			put(w.store.categories, "meta", "4", hub.ForumCategory{ID: "4", Name: "Old"})
			put(w.store.tags, "meta", "old", hub.ForumTag{Name: "old"})
			put(w.store.groups, "meta", "old", hub.ForumGroup{Name: "old"})
			w.api.site = hub.Taxonomy{
				Complete: true, Categories: []hub.ForumCategory{hardware()},
				Tags: []hub.ForumTag{{Name: "new"}}, Groups: []hub.ForumGroup{{Name: "new"}},
			}
			w.store.failing = call
			f := hub.Forum{Topic: whole("301")}
			err := w.Complete(t.Context(), "meta", &f, forum.Wants{})
			require.ErrorIs(t, err, errDatabase)
			require.ErrorContains(t, err, words)
			var waits *forum.Waits
			require.NotErrorAs(t, err, &waits)
			require.True(t, w.lacks(f, forum.Wants{}))

			w.store.failing = ""
			w.complete(f, forum.Wants{})
			require.Equal(t, []string{"5"}, w.line("5"))
			w.api.away = errDatabase
			categories, tags, groups := w.names()
			require.Equal(t, [3][]string{{"Hardware"}, {"new"}, {"new"}}, [3][]string{categories, tags, groups})
		})
	}
}
