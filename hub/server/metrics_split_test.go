package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// TestMetricsOfAHubWithoutWorkers holds that a hub counts what became of messages
// whose workers are other processes, also of a system that its own configuration
// does not know.
func TestMetricsOfAHubWithoutWorkers(t *testing.T) {
	url := startNATS(t)
	slack := slacktest.New("xoxb-0000-test-secret")
	slack.Script(providertest.Step{Status: http.StatusServiceUnavailable}, providertest.Step{Status: http.StatusServiceUnavailable})
	platform := httptest.NewServer(slack)
	t.Cleanup(platform.Close)
	bus := "[nats]\nurl = \"" + url + "\"\n"
	h := startAs(t, t.TempDir(), bus, server.HubOnly, "")
	startAs(t, t.TempDir(), bus+"[deliver]\nattempts = 2\nbackoff = [\"1s\"]\n[providers.slack]\ntoken = \"xoxb-0000-test-secret\"\napi_url = \""+platform.URL+"/api/\"\n",
		server.WorkerOnly, "slack")
	for _, outcome := range []string{"sent", "retried", "waited", "dead"} { // before there is anything to count
		waitFor(t, h, `bellhop_notifications_total{outcome="`+outcome+`",system="slack"} 0`)
	}
	for i := range 3 {
		status, answer := h.ask(http.MethodPost, "/api/v1/messages", fmt.Sprintf(`{"system":"slack","chat":%q,"text":"message %d"}`, slacktest.Support, i), "Content-Type", "application/json")
		require.Equal(t, http.StatusAccepted, status, answer)
	}
	waitFor(t, h, `bellhop_notifications_total{outcome="sent",system="slack"} 2`)
	for line, what := range map[string]string{"retried": "1", "dead": "1", "waited": "0"} {
		waitFor(t, h, `bellhop_notifications_total{outcome="`+line+`",system="slack"} `+what)
	}
	// A worker in another language tells of several at once, and has one wrong.
	other, err := nats.Connect(url)
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, other.Publish("event.slack.hub.message.sent", []byte(`{"specversion":"1.0","id":"o1","source":"slack","type":"hub.message.sent","data":[
		{"notification":"n1","system":"slack","chat":"C1","status":"sent","attempt":1,"at":"2026-01-10T09:05:02Z"},
		{"system":"slack","chat":"C1","status":"sent","attempt":1,"at":"2026-01-10T09:05:02Z"},
		{"notification":"n2","system":"slack","chat":"C1","status":"sent","attempt":1,"at":"2026-01-10T09:05:02Z"}]}`)))
	waitFor(t, h, `bellhop_notifications_total{outcome="sent",system="slack"} 4`)
	for _, id := range []string{"n1", "n2"} {
		status, answer := h.ask(http.MethodGet, "/api/v1/deliveries/"+id, "")
		require.Equal(t, http.StatusOK, status, answer)
		require.Contains(t, answer, `"status":"sent"`)
	}
	_, series := h.scrape()
	for name := range series {
		require.NotContains(t, name, `bellhop_attempt_seconds`, "which only the worker knows")
	}
}
