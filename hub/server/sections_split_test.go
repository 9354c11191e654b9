package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// TestHubsAgree has two hubs on one PostgreSQL and NATS, and a worker that has
// neither the database nor a section of its system: what is made at one hub holds
// at the other within a second, and the worker serves it with the secrets that the
// hubs have sealed.
func TestHubsAgree(t *testing.T) {
	url := storetest.PostgresURL(t)
	nats := "[nats]\nurl = \"" + startNATS(t) + "\"\n"
	key := func(o *server.Options) { o.Config.Server.SecretKey = sealKey }
	hubs := nats + fmt.Sprintf("[database]\nurl = %q\n", url)
	one := startAs(t, t.TempDir(), hubs, server.HubOnly, "", key)
	two := startAs(t, t.TempDir(), hubs, server.HubOnly, "", key)
	f, at := site(t)
	w, api := workspace(t, slackToken)

	one.does(http.MethodPost, "/api/v1/sources", forumSection(at, nil), http.StatusCreated, nil)
	require.Eventually(t, func() bool {
		return hooked(t, two.url+"/in/meta", forumSecret) == http.StatusAccepted
	}, time.Second, 10*time.Millisecond, "the other hub takes its webhooks within a second")
	two.does(http.MethodPost, "/api/v1/systems", slackSection(slackToken, api), http.StatusCreated, nil)
	require.Eventually(t, func() bool { return one.system("acme") != nil }, time.Second, 10*time.Millisecond)
	require.Equal(t, hub.SystemUnknown, one.system("acme").State, "no worker serves it yet")

	workerDir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(workerDir, "data"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(workerDir, "data", "secret.key"), []byte(sealKey.Reveal()+"\n"), 0o600))
	startAs(t, workerDir, nats, server.WorkerOnly, "acme")
	one.awaitState("acme", hub.SystemOK)
	one.does(http.MethodPost, "/api/v1/subscriptions", map[string]any{
		"system": "acme", "chat": slacktest.Support, "source": "meta", "mode": "watch", "filters": []any{}, "enabled": true,
	}, http.StatusCreated, nil)
	f.Hook(two.url+"/in/meta", forumSecret)
	f.Topic("alice", "support", "Over two hubs", "Hello.")
	awaitSaid(t, w, slacktest.Support, "Over two hubs")
	nowhere(t, workerDir, slackToken)

	// What one hub changes the worker takes up, and what it removes ends there.
	one.does(http.MethodPatch, "/api/v1/systems/acme?unproved=1", map[string]any{"settings": map[string]any{"token": "xoxb-revoked"}}, http.StatusOK, nil)
	two.awaitState("acme", hub.SystemPaused)
	f.Topic("alice", "support", "While the token was wrong", "It waits.")
	one.does(http.MethodPatch, "/api/v1/systems/acme", map[string]any{"settings": map[string]any{"token": slackToken}}, http.StatusOK, nil)
	awaitSaid(t, w, slacktest.Support, "While the token was wrong")
	two.does(http.MethodDelete, "/api/v1/systems/acme", nil, http.StatusOK, nil)
	require.Eventually(t, func() bool { return one.system("acme") == nil }, 15*time.Second, 20*time.Millisecond)
}

// TestNewSourceOfAnotherHub holds that an event is not dropped because the hub that
// routes it has not taken in its source yet, which another has made: a change of a
// system keeps it busy until a slow platform answers.
func TestNewSourceOfAnotherHub(t *testing.T) {
	key := func(o *server.Options) { o.Config.Server.SecretKey = sealKey }
	hubs := fmt.Sprintf("[nats]\nurl = %q\n[database]\nurl = %q\n", startNATS(t), storetest.PostgresURL(t))
	slack := slacktest.New(slackToken)
	posted, answers := make(chan struct{}, 10), make(chan struct{})
	answer := sync.OnceFunc(func() { close(answers) })
	platform := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/chat.postMessage") {
			posted <- struct{}{}
			<-answers
		}
		slack.ServeHTTP(w, r)
	}))
	t.Cleanup(platform.Close)
	t.Cleanup(answer)

	leads := startAs(t, t.TempDir(), hubs, server.Everything, "", key)
	leads.does(http.MethodPost, "/api/v1/events", map[string]any{"specversion": "1.0", "source": "api", "id": "1", "type": "user.deploy.finished", "data": map[string]any{"title": "x"}}, http.StatusAccepted, nil)
	waitFor(t, leads, "bellhop_events_routed_total 1")
	other := startAs(t, t.TempDir(), hubs, server.HubOnly, "", key)
	other.does(http.MethodPost, "/api/v1/systems", slackSection(slackToken, platform.URL+"/api/"), http.StatusCreated, nil)
	other.awaitState("acme", hub.SystemOK)
	other.does(http.MethodPost, "/api/v1/messages", map[string]any{"system": "acme", "chat": slacktest.General, "text": "slow"}, http.StatusAccepted, nil)
	<-posted // its worker is in the hub that leads, and has a send in hand
	other.does(http.MethodPatch, "/api/v1/systems/acme?unproved=1", map[string]any{"settings": map[string]any{"pace": "off"}}, http.StatusOK, nil)

	f, at := site(t)
	other.does(http.MethodPost, "/api/v1/sources", forumSection(at, nil), http.StatusCreated, nil)
	other.does(http.MethodPost, "/api/v1/subscriptions", map[string]any{
		"system": "console", "chat": "lobby", "source": "meta", "mode": "watch", "filters": []any{}, "enabled": true,
	}, http.StatusCreated, nil)
	f.Hook(other.url+"/in/meta", forumSecret)
	f.Topic("alice", "support", "The very first", "Hello.")
	other.room("lobby", "The very first")
	answer()
	awaitSaid(t, slack, slacktest.General, "slow")
}

// TestWorkerNeedsTheKey holds that a worker without a section says what it lacks.
func TestWorkerNeedsTheKey(t *testing.T) {
	file := write(t, "[nats]\nurl = \"nats://127.0.0.1:4222\"\n")
	_, err := loadWorker(file, "acme")
	require.ErrorContains(t, err, "needs the key of its hub")
	c, err := loadWorker(file, "acme", "BELLHOP_SERVER_SECRET_KEY="+strings.Repeat("k", 32))
	require.NoError(t, err)
	require.False(t, c.Server.SecretKey.Empty())
}

var sealKey = secret.New(strings.Repeat("the-key-of-both.", 3))

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bellhop.toml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func loadWorker(file string, system hub.System, env ...string) (*config.Config, error) {
	return config.LoadWorker(file, env, nil, server.Validate(server.WorkerOnly, system))
}
