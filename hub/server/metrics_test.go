package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// scrape reads the metrics: their text, and the value of each series.
func (r *running) scrape() (text string, series map[string]string) {
	r.t.Helper()
	status, text := r.ask(http.MethodGet, "/metrics", "")
	require.Equal(r.t, http.StatusOK, status)
	series = map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if at := strings.LastIndexByte(line, ' '); at > 0 && line[0] != '#' {
			series[line[:at]] = line[at+1:]
		}
	}
	return text, series
}

// webhook posts a fixture as the forum does.
func (r *running) webhook(file string, header ...string) int {
	r.t.Helper()
	f := discoursetest.Get(file)
	for key := range f.Header {
		header = append([]string{key, f.Header.Get(key)}, header...)
	}
	status, _ := r.ask(http.MethodPost, "/in/meta", string(f.Body), header...)
	return status
}

// busy starts a server and lets everything happen that is measured.
func busy(t *testing.T) *running {
	t.Helper()
	slack := slacktest.New("xoxb-0000-test-secret")
	platform := httptest.NewServer(slack)
	t.Cleanup(platform.Close)
	r := start(t, t.TempDir(), `
[sources.meta]
url = "https://forum.example.com"
secret = "`+discoursetest.Secret+`"
visibility = "trust_webhook"
delay = "0s"
[sources.ci]
kind = "json"
secret = "secret-of-ci"
mapping = { title = "title" }
[providers.slack]
token = "xoxb-0000-test-secret"
api_url = "`+platform.URL+`/api/"
`)
	status, answer := r.ask(http.MethodPost, "/api/v1/subscriptions?format=table", "slack | "+slacktest.Support+" | *\nslack | C0NOSUCH99 | *", "Content-Type", "text/plain")
	require.Equal(t, http.StatusOK, status, answer)
	first := "post_created_first.json"
	require.Equal(t, http.StatusAccepted, r.webhook(first))
	require.Equal(t, http.StatusAccepted, r.webhook(first), "a duplicate")
	require.Equal(t, http.StatusUnauthorized, r.webhook(first, "X-Discourse-Event-Signature", "sha256=00"))
	for path, want := range map[string]int{"/in/ci": http.StatusBadRequest, "/in/nobody": http.StatusNotFound} {
		status, _ := r.ask(http.MethodPost, path, "{", "Authorization", "Bearer secret-of-ci", "Content-Type", "application/json")
		require.Equal(t, want, status)
	}
	status, _ = r.ask(http.MethodPost, "/in/ci", strings.Repeat(" ", 2<<20), "Authorization", "Bearer secret-of-ci", "Content-Type", "application/json")
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	status, _ = r.ask(http.MethodPost, "/in/ci", `{"title":"Nobody hears of it"}`, "Authorization", "Bearer secret-of-ci", "Content-Type", "application/json")
	require.Equal(t, http.StatusAccepted, status)
	status, answer = r.ask(http.MethodPost, "/api/v1/commands", `{"line":"discourse status","system":"slack","chat":"C1"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, answer)
	return r
}

func TestMetrics(t *testing.T) {
	r := busy(t)
	for _, line := range []string{
		`bellhop_webhook_seconds_count{source="meta",status="202"} 2`,
		`bellhop_webhooks_rejected_total{reason="signature",source="meta"} 1`,
		`bellhop_webhooks_rejected_total{reason="invalid",source="ci"} 1`,
		`bellhop_webhooks_rejected_total{reason="too_large",source="ci"} 1`,
		`bellhop_webhooks_rejected_total{reason="unknown_source",source=""} 1`,
		`bellhop_events_received_total{family="forum",result="stored",source="meta"} 1`,
		`bellhop_events_received_total{family="forum",result="duplicate",source="meta"} 1`,
		`bellhop_events_received_total{family="user",result="stored",source="ci"} 1`,
		`bellhop_decisions_total{outcome="matched",source="meta"} 1`,
		`bellhop_decisions_total{outcome="unmatched",source="ci"} 1`,
		`bellhop_notifications_queued_total{system="slack"} 2`,
		`bellhop_notifications_total{outcome="sent",system="slack"} 1`,
		`bellhop_notifications_total{outcome="dead",system="slack"} 0`,
		`bellhop_notifications_total{outcome="waited",system="console"} 0`,
		`bellhop_attempt_seconds_count{outcome="sent",system="slack"} 1`,
		`bellhop_system_up{system="slack"} 1`,
		`bellhop_system_paused{system="slack"} 0`,
		`bellhop_system_paused{system="console"} 0`,
		`bellhop_nats_up 1`,
		`bellhop_queue_oldest_seconds{system="console"} 0`,
		`bellhop_stream_messages{stream="DEAD"} 0`,
		`bellhop_subscriptions 2`,
		`bellhop_database_up 1`,
		`bellhop_command_seconds_count{app="discourse",outcome="ok"} 1`,
		`bellhop_command_app_seconds_count{app="discourse"} 1`,
		`bellhop_http_request_seconds_count{method="POST",route="/api/v1/subscriptions",status="200"} 1`,
	} {
		waitFor(t, r, line)
	}
	require.Eventually(t, func() bool {
		_, series := r.scrape()
		return series[`bellhop_attempt_seconds_count{outcome="chat_gone",system="slack"}`] != ""
	}, 30*time.Second, 20*time.Millisecond, "how often it is tried is not for us to know")
	status, answer := r.ask(http.MethodPost, "/api/v1/events", `{"specversion":"1.0","id":"1","source":"api","type":"user.deploy"}`, "Content-Type", "application/cloudevents+json")
	require.Equal(t, http.StatusAccepted, status, answer)
	waitFor(t, r, `bellhop_events_received_total{family="user",result="stored",source="api"} 1`)
	text, series := r.scrape()
	require.Regexp(t, `bellhop_build_info\{goversion="go1[^"]*",version="v1\.2\.3"\} 1\n`, text)
	require.Contains(t, series, `bellhop_queue_depth{system="slack"}`)
	require.NotContains(t, series, `bellhop_disk_free_bytes{}`)
	require.Regexp(t, `bellhop_disk_free_bytes [1-9]`, text)
	var at float64
	_, err := fmt.Sscan(series[`bellhop_source_last_event_timestamp_seconds{source="meta"}`], &at)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), time.UnixMilli(int64(1000*at)), time.Minute)

	problems, err := promlint.New(strings.NewReader(text)).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)

	t.Run("what the dashboard and the alerts ask for is there", func(t *testing.T) { requireExported(t, text) })
	t.Run("labels are bounded", func(t *testing.T) { requireBounded(t, r) })
}

