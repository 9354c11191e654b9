package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestExplainAsks(t *testing.T) {
	post := `{"post": {"id": 1, "cooked": "<p>a & b</p>"}}`
	event := `{"specversion":"1.0","id":"1","source":"ci","type":"user.deploy"}`
	for name, c := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"an id": {"", []string{"eabc"}, `{"event_id":"eabc"}`},
		"an id and a chat": {
			"",
			[]string{"eabc", "--chat", "telegram:-100/45", "--limit", "3"},
			`{"event_id":"eabc","system":"telegram","chat":"-100/45","limit":3}`,
		},
		"a room with a colon": {
			"",
			[]string{"eabc", "--chat", "matrix:!room:example.org"},
			`{"event_id":"eabc","system":"matrix","chat":"!room:example.org"}`,
		},
		"a webhook of Discourse": {
			"",
			[]string{"--body", file(t, post), "--source", "meta", "--event", "post_created"},
			`{"source":"meta","webhook":` + post + `,"headers":{"X-Discourse-Event":"post_created","X-Discourse-Event-Type":"post"}}`,
		},
		"a webhook whose event is named otherwise": {
			"",
			[]string{"--body", file(t, `{"like":{}}`), "--source", "meta", "--event", "post_liked"},
			`{"source":"meta","webhook":{"like":{}},"headers":{"X-Discourse-Event":"post_liked","X-Discourse-Event-Type":"like"}}`,
		},
		"a webhook with more keys": {
			`{"site":{},"group":{},"group_user":{}}`,
			[]string{"--body", "-", "--source", "meta", "--event", "group_user_created"},
			`{"source":"meta","webhook":{"site":{},"group":{},"group_user":{}},` +
				`"headers":{"X-Discourse-Event":"group_user_created","X-Discourse-Event-Type":"group_user"}}`,
		},
		"any webhook": {
			`{"post":1}`,
			[]string{"--body", "-", "--source", "ci", "--header", "Webhook-Id: m,1", "--header", "X:y:z"},
			`{"source":"ci","webhook":{"post":1},"headers":{"Webhook-Id":"m,1","X":"y:z"}}`,
		},
		"a CloudEvent":                     {"", []string{"--event-file", file(t, "\ufeff"+event+"\n")}, `{"event":` + event + `}`},
		"a CloudEvent from standard input": {event, []string{"--event-file", "-"}, `{"event":` + event + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t)
			h.answers("POST /api/v1/explain", "text/plain", "nobody hears it\n\n")
			got := h.run(c.stdin, append([]string{"explain"}, c.args...)...)
			require.Equal(t, said{stdout: "nobody hears it\n"}, got)
			require.Equal(t, "text/plain", h.asked[0].accept)
			require.Equal(t, "application/json", h.asked[0].contentType)
			require.JSONEq(t, c.want, h.asked[0].body)
			require.NotContains(t, h.asked[0].body, `\u003c`, "what came is asked about as it came")
		})
	}
}

func TestExplainMistakes(t *testing.T) {
	h := newFakeHub(t)
	for name, c := range map[string]struct {
		args []string
		says string
		code int
	}{
		"no event":           {nil, "name one event", exitUsage},
		"two events":         {[]string{"eabc", "--event-file", "-"}, "name one event", exitUsage},
		"whose webhook":      {[]string{"--body", "-"}, "--body needs --source NAME", exitUsage},
		"a source alone":     {[]string{"eabc", "--source", "meta"}, "go with --body", exitUsage},
		"a name alone":       {[]string{"eabc", "--event", "post_created"}, "go with --body", exitUsage},
		"no chat":            {[]string{"eabc", "--chat", "#support"}, `--chat "#support": want SYSTEM:CHAT`, exitUsage},
		"half a chat":        {[]string{"eabc", "--chat", "slack:"}, "want SYSTEM:CHAT", exitUsage},
		"a limit below none": {[]string{"eabc", "--limit=-1"}, "--limit", exitUsage},
		"half a header":      {[]string{"--body", "-", "--source", "ci", "--header", "X"}, `--header "X": want NAME:VALUE`, exitUsage},
		"no such file":       {[]string{"--event-file", "/nope"}, "/nope", exitFailed},
		"no JSON":            {[]string{"--event-file", file(t, "<xml>")}, "holds no JSON object: invalid character '<'", exitFailed},
		"a list":             {[]string{"--event-file", file(t, "[]")}, "holds no JSON object", exitFailed},
		"nothing":            {[]string{"--event-file", file(t, "null")}, "it is null", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			got := h.run("{}", append([]string{"explain"}, c.args...)...)
			require.Contains(t, got.stderr, c.says)
			require.Equal(t, c.code, got.code)
			require.Empty(t, got.stdout)
		})
	}
	require.Empty(t, h.lines(), "the hub is not asked what cannot be meant")
}

