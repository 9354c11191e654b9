package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/stretchr/testify/require"
)

const row = `{"system":"slack","chat":"#general","mode":"watch","filters":[{"type":"tag","any":["bug"],"none":["wip"]}],"options":{"style":"compact"}}`

func TestSubscriptions(t *testing.T) {
	w := newWorld()
	const stored = `{"id":"s1","system":"slack","chat":"#general","mode":"watch","filters":[{"type":"tag","any":["bug"],"none":["wip"]}],
		"options":{"style":"compact"},"enabled":true,"created_by":"admin","created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}`
	w.call(t, "GET", "/api/v1/subscriptions", "").is(http.StatusOK, `{"items":[]}`)

	made := w.call(t, "POST", "/api/v1/subscriptions", row).is(http.StatusCreated, stored)
	require.Equal(t, "/api/v1/subscriptions/s1", made.Header().Get("Location"))
	w.call(t, "GET", "/api/v1/subscriptions/s1", "").is(http.StatusOK, stored)
	w.call(t, "GET", "/api/v1/subscriptions?system=slack&chat=%23general&source=meta&mode=watch&limit=7&cursor=c", "").
		is(http.StatusOK, `{"items":[`+stored+`],"next":"more"}`)
	require.Equal(t, hub.SubscriptionQuery{
		System: "slack", Chat: "#general", Source: "meta", Mode: hub.Watch, Page: hub.Page{Limit: 7, Cursor: "c"},
	}, w.asked)
	require.Equal(t, 1, w.changes)

	w.call(t, "PATCH", "/api/v1/subscriptions/s1", `{"enabled":false}`, "Content-Type", "application/merge-patch+json")
	require.False(t, w.subscriptions[0].Enabled)
	require.Equal(t, hub.StyleCompact, w.subscriptions[0].Options.Style, "the rest stays")

	// What was read may be sent back, and only the hub's own fields are the hub's.
	w.call(t, "PUT", "/api/v1/subscriptions/s1", `{"id":"s1","system":"console","chat":"lobby","mode":"mute","source":"meta","created_by":"mallory","error":"x"}`).
		is(http.StatusOK, `{"id":"s1","system":"console","chat":"lobby","mode":"mute","source":"meta","filters":[],"enabled":true,
			"created_by":"admin","created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T04:04:05Z"}`)
	require.Equal(t, 3, w.changes)

	w.call(t, "DELETE", "/api/v1/subscriptions/s1", "").is(http.StatusNoContent, "")
	require.Empty(t, w.subscriptions)
	require.Equal(t, 4, w.changes)
}

func TestSubscriptionsRefused(t *testing.T) {
	w := newWorld()
	w.call(t, "POST", "/api/v1/subscriptions", row)
	for _, c := range []struct {
		method, path, body string
		status             int
		fields             []string
	}{
		{"POST", "", `{}`, 422, []string{"system", "is required", "chat", "is required", "mode", "one of mute, thread"}},
		{
			"POST", "", `{"system":"slak","chat":"a","mode":"loud","source":"beta","filters":[{"type":"colour","any":["red"]}],"options":{"style":"huge"}}`,
			422,
			[]string{
				"system", "the systems are slack, console", "mode", "loud", "source", "name meta or api",
				"filters[0]", "", "options.style", "huge",
			},
		},
		{"POST", "", `{"system":"slack","chat":"a","mode":"watch","filters":[{"type":"text","any":["/(/"]}]}`, 422, []string{"filters[0]", ""}},
		{"POST", "", `{"system":"slack","chat":"a","mode":"watch","enabeld":false}`, 422, []string{"enabeld", "is not a field"}},
		{"POST", "", `{"system":"slack","chat":"a","mode":"watch","filters":{}}`, 422, []string{"filters", "is of JSON type object, want array"}},
		{"PUT", "/s1", strings.Replace(row, "{", `{"id":"s2",`, 1), 422, []string{"id", "another than the path's"}},
		{"PUT", "/s9", row, 404, []string{"", "s9"}},
		{"PUT", "/s1", `{"mode":"watch"}`, 422, []string{"system", "", "chat", ""}},
		{"PATCH", "/s1", `{}`, 422, []string{"enabled", "is required"}},
		{"PATCH", "/s1", `{"mode":"mute"}`, 422, []string{"mode", "is not a field"}},
		{"PATCH", "/s9", `{"enabled":true}`, 404, nil},
		{"GET", "/s9", "", 404, nil},
		{"DELETE", "/s9", "", 404, nil},
	} {
		w.call(t, c.method, "/api/v1/subscriptions"+c.path, c.body).refused(c.status, c.fields...)
	}
	require.Equal(t, 1, w.changes, "what is refused changes nothing")
	require.Len(t, w.subscriptions, 1)
}

