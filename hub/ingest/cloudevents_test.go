package ingest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
)

const (
	ceMedia = "application/cloudevents+json; charset=UTF-8"
	ceBatch = "application/cloudevents-batch+json"
)

// cloud is a structured event with more keys.
func cloud(id, more string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/ci/shop","type":"com.example.Deploy.finished","time":"2026-01-10T09:00:00Z"%s}`, id, more)
}

const deployData = `{"title":"Deployed 1.2","html_url":"https://ci.example.com/17","description":"All well.\nIndeed.",
	"user":{"login":"alice","name":"Alice Moreau","html_url":"https://example.com/alice","avatar_url":"/a.png"},
	"labels":[{"name":"prod"},"shop"],"category":{"name":"Deploys"},"id":17}`

func TestCloudEventModes(t *testing.T) {
	headers := []string{
		"Content-Type", "application/json", "ce-specversion", "1.0", "ce-id", "a-1", "ce-source", "/ci/shop",
		"ce-type", "com.example.Deploy.finished", "ce-time", "2026-01-10T09:00:00Z",
	}
	for name, c := range map[string]struct {
		body    string
		headers []string
	}{
		"structured":           {cloud("a-1", `,"data":`+deployData), []string{"Content-Type", ceMedia}},
		"structured, misnamed": {cloud("a-1", `,"data":`+deployData), []string{"Content-Type", "application/json"}},
		"structured, unnamed":  {cloud("a-1", `,"data":`+deployData), nil},
		"base64": {
			cloud("a-1", `,"datacontenttype":"application/json","data_base64":"`+base64.StdEncoding.EncodeToString([]byte(deployData))+`"`),
			[]string{"Content-Type", ceMedia},
		},
		"batch":               {"[" + cloud("a-1", `,"data":`+deployData) + "]", []string{"Content-Type", ceBatch}},
		"binary":              {deployData, headers},
		"binary from curl -d": {deployData, append([]string{}, append(headers, "Content-Type", "application/x-www-form-urlencoded")...)},
		"both":                {cloud("a-1", `,"data":`+deployData), append(append([]string{}, headers...), "Content-Type", ceMedia, "ce-id", "other")},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t, ingest.Source{Kind: "cloudevents"})
			e, i := g.one(t, c.body, c.headers...)
			require.Equal(t, hub.EventType("user.com.example.deploy.finished"), e.Type)
			require.Equal(t, time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC), e.Time)
			require.Empty(t, e.Subject)
			var object map[string]any
			require.NoError(t, json.Unmarshal(i.Object, &object))
			require.Equal(t, "com.example.Deploy.finished", object["type"], "the sender's own word is kept")
			require.NotEmpty(t, object["data"])
			i.Object = nil
			require.Equal(t, hub.Item{
				Key: "17", Title: "Deployed 1.2", URL: "https://ci.example.com/17", Text: "All well.\nIndeed.", Category: "Deploys",
				Author: &hub.Person{Username: "alice", Name: "Alice Moreau", URL: "https://example.com/alice"}, Tags: []string{"prod", "shop"},
			}, i)
			require.Equal(t, hub.EventID("e"+hub.Digest("it", "cloudevents", "/ci/shop", "a-1")), e.ID)
			require.Empty(t, g.accepts(t, c.body, c.headers...), "a retry is the same event")
		})
	}
}

func TestCloudEventBatch(t *testing.T) {
	g := open(t, ingest.Source{Kind: "cloudevents"})
	body := "[" + cloud("1", "") + "," + cloud("2", "") + "," + cloud("1", "") + "]"
	w := g.post(body, "Content-Type", ceBatch)
	require.Equal(t, http.StatusAccepted, w.Code)
	stored := g.stream.stored()
	require.Len(t, stored, 2)
	require.Equal(t, fmt.Sprintf(`{"ids":[%q,%q,%q],"duplicates":1}`, stored[0].ID, stored[1].ID, stored[0].ID), w.Body.String())
	require.Equal(t, `{"ids":[]}`, g.post("[]", "Content-Type", ceBatch).Body.String(), "a batch may be empty")

	p := problem(t, g.post("["+cloud("3", "")+`,{"specversion":"1.0","id":"4"}]`, "Content-Type", ceBatch), http.StatusBadRequest)
	require.Equal(t, "event 2 of 2: of what every CloudEvent has is missing or no text: source, type", p.Detail)
	require.Len(t, g.stream.stored(), 2)

	g.stream.fail = fmt.Errorf("disk full")
	problem(t, g.post("["+cloud("5", "")+"]", "Content-Type", ceBatch), http.StatusServiceUnavailable)
}

// All of a batch is stored, or the sender is asked to send it again.
func TestBatchThatIsStoredInPart(t *testing.T) {
	g := open(t, ingest.Source{Kind: "cloudevents"})
	g.stream.failAfter = 2
	body := "[" + cloud("1", "") + "," + cloud("2", "") + "," + cloud("3", "") + "]"
	w := g.post(body, "Content-Type", ceBatch)
	problem(t, w, http.StatusServiceUnavailable)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	g.stream.failAfter = 0
	w = g.post(body, "Content-Type", ceBatch)
	require.Equal(t, http.StatusAccepted, w.Code)
	require.Contains(t, w.Body.String(), `"duplicates":2`)
	require.Len(t, g.stream.stored(), 3)
}

