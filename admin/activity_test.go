package admin_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// busy is a world in which five things happened.
func busy() *world {
	w := newWorld()
	chat := hub.Chat{System: "slack", ID: "C1"}
	for _, id := range []hub.EventID{"sent", "dead", "nobody", "muted", "waits"} {
		w.events = append(w.events, hub.Event{SpecVersion: "1.0", ID: id, Source: "meta", Type: "user.deploy.finished", ReceivedTime: began, Data: json.RawMessage(`{"title":"About ` + id + `"}`)})
	}
	w.deliveries = []hub.Delivery{
		{ID: "n1", Event: "sent", Chat: chat, Subscription: "s1", Status: hub.StatusSent},
		{ID: "n2", Event: "dead", Chat: chat, Subscription: "s2", Status: hub.StatusSent},
		{ID: "n3", Event: "dead", Chat: hub.Chat{System: "console", ID: "lobby"}, Subscription: "s3", Status: hub.StatusDead},
	}
	w.traces = map[hub.EventID]hub.Trace{
		"sent":   {Event: "sent", At: began, Verdict: hub.VerdictDecided, Chats: []hub.TraceChat{{Chat: chat, Subscription: "s1", Result: hub.ResultQueued}}},
		"nobody": {Event: "nobody", At: began, Verdict: hub.VerdictNobody},
		"muted":  {Event: "muted", At: began, Verdict: hub.VerdictDecided, Chats: []hub.TraceChat{{Chat: chat, Result: hub.ResultMuted}}},
		"waits":  {Event: "waits", At: began, Verdict: hub.VerdictWaiting},
	}
	return w
}

func (w *world) eventIDs(t *testing.T, query string) (ids []string) {
	t.Helper()
	var page struct{ Items []hub.Event }
	a := w.call(t, "GET", "/api/v1/events?"+query, "")
	require.Equal(t, http.StatusOK, a.Code, a.Body)
	require.NoError(t, json.Unmarshal(a.Body.Bytes(), &page))
	for _, e := range page.Items {
		ids = append(ids, string(e.ID))
	}
	return ids
}

func TestEventsByWhatBecameOfThem(t *testing.T) {
	w := busy()
	for query, want := range map[string][]string{
		"outcome=sent":                {"sent"},
		"outcome=dead":                {"dead"},
		"outcome=nobody":              {"muted", "nobody"},
		"outcome=queued":              {"waits"},
		"outcome=failed":              nil,
		"system=console":              {"dead"},
		"chat=C1&system=slack":        {"muted", "dead", "sent"},
		"subscription=s1":             {"sent"},
		"text=ABOUT+SENT":             {"sent"},
		"text=about&source=other":     nil,
		"text=muted&outcome=nobody":   {"muted"},
		"since=2026-01-01T00:00:00Z":  {"waits", "muted", "nobody", "dead", "sent"},
		"type=user.*&subscription=s3": {"dead"},
	} {
		require.Equal(t, want, w.eventIDs(t, query), query)
	}
	w.call(t, "GET", "/api/v1/events?outcome=lost", "").refused(http.StatusUnprocessableEntity, "outcome", "one of sent, queued")
	w.call(t, "GET", "/api/v1/events?since=yesterday", "").refused(http.StatusUnprocessableEntity, "since", "want a time")
}

func TestAnOldEventIsFoundByItsDecision(t *testing.T) {
	w := newWorld()
	w.old = &hub.Event{SpecVersion: "1.0", ID: "eold", Source: "meta", Type: "user.deploy.finished"}
	w.call(t, "GET", "/api/v1/events/eold", "").refused(http.StatusNotFound)
	w.traces = map[hub.EventID]hub.Trace{"eold": {Event: "eold", At: began.Add(-72 * time.Hour)}}
	require.Equal(t, http.StatusOK, w.call(t, "GET", "/api/v1/events/eold", "").Code)
	require.Equal(t, began.Add(-72*time.Hour), w.asked)
}

func TestReplay(t *testing.T) {
	w := busy()
	w.replay = hub.Replay{Count: 1, Told: 2, Chats: []hub.TraceChat{{Chat: hub.Chat{System: "slack", ID: "C9"}, Result: hub.ResultQueued}}}
	path := "/api/v1/events/sent/replay"
	w.call(t, "POST", path, `{}`).refused(http.StatusUnprocessableEntity, "count", "is required")
	w.call(t, "POST", path, `{"dry_run":true,"count":1}`).refused(http.StatusUnprocessableEntity, "count", "leave one")
	w.call(t, "POST", "/api/v1/events/none/replay", `{"dry_run":true}`).refused(http.StatusNotFound)
	w.call(t, "POST", path, `{"dry_run":true}`).is(http.StatusOK,
		`{"event":"sent","count":1,"told":2,"chats":[{"system":"slack","chat":"C9","result":"queued"}]}`)
	require.Len(t, w.memory.events, 5, "it was said only")
	w.call(t, "POST", path, `{"count":2}`).refused(http.StatusConflict, "", "1 chat would be told now, not 2")

	a := w.call(t, "POST", path, `{"count":1}`)
	require.Equal(t, http.StatusAccepted, a.Code, a.Body)
	signal := w.memory.events[5]
	require.Equal(t, hub.HubSignalReplay, signal.Type)
	require.Equal(t, admin.API, signal.Source)
	require.Equal(t, hub.EventID("sent"), signal.ReplyTo)
	var asked hub.ReplayRequest
	require.NoError(t, json.Unmarshal(signal.Data, &asked))
	require.Equal(t, hub.EventID("sent"), asked.Event.ID)
	require.Equal(t, "admin", asked.By)
	require.Contains(t, a.Body.String(), string(signal.ID))
	w.call(t, "GET", "/api/v1/audit", "").contains("event.replay")

	// What became of it is what became of the notifications that it made.
	w.memory.deliveries = append(w.memory.deliveries, hub.Delivery{ID: "n9", Event: "sent", Chat: hub.Chat{System: "slack", ID: "C9"}, Status: hub.StatusFailed})
	w.traces[signal.ID] = hub.Trace{Event: signal.ID, Verdict: hub.VerdictDecided, Chats: []hub.TraceChat{
		{Chat: hub.Chat{System: "slack", ID: "C9"}, Result: hub.ResultQueued, Notification: "n9"},
		{Chat: hub.Chat{System: "slack", ID: "C1"}, Result: hub.ResultKnown, Notification: "n1"},
	}}
	require.Contains(t, w.eventIDs(t, "outcome=failed"), string(signal.ID))

	w.replay = hub.Replay{Why: "the post is deleted"}
	w.call(t, "POST", path, `{"count":0}`).refused(http.StatusConflict, "", "the post is deleted")
	w.replay = hub.Replay{Told: 3}
	w.call(t, "POST", path, `{"count":0}`).refused(http.StatusConflict, "", "no chat is left")
}

func (a answer) contains(text string) {
	a.t.Helper()
	require.Equal(a.t, http.StatusOK, a.Code, a.Body)
	require.Contains(a.t, a.Body.String(), text)
}