// requireBounded makes requests whose every part a stranger chose, and requires
// that those of a second stranger make no new series.
func requireBounded(t *testing.T, r *running) {
	visit := func(word string) {
		for _, method := range []string{http.MethodGet, http.MethodPost, strings.ToUpper(word)} {
			for _, path := range []string{
				"/" + word, "/in/" + word, "/in/meta?" + word, "/console/" + word, "/static/" + word, "/api/v1/" + word, "/api/v1/events/" + word,
				"/api/v1/events/" + word + "/trace", "/api/v1/subscriptions/" + word, "/api/v1/deliveries/" + word, "/api/v1/systems/" + word + "/chats",
				"/api/v1/sources/" + word + "/taxonomy", "/api/v1/events?type=user." + word,
			} {
				r.ask(method, path, "{}", "Content-Type", "application/json")
			}
		}
		for _, command := range []string{`"line":"%s"`, `"line":"discourse %s"`, `"app":"%s","function":"status"`, `"app":"discourse","function":"%s"`, `"token":"%s"`} {
			status, answer := r.ask(http.MethodPost, "/api/v1/commands", fmt.Sprintf(`{"system":"slack","chat":"C1",`+command+`}`, word), "Content-Type", "application/json")
			require.Equal(t, http.StatusOK, status, answer)
		}
		event := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"ci","type":"user.%s","data":{"title":%q}}`, word, word, word)
		status, answer := r.ask(http.MethodPost, "/api/v1/events", event, "Content-Type", "application/cloudevents+json")
		require.Equal(t, http.StatusAccepted, status, answer)
		status, _ = r.ask(http.MethodPost, "/in/ci", `{"title":"`+word+`"}`, "Authorization", "Bearer secret-of-ci", "Content-Type", "application/json")
		require.Equal(t, http.StatusAccepted, status)
		status, answer = r.ask(http.MethodPost, "/api/v1/messages", `{"system":"slack","chat":"`+word+`","text":"`+word+`"}`, "Content-Type", "application/json")
		require.Equal(t, http.StatusAccepted, status, answer)
		var log struct{ Items []struct{ Status string } }
		require.Eventually(t, func() bool {
			_, text := r.ask(http.MethodGet, "/api/v1/deliveries?system=slack&chat="+word, "")
			return json.Unmarshal([]byte(text), &log) == nil && len(log.Items) == 1 && log.Items[0].Status != "queued"
		}, 30*time.Second, 20*time.Millisecond)
	}
	ours := func() []string {
		_, series := r.scrape()
		return slices.DeleteFunc(slices.Sorted(maps.Keys(series)), func(s string) bool { return !strings.HasPrefix(s, "bellhop_") })
	}
	visit("wordone")
	r.scrape() // which is measured itself
	before := ours()
	visit("wordtwo")
	after := ours()
	require.Equal(t, before, after)
	require.NotContains(t, strings.ToLower(strings.Join(after, "\n")), "word")
}

// metricName is a metric in an expression.
var metricName = regexp.MustCompile(`\b(?:bellhop|process|go)_[a-z0-9_]+\b`)

// requireExported requires that every metric that the files in deploy name is
// exported.
func requireExported(t *testing.T, text string) {
	exported := map[string]bool{}
	for _, name := range regexp.MustCompile(`(?m)^[a-z_0-9]+`).FindAllString(text, -1) {
		exported[name] = true
	}
	docs, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (bellhop_[a-z_]+) `).FindAllStringSubmatch(text, -1) {
		require.Contains(t, string(docs), "`"+m[1]+"`", "docs/operations.md lists every metric")
	}
	expressions := append(dashboardExpressions(t), ruleExpressions(t)...)
	require.Greater(t, len(expressions), 30)
	for _, expr := range expressions {
		for _, name := range metricName.FindAllString(expr, -1) {
			require.True(t, exported[name], "%s, in %s", name, expr)
		}
	}
}

