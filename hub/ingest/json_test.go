package ingest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
)

// run is what GitHub sends of a finished workflow, as far as it matters:
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
const run = `{"action":"completed","workflow_run":{"id":30433642,"name":"CI","conclusion":"failure","head_branch":"main",
	"html_url":"https://github.com/acme/shop/actions/runs/30433642","display_title":"Fix the till\nonce more"},
	"repository":{"id":9007199254740993,"name":"shop","full_name":"acme/shop","topics":["retail","go"]},
	"sender":{"login":"alice","token":"s3cr3t"},"labels":[{"id":1,"name":"bug"},{"name":"p1"},{"color":"red"}]}`

func TestJSON(t *testing.T) {
	g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t,
		"title", "{repository.name}: {workflow_run.name} {workflow_run.conclusion}", "type", "build.{action}",
		"url", "workflow_run.html_url", "author", "sender.login", "category", "repository.full_name", "tags", "labels",
		"text", "workflow_run.display_title", "key", "workflow_run.head_branch", "id", "{workflow_run.id}/{action}",
	)})
	e, i := g.one(t, run, "Content-Type", "application/json")
	require.Equal(t, hub.EventType("user.build.completed"), e.Type)
	require.Equal(t, "main", e.Subject)
	require.NotContains(t, string(i.Object), "s3cr3t")
	require.Contains(t, string(i.Object), `"head_branch":"main"`)
	i.Object = nil
	require.Equal(t, hub.Item{
		Key: "main", Title: "shop: CI failure", URL: "https://github.com/acme/shop/actions/runs/30433642",
		Author: &hub.Person{Username: "alice"}, Category: "acme/shop", Tags: []string{"bug", "p1"}, Text: "Fix the till\nonce more",
	}, i)

	require.Empty(t, g.accepts(t, strings.ReplaceAll(run, "alice", "bob")), "the id is the same, so it is a retry")
	require.Len(t, g.accepts(t, strings.ReplaceAll(run, "30433642", "30433643")), 1)

	form := "payload=" + url.QueryEscape(strings.ReplaceAll(run, "30433642", "7")) + "&x=1"
	_, i = g.one(t, form, "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, "shop: CI failure", i.Title, "GitHub's default is a form")
}

func TestJSONArray(t *testing.T) {
	g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", "t", "id", "i")})
	w := g.post(`[{"t":"a","i":1},{"t":"b","i":2}, {"t":"c","i":1}]`)
	require.Equal(t, http.StatusAccepted, w.Code)
	stored := g.stream.stored()
	require.Len(t, stored, 2)
	require.Equal(t, fmt.Sprintf(`{"ids":[%q,%q,%q],"duplicates":1}`, stored[0].ID, stored[1].ID, stored[0].ID), w.Body.String())
	require.Equal(t, []string{"a", "b"}, []string{item(t, stored[0]).Title, item(t, stored[1]).Title})
	require.Equal(t, `{"ids":[]}`, g.post(`[]`).Body.String())
	p := problem(t, g.post(`[{"t":"d","i":4},{"t":"e"}]`), http.StatusUnprocessableEntity)
	require.Equal(t, `event 2 of 2: mapping.id: nothing at "i" in the body`, p.Detail)
	require.Len(t, g.stream.stored(), 2, "none of a request that is refused is stored")
}

// A sender that names its deliveries, or its things, is taken at its word. From
// one that does not, the same body is a retry for a while and then news.
func TestJSONIdentity(t *testing.T) {
	g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", "title")})
	const body = `{"title":"backup done"}`
	require.Len(t, g.accepts(t, body), 1)
	g.now = g.now.Add(time.Minute)
	require.Empty(t, g.accepts(t, body))
	g.now = g.now.Add(time.Hour)
	require.Len(t, g.accepts(t, body), 1)
	line := g.stream.stored()[0].Line
	require.Equal(t, 10*time.Minute, line.For, "the bus knows when it came in")
	require.NotContains(t, line.Name, " ")
	require.Len(t, g.accepts(t, body+" "), 0, "what stands around it does not count")
	require.Len(t, g.accepts(t, `{"title":"backup failed"}`), 1)
	require.Equal(t, line, g.stream.stored()[1].Line)
	require.NotEqual(t, line.Name, g.stream.stored()[2].Line.Name)
	for _, header := range []string{"X-GitHub-Delivery", "X-Gitea-Delivery", "Idempotency-Key"} {
		require.Len(t, g.accepts(t, body, header, "1"), 1, header)
		require.Empty(t, g.accepts(t, body, header, "1"), header)
		require.Len(t, g.accepts(t, body, header, "2"), 1, header)
	}
}

