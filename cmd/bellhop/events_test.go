package main

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestEvents(t *testing.T) {
	h := newFakeHub(t)
	list := map[string]any{"items": []hub.Event{
		{SpecVersion: "1.0", ID: "e1", Source: "meta", Type: hub.ForumPostCreated, ReceivedTime: nine, Data: []byte(`{"topic":{"title":"Printer\u001b[2J\nis off"}}`)},
		{SpecVersion: "1.0", ID: "e2", Source: "ci", Type: "user.deploy.finished", ReceivedTime: nine, Data: []byte(`{"title":"1.2.0"}`)},
		{SpecVersion: "1.0", ID: "e3", Source: "ci", Type: "user.odd", ReceivedTime: nine, Data: []byte(`[]`)},
	}}
	h.answers("GET /api/v1/events", "application/json", asJSON(t, list))
	got := h.run("", "events", "--source", "meta", "--type", "forum.post.*", "--outcome", "nobody", "--system", "slack", "--chat", "-100", "--text", "a b", "--since", "2026-01-10T09:05:00Z", "--limit", "9")
	require.Equal(t, exitOK, got.code)
	require.Contains(t, got.stdout, "Printer")
	require.Contains(t, got.stdout, "1.2.0")
	require.NotContains(t, got.stdout, "\x1b")
	require.Equal(t, []string{"GET /api/v1/events?chat=-100&limit=9&outcome=nobody&since=2026-01-10T09%3A05%3A00Z&source=meta&system=slack&text=a+b&type=forum.post.%2A"}, h.lines())
	h.answers("GET /api/v1/events/e1", "application/json", `{"id":"e1"}`)
	require.JSONEq(t, `{"id":"e1"}`, h.run("", "events", "show", "e1").stdout)
}

func TestEventsReplay(t *testing.T) {
	h := newFakeHub(t)
	var asked []string
	h.mux.HandleFunc("POST /api/v1/events/e1/replay", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, string(body))
		_, _ = w.Write([]byte(`{"event":"e1","count":2,"told":1,"signal":"e9","chats":[{"system":"slack","chat":"C1","result":"queued"},{"system":"slack","chat":"C2","result":"known"}]}`))
	})
	got := h.run("", "events", "replay", "e1", "--dry-run")
	require.Equal(t, "2 chats to be told of it, 1 had it\n", got.stdout)
	require.Contains(t, got.stderr, "slack C2 had it")
	require.Equal(t, "Nothing is sent\n", h.run("no\n", "events", "replay", "e1").stdout)
	require.Equal(t, []string{`{"dry_run":true}`, `{"dry_run":true}`}, asked)
	require.Equal(t, "2 chats will be told; the decision: bellhop trace e9\n", h.run("", "events", "replay", "e1", "--yes").stdout)
	require.Equal(t, `{"count":2}`, asked[3])

	nobody := newFakeHub(t)
	nobody.answers("POST /api/v1/events/e1/replay", "application/json", `{"event":"e1","count":0,"told":0,"chats":[],"why":"the post is deleted"}`)
	require.Equal(t, "Nobody may hear of it: the post is deleted\n", nobody.run("", "events", "replay", "e1").stdout)
}

func TestDeliveriesRetry(t *testing.T) {
	h := newFakeHub(t)
	h.answers("POST /api/v1/dead/n1/retry", "application/json", `{"id":"n1"}`)
	require.Equal(t, "queued again n1\n", h.run("", "deliveries", "retry", "n1").stdout)
}
