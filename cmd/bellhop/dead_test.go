package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

var nine = time.Date(2026, 1, 10, 9, 5, 0, 0, time.UTC)

func deliveredTwice() hub.Delivery {
	return hub.Delivery{
		ID: "n1", Chat: hub.Chat{System: "slack", ID: "#support"}, Event: "e1", EventType: hub.ForumPostCreated, Source: "meta", Subscription: "s1",
		Title: "Printer\x1b[2J does not start", Again: 1, Status: hub.StatusSent, Attempts: 2,
		Receipt: hub.Receipt{Ref: "C1/17.1", URL: "https://acme.slack.com/p1", Note: "sent as plain text"}, QueuedAt: nine, UpdatedAt: nine.Add(time.Hour),
		History: []hub.Attempt{
			{Attempt: 1, Status: hub.StatusFailed, Fault: hub.FaultRateLimited, Reason: "slow down", RetryAt: nine.Add(time.Minute), At: nine, Times: 7, Exchange: &hub.Exchange{
				Method: "POST", URL: "https://slack.com/api/chat.postMessage", Request: "{\n\"text\": 1}", Status: 429, Answer: "slow\x1b[2J", TookMS: 20,
			}},
			{Attempt: 1, Status: hub.StatusDead, At: nine, Times: 1, Exchange: &hub.Exchange{Method: "GET", URL: "https://x.example/"}},
			{Again: 1, Attempt: 2, Status: hub.StatusSent, At: nine.Add(time.Hour), Times: 1},
		},
	}
}

func TestDeliveries(t *testing.T) {
	h := newFakeHub(t)
	list := map[string]any{"items": []hub.Delivery{deliveredTwice(), {
		ID: "n2", Chat: hub.Chat{System: "matrix", ID: "!" + strings.Repeat("r", 50) + ":example.org"}, Status: hub.StatusDead, Attempts: 8,
		Title: strings.Repeat("long ", 20), Reason: "no\nsuch room", QueuedAt: nine,
	}}}
	h.answers("GET /api/v1/deliveries", "application/json", asJSON(t, list))
	got := h.run("", "deliveries", "--system", "slack", "--chat", "-100", "--source", "meta", "--event", "e1", "--subscription", "s1",
		"--status", "dead,failed", "--status", "sent", "--text", "printer & co", "--since", "2026-01-10T10:05:00+01:00", "--until", "2026-01-11", "--limit", "7")
	require.Equal(t, said{stdout: `ID  QUEUED               STATUS  ATTEMPTS  SYSTEM  CHAT                            TITLE                                     REASON
n1  2026-01-10 09:05:00  sent    2         slack   #support                        Printer�[2J does not start                -
n2  2026-01-10 09:05:00  dead    8         matrix  !rrrrrrrrrrrrrrrrrrrrrrrrrrrr…  long long long long long long long long…  no such room
`}, got)
	require.Equal(t, []string{"GET /api/v1/deliveries?chat=-100&event=e1&limit=7&since=2026-01-10T09%3A05%3A00Z&source=meta&status=dead%2Cfailed%2Csent" +
		"&subscription=s1&system=slack&text=printer+%26+co&until=2026-01-11T00%3A00%3A00Z"}, h.lines())
	require.JSONEq(t, asJSON(t, list), h.run("", "deliveries", "list", "--json").stdout)

	empty := newFakeHub(t)
	empty.answers("GET /api/v1/deliveries", "application/json", `{"items":[]}`)
	require.Contains(t, empty.run("", "deliveries").stdout, "No such deliveries")
	require.JSONEq(t, `{"items":[]}`, empty.run("", "deliveries", "--json").stdout)
}

// TestPages has the hub give short pages in the middle.
func TestPages(t *testing.T) {
	h := newFakeHub(t)
	h.mux.HandleFunc("GET /api/v1/dead", func(w http.ResponseWriter, r *http.Request) {
		answer := map[string]string{
			"":  `{"items":[{"id":"n1"},{"id":"n2"}],"next":"a"}`,
			"a": `{"items":[],"next":"b"}`,
			"b": `{"items":[{"id":"n3"}],"next":"c"}`,
			"c": `{"items":[{"id":"n4"}]}`,
		}[r.URL.Query().Get("cursor")]
		_, _ = w.Write([]byte(answer))
	})
	got := h.run("", "dead", "--json")
	require.JSONEq(t, `{"items":[{"id":"n1"},{"id":"n2"},{"id":"n3"},{"id":"n4"}]}`, got.stdout)
	require.Empty(t, got.stderr)
	require.Equal(t, []string{
		"GET /api/v1/dead?limit=50", "GET /api/v1/dead?cursor=a&limit=48", "GET /api/v1/dead?cursor=b&limit=48", "GET /api/v1/dead?cursor=c&limit=47",
	}, h.lines())
	got = h.run("", "dead", "--limit", "3")
	require.Contains(t, got.stdout, "n3")
	require.NotContains(t, got.stdout, "n4")
	require.Equal(t, "There may be more: --limit 30\n", got.stderr)
	got = h.run("", "dead", "--limit", "3", "--json")
	require.JSONEq(t, `{"items":[{"id":"n1"},{"id":"n2"},{"id":"n3"}],"next":"c"}`, got.stdout)
	require.Equal(t, exitUsage, h.run("", "dead", "--limit", "0").code)
}