func TestTable(t *testing.T) {
	w := newWorld()
	send := func(text string) answer {
		return w.call(t, "POST", "/api/v1/subscriptions?format=table", text, "Content-Type", "text/plain; charset=utf-8")
	}
	got := send("# ours\r\n\nslack | #general | c/support,follow:t/urgent\n console | lobby | * \n")
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	require.Contains(t, got.Body.String(), `"unchanged":0`)
	require.Len(t, w.subscriptions, 3)
	require.Equal(t, "admin", w.subscriptions[0].CreatedBy)
	require.Equal(t, 1, w.changes)

	table := func(query string) string {
		return w.call(t, "GET", "/api/v1/subscriptions?format=table"+query, "").Body.String()
	}
	const want = "slack | #general | c/support\nslack | #general | follow:t/urgent\nconsole | lobby | *\n"
	require.Equal(t, want, table(""))
	require.Equal(t, "slack | #general | follow:t/urgent\n", table("&system=slack&mode=follow"))
	require.Empty(t, table("&source=meta"))

	send(want).is(http.StatusOK, `{"items":[],"unchanged":3}`)
	require.Equal(t, 1, w.changes, "the same table again changes nothing")

	w.call(t, "POST", "/api/v1/subscriptions", strings.Replace(row, "any", "all", 1))
	w.call(t, "PATCH", "/api/v1/subscriptions/s3", `{"enabled":false}`)
	require.Equal(t, "slack | #general | c/support\nslack | #general | follow:t/urgent\nconsole | lobby | * | off\n"+
		"slack | #general | t/bug+!t/wip | style=compact\n", table(""))

	// A row of several values is the same as several rows of one.
	w.call(t, "POST", "/api/v1/subscriptions", `{"system":"slack","chat":"dev","mode":"watch","filters":[{"type":"tag","any":["a","b"]}]}`)
	send("slack | dev | t/b,t/a,t/c").is(http.StatusOK, `{"unchanged":2,"items":[{"id":"s6","system":"slack","chat":"dev","mode":"watch",
		"filters":[{"type":"tag","any":["c"]}],"enabled":true,"created_by":"admin","created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}]}`)
}

func TestTableRefused(t *testing.T) {
	w := newWorld()
	send := func(text string) answer {
		return w.call(t, "POST", "/api/v1/subscriptions?format=table", text, "Content-Type", "text/plain")
	}
	send("slack | a | t/x\nslack, b\n\nslak | c | *\nslack | d | x/y").refused(http.StatusUnprocessableEntity,
		"line 2", "want three parts", "line 4", "system is not configured", "line 5", "is no rule")
	require.Empty(t, w.subscriptions, "one wrong line, no row")
	send("slack | a | "+strings.Repeat("*,", 1000)+"*").refused(http.StatusBadRequest, "", "more than 1000 rows")
	w.call(t, "POST", "/api/v1/subscriptions?format=table", `{}`).refused(http.StatusUnsupportedMediaType, "", "text/plain")
	w.call(t, "GET", "/api/v1/subscriptions?format=table&limit=5", "").refused(http.StatusUnprocessableEntity, "format", "leave out limit")
}

const deploy = `{"specversion":"1.0","id":"deploy-17","source":"api","type":"user.deploy.finished","data":{"version":"1.2.0"}}`

