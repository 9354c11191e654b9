package admin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

func someForum(complete bool) *hub.Taxonomy {
	return &hub.Taxonomy{
		Source: "meta", Complete: complete,
		Categories: []hub.ForumCategory{
			{ID: "5", Name: "Support", Slug: "support"},
			{ID: "9", Name: "Printers", Slug: "printers", ParentID: "5"},
			{ID: "12", Name: "Printers for sale", Slug: "printers", ParentID: "13"},
			{ID: "13", Name: "Market", Slug: "market"},
		},
		Tags: []hub.ForumTag{{Name: "urgent"}}, Groups: []hub.ForumGroup{{Name: "support_team"}},
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	row := func(filter string) string {
		return `{"system":"slack","chat":"a","mode":"watch","filters":[` + filter + `]}`
	}
	for filter, says := range map[string]string{
		`{"type":"category","any":["supprt"]}`:                  `the forum meta has no category "supprt" (did you mean support?); it has market, market/printers, support, support/printers; ?force=1`,
		`{"type":"tag","any":["urgnt"]}`:                        `has no tag "urgnt" (did you mean urgent?); it has urgent`,
		`{"type":"group","any":["supprt_team"],"as":"message"}`: `did you mean support_team?`,
		`{"type":"author","any":["@nobodies"]}`:                 `has no group "nobodies"; it has support_team`,
		`{"type":"category","none":["support/bugs"]}`:           `has no category "support/bugs"`,
	} {
		w := newWorld()
		w.forum = someForum(true)
		w.call(t, "POST", "/api/v1/subscriptions", row(filter)).refused(http.StatusUnprocessableEntity, "filters[0]", says)
		require.Empty(t, w.subscriptions)

		require.Equal(t, http.StatusCreated, w.call(t, "POST", "/api/v1/subscriptions?force=1", row(filter)).Code)
		require.Contains(t, w.subscriptions[0].Error, "the forum meta has no ")

		w.forum, w.subscriptions = someForum(false), nil
		require.Equal(t, http.StatusCreated, w.call(t, "POST", "/api/v1/subscriptions", row(filter)).Code, "it may exist: the forum did not tell all")
		require.Empty(t, w.subscriptions[0].Error)
	}
	w := newWorld()
	w.forum = someForum(true)
	for _, filter := range []string{
		`{"type":"category","any":["support/*","5","market/printers","Support/Printers"]}`, `{"type":"tag","any":["Urgent"]}`,
		`{"type":"author","any":["@bots","@staff","@support_team","whoever"]}`, `{"type":"topic","any":["77"]}`,
	} {
		a := w.call(t, "POST", "/api/v1/subscriptions", row(filter))
		require.Equal(t, http.StatusCreated, a.Code, a.Body)
	}
}

func TestCategoriesAreStoredByID(t *testing.T) {
	w := newWorld()
	w.forum = someForum(true)
	row := func(category string) string {
		return `{"system":"slack","chat":"a","source":"meta","mode":"watch","filters":[{"type":"category","any":["` + category + `"]}]}`
	}
	for sent, stored := range map[string]string{"support": "5", "Support/*": "5/*", "market/printers": "12", "5": "5"} {
		w.subscriptions = nil
		require.Equal(t, http.StatusCreated, w.call(t, "POST", "/api/v1/subscriptions", row(sent)).Code)
		require.Equal(t, []string{stored}, w.subscriptions[0].Filters[0].Any)
	}
	w.call(t, "POST", "/api/v1/subscriptions", row("printers")).refused(http.StatusUnprocessableEntity, "filters[0]", "say which, support/printers or market/printers")

	w.subscriptions = nil
	lines := "slack | a | c/support/*,t/urgent | source=meta delay=0s\nslack | a | follow:c/market/printers | source=meta off\nconsole | b | * | read_as=carol style=compact\n"
	send := func() string {
		a := w.call(t, "POST", "/api/v1/subscriptions?format=table", lines, "Content-Type", "text/plain")
		require.Equal(t, http.StatusOK, a.Code, a.Body)
		return a.Body.String()
	}
	send()
	require.Len(t, w.subscriptions, 4)
	require.Equal(t, "5/*", w.subscriptions[0].Filters[0].Any[0])
	require.False(t, w.subscriptions[2].Enabled)
	table := w.call(t, "GET", "/api/v1/subscriptions?format=table", "").Body.String()
	require.Equal(t, strings.Replace(lines, "c/support/*,t/urgent | source=meta delay=0s", "c/support/* | source=meta delay=0s\nslack | a | t/urgent | source=meta delay=0s", 1), table, "people read paths")
	require.Contains(t, send(), `"unchanged":4`)
	lines = table
	require.Contains(t, send(), `"unchanged":4`)
}

const rows = "/api/v1/subscriptions"

func rowOf(source, filters string) string {
	return `{"system":"slack","chat":"a","source":"` + source + `","mode":"watch","filters":[` + filters + `]}`
}

func TestUnknownNamesAreTold(t *testing.T) {
	w := newWorld(func(d *admin.Deps) { d.Sources = func() []hub.Source { return []hub.Source{"meta", "ci"} } })
	w.forum = someForum(true)
	post := func(body string) answer { return w.call(t, "POST", rows, body) }

	post(rowOf("meta", `{"type":"category","any":["Printers for Sale"]}`)).refused(422, "filters[0]", `"Printers for Sale" (did you mean market/printers?)`)
	post(rowOf("meta", `{"type":"tag","any":["a1","b2","c3","d4","e5"]}`)).refused(422, "filters[0]", `the forum meta has no tag "a1", "b2", "c3" and 2 more; it has urgent; ?force=1`)
	post(rowOf("", `{"type":"tag","any":["builds"]}`)).refused(422, "filters[0]", "a row about ci names that as its source")
	post(rowOf("meta", `{"type":"category","any":["bug/*"]},{"type":"group","none":["nobodies"]}`)).
		refused(422, "filters[0]", `no category "bug"`, "filters[1]", `no group "nobodies"`)
	w.sendTable(t, "slack | a | t/urgnt,t/x\nslack | b | *\nslack | c | c/bug | source=meta").
		refused(422, "line 1", `no tag "urgnt" (did you mean urgent?)`, "line 3", `no category "bug"`)
	require.Empty(t, w.subscriptions)
	require.Equal(t, http.StatusCreated, post(rowOf("ci", `{"type":"tag","any":["builds"]}`)).Code, "what is no forum lists no names")
	require.Equal(t, http.StatusCreated, post(rowOf("api", `{"type":"category","any":["builds"]}`)).Code)

	for i := range 30 {
		w.forum.Tags = append(w.forum.Tags, hub.ForumTag{Name: fmt.Sprintf("tag%02d", i)})
	}
	post(rowOf("meta", `{"type":"tag","any":["nope"]}`)).refused(422, "filters[0]", "it has tag00, tag01, tag02, tag03, tag04, tag05, tag06, tag07, tag08, tag09 and 21 more;")
	w.forum.Tags = nil
	post(rowOf("meta", `{"type":"tag","any":["nope"]}`)).refused(422, "filters[0]", "it has none")
}

func TestForcedNamesAreNoted(t *testing.T) {
	w := newWorld()
	w.forum = someForum(true)
	body := rowOf("meta", `{"type":"category","any":["bugs","support"]},{"type":"tag","any":["urgnt"]}`)
	w.call(t, "PUT", rows+"/s1?force=1", body).refused(http.StatusNotFound)
	w.call(t, "POST", rows+"?force=0", body).refused(422, "filters[0]", "", "filters[1]", "")
	w.call(t, "POST", rows+"?force=2", body).refused(422, "force", "one of 0, 1")
	require.Equal(t, http.StatusCreated, w.call(t, "POST", rows+"?force=1", body).Code)
	const noted = `the forum meta has no category "bugs"; the forum meta has no tag "urgnt" (did you mean urgent?)`
	require.Equal(t, noted, w.subscriptions[0].Error)
	require.Equal(t, []string{"bugs", "5"}, w.subscriptions[0].Filters[0].Any)

	// It is looked at again whenever the row is written.
	w.call(t, "PATCH", rows+"/s1", `{"enabled":false}`)
	require.Equal(t, noted, w.subscriptions[0].Error)
	w.call(t, "PUT", rows+"/s1", body).refused(422, "filters[0]", "", "filters[1]", "")
	require.Equal(t, http.StatusOK, w.call(t, "PUT", rows+"/s1?force=1", body).Code)
	require.Equal(t, noted, w.subscriptions[0].Error)
	w.forum.Categories = append(w.forum.Categories, hub.ForumCategory{ID: "40", Slug: "bugs"})
	w.forum.Tags = append(w.forum.Tags, hub.ForumTag{Name: "urgnt"})
	w.call(t, "PATCH", rows+"/s1", `{"enabled":true}`)
	require.Empty(t, w.subscriptions[0].Error)

	require.Equal(t, http.StatusOK, w.call(t, "POST", rows+"?format=table&force=1", "slack | b | t/nope", "Content-Type", "text/plain").Code)
	require.Equal(t, `the forum meta has no tag "nope"`, w.subscriptions[1].Error)
}

// A path that is another category's slug as well leads nowhere; its id does.
func TestAmbiguousCategories(t *testing.T) {
	w := newWorld()
	w.forum = &hub.Taxonomy{Source: "meta", Complete: true, Categories: []hub.ForumCategory{
		{ID: "5", Name: "Support", Slug: "support"},
		{ID: "6", Name: "Dev", Slug: "dev"},
		{ID: "7", Name: "Dev support", Slug: "support", ParentID: "6"},
		{ID: "8", Name: "日本語"}, // Discourse may leave a slug empty
		{ID: "9", Name: "Below", Slug: "below", ParentID: "8"},
		{ID: "10", Name: "Ten", Slug: "7"},
		{ID: "11", Name: "Round", Slug: "round", ParentID: "12"},
		{ID: "12", Name: "About", Slug: "about", ParentID: "11"},
	}}
	w.call(t, "POST", rows, rowOf("meta", `{"type":"category","any":["support/*"]}`)).
		refused(422, "filters[0]", `names the category "support", which there are several of: say which, 5 or dev/support`)
	require.Equal(t, http.StatusCreated, w.call(t, "POST", rows, rowOf("", `{"type":"category","any":["support"]}`)).Code, "a row of every forum hears both")
	w.subscriptions = nil

	names := map[string]string{"5": "5", "6": "dev", "7": "dev/support", "8": "8", "9": "9", "10": "10", "/DEV/Support/": "dev/support", " 8 ": "8", "below": "9"}
	for sent, shown := range names {
		w.subscriptions = nil
		got := w.call(t, "POST", rows, rowOf("meta", `{"type":"category","any":["`+sent+`"]}`))
		require.Equal(t, http.StatusCreated, got.Code, "%s: %s", sent, got.Body)
		table := w.table(t)
		require.Equal(t, "slack | a | c/"+shown+" | source=meta\n", strings.ReplaceAll(table, "%20", ""))
		w.sendTable(t, table).is(http.StatusOK, `{"items":[],"unchanged":1}`)
	}
}

// A row is made ready a thousand times over for a table, on a forum of any size.
func TestNamesOfALargeForum(t *testing.T) {
	w := newWorld()
	w.forum = &hub.Taxonomy{Source: "meta", Complete: true}
	for i := range 2000 {
		w.forum.Categories = append(w.forum.Categories, hub.ForumCategory{ID: fmt.Sprint(i), Slug: fmt.Sprintf("c%d", i), ParentID: fmt.Sprint(i - i%10)})
		w.forum.Tags = append(w.forum.Tags, hub.ForumTag{Name: fmt.Sprintf("t%d", i)})
	}
	var table strings.Builder
	for i := range 999 {
		fmt.Fprintf(&table, "slack | chat%d | c/c%d+t/t%d | source=meta\n", i, i, i)
	}
	require.Equal(t, http.StatusOK, w.sendTable(t, table.String()).Code)
	require.Equal(t, []string{"998"}, w.subscriptions[998].Filters[0].Any)
}