func TestDeliveriesShow(t *testing.T) {
	h := newFakeHub(t)
	h.answers("GET /api/v1/deliveries/{id}", "application/json", asJSON(t, deliveredTwice()))
	got := h.run("", "deliveries", "show", "n/1")
	require.Equal(t, said{stdout: `n1 is sent after 2 attempts
  to       slack #support
  title    Printer�[2J does not start
  because  e1, a forum.post.created of meta
  row      s1
  queued   2026-01-10 09:05:00
  updated  2026-01-10 10:05:00
  again    sent again by hand, 1 time
  receipt  C1/17.1 https://acme.slack.com/p1 sent as plain text

2026-01-10 09:05:00  attempt 1 failed, told 7 times, next at 2026-01-10 09:06:00
  rate_limited: slow down
  > POST https://slack.com/api/chat.postMessage
  > {
  > "text": 1}
  < 429, after 20 ms
  < slow�[2J

2026-01-10 09:05:00  attempt 1 dead
  > GET https://x.example/
  < no answer, after 0 ms

Sent again by hand, 1 time:

2026-01-10 10:05:00  attempt 2 sent
`}, got)
	require.Equal(t, []string{"GET /api/v1/deliveries/n%2F1"}, h.lines())
	require.JSONEq(t, asJSON(t, deliveredTwice()), h.run("", "deliveries", "show", "n1", "--json").stdout)
}

const deadOne = `{"id":"n1","system":"slack","chat":"C1","title":"Printer","status":"dead","fault":"chat_gone","reason":"we are not\nin it","attempts":1,
	"queued_at":"2026-01-10T09:05:00Z","at":"2026-01-10T09:06:00Z","message":{"text":"x"},
	"exchange":{"method":"POST","url":"https://slack.com/api/chat.postMessage","request":"{}","status":200,"answer":"not_in_channel","at":"2026-01-10T09:05:00Z","took_ms":3}}`

func TestDead(t *testing.T) {
	h := newFakeHub(t)
	h.answers("GET /api/v1/dead", "application/json", `{"items":[`+deadOne+`,`+strings.Replace(deadOne, `"status":"dead"`, `"status":"sent"`, 1)+`]}`)
	h.answers("GET /api/v1/dead/{id}", "application/json", deadOne)
	const want = `ID  GIVEN UP             STATUS  SYSTEM  CHAT  TITLE    REASON
n1  2026-01-10 09:06:00  dead    slack   C1    Printer  chat_gone: we are not in it
n1  2026-01-10 09:06:00  sent    slack   C1    Printer  chat_gone: we are not in it
`
	require.Equal(t, said{stdout: want}, h.run("", "dead"))
	require.Equal(t, said{stdout: want}, h.run("", "dead", "list", "--fault", "chat_gone", "--text", "in it"))
	require.Equal(t, "GET /api/v1/dead?fault=chat_gone&limit=50&text=in+it", h.lines()[1])

	require.Equal(t, said{stdout: `n1 was given up at 2026-01-10 09:06:00 after 1 attempt, and is dead now
  to       slack C1
  title    Printer
  because  somebody asked for it
  queued   2026-01-10 09:05:00
  reason   chat_gone: we are not in it
  > POST https://slack.com/api/chat.postMessage
  > {}
  < 200, after 3 ms
  < not_in_channel

When the cause is mended: bellhop dead retry n1
`}, h.run("", "dead", "show", "n1"))
	require.JSONEq(t, deadOne, h.run("", "dead", "show", "n1", "--json").stdout)

	past := newFakeHub(t)
	past.answers("GET /api/v1/dead/{id}", "application/json", strings.Replace(deadOne, `"status":"dead"`, `"status":"superseded","superseded_by":"u2"`, 1))
	got := past.run("", "dead", "show", "n1").stdout
	require.Contains(t, got, "and is superseded now")
	require.Contains(t, got, "\nSomething newer was said of the same message, by u2: it is not sent again\n")
	require.NotContains(t, got, "bellhop dead retry")
	empty := newFakeHub(t)
	empty.answers("GET /api/v1/dead", "application/json", `{"items":[]}`)
	require.Equal(t, said{stdout: "No such dead letters\n"}, empty.run("", "dead", "list"))
}