func TestEvents(t *testing.T) {
	w := newWorld()
	id := string(admin.OwnID("api", "deploy-17"))
	got := w.call(t, "POST", "/api/v1/events", deploy).is(http.StatusAccepted, `{"id":"`+id+`","duplicate":false}`)
	require.Equal(t, "/api/v1/events/"+id, got.Header().Get("Location"))
	w.call(t, "POST", "/api/v1/events", deploy, "Content-Type", "application/cloudevents+json; charset=utf-8").
		is(http.StatusAccepted, `{"id":"`+id+`","duplicate":true}`)

	stored := strings.Replace(strings.Replace(deploy, "deploy-17", id, 1), `"data"`, `"receivedtime":"2026-01-02T03:04:05Z","data"`, 1)
	read := w.call(t, "GET", "/api/v1/events/"+id, "").is(http.StatusOK, stored)
	w.call(t, "POST", "/api/v1/events", read.Body.String()).is(http.StatusAccepted, `{"id":"`+id+`","duplicate":true}`)
	w.call(t, "GET", "/api/v1/events?source=api&type=user.*&limit=3&cursor=9", "").is(http.StatusOK, `{"items":[`+stored+`]}`)
	require.Equal(t, []any{hub.Source("api"), "user.*", hub.Page{Limit: 3, Cursor: "9"}}, w.asked)
	w.call(t, "GET", "/api/v1/events/none", "").refused(http.StatusNotFound)

	w.call(t, "POST", "/api/v1/events", strings.Replace(deploy, `"api"`, `"meta"`, 1))
	require.Len(t, w.events, 2, "the same id of another source is another event")
	require.NotEqual(t, w.events[0].ID, w.events[1].ID)
}

func TestEventsRefused(t *testing.T) {
	w := newWorld()
	for _, c := range []struct{ old, new, field, detail string }{
		{`"1.0"`, `"0.3"`, "specversion", `must be "1.0"`},
		{`"deploy-17"`, `""`, "id", "1 to 200 bytes"},
		{`"deploy-17"`, `"` + strings.Repeat("x", 201) + `"`, "id", "1 to 200 bytes"},
		{`"api"`, `"slack"`, "source", "must be meta or api"},
		{`"api"`, `"a.b"`, "source", "must be meta or api"},
		{`user.deploy`, `deploy`, "type", "under forum, chat or user"},
		{`user.deploy.finished`, `hub.message.sent`, "type", "only Bellhop itself"},
		{`user.deploy.finished`, `hub.*`, "type", "dotted name"},
		{`user.deploy.finished"`, `forum.post.created","data":[]`, "type", ""},
		{`user.deploy`, `forum.post`, "data", ""},
		{`"data"`, `"traceparent":"x","data"`, "traceparent", "is not a field"},
	} {
		body := strings.Replace(deploy, c.old, c.new, 1)
		if c.field == "data" {
			body = strings.Replace(body, `{"version":"1.2.0"}`, `null`, 1)
		}
		if c.new == `forum.post.created","data":[]` {
			body, c.field = `{"specversion":"1.0","id":"1","source":"api","type":"forum.post.created","data":[]}`, "data"
		}
		w.call(t, "POST", "/api/v1/events", body).refused(http.StatusUnprocessableEntity, c.field, c.detail)
	}
	require.Empty(t, w.events)
	w.fail = hub.Errorf(hub.CodeUnavailable, "the bus does not store messages at the moment")
	w.call(t, "POST", "/api/v1/events", deploy).refused(http.StatusServiceUnavailable, "", "the bus")
}

const message = `{"system":"slack","chat":"#general","text":"The build is **green**\nand so on"}`