func TestMapping(t *testing.T) {
	for _, c := range []struct {
		body, detail string // "": it is taken
		mapping      []string
	}{
		{`{"a":{"b":"x"}}`, "", []string{"title", "a.b"}},
		{`{"a":{}}`, `mapping.title: nothing at "a.b" in the body`, []string{"title", "a.b"}},
		{`{"a":{"b":null}}`, `mapping.title: nothing at "a.b" in the body`, []string{"title", "a.b"}},
		{`{"a":{"b":{}}}`, `mapping.title: an object is at "a.b" in the body, where a text is wanted`, []string{"title", "a.b"}},
		{`{"a":{"b":[1]}}`, `mapping.title: a list is at "a.b" in the body, where a text is wanted`, []string{"title", "a.b"}},
		{`{"a":" \n"}`, `mapping.title: what "a" makes of the body is empty`, []string{"title", "a"}},
		{`{"a":"x"}`, `mapping.title: nothing at "b" in the body`, []string{"title", "{a}: {b}"}},
		{`{"a":"x"}`, `mapping.type: nothing at "b" in the body`, []string{"title", "a", "type", "b"}},
		{`{"a":"x"}`, `mapping.id: nothing at "b" in the body`, []string{"title", "a", "id", "b"}},
		{`{"a":"x","b":""}`, `mapping.id: what "b" makes of the body is empty`, []string{"title", "a", "id", "b"}},
		{`{"a":"x"}`, "", []string{"title", "a", "url", "b", "author", "b", "category", "b", "tags", "b", "text", "b", "key", "b"}},
		{`{"a":"x","b":{}}`, `mapping.text: an object is at "b"`, []string{"title", "a", "text", "b"}},
		{`{"a":"x","b":{}}`, `mapping.tags: an object is at "b"`, []string{"title", "a", "tags", "b"}},
		{`{"a":"x","b":{}}`, `mapping.author: an object is at "b"`, []string{"title", "a", "author", "b"}},
		{`{"title":"x"}`, "", []string{"title", "'always'"}},
	} {
		g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, c.mapping...)})
		w := g.post(c.body)
		if c.detail == "" {
			require.Equal(t, http.StatusAccepted, w.Code, "%s %s", c.body, w.Body)
			continue
		}
		require.Contains(t, problem(t, w, http.StatusUnprocessableEntity).Detail, c.detail)
		require.Empty(t, g.stream.stored())
	}
}

func TestMappedValues(t *testing.T) {
	const body = `{"n":9007199254740993,"f":1.50,"t":true,"s":" a\n b\u0000\u0007 ","bad":"x\ud800y","raw":"` + "x\xffy" + `",
		"at":{"@timestamp":"now"},"list":[{"name":"x"},{"name":"y"},{"no":1},3,null,["z"],"x"],"csv":"a, b,,a","empty":[],"q":[{"k":"a","v":"1"},{"k":"b","v":"2"}]}`
	title := func(template string) string {
		g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", template)})
		_, i := g.one(t, body)
		return i.Title
	}
	for template, want := range map[string]string{
		"n": "9007199254740993", "f": "1.50", "t": "true", "s": "a b", "{n}/{t}": "9007199254740993/true",
		"at.@timestamp": "now", `q.#(k=="b").v`: "2", "list.#": "7", "{{{t}}}": "{true}",
	} {
		require.Equal(t, want, title(template), template)
	}
	require.NotContains(t, title("raw"), "\xff")
	require.True(t, json.Valid([]byte(body)))

	tags := func(template string) []string {
		g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", "'x'", "tags", template)})
		_, i := g.one(t, body)
		return i.Tags
	}
	for template, want := range map[string][]string{
		"list": {"x", "y", "3"}, "list.#.name": {"x", "y"}, "csv": {"a", "b"}, "empty": {}, "none": nil, "t": nil,
		"'ci, nightly'": {"ci", "nightly"}, "{t},{none}": nil, "env-{t}": {"env-true"},
	} {
		require.Equal(t, want, tags(template), template)
	}
}

func TestItemsAreBounded(t *testing.T) {
	long := strings.Repeat("é", 100_000)
	body, err := json.Marshal(map[string]any{"s": long, "tags": strings.Split(strings.Repeat("a,b,", 5)+long, ","), "n": strings.Split(manyNumbers(500), ",")})
	require.NoError(t, err)
	g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", "s", "text", "s", "category", "s", "author", "s", "key", "s", "url", "s", "tags", "n")})
	_, i := g.one(t, string(body))
	require.Equal(t, 300, len([]rune(i.Title)))
	require.True(t, strings.HasSuffix(i.Title, "é…"))
	require.Equal(t, 200, len([]rune(i.Category)))
	require.Equal(t, 200, len([]rune(i.Author.Username)))
	require.Equal(t, 200, len([]rune(i.Key)))
	require.LessOrEqual(t, len(i.Text), 64<<10+len("…"))
	require.Greater(t, len(i.Text), 60<<10)
	require.Len(t, i.Tags, 50)
	require.Empty(t, i.URL)
	require.Less(t, len(i.Object), 256<<10)
}

func manyNumbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String()
}

func TestURLsOfItems(t *testing.T) {
	g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", "'x'", "url", "u")})
	for given, want := range map[string]string{
		"https://x.example.com/a?b=c#d": "https://x.example.com/a?b=c#d", " http://x.example.com ": "http://x.example.com",
		"/a": "", "x.example.com": "", "javascript:alert(1)": "", "https://": "", "https://me:pass@x.example.com": "",
		"https://x.example.com/a b": "", "https://x.example.com/<b>": "", "data:text/html,x": "", "https://x/" + strings.Repeat("a", 3000): "",
	} {
		body, err := json.Marshal(map[string]string{"u": given})
		require.NoError(t, err)
		_, i := g.one(t, string(body))
		require.Equal(t, want, i.URL, given)
	}
}

func TestAuthorsOfItems(t *testing.T) {
	g := open(t, ingest.Source{Kind: "json", Mapping: mapping(t, "title", "'x'", "author", "a")})
	_, i := g.one(t, `{"a":"alice"}`)
	require.Equal(t, &hub.Person{Username: "alice"}, i.Author)
	_, i = g.one(t, `{"a":"Alice  Moreau"}`)
	require.Equal(t, &hub.Person{Name: "Alice Moreau"}, i.Author)
	_, i = g.one(t, `{"a":" "}`)
	require.Nil(t, i.Author)
}
