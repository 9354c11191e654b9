package slack_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
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

// TestTwentyCuts holds that no message is lost that Slack still offers, and none
// is heard twice, whether a connection breaks or Slack wants another.
func TestTwentyCuts(t *testing.T) {
	w := listening(t, true)
	chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
	said := 0
	say := func() {
		said++
		w.Say(t, chat, anna, fmt.Sprintf("message %d", said))
	}
	for i := range 20 {
		say()
		if i%2 == 0 {
			w.Stage.Cut(t)
		} else {
			w.Refresh()
		}
		say()
		require.True(t, w.Opened(t.Context(), i+2), "connection %d", i+2)
		say()
	}
	all := w.heard(t, said)
	require.True(t, w.Settled(t.Context()), "Slack knows that all arrived")
	seen := map[string]bool{}
	for _, e := range all {
		seen[chatter(t, e).Text] = true
	}
	require.Len(t, seen, said)
	require.Equal(t, "discourse status", w.Command(t, chat, anna, "discourse status").Text)
}

// TestRestart holds that what is said while nobody listens is heard afterwards.
func TestRestart(t *testing.T) {
	w := listening(t, true)
	chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
	w.Say(t, chat, anna, "one")
	w.heard(t, 1)
	w.stop()
	w.Say(t, chat, anna, "two")
	w.listen(t)
	w.heard(t, 2)
	require.True(t, w.Settled(t.Context()))
}

func TestSocketUnknownEnvelope(t *testing.T) {
	w := listening(t, true)
	w.TellRaw(t.Context(), map[string]any{"type": "event_callback", "event_id": "Ev9", "event": map[string]any{"type": "star_teleported"}})
	w.TellRaw(t.Context(), map[string]any{"odd": []any{1}})
	for _, e := range w.heard(t, 2) {
		require.Equal(t, hub.HubSignalUnsupported, e.Type)
	}
	require.True(t, w.Settled(t.Context()))
}

// TestListenTellsWhatToMend holds that tokens that are refused are named.
func TestListenTellsWhatToMend(t *testing.T) {
	workspace := slacktest.New(token)
	server := httptest.NewServer(workspace)
	t.Cleanup(server.Close)
	workspace.Install(slacktest.App{URL: server.URL, AppToken: appToken})
	client := func(bot, app string) *slack.Client {
		return slack.New(&slack.Config{Token: secret.New(bot), AppToken: secret.New(app), APIURL: server.URL + "/api/"}, providers.Env{System: "slack-acme"})
	}
	listen := func(bot, app string) error { return client(bot, app).Listen(t.Context(), providertest.NewEar()) }
	require.NoError(t, client(token, appToken).Check(t.Context()))
	require.ErrorContains(t, client(token, "xapp-another").Check(t.Context()), "app_token")
	err := listen(token, "xapp-another")
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "app_token")
	require.NotContains(t, err.Error(), "xapp-another")
	err = listen("xoxb-another", appToken)
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "set token")
}

// TestListenWaitsForSlack holds that a Slack that is away is waited for, also by
// one that has just started.
func TestListenWaitsForSlack(t *testing.T) {
	workspace := slacktest.New(token)
	var away atomic.Int32
	away.Store(5)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Add(-1) >= 0 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		workspace.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	workspace.Install(slacktest.App{URL: server.URL, AppToken: appToken})
	c := slack.New(&slack.Config{Token: secret.New(token), AppToken: secret.New(appToken), APIURL: server.URL + "/api/"}, providers.Env{System: "slack-acme"})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Listen(ctx, providertest.NewEar()) }()
	soon, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	require.True(t, workspace.Opened(soon, 1))
	cancel()
	require.NoError(t, <-ended)
}