func TestMessages(t *testing.T) {
	w := newWorld()
	got := w.call(t, "POST", "/api/v1/messages", message)
	require.Equal(t, http.StatusAccepted, got.Code)
	require.Len(t, w.notified, 1)
	id := w.notified[0].ID
	got.is(http.StatusAccepted, `{"id":"`+string(id)+`"}`)
	require.Equal(t, hub.Notification{
		Version: 1, ID: id, Chat: hub.Chat{System: "slack", ID: "#general"}, QueuedAt: began,
		Message: hub.Message{Text: "The build is **green**\nand so on"},
	}, w.notified[0])

	w.call(t, "GET", got.Header().Get("Location"), "").is(http.StatusOK, `{"id":"`+string(id)+`","system":"slack","chat":"#general",
		"title":"The build is **green**","status":"queued","attempts":0,"queued_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}`)
	w.call(t, "POST", "/api/v1/messages", message)
	require.Len(t, w.notified, 2)
	require.NotEqual(t, id, w.notified[1].ID)
	w.call(t, "GET", "/api/v1/messages/none", "").refused(http.StatusNotFound)
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld()
	send := func(key, body string) answer {
		return w.call(t, "POST", "/api/v1/messages", body, "Idempotency-Key", key)
	}
	first, again, other := send("a", message), send("a", message), send("b", message)
	require.Equal(t, first.Body.String(), again.Body.String())
	require.NotEqual(t, first.Body.String(), other.Body.String())
	require.Len(t, w.notified, 2)
	send("a", strings.Replace(message, "green", "red", 1)).refused(http.StatusUnprocessableEntity, "Idempotency-Key", "another message")
	send("a", strings.Replace(message, "general", "random", 1)).refused(http.StatusUnprocessableEntity, "Idempotency-Key", "another message")
	send(strings.Repeat("k", 201), message).refused(http.StatusUnprocessableEntity, "Idempotency-Key", "longer than 200 bytes")

	w.fail = hub.Errorf(hub.CodeUnavailable, "the bus is away")
	send("c", message).refused(http.StatusServiceUnavailable)
	w.fail = nil
	require.Equal(t, http.StatusAccepted, send("c", message).Code, "what was not queued may be sent again")
	require.Len(t, w.notified, 3)
}

func TestMessagesRefused(t *testing.T) {
	w := newWorld()
	w.call(t, "POST", "/api/v1/messages", `{"text":" \n"}`).refused(http.StatusUnprocessableEntity,
		"system", "the systems are slack, console", "chat", "is required", "text", "is required")
	w.call(t, "POST", "/api/v1/messages", `{"system":"irc","chat":"a\u0007","text":"`+strings.Repeat("x", 40_001)+`"}`).refused(http.StatusUnprocessableEntity,
		"system", "is not configured", "chat", "", "text", "longer than 40,000 bytes")
	require.Empty(t, w.notified)
}

func TestDeliveries(t *testing.T) {
	w := newWorld()
	w.call(t, "GET", "/api/v1/deliveries", "").is(http.StatusOK, `{"items":[]}`)
	w.deliveries = []hub.Delivery{{
		ID: "n1", Chat: hub.Chat{System: "slack", ID: "#general"}, Event: "e1", EventType: hub.ForumPostCreated, Source: "meta", Subscription: "s1",
		Title: "Hello", Status: hub.StatusSent, Attempts: 2, Reason: "", Receipt: hub.Receipt{Ref: "17.1", URL: "https://slack.example.com/1", At: began},
		QueuedAt: began, UpdatedAt: began,
	}}
	const stored = `{"id":"n1","system":"slack","chat":"#general","event":"e1","event_type":"forum.post.created","source":"meta","subscription":"s1",
		"title":"Hello","status":"sent","attempts":2,"receipt":{"ref":"17.1","url":"https://slack.example.com/1","at":"2026-01-02T03:04:05Z"},
		"queued_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}`
	w.call(t, "GET", "/api/v1/deliveries?system=slack&chat=a&event=e1&subscription=s1&status=dead", "").is(http.StatusOK, `{"items":[`+stored+`]}`)
	require.Equal(t, hub.DeliveryQuery{
		System: "slack", Chat: "a", Event: "e1", Subscription: "s1", Status: []hub.Status{hub.StatusDead}, Page: hub.Page{Limit: 50},
	}, w.asked)
	w.call(t, "GET", "/api/v1/deliveries?source=meta&status=dead,failed&status=queued&text=hell&since=2026-01-02T03:04:05Z&until=2026-01-02T04:04:05%2B01:00&limit=5", "").
		is(http.StatusOK, `{"items":[`+stored+`]}`)
	require.Equal(t, hub.DeliveryQuery{
		Source: "meta", Status: []hub.Status{hub.StatusDead, hub.StatusFailed, hub.StatusQueued}, Text: "hell", Since: began,
		Until: time.Date(2026, 1, 2, 4, 4, 5, 0, time.FixedZone("", 3600)), Page: hub.Page{Limit: 5},
	}, w.asked)
	w.call(t, "GET", "/api/v1/deliveries/n1", "").is(http.StatusOK, stored)
	w.attempts = map[hub.NotificationID][]hub.Attempt{"n1": {
		{Attempt: 1, Status: hub.StatusFailed, Fault: hub.FaultTemporary, Reason: "503", RetryAt: began, At: began, Times: 1, Exchange: refusal()},
		{Attempt: 2, Status: hub.StatusSent, At: began, Times: 1},
	}}
	const history = `,"history":[{"attempt":1,"status":"failed","fault":"temporary","reason":"503","retry_at":"2026-01-02T03:04:05Z",
		"at":"2026-01-02T03:04:05Z","times":1,"exchange":{"method":"POST","url":"https://slack.com/api/chat.postMessage","request":"{}",
		"status":503,"answer":"busy","at":"2026-01-02T03:04:05Z","took_ms":20}},{"attempt":2,"status":"sent","at":"2026-01-02T03:04:05Z","times":1}]}`
	w.call(t, "GET", "/api/v1/deliveries/n1", "").is(http.StatusOK, strings.TrimSuffix(stored, "}")+history)
	w.call(t, "GET", "/api/v1/deliveries/n2", "").refused(http.StatusNotFound)
}

