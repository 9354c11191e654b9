package mattermost_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/mattermost"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

const (
	commandToken  = "commandtokencommandtoken01"
	outgoingToken = "outgoingtokenoutgoingtok01"
	system        = hub.System("mattermost-acme")
)

// scene is a server with people, and a provider with an ear.
type scene struct {
	*mattermosttest.Stage
	platform *mattermosttest.Server
	to       mattermosttest.Callbacks
	p        *mattermost.Client
	ear      *providertest.Ear
	url      string
	chat     string
	anna     string
}

// newScene has everything configured; nobody listens yet.
func newScene(t *testing.T, change ...func(*mattermost.Config, *providers.Env)) *scene {
	t.Helper()
	s := &scene{platform: mattermosttest.New(token), ear: providertest.NewEar()}
	server := httptest.NewServer(s.platform)
	t.Cleanup(server.Close)
	s.url = server.URL
	door := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(door.Close)
	s.to = mattermosttest.Callbacks{Prefix: door.URL + "/chat/mattermost-acme/", CommandToken: commandToken, OutgoingToken: outgoingToken}
	s.Stage = mattermosttest.NewStage(s.platform, s.to)
	s.p = s.provider(t, change...)
	s.chat, s.anna = s.Chat(t, "lobby"), s.Person(t, "anna", false)
	return s
}

func (s *scene) provider(t *testing.T, change ...func(*mattermost.Config, *providers.Env)) *mattermost.Client {
	t.Helper()
	config := mattermost.Default()
	config.URL, config.Token = s.url, secret.New(token)
	config.CommandToken, config.OutgoingToken = secret.New("another-token-of-a-command "+commandToken), secret.New(outgoingToken)
	env := providers.Env{System: system, Log: slog.New(slog.DiscardHandler), Callback: s.to.Prefix}
	for _, c := range change {
		c(config, &env)
	}
	require.Empty(t, config.Problems())
	return mattermost.New(config, env)
}

// serve hands callbacks to the provider as the hub does.
func (s *scene) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	answer := s.p.Receive(r.Context(), strings.TrimPrefix(r.URL.Path, "/chat/mattermost-acme/"), &providers.Request{
		Method: r.Method, Query: r.URL.RawQuery, Header: r.Header, Body: body,
	}, s.ear)
	for k, v := range answer.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// listen lets the provider listen until the test ends or stop is called.
func (s *scene) listen(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.p.Listen(ctx, s.ear) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(20 * time.Second):
			require.FailNow(t, "Listen does not end")
		}
	}
	t.Cleanup(stop)
	s.connected(t)
	return stop
}

func (s *scene) connected(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return s.platform.Listeners() == 1 }, 20*time.Second, time.Millisecond)
}

// heard waits for an event of a kind that is so.
func (s *scene) heard(t *testing.T, kind hub.EventType, is func(hub.Chatter) bool) (hub.Event, hub.Chatter) {
	t.Helper()
	var event hub.Event
	var said hub.Chatter
	s.ear.Until(t, string(kind), func() bool {
		for _, e := range s.ear.Events() {
			c := chatter(t, e)
			if e.Type == kind && is(c) {
				event, said = e, c
				return true
			}
		}
		return false
	})
	return event, said
}

func chatter(t *testing.T, e hub.Event) hub.Chatter {
	t.Helper()
	var c hub.Chatter
	if e.Type != hub.HubSignalUnsupported {
		require.NoError(t, json.Unmarshal(e.Data, &c))
	}
	return c
}

func text(want string) func(hub.Chatter) bool {
	return func(c hub.Chatter) bool { return c.Text == want }
}

// answering lets Answer show what the ear replies to messages, as the worker does.
func (s *scene) answering(t *testing.T, reply func(c *hub.Command) hub.Reply) {
	t.Helper()
	answered := map[hub.EventID]bool{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for _, e := range s.ear.Events() {
				c := chatter(t, e)
				if answered[e.ID] || e.Type != hub.ChatMessagePosted || !c.ForUs {
					continue
				}
				answered[e.ID] = true
				cmd := &hub.Command{
					Command: hub.Call{ID: hub.CommandFor(system, string(e.ID)), Raw: c.Line},
					Context: hub.CommandContext{Source: hub.CommandSource{ID: hub.FromMessage}, System: system, User: c.From, Channel: c.Room, Post: c.Ref, RootPost: c.Thread},
				}
				_, _ = s.p.Answer(ctx, cmd, reply(cmd))
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
}