func TestExplainJSON(t *testing.T) {
	h := newFakeHub(t)
	h.answers("POST /api/v1/explain", "application/json", asJSON(t, hub.Explanation{Verdict: hub.VerdictNobody, Summary: "<x>", Chats: []hub.Expected{}}))
	got := h.run("", "explain", "eabc", "--json")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, "application/json", h.asked[0].accept)
	require.Contains(t, got.stdout, "{\n  \"event\": null,\n  \"verdict\": \"nobody\",\n")
}

func TestTrace(t *testing.T) {
	h := newFakeHub(t)
	h.mux.HandleFunc("GET /api/v1/events/{id}/trace", func(w http.ResponseWriter, r *http.Request) {
		if id := r.PathValue("id"); id != "e/b c" {
			refuse(w, http.StatusNotFound, `no event "`+id+`" among the newest`)
			return
		}
		if r.Header.Get("Accept") == "text/plain" {
			_, _ = w.Write([]byte("decided:\n\tqueued for slack #support\n\"\x1b[2J\u009b\""))
			return
		}
		_, _ = w.Write([]byte(`{"event":"e/b c"}`))
	})
	got := h.run("", "trace", "e/b c")
	require.Equal(t, said{stdout: "decided:\n\tqueued for slack #support\n\"\ufffd[2J\ufffd\"\n"}, got, "a post must not steer the terminal")
	require.Equal(t, []string{"GET /api/v1/events/e%2Fb%20c/trace"}, h.lines())

	require.Equal(t, said{stdout: "{\n  \"event\": \"e/b c\"\n}\n"}, h.run("", "trace", "--json", "e/b c"))

	got = h.run("", "trace", "enone")
	require.Equal(t, said{stderr: "bellhop: Not Found: no event \"enone\" among the newest\n", code: exitFailed}, got)
	require.Equal(t, exitFailed, h.run("", "trace", "").code)
	require.Len(t, h.lines(), 3)
}

func TestSources(t *testing.T) {
	h := newFakeHub(t)
	list := map[string]any{"items": []hub.SourceStatus{
		{Source: "meta", Kind: "discourse", State: "ok", API: true, Visibility: "check", Delay: "20s"},
		{Source: "staff", Kind: "discourse", State: "error", Reason: "the forum refuses\nthe API key\x1b[2J", Visibility: "check", ReadAs: "alice", Waiting: 12},
		{Source: "old", Kind: "discourse", State: "unknown", Visibility: "trust_webhook"},
		{Source: "ci", Kind: "json", State: "ok", LastEventAt: time.Date(2026, 1, 10, 9, 5, 0, 0, time.Local)},
	}}
	h.answers("GET /api/v1/sources", "application/json", asJSON(t, list))
	got := h.run("", "sources")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, `SOURCE  KIND       STATE    HEARD                WAITING  DELAY  READER         REASON
meta    discourse  ok       -                    0        20s    anyone         -
staff   discourse  error    -                    12       -      alice          the forum refuses the API key�[2J
old     discourse  unknown  -                    0        -      trust_webhook  -
ci      json       ok       2026-01-10 09:05:00  0        -      -              -
`, got.stdout)

	got = h.run("", "sources", "--json")
	require.JSONEq(t, asJSON(t, list), got.stdout)

	empty := newFakeHub(t)
	empty.answers("GET /api/v1/sources", "application/json", `{"items":[]}`)
	require.Contains(t, empty.run("", "sources").stdout, "No sources yet")

	broken := newFakeHub(t)
	broken.answers("GET /api/v1/sources", "text/html", `<html>`)
	require.Contains(t, broken.run("", "sources").stderr, "the hub's answer cannot be read")
	require.Contains(t, broken.run("", "sources", "--json").stderr, "the hub's answer cannot be read")
}