func TestSystems(t *testing.T) {
	w := newWorld()
	w.call(t, "GET", "/api/v1/systems", "").is(http.StatusOK, `{"items":[
		{"system":"slack","kind":"slack","features":{"threads":true,"edits":false,"deletes":false,"listens":false,"buttons":false,"dialogs":false,"whispers":false,"idempotent":false,"chats":false,"images":false,"uploads":false},"state":"ok"},
		{"system":"console","kind":"console","features":{"threads":false,"edits":false,"deletes":false,"listens":false,"buttons":false,"dialogs":false,"whispers":false,"idempotent":false,"chats":false,"images":false,"uploads":false},
		 "state":"paused","reason":"the token is refused"}]}`)
	w.call(t, "GET", "/api/v1/systems/slack/chats", "").is(http.StatusOK, `{"items":[]}`)
	w.chats = []providers.ChatInfo{{Chat: hub.Chat{System: "slack", ID: "C1"}, Name: "#support", Note: "private"}}
	w.call(t, "GET", "/api/v1/systems/slack/chats?q=supp", "").is(http.StatusOK, `{"items":[{"system":"slack","chat":"C1","name":"#support","note":"private"}]}`)
	require.Equal(t, []any{hub.System("slack"), "supp"}, w.asked)
	w.call(t, "POST", "/api/v1/systems/slack/resume?chat=C1", "").is(http.StatusAccepted, ``)
	require.Equal(t, []any{hub.System("slack"), "C1"}, w.asked)
	w.call(t, "POST", "/api/v1/systems/irc/resume", "").refused(http.StatusNotFound, "", "irc is not configured: the systems are slack, console")
	w.call(t, "GET", "/api/v1/systems/irc/chats", "").refused(http.StatusNotFound, "", "irc is not configured: the systems are slack, console")
}

func FuzzPost(f *testing.F) {
	for _, body := range []string{row, deploy, message, `{"filters":[null]}`, `{"id":{}}`, "slack | a | t/x,!c/y+k/*", "| | |", "\xff", "[[[[", "", `{"source":"meta","webhook":"{}"}`, `{"event":` + deploy + `}`} {
		for path := range uint8(5) {
			f.Add(path, body)
		}
	}
	f.Fuzz(func(t *testing.T, path uint8, body string) {
		w := newWorld()
		to := []string{"/api/v1/subscriptions", "/api/v1/events", "/api/v1/messages", "/api/v1/subscriptions?format=table", "/api/v1/explain?format=text"}[path%5]
		contentType := "application/json"
		if path%5 == 3 {
			contentType = "text/plain"
		}
		got := w.call(t, "POST", to, body, "Content-Type", contentType)
		require.Less(t, got.Code, 500, got.Body)
		for _, s := range w.subscriptions {
			require.Contains(t, []hub.System{"slack", "console"}, s.System)
			require.NotEmpty(t, s.Chat.ID)
		}
		for _, e := range w.events {
			require.NoError(t, e.Validate())
			require.NotEqual(t, "hub", e.Type.Family())
		}
	})
}