// panel is what is read of a panel of a dashboard.
type panel struct {
	ID          int
	Type, Title string
	Description string
	GridPos     struct{ H, W, X, Y int }
	Datasource  struct{ UID string }
	Targets     []struct{ Expr, RefID, LegendFormat string }
}

type dashboard struct {
	Title, UID    string
	SchemaVersion int
	Panels        []panel
	Templating    struct {
		List []struct{ Name, Type, Query string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile("../../deploy/grafana/bellhop.json")
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

func dashboardExpressions(t *testing.T) (all []string) {
	t.Helper()
	for _, p := range readDashboard(t).Panels {
		for _, target := range p.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	require.GreaterOrEqual(t, d.SchemaVersion, 38, "of Grafana 10")
	require.NotEmpty(t, d.UID)
	var rows []string
	ids, place := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		require.False(t, ids[p.ID], "two panels have the id %d", p.ID)
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				require.Empty(t, place[[2]int{x, y}], "%s lies over another panel", p.Title)
				place[[2]int{x, y}] = p.Title
			}
		}
		require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		if p.Type == "row" {
			rows = append(rows, p.Title)
			continue
		}
		require.NotEmpty(t, p.Description, p.Title)
		require.Equal(t, "${datasource}", p.Datasource.UID, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			require.NotEmpty(t, target.RefID, p.Title)
			requireBalanced(t, target.Expr)
		}
	}
	require.Equal(t, []string{"Overview", "Ingest", "Decisions", "Delivery", "Resources"}, rows)
	require.Equal(t, "datasource", d.Templating.List[0].Type)
}

// requireBalanced requires that what an expression opens it closes.
func requireBalanced(t *testing.T, expr string) {
	t.Helper()
	closes := map[rune]rune{')': '(', ']': '[', '}': '{'}
	var open []rune
	for _, c := range expr {
		switch {
		case strings.ContainsRune("([{", c):
			open = append(open, c)
		case closes[c] != 0:
			require.NotEmpty(t, open, expr)
			require.Equal(t, closes[c], open[len(open)-1], expr)
			open = open[:len(open)-1]
		}
	}
	require.Empty(t, open, expr)
}

const rulesPath = "../../deploy/prometheus/bellhop.rules.yml"

// rule takes a rule of the file apart, which is written to be read like this:
// one key to a line.
var rule = regexp.MustCompile(`(?m)^      - alert: (\w+)\n        expr: (.+)\n        for: \w+\n        labels: \{ severity: (warning|critical) \}\n        annotations:\n          summary: (.+)\n          runbook: (.+)\n`)

func ruleExpressions(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile(rulesPath)
	require.NoError(t, err)
	for _, m := range rule.FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[2])
	}
	require.Len(t, all, strings.Count(string(text), "- alert:"), "each rule has every key")
	return all
}

func TestRules(t *testing.T) {
	for _, expr := range ruleExpressions(t) {
		requireBalanced(t, expr)
	}
	text, err := os.ReadFile(rulesPath)
	require.NoError(t, err)
	docs, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	var names []string
	for _, m := range rule.FindAllStringSubmatch(string(text), -1) {
		names = append(names, m[1])
		require.Contains(t, string(docs), "`"+m[1]+"`", "docs/operations.md says what to do")
		require.Greater(t, len(m[5]), 60, "%s: a runbook says what to do", m[1])
	}
	for _, wanted := range []string{
		"BellhopDown", "BellhopSystemPaused", "BellhopDeadLetters", "BellhopQueueOld", "BellhopSourceQuiet", "BellhopDiskFills", "BellhopAPIErrors",
	} {
		require.Contains(t, names, wanted)
	}
}
