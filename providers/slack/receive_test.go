package slack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// signed is a request as Slack makes it at some time.
func signed(at time.Time, key, body string) *providers.Request {
	r := &providers.Request{Method: http.MethodPost, Header: http.Header{}, Body: []byte(body)}
	slacktest.Sign(r.Header, key, at, r.Body)
	return r
}

func slashBody() string {
	return url.Values{
		"command": {"/discourse"}, "text": {"status"}, "channel_id": {"C1"}, "user_id": {"U1"}, "user_name": {"anna"}, "trigger_id": {"13.37.abc"},
	}.Encode()
}

// called is a client that Slack calls, without a Slack to call.
func called() *slack.Client {
	return slack.New(&slack.Config{
		Token: secret.New(token), SigningSecret: secret.New(signingSecret), APIURL: "http://127.0.0.1:1/api/",
	}, providers.Env{System: "slack-acme"})
}

func TestForgedAndStaleRequestsHaveNoEffect(t *testing.T) {
	now := time.Now()
	good := func() *providers.Request { return signed(now, signingSecret, slashBody()) }
	with := func(change func(r *providers.Request)) *providers.Request {
		r := good()
		change(r)
		return r
	}
	for name, r := range map[string]*providers.Request{
		"unsigned":        with(func(r *providers.Request) { r.Header = http.Header{} }),
		"another's":       signed(now, "0123456789abcdef0123456789abcdef", slashBody()),
		"empty secret":    signed(now, "", slashBody()),
		"stale":           signed(now.Add(-6*time.Minute), signingSecret, slashBody()),
		"from the future": signed(now.Add(6*time.Minute), signingSecret, slashBody()),
		"another body":    with(func(r *providers.Request) { r.Body = append(r.Body, '&') }),
		"another time":    with(func(r *providers.Request) { r.Header.Set("X-Slack-Request-Timestamp", "1") }),
		"no time":         with(func(r *providers.Request) { r.Header.Del("X-Slack-Request-Timestamp") }),
		"short":           with(func(r *providers.Request) { r.Header.Set("X-Slack-Signature", "v0=00") }),
		"another scheme": with(func(r *providers.Request) {
			r.Header.Set("X-Slack-Signature", "v1"+r.Header.Get("X-Slack-Signature")[2:])
		}),
	} {
		for _, path := range []string{"commands", "events", "nowhere"} {
			ear := providertest.NewEar()
			require.Equal(t, http.StatusUnauthorized, called().Receive(t.Context(), path, r, ear).Status, name)
			require.Empty(t, ear.Commands())
			require.Zero(t, ear.Told())
		}
	}
	require.Equal(t, http.StatusOK, called().Receive(t.Context(), "commands", good(), providertest.NewEar()).Status)
}

func TestNoSigningSecretTakesNothing(t *testing.T) {
	c := slack.New(&slack.Config{Token: secret.New(token), AppToken: secret.New(appToken), APIURL: "https://slack.com/api/"}, providers.Env{System: "slack-acme"})
	require.Equal(t, http.StatusUnauthorized, c.Receive(t.Context(), "commands", signed(time.Now(), "", slashBody()), providertest.NewEar()).Status)
	require.True(t, c.Describe().Can.Listens)
	require.False(t, slack.New(&slack.Config{}, providers.Env{}).Describe().Can.Listens)
}

// TestReplay holds that one request that comes twice is one command, with the
// same answer.
func TestReplay(t *testing.T) {
	c, ear := called(), providertest.NewEar()
	r := signed(time.Now(), signingSecret, slashBody())
	first := c.Receive(t.Context(), "commands", r, ear)
	require.Equal(t, first, c.Receive(t.Context(), "commands", r, ear))
	require.Len(t, ear.Commands(), 1)
	require.Contains(t, string(first.Body), "discourse status")
}

func TestPathsAndMethods(t *testing.T) {
	c, ear := called(), providertest.NewEar()
	require.Equal(t, http.StatusNotFound, c.Receive(t.Context(), "nowhere", signed(time.Now(), signingSecret, ""), ear).Status)
	get := signed(time.Now(), signingSecret, "")
	get.Method = http.MethodGet
	require.Equal(t, http.StatusMethodNotAllowed, c.Receive(t.Context(), "commands", get, ear).Status)
	probe := c.Receive(t.Context(), "commands", signed(time.Now(), signingSecret, "ssl_check=1&token=x"), ear)
	require.Equal(t, http.StatusOK, probe.Status)
	require.Empty(t, ear.Commands())
	hello := c.Receive(t.Context(), "events", signed(time.Now(), signingSecret, `{"type":"url_verification","token":"x","challenge":"3eZb"}`), ear)
	require.Equal(t, "3eZb", string(hello.Body))
	require.Zero(t, ear.Told())
}

// TestRetriedEvent holds that an event that Slack tells again is one.
func TestRetriedEvent(t *testing.T) {
	c, ear := called(), providertest.NewEar()
	body := `{"type":"event_callback","event_id":"Ev1","event":{"type":"user_change","user":{"id":"U1"},"event_ts":"1.2"}}`
	ear.Deafen(true)
	require.Equal(t, http.StatusServiceUnavailable, c.Receive(t.Context(), "events", signed(time.Now(), signingSecret, body), ear).Status)
	ear.Deafen(false)
	for range 3 {
		r := signed(time.Now(), signingSecret, body)
		r.Header.Set("X-Slack-Retry-Num", "1")
		require.Equal(t, http.StatusOK, c.Receive(t.Context(), "events", r, ear).Status)
	}
	require.Len(t, ear.Events(), 1)
	require.Equal(t, hub.ChatterEvent("slack-acme", "Ev1"), ear.Events()[0].ID)
}