func TestCloudEventsRefused(t *testing.T) {
	g := open(t, ingest.Source{Kind: "cloudevents"})
	full := []string{"ce-specversion", "1.0", "ce-id", "1", "ce-source", "s", "ce-type", "t"}
	without := func(i int, instead ...string) []string {
		h := append([]string{"Content-Type", "application/json"}, full[:2*i]...)
		return append(append(h, full[2*i+2:]...), instead...)
	}
	for _, c := range []struct {
		body    string
		headers []string
		detail  string
	}{
		{`{}`, []string{"Content-Type", ceMedia}, "specversion, id, source, type"},
		{cloud("", ""), []string{"Content-Type", ceMedia}, "no text: id"},
		{`{"specversion":"1.0","id":1,"source":"s","type":"t"}`, []string{"Content-Type", ceMedia}, "no text: id"},
		{`{"specversion":"0.3","id":"1","source":"s","type":"t"}`, []string{"Content-Type", ceMedia}, `specversion is "0.3", only 1.0 is known`},
		{cloud("1", `,"data_base64":"?"`), []string{"Content-Type", ceMedia}, "data_base64 is not base64"},
		{cloud("1", `,"data_base64":"e30gbW9yZQ=="`), []string{"Content-Type", ceMedia}, "not JSON"},
		{"[" + cloud("1", "") + "]", []string{"Content-Type", ceMedia}, "the body is an array"},
		{cloud("1", ""), []string{"Content-Type", ceBatch}, "the body is no array"},
		{`{}`, []string{"Content-Type", "application/json"}, "specversion, id, source, type"},
		{`{}`, without(0), "headers are missing: ce-specversion"},
		{`{}`, without(1), "headers are missing: ce-id"},
		{`{}`, without(2, "ce-type", ""), "headers are missing: ce-source, ce-type"},
		{`{}`, without(0, "ce-specversion", "1.1"), `specversion is "1.1"`},
		{`{}`, without(1, "ce-id", "%C0%A0"), "the header Ce-Id is not encoded"},
		{`{}`, without(1, "ce-id", "%zz"), "the header Ce-Id is not encoded"},
		{`{`, without(1, "ce-id", "1"), "not JSON"},
		{`{"a":1,"a":2}`, without(1, "ce-id", "1"), "twice"},
	} {
		p := problem(t, g.post(c.body, c.headers...), http.StatusBadRequest)
		require.Contains(t, p.Detail, c.detail, "%s %v", c.body, c.headers)
	}
	require.Empty(t, g.stream.stored())
}

func TestCloudEventHeaders(t *testing.T) {
	g := open(t, ingest.Source{Kind: "cloudevents", Mapping: mapping(t, "tags", "region", "category", "datacontenttype")})
	e, i := g.one(t, "Euro \xe2\x82\xac", "Content-Type", "text/plain; charset=utf-8", "ce-specversion", "1.0", "ce-id", "1",
		"ce-source", "/x", "ce-type", "t", "ce-subject", "Euro%20%E2%82%AC%20%f0%9f%98%80", "ce-region", `"a \"quoted\" one"`, "ce-data", "lost")
	require.Equal(t, "Euro € 😀", e.Subject)
	require.Equal(t, "/x Euro € 😀", i.Key, "a subject is unique within its source alone")
	require.Equal(t, "Euro € 😀", i.Title, "there is no better one")
	require.Equal(t, "Euro €", i.Text)
	require.Equal(t, []string{`a "quoted" one`}, i.Tags)
	require.Equal(t, "text/plain; charset=utf-8", i.Category)
	require.Contains(t, string(i.Object), `"data":"Euro €"`)

	_, i = g.one(t, "", "ce-specversion", "1.0", "ce-id", "2", "ce-source", "/x", "ce-type", "com.example.ping")
	require.Equal(t, "com.example.ping", i.Title, "an event may have no data")
	require.Empty(t, i.Text)
}

func TestCloudEventMapping(t *testing.T) {
	g := open(t, ingest.Source{Kind: "cloudevents", Mapping: mapping(t,
		"title", "{subject}: {data.state}", "type", "data.kind", "url", "data.none", "key", "data.id", "id", "data.id",
	)})
	body := cloud("1", `,"subject":"till","data":{"state":"broken","kind":"alarm.raised","url":"https://x.example.com","id":"a7","name":"other"}`)
	e, i := g.one(t, body, "Content-Type", ceMedia)
	require.Equal(t, hub.EventType("user.alarm.raised"), e.Type)
	require.Equal(t, []string{"till: broken", "", "a7"}, []string{i.Title, i.URL, i.Key}, "what is mapped is not looked for elsewhere")
	require.Empty(t, g.accepts(t, strings.Replace(body, `"id":"1"`, `"id":"2"`, 1), "Content-Type", ceMedia), "the mapped id decides")
	p := problem(t, g.post(cloud("3", ""), "Content-Type", ceMedia), http.StatusUnprocessableEntity)
	require.Equal(t, `mapping.id: nothing at "data.id" in the body`, p.Detail)
}

// What is no text is kept, and nothing is read out of it.
func TestCloudEventWithAPicture(t *testing.T) {
	g := open(t, ingest.Source{Kind: "cloudevents"})
	_, i := g.one(t, cloud("1", `,"datacontenttype":"image/png","data_base64":"iVBORw0KGgo="`), "Content-Type", ceMedia)
	require.Equal(t, "com.example.Deploy.finished", i.Title)
	require.Contains(t, string(i.Object), "iVBORw0KGgo=")
	_, i = g.one(t, cloud("2", `,"data":"in words"`), "Content-Type", ceMedia)
	require.Equal(t, "in words", i.Text)
	_, i = g.one(t, cloud("3", `,"data":[1,2]`), "Content-Type", ceMedia)
	require.Empty(t, i.Text)
}
