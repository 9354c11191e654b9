package admin_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

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
			{Chat: hub.Chat{System: "slack", ID: "#away"}, Subscription: "s4", Mode: hub.Thread, Result: hub.ResultQueued, Notification: "n4"},
			{Chat: hub.Chat{System: "slack", ID: "#gone"}, Subscription: "s5", Mode: hub.Follow, Result: hub.ResultQueued, Notification: "n5"},
			{Chat: hub.Chat{System: "slack", ID: "#busy"}, Result: hub.ResultUpdated, Notification: "n6"},
			{Chat: hub.Chat{System: "slack", ID: "#left"}, Result: hub.ResultRetracted},
			{Chat: hub.Chat{System: "slack", ID: "#told"}, Result: hub.ResultKnown},
		},
	}
}

// asked is an event as it came.
func asked() *hub.Event {
	return &hub.Event{
		SpecVersion: "1.0", ID: "e1", Source: "meta", Type: hub.ForumPostCreated, Time: began.Add(-time.Minute), ReceivedTime: began,
		Data: json.RawMessage(`{"topic":{"id":"301","url":"https://forum.example.com/t/301"},"post":{"url":"https://forum.example.com/t/301/2"}}`),
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
	golden(t, "explanation.txt", admin.ExplanationText(explanation(asked())))

	nobody := explanation(asked())
	nobody.Verdict, nobody.Notes, nobody.Chats, nobody.More = hub.VerdictNobody, nil, nobody.Chats[2:], 0
	golden(t, "nobody.txt", admin.ExplanationText(nobody))
	nobody.Chats = nil
	golden(t, "nowhere.txt", admin.ExplanationText(nobody))
	nobody.Rows = 0
	golden(t, "empty.txt", admin.ExplanationText(nobody))
	golden(t, "dropped.txt", admin.ExplanationText(&hub.Explanation{
		Event: asked(), Verdict: hub.VerdictDropped, Why: "the post is a whisper", Summary: `Reply: "A"`, Rows: 4,
	}))

	trace := decision()
	golden(t, "trace.txt", admin.TraceText(&trace, sent()...))
	trace.Verdict, trace.Chats, trace.More, trace.Notes, trace.Nearest = hub.VerdictNobody, nil, 0, nil, explanation(nil).Chats[2].Rows
	golden(t, "trace-nobody.txt", admin.TraceText(&trace))
	for verdict, why := range map[hub.Verdict]string{
		hub.VerdictDropped: "the post is a whisper", hub.VerdictWaiting: "it waits until the forum answers", hub.VerdictLearned: "see event e2",
	} {
		golden(t, "trace-"+string(verdict)+".txt", admin.TraceText(&hub.Trace{
			Event: "e1", Source: "meta", Type: hub.ForumTopicCreated, At: began, Verdict: verdict, Why: why, Rows: 4,
		}))
	}
}

// sent are deliveries of the decision, and one of another.
func sent() []hub.Delivery {
	at := func(id hub.NotificationID, status hub.Status) hub.Delivery {
		return hub.Delivery{ID: id, Status: status, QueuedAt: began, UpdatedAt: began.Add(time.Second), Attempts: 2, Reason: "the platform is away"}
	}
	all := []hub.Delivery{at("n1", hub.StatusSent), at("n4", hub.StatusFailed), at("n5", hub.StatusDead), at("n6", hub.StatusQueued), at("n9", hub.StatusDead)}
	all[0].Receipt = hub.Receipt{Ref: "17.1", URL: "https://slack.example.com/17", Note: "sent as plain text"}
	return all
}

// What strangers wrote must neither break the page nor steer a terminal.
func TestWordsAreSafe(t *testing.T) {
	const evil = "A\x1b[31m\r\n\u202eB\u2028C\u0085"
	e := asked()
	e.ID, e.Type, e.Data = evil, evil, json.RawMessage(`{"url":"https://x\u001b[2J"}`)
	x := explanation(e)
	x.Summary, x.Notes, x.Verdict = evil, []string{evil}, hub.VerdictDecided
	row := hub.RowVerdict{Row: evil + " | " + evil + " | " + evil, Reason: evil, Wins: true}
	x.Chats[0] = hub.Expected{
		Chat: hub.Chat{System: evil, ID: evil}, Result: hub.ResultQueued, Rows: []hub.RowVerdict{row, {Row: evil, Reason: evil}},
		Message: &hub.Message{Text: evil}, Rendered: &hub.Rendered{Kind: evil, Plain: evil, Markup: evil + evil},
	}
	x.Chats[1].Message = &hub.Message{Text: evil, Card: &hub.Card{Kind: evil, Title: evil, URL: evil, Text: evil}}
	trace := decision()
	trace.Event, trace.Type, trace.Notes, trace.Nearest = evil, evil, []string{evil}, []hub.RowVerdict{row}
	trace.Chats[0].Chat, trace.Chats[1].Result = hub.Chat{System: evil, ID: evil}, evil
	deliveries := sent()
	deliveries[0].Receipt.URL = evil
	for _, text := range []string{admin.ExplanationText(x), admin.TraceText(&trace, deliveries...)} {
		require.NotContains(t, strings.ReplaceAll(text, "\n", ""), "\x1b")
		for _, r := range text {
			require.False(t, r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028', "%q", r)
		}
		for line := range strings.Lines(text) {
			require.False(t, strings.HasPrefix(line, "B"), "a title begins no line: %q", text)
		}
	}
}

func TestExplain(t *testing.T) {
	w := newWorld()
	w.events = []hub.Event{*asked()}
	a := w.call(t, "POST", "/api/v1/explain", `{"event_id":"e1","system":"slack","chat":"#general","limit":5}`)
	require.Equal(t, http.StatusOK, a.Code)
	require.Equal(t, admin.ExplainQuery{System: "slack", Chat: "#general", Limit: 5}, w.asked)
	var got hub.Explanation
	require.NoError(t, json.Unmarshal(a.Body.Bytes(), &got))
	require.Equal(t, explanation(asked()), &got)

	words := w.call(t, "POST", "/api/v1/explain", `{"event_id":"e1"}`, "Accept", "text/plain, */*;q=0.1")
	require.Equal(t, admin.ExplanationText(explanation(asked())), words.Body.String())
	require.Equal(t, words.Body.String(), w.call(t, "POST", "/api/v1/explain?format=text", `{"event_id":"e1"}`).Body.String())
	for _, accept := range []string{"", "*/*", "application/json", "application/json, text/plain, */*"} {
		require.Equal(t, a.Body.String(), w.call(t, "POST", "/api/v1/explain", `{"event_id":"e1"}`, "Accept", accept).Body.String())
	}
	require.Equal(t, a.Body.String(), w.call(t, "POST", "/api/v1/explain?format=json", `{"event_id":"e1"}`, "Accept", "text/plain").Body.String())
	require.Len(t, w.events, 1, "nothing is stored")
	require.Empty(t, w.notified, "nothing is sent")
}

// TestExplainTellsWaits has chats left alone, and a row that asks for a digest.
func TestExplainTellsWaits(t *testing.T) {
	general, quiet := hub.Chat{System: "slack", ID: "#general"}, hub.Chat{System: "telegram", ID: "-100"}
	berlin := func(c hub.Chat, snoozed, quiet string) hub.ChatSettings {
		s := hub.ChatSettings{Chat: c, Zone: "Europe/Berlin", Quiet: quiet}
		if snoozed != "" {
			until, err := time.Parse(time.RFC3339, snoozed)
			require.NoError(t, err)
			require.NoError(t, s.Snooze(until, began))
		}
		return s
	}
	const silent = "The chat is left alone until 2 January 2026 at 07:00 Europe/Berlin (`bellhop chats`): the message would wait until then."
	for name, c := range map[string]struct { // it is 04:04 in Berlin
		settings     []hub.ChatSettings
		digest       string
		silent, told string // in the JSON
		says         []string
	}{
		"nothing was set":     {},
		"quiet later":         {settings: []hub.ChatSettings{berlin(general, "", "22:00-04:00")}},
		"quiet hours":         {settings: []hub.ChatSettings{berlin(general, "", "22:00-07:00")}, silent: "2026-01-02T07:00:00+01:00", told: "2026-01-02T07:00:00+01:00", says: []string{silent}},
		"a snooze into hours": {settings: []hub.ChatSettings{berlin(general, "2026-01-02T04:30:00Z", "05:00-07:00")}, silent: "2026-01-02T07:00:00+01:00", told: "2026-01-02T07:00:00+01:00", says: []string{silent}},
		"another chat":        {settings: []hub.ChatSettings{berlin(quiet, "", "22:00-07:00")}},
		"a digest": {digest: "daily@09:00", told: "2026-01-02T09:00:00Z", says: []string{
			"The row that decides asks for a digest (daily@09:00): the message would be told on 2 January 2026 at 09:00 UTC, together with others.",
		}},
		"a digest after quiet hours": {settings: []hub.ChatSettings{berlin(general, "", "22:00-07:00")}, digest: "daily@09:00", silent: "2026-01-02T07:00:00+01:00", told: "2026-01-02T09:00:00+01:00", says: []string{
			"The chat is left alone until 2 January 2026 at 07:00 Europe/Berlin (`bellhop chats`).\n", "on 2 January 2026 at 09:00 Europe/Berlin, together",
		}},
		"a digest within them":  {settings: []hub.ChatSettings{berlin(general, "", "05:00-07:00")}, digest: "daily@06:00", told: "2026-01-02T07:00:00+01:00", says: []string{"on 2 January 2026 at 07:00 Europe/Berlin, together"}},
		"a digest nobody knows": {digest: "at full moon"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.events, w.digest, w.settings = []hub.Event{*asked()}, c.digest, map[hub.Chat]hub.ChatSettings{}
			for _, s := range c.settings {
				w.settings[s.Chat] = s
			}
			var got struct {
				Chats []struct {
					Result, Digest string
					Silent         string `json:"silent_until"`
					Waits          string `json:"waits_until"`
				}
			}
			require.NoError(t, json.Unmarshal(w.call(t, "POST", "/api/v1/explain", `{"event_id":"e1"}`).Body.Bytes(), &got))
			require.Equal(t, []string{c.digest, c.silent, c.told}, []string{got.Chats[0].Digest, got.Chats[0].Silent, got.Chats[0].Waits})
			require.Empty(t, got.Chats[1].Waits, "a chat that is muted waits for nothing")
			require.Equal(t, name == "another chat", got.Chats[1].Silent != "")
			words := w.call(t, "POST", "/api/v1/explain?format=text", `{"event_id":"e1"}`).Body.String()
			for _, line := range c.says {
				require.Contains(t, words, line)
			}
			require.Equal(t, c.silent != "", strings.Contains(words, "left alone"))
			require.Equal(t, c.told != "" && c.digest != "", strings.Contains(words, "digest"))
		})
	}
}

func TestExplainWhatDidNotCome(t *testing.T) {
	w := newWorld()
	for ask, want := range map[string]hub.Event{
		`{"event":{"specversion":"1.0","source":"meta","type":"user.x","data":{"a":1}}}`: {
			SpecVersion: "1.0", ID: "example", Source: "meta", Type: "user.x", ReceivedTime: began, Data: json.RawMessage(`{"a":1}`),
		},
		`{"source":"meta","webhook": {"post" : {}},"headers":{"x-type":"x"}}`: {
			SpecVersion: "1.0", ID: "edecoded", Source: "meta", Type: "user.x", Data: json.RawMessage(`{"post":{}}`),
		},
		`{"source":"meta","webhook":"{\"post\":{}}","headers":{"X-Type":"y"}}`: {
			SpecVersion: "1.0", ID: "edecoded", Source: "meta", Type: "user.y", Data: json.RawMessage(`{"post":{}}`),
		},
	} {
		a := w.call(t, "POST", "/api/v1/explain", ask)
		var got hub.Explanation
		require.NoError(t, json.Unmarshal(a.Body.Bytes(), &got))
		require.Equal(t, &want, got.Event)
	}
	require.Empty(t, w.events, "nothing is stored")

	// A batch is told in words, one event after the other.
	const batch = `{"source":"meta","webhook":[{"id":"1"},{"id":"2"}],"headers":{"x-type":"x"}}`
	w.call(t, "POST", "/api/v1/explain", batch).refused(http.StatusUnprocessableEntity, "webhook", "holds 2 events")
	words := w.call(t, "POST", "/api/v1/explain?format=text", batch)
	require.Equal(t, 2, strings.Count(words.Body.String(), "This is event edecoded"))
	w.call(t, "POST", "/api/v1/explain", `{"source":"meta","webhook":[]}`).refused(http.StatusUnprocessableEntity, "webhook", "holds no event")
}

func TestExplainRefused(t *testing.T) {
	w := newWorld()
	const event = `{"specversion":"1.0","source":"meta","type":"user.x"}`
	for ask, fields := range map[string][]string{
		`{}`: {"event_id", "give exactly one"},
		`{"event_id":"e1","event":` + event + `}`: {"event_id", "give exactly one"},
		`{"webhook":{}}`:                                              {"source", "is required with a webhook: meta"},
		`{"webhook":{},"source":"metta"}`:                             {"source", "did you mean meta?"},
		`{"event_id":"e1","source":"meta"}`:                           {"source", "an event has its own"},
		`{"event_id":"e1","headers":{"a":"b"}}`:                       {"headers", "go with a webhook"},
		`{"event_id":"e1","limit":501}`:                               {"limit", "1 to 500"},
		`{"event_id":"e1","limit":-1}`:                                {"limit", "1 to 500"},
		`{"event_id":"e1","system":"slak"}`:                           {"system", "did you mean slack?"},
		`{"event_id":"e1","cat":"a"}`:                                 {"cat", "is not a field"},
		`{"event":{"specversion":"1.0","source":"metta","type":"x"}}`: {"event.source", "must be meta", "event.type", "dotted name"},
		`{"event":{"specversion":"1.0","source":"meta","type":"forum.post.created","data":"text"}}`: {"event.data", "must be the object"},
	} {
		w.call(t, "POST", "/api/v1/explain", ask).refused(http.StatusUnprocessableEntity, fields...)
	}
	w.call(t, "POST", "/api/v1/explain", `{"event_id":"e9"}`).refused(http.StatusNotFound, "", "e9")
	w.call(t, "POST", "/api/v1/explain", `{"source":"meta","webhook":"{"}`).refused(http.StatusBadRequest, "", "the body is not JSON")
	require.Nil(t, w.asked, "nothing of this was explained")
	w.events, w.fail = []hub.Event{*asked()}, hub.Errorf(hub.CodeUnavailable, "the store is away")
	w.call(t, "POST", "/api/v1/explain", `{"event_id":"e1"}`).refused(http.StatusServiceUnavailable)
}

func TestTrace(t *testing.T) {
	w := newWorld()
	w.events = []hub.Event{*asked(), {SpecVersion: "1.0", ID: "e2", Source: "meta", Type: hub.ForumPostCreated}}
	w.traces = map[hub.EventID]hub.Trace{"e1": decision(), "eold": decision()}
	w.deliveries = sent()
	a := w.call(t, "GET", "/api/v1/events/e1/trace", "")
	var got hub.Trace
	require.NoError(t, json.Unmarshal(a.Body.Bytes(), &got))
	require.Equal(t, decision(), got)
	require.Nil(t, w.asked)

	trace := decision()
	words := w.call(t, "GET", "/api/v1/events/e1/trace", "", "Accept", "text/plain")
	require.Equal(t, admin.TraceText(&trace, sent()...), words.Body.String())
	require.Equal(t, hub.DeliveryQuery{Event: "e1", Page: hub.Page{Limit: 500}}, w.asked)
	require.Equal(t, words.Body.String(), w.call(t, "GET", "/api/v1/events/e1/trace?format=text", "").Body.String())

	require.Equal(t, http.StatusOK, w.call(t, "GET", "/api/v1/events/eold/trace", "").Code, "a decision may outlive its event")
	w.call(t, "GET", "/api/v1/events/e2/trace", "").refused(http.StatusNotFound, "", "POST /api/v1/explain")
	w.call(t, "GET", "/api/v1/events/e3/trace", "").refused(http.StatusNotFound, "", "no event")
}

// Rows that are told in words name categories as people do.
func TestWordsNameCategories(t *testing.T) {
	w := newWorld()
	w.forum, w.events = someForum(true), []hub.Event{*asked()}
	w.subscriptions = []hub.Subscription{
		{ID: "s1", Chat: hub.Chat{System: "slack", ID: "#general"}, Source: "meta", Mode: hub.Watch, Filters: []hub.Filter{{Type: hub.FilterCategory, Any: []string{"9"}}}},
		{ID: "s2", Chat: hub.Chat{System: "slack", ID: "#general"}, Mode: hub.Watch, Filters: []hub.Filter{{Type: hub.FilterCategory, Any: []string{"9"}}}},
	}
	w.rows = []string{"slack | #general | c/9", "slack | #general | c/9", "slack | #general | c/9"}
	words := w.call(t, "POST", "/api/v1/explain?format=text", `{"event_id":"e1"}`).Body.String()
	require.Contains(t, words, "Row s1 decides: c/support/printers\n")
	require.Contains(t, words, "Row s2 does not decide: c/9\n", "another forum may use the same number")
	require.Contains(t, words, "Row s3 decides: c/9\n", "the row is gone by now")
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