// TestUnknownInteractions holds that what Bellhop did not make or does not know
// is told as such, and runs nothing.
func TestUnknownInteractions(t *testing.T) {
	for name, payload := range map[string]string{
		"shortcut":      `{"type":"shortcut","callback_id":"x","trigger_id":"1","user":{"id":"U1"}}`,
		"other action":  `{"type":"block_actions","trigger_id":"2","actions":[{"type":"button","action_id":"theirs","value":"x"}]}`,
		"no action":     `{"type":"block_actions","trigger_id":"3"}`,
		"other modal":   `{"type":"view_submission","trigger_id":"4","view":{"id":"V1","callback_id":"theirs"}}`,
		"no modal":      `{"type":"view_closed","trigger_id":"5"}`,
		"modal's other": `{"type":"block_actions","trigger_id":"6","view":{"id":"V1","callback_id":"theirs"},"actions":[{"action_id":"x"}]}`,
		"no JSON":       `{`,
		"odd JSON":      `{"type":{"a":1}}`,
		"empty":         ``,
	} {
		t.Run(name, func(t *testing.T) {
			c, ear := called(), providertest.NewEar()
			r := signed(time.Now(), signingSecret, url.Values{"payload": {payload}}.Encode())
			require.Equal(t, http.StatusOK, c.Receive(t.Context(), "interactive", r, ear).Status)
			require.Empty(t, ear.Commands())
			require.Len(t, ear.Events(), 1)
			e := ear.Events()[0]
			require.Equal(t, hub.HubSignalUnsupported, e.Type)
			require.NoError(t, e.Validate())
		})
	}
}

func TestLookupInAnUnknownModalOffersNothing(t *testing.T) {
	c, ear := called(), providertest.NewEar()
	r := signed(time.Now(), signingSecret, url.Values{"payload": {`{"type":"block_suggestion","block_id":"x","value":"y"}`}}.Encode())
	a := c.Receive(t.Context(), "options", r, ear)
	require.JSONEq(t, `{"options":[]}`, string(a.Body))
	require.Empty(t, ear.Commands())
}

// TestNamesAreNotWaitedFor holds that an event is told in time, with ids for
// names, where Slack does not say whose they are.
func TestNamesAreNotWaitedFor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c := slack.New(&slack.Config{Token: secret.New(token), SigningSecret: secret.New(signingSecret), APIURL: server.URL + "/api/"}, providers.Env{System: "slack-acme"})
	var text strings.Builder
	for i := range 30 {
		_, _ = fmt.Fprintf(&text, "<@U%d> ", i)
	}
	body, err := json.Marshal(map[string]any{"type": "event_callback", "event_id": "Ev1", "event": map[string]any{
		"type": "message", "channel": "C1", "user": "U1", "ts": "1773480500.000100", "text": text.String(),
	}})
	require.NoError(t, err)
	ear, began := providertest.NewEar(), time.Now()
	require.Equal(t, http.StatusOK, c.Receive(t.Context(), "events", signed(time.Now(), signingSecret, string(body)), ear).Status)
	require.Less(t, time.Since(began), 3*time.Second)
	data := chatter(t, ear.Events()[0])
	require.Contains(t, data.Text, "@U29")
	require.Len(t, data.To, 30)
}

// FuzzReceive holds that nothing that Slack may send crashes, and that all of it
// becomes valid events.
func FuzzReceive(f *testing.F) {
	for _, event := range happenings("U1", "U2", "C1") {
		raw, err := json.Marshal(map[string]any{"type": "event_callback", "event_id": "Ev1", "event": event})
		require.NoError(f, err)
		f.Add("events", string(raw))
	}
	f.Add("commands", slashBody())
	f.Add("interactive", url.Values{"payload": {`{"type":"block_actions","trigger_id":"1","user":{"id":"U1"},"container":{"channel_id":"C1","message_ts":"1.2"},"actions":[{"type":"static_select","action_id":"select/t","selected_option":{"value":"v"}}]}`}}.Encode())
	f.Add("interactive", url.Values{"payload": {`{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1","callback_id":"bellhop","private_metadata":"{\"t\":\"x\"}","blocks":[{"type":"input","block_id":"a~1"}],"state":{"values":{"a~1":{"value":{"type":"datetimepicker","selected_date_time":1700000000}}}}}}`}}.Encode())
	f.Add("options", url.Values{"payload": {`{"type":"block_suggestion","block_id":"a","value":"q","view":{"callback_id":"bellhop"}}`}}.Encode())
	c := called()
	f.Fuzz(func(t *testing.T, path, body string) {
		ear := providertest.NewEar()
		r := c.Receive(t.Context(), path, signed(time.Now(), signingSecret, body), ear)
		require.Contains(t, []int{http.StatusOK, http.StatusNotFound, http.StatusBadRequest}, r.Status)
		if len(r.Body) > 0 && r.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			require.True(t, json.Valid(r.Body), "%s", r.Body)
		}
		for _, e := range ear.Events() {
			require.NoError(t, e.Validate())
			_, err := json.Marshal(e)
			require.NoError(t, err)
		}
		for _, command := range ear.Commands() {
			require.NotEmpty(t, command.Command.ID)
		}
	})
}
