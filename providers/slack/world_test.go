package slack_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

const (
	signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	appToken      = "xapp-1-A0BELLHOP1-17-test"
)

// world is a workspace, the provider that listens to it, and what it heard.
type world struct {
	slacktest.Stage
	client *slack.Client
	ear    *providertest.Ear
	http   http.Handler // where Slack's callbacks go
	stop   func()
}

// listening opens a world that is heard over HTTP or the socket.
func listening(t *testing.T, socket bool) *world {
	t.Helper()
	workspace := slacktest.New(token)
	server := httptest.NewServer(workspace)
	t.Cleanup(server.Close)
	w := &world{ear: providertest.NewEar()}
	config := &slack.Config{Token: secret.New(token), APIURL: server.URL + "/api/"}
	app := slacktest.App{URL: server.URL, SigningSecret: signingSecret, AppToken: appToken}
	if socket {
		config.AppToken = secret.New(appToken)
	} else {
		config.SigningSecret = secret.New(signingSecret)
		app.Callbacks = slacktest.ToHandler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.http.ServeHTTP(rw, r) }))
	}
	require.Empty(t, config.Problems())
	w.client = slack.New(config, providers.Env{System: "slack-acme", Log: slog.New(slog.DiscardHandler)})
	w.http = receiver(w.client, w.ear)
	w.Stage = slacktest.NewStage(workspace, app)
	w.listen(t)
	if socket {
		require.True(t, w.Opened(t.Context(), 1))
	}
	return w
}

// listen starts the provider; the test's end stops it.
func (w *world) listen(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.client.Listen(ctx, w.ear) }()
	stopped := false
	w.stop = func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(t, <-ended)
		}
	}
	t.Cleanup(w.stop)
}

// receiver is what the hub does with a callback.
func receiver(p providers.Called, ear providers.Ear) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a := p.Receive(r.Context(), strings.TrimPrefix(r.URL.Path, "/"), &providers.Request{
			Method: r.Method, Query: r.URL.RawQuery, Header: r.Header, Body: body,
		}, ear)
		for k, v := range a.Header {
			rw.Header()[k] = v
		}
		rw.WriteHeader(a.Status)
		_, _ = rw.Write(a.Body)
	})
}

// both runs a test over HTTP and over the socket.
func both(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, socket := range map[string]bool{"http": false, "socket": true} {
		t.Run(name, func(t *testing.T) { test(t, listening(t, socket)) })
	}
}

// answers makes the ear answer every command so.
func (w *world) answers(r hub.Reply) {
	w.ear.Reply = func(*hub.Command) (hub.Reply, bool) { return r, false }
}

// command is the only command that was given.
func (w *world) command(t *testing.T) hub.Command {
	t.Helper()
	all := w.ear.Commands()
	require.Len(t, all, 1)
	return all[0]
}

// chatter is the data of an event.
func chatter(t *testing.T, e hub.Event) (c hub.Chatter) {
	t.Helper()
	require.NoError(t, e.Validate())
	require.NoError(t, json.Unmarshal(e.Data, &c))
	return c
}

// heard waits for n events and gives them.
func (w *world) heard(t *testing.T, n int) []hub.Event {
	t.Helper()
	w.ear.Until(t, "events", func() bool { return len(w.ear.Events()) >= n })
	all := w.ear.Events()
	require.Len(t, all, n)
	return all
}