func TestDeadRetry(t *testing.T) {
	h := newFakeHub(t)
	h.mux.HandleFunc("POST /api/v1/dead/{id}/retry", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") == "n2" {
			refuse(w, http.StatusConflict, "notification n2 was sent meanwhile; it is not sent again")
			return
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"id":"` + r.PathValue("id") + `"}`))
	})
	require.Equal(t, said{stdout: "queued again n1\nqueued again n3\n"}, h.run("", "dead", "retry", "n1", "n3"))
	require.Equal(t, said{stderr: "bellhop: n2: Conflict: notification n2 was sent meanwhile; it is not sent again\n", code: exitFailed}, h.run("", "dead", "retry", "n2"))
}

func TestDeadRetryAll(t *testing.T) {
	for name, c := range map[string]struct {
		stdin  string
		args   []string
		count  int
		bodies []string
		want   said
	}{
		"yes": {"y\n", nil, 12, []string{`{"dry_run":true}`, `{"count":12}`}, said{stdout: "queued again: 12 messages\n", stderr: "Send 12 dead letters again? [y/N] "}},
		"no":  {"no\n", nil, 12, []string{`{"dry_run":true}`}, said{stdout: "Nothing is sent\n", stderr: "Send 12 dead letters again? [y/N] "}},
		"no answer": {"", nil, 1, []string{`{"dry_run":true}`}, said{
			stderr: "Send 1 dead letter again? [y/N] bellhop: nobody answers: say --yes to send without being asked\n", code: exitFailed,
		}},
		"sure":    {"", []string{"--yes"}, 1, []string{`{"dry_run":true}`, `{"count":1}`}, said{stdout: "queued again: 1 message\n"}},
		"nothing": {"", []string{"-y"}, 0, []string{`{"dry_run":true}`}, said{stdout: "0 dead letters selected\n"}},
		"dry run": {"", []string{"--dry-run", "-y"}, 3, []string{`{"dry_run":true}`}, said{stdout: "3 dead letters selected\n"}},
		"a filter": {
			"YES",
			[]string{
				"--system", "slack", "--chat", "-100", "--source", "a", "--subscription", "b", "--fault", "stale", "--text", "c",
				"--since", "2026-01-10T09:05:00Z", "--until", "2026-01-10T09:06:00Z",
			},
			2,
			[]string{
				`{"system":"slack","chat":"-100","source":"a","subscription":"b","fault":"stale","text":"c","since":"2026-01-10T09:05:00Z","until":"2026-01-10T09:06:00Z","dry_run":true}`,
				`{"system":"slack","chat":"-100","source":"a","subscription":"b","fault":"stale","text":"c","since":"2026-01-10T09:05:00Z","until":"2026-01-10T09:06:00Z","count":2}`,
			},
			said{stdout: "queued again: 2 messages\n", stderr: "Send 2 dead letters again? [y/N] "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newFakeHub(t)
			h.answers("POST /api/v1/dead/retry", "application/json", asJSON(t, map[string]int{"count": c.count}))
			require.Equal(t, c.want, h.run(c.stdin, append([]string{"dead", "retry", "--all"}, c.args...)...))
			require.Len(t, h.asked, len(c.bodies))
			for i, body := range c.bodies {
				require.JSONEq(t, body, h.asked[i].body)
			}
		})
	}
	past := newFakeHub(t)
	past.answers("POST /api/v1/dead/retry", "application/json", `{"count":0,"superseded":2}`)
	require.Equal(t, said{
		stdout: "0 dead letters selected\n", stderr: "Left out: 2 others, as something newer was said of the same message since\n",
	}, past.run("", "dead", "retry", "--all"))
	h := newFakeHub(t)
	for _, args := range [][]string{nil, {"n1", "--all"}, {"n1", "--system", "slack"}, {"n1", "--dry-run"}, {"--system", "slack"}, {"--all", "--since", "soon"}} {
		require.Equal(t, exitUsage, h.run("", append([]string{"dead", "retry"}, args...)...).code, "%q", args)
	}
	require.Empty(t, h.lines())
}

func TestMoments(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	now := time.Date(2026, 1, 10, 12, 0, 0, 0, berlin)
	for text, want := range map[string]time.Time{
		"2h": now.Add(-2 * time.Hour), "90m": now.Add(-90 * time.Minute), "3d": now.AddDate(0, 0, -3), "0d": now,
		"2026-01-09": time.Date(2026, 1, 9, 0, 0, 0, 0, berlin), "2026-01-09 09:05": time.Date(2026, 1, 9, 9, 5, 0, 0, berlin),
		"2026-01-09 09:05:06": time.Date(2026, 1, 9, 9, 5, 6, 0, berlin), "2026-01-09T09:05:06Z": time.Date(2026, 1, 9, 9, 5, 6, 0, time.UTC),
	} {
		got, err := parseMoment(text, now)
		require.NoError(t, err, text)
		require.True(t, want.Equal(got), "%s: %s", text, got)
	}
	for _, bad := range []string{"", "soon", "-2h", "-1d", "99999d", "d", "2026-13-01", "10.1.2026"} {
		_, err := parseMoment(bad, now)
		require.ErrorContains(t, err, "is no time: want 2h", bad)
	}
	require.Empty(t, moment{}.String())
}
