package admin_test

import (
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// explanation is one with everything in it.
func explanation(e *hub.Event) *hub.Explanation {
	general, dev, quiet := hub.Chat{System: "slack", ID: "#general"}, hub.Chat{System: "matrix", ID: "!dev:example.org"}, hub.Chat{System: "telegram", ID: "-100"}
	row := func(c hub.Chat, id hub.SubscriptionID, mode hub.Mode, rule, reason string, wins bool) hub.RowVerdict {
		return hub.RowVerdict{
			Subscription: id, Chat: c, Mode: mode, Row: string(c.System) + " | " + c.ID + " | " + rule, Matched: wins, Wins: wins, Reason: reason,
		}
	}
	return &hub.Explanation{
		Event: e, Verdict: hub.VerdictDecided, Rows: 4, More: 2,
		Summary: `Reply: "Printer does not start" by bob (forum.post.created from meta)`,
		Notes:   []string{"the tags of topic 301 are not known: its webhook does not tell, and no api_key is configured to ask the forum"},
		Chats: []hub.Expected{{
			Chat: general, Result: hub.ResultQueued, Subscription: "s1",
			Rows: []hub.RowVerdict{
				row(general, "s1", hub.Watch, "c/support", "matched", true),
				row(general, "s2", hub.Follow, "follow:*", "follow hears first posts only, and this is a reply", false),
			},
			Message:  &hub.Message{Card: &hub.Card{Kind: "Reply", Title: "Printer does not start"}},
			Rendered: &hub.Rendered{Kind: "slack", Markup: "Reply: *Printer does not start*", Plain: "Reply: Printer does not start\nWhich model?"},
		}, {
			Chat: quiet, Result: hub.ResultMuted, Subscription: "s3",
			Rows: []hub.RowVerdict{row(quiet, "s3", hub.Mute, "mute:*", "matched", true)},
		}, {
			Chat: dev, Result: hub.ResultNothing,
			Rows: []hub.RowVerdict{row(dev, "s4", hub.Watch, "t/urgent", "the event does not tell its tag", false)},
		}},
	}
}

func decision() hub.Trace {
	return hub.Trace{
		Event: "e1", Source: "meta", Type: hub.ForumPostCreated, At: began, Verdict: hub.VerdictDecided, Rows: 3, More: 1,
		Notes: []string{`the forum says that "guest" may not see the topic: rows that read as such hear nothing`},
		Chats: []hub.TraceChat{
			{Chat: hub.Chat{System: "slack", ID: "#general"}, Subscription: "s1", Mode: hub.Watch, Result: hub.ResultQueued, Notification: "n1"},
			{Chat: hub.Chat{System: "slack", ID: "#slow"}, Subscription: "s2", Mode: hub.Watch, Result: hub.ResultWaits, At: began},
			{Chat: hub.Chat{System: "slack", ID: "#muted"}, Subscription: "s3", Mode: hub.Mute, Result: hub.ResultMuted},
		},
	}
}

// golden compares with a file that someone has read.
func golden(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

func TestWordsAreForPeople(t *testing.T) {
	golden(t, "explanation.txt", admin.ExplanationText(explanation(nil)))
	golden(t, "nobody.txt", admin.ExplanationText(&hub.Explanation{Verdict: hub.VerdictNobody, Summary: "New topic: \"A\x1b[31m\nB\"", Rows: 1}))
	golden(t, "dropped.txt", admin.ExplanationText(&hub.Explanation{Verdict: hub.VerdictDropped, Why: "the post is a whisper", Summary: "Reply: \"A\""}))
	trace := decision()
	golden(t, "trace.txt", admin.TraceText(&trace))
	nobody := hub.Trace{Event: "e1", Source: "meta", Type: hub.ForumPostCreated, At: began, Verdict: hub.VerdictNobody, Rows: 1, Nearest: explanation(nil).Chats[2].Rows}
	golden(t, "trace-nobody.txt", admin.TraceText(&nobody))
}

func TestExplain(t *testing.T) {
	w := newWorld()
	w.events = []hub.Event{{SpecVersion: "1.0", ID: "e1", Source: "meta", Type: hub.ForumPostCreated}}
	a := w.call(t, "POST", "/api/v1/explain", `{"event_id":"e1","system":"slack","chat":"#general","limit":5}`)
	require.Equal(t, http.StatusOK, a.Code)
	require.Equal(t, admin.ExplainQuery{System: "slack", Chat: "#general", Limit: 5}, w.asked)
	require.Contains(t, a.Body.String(), `"reason":"follow hears first posts only, and this is a reply"`)

	for _, ask := range []string{
		`{"event":{"specversion":"1.0","source":"meta","type":"user.x"}}`,
		`{"source":"meta","webhook":{"post":{}},"headers":{"x-type":"x"}}`,
		`{"source":"meta","webhook":"{\"post\":{}}","headers":{"x-type":"x"}}`,
	} {
		words := w.call(t, "POST", "/api/v1/explain?format=text", ask)
		require.Equal(t, http.StatusOK, words.Code, words.Body)
		require.Equal(t, admin.ExplanationText(explanation(nil)), words.Body.String())
	}
	w.call(t, "POST", "/api/v1/explain", `{"event_id":"e9"}`).refused(http.StatusNotFound)
	w.call(t, "POST", "/api/v1/explain", `{}`).refused(http.StatusUnprocessableEntity, "event_id", "give exactly one")
	w.call(t, "POST", "/api/v1/explain", `{"event_id":"e1","event":{"specversion":"1.0","source":"meta","type":"user.x"}}`).refused(http.StatusUnprocessableEntity, "event_id", "give exactly one")
	w.call(t, "POST", "/api/v1/explain", `{"webhook":{}}`).refused(http.StatusUnprocessableEntity, "source", "is required with a webhook")
	w.call(t, "POST", "/api/v1/explain", `{"source":"meta","webhook":"{"}`).refused(http.StatusBadRequest)
}

func TestTrace(t *testing.T) {
	w := newWorld()
	w.events = []hub.Event{{SpecVersion: "1.0", ID: "e1", Source: "meta", Type: hub.ForumPostCreated}, {SpecVersion: "1.0", ID: "e2", Source: "meta", Type: hub.ForumPostCreated}}
	w.traces = map[hub.EventID]hub.Trace{"e1": decision()}
	a := w.call(t, "GET", "/api/v1/events/e1/trace", "")
	require.Equal(t, http.StatusOK, a.Code)
	trace := decision()
	words := w.call(t, "GET", "/api/v1/events/e1/trace", "", "Accept", "text/plain")
	require.Equal(t, admin.TraceText(&trace), words.Body.String())
	w.call(t, "GET", "/api/v1/events/e2/trace", "").refused(http.StatusNotFound, "", "no decision about event")
	w.call(t, "GET", "/api/v1/events/e3/trace", "").refused(http.StatusNotFound, "", "no event")
}

func TestSources(t *testing.T) {
	w := newWorld()
	w.call(t, "GET", "/api/v1/sources", "").is(http.StatusOK, `{"items":[{"source":"meta","kind":"discourse","state":"error","reason":"502","api":true,"visibility":"check","waiting":3,"checked_at":"2026-01-02T03:04:05Z"}]}`)
	w.call(t, "GET", "/api/v1/sources/metta/taxonomy", "").refused(http.StatusNotFound, "", "did you mean meta?")
	w.call(t, "GET", "/api/v1/sources/meta/taxonomy", "").refused(http.StatusNotFound, "", "is no forum")
	w.forum = someForum(false)
	a := w.call(t, "GET", "/api/v1/sources/meta/taxonomy", "")
	require.Equal(t, http.StatusOK, a.Code)
	require.Contains(t, a.Body.String(), `"slug":"support"`)
}

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
		`{"type":"category","any":["suport"]}`:                  `names the category "suport", which no forum has that the row hears (did you mean support?); there are market, market/printers, support, support/printers; ?force=1`,
		`{"type":"tag","any":["urgnt"]}`:                        `names the tag "urgnt"`,
		`{"type":"group","any":["suport_team"],"as":"message"}`: `did you mean support_team?`,
		`{"type":"author","any":["@nobodies"]}`:                 `names the group "nobodies"`,
		`{"type":"category","none":["support/bugs"]}`:           `names the category "support/bugs"`,
	} {
		w := newWorld()
		w.forum = someForum(true)
		w.call(t, "POST", "/api/v1/subscriptions", row(filter)).refused(http.StatusUnprocessableEntity, "filters[0]", says)
		require.Empty(t, w.subscriptions)

		require.Equal(t, http.StatusCreated, w.call(t, "POST", "/api/v1/subscriptions?force=1", row(filter)).Code)
		require.Contains(t, w.subscriptions[0].Error, "which no forum has")

		w.forum = someForum(false)
		require.Equal(t, http.StatusCreated, w.call(t, "POST", "/api/v1/subscriptions", row(filter)).Code, "it may exist: the forum did not tell all")
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
