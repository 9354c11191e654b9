package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/discourse/forumtest"
	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// site is a forum with a category and somebody who writes.
func site(t *testing.T) (*forumtest.Forum, string) {
	t.Helper()
	f := forumtest.New(forumtest.Options{Key: forumKey})
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.URL = s.URL
	f.AddUser("alice", forumtest.User{Name: "Alice"})
	f.AddCategory(forumtest.Category{Slug: "support", Name: "Support"})
	f.AddCategory(forumtest.Category{Slug: "backstage", Name: "Backstage", Readers: []string{"staff"}})
	return f, s.URL
}

// workspace is a Slack whose bot has a token.
func workspace(t *testing.T, token string) (*slacktest.Workspace, string) {
	t.Helper()
	w := slacktest.New(token)
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	return w, s.URL + "/api/"
}

// does calls the API with a body of JSON and wants a status; it reads the answer
// into out, if that is not nil.
func (r *running) does(method, path string, body any, want int, out any) (answer string) {
	r.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(r.t, err)
	if body == nil {
		text = nil
	}
	status, answer := r.ask(method, path, string(text), "Content-Type", "application/json")
	require.Equal(r.t, want, status, answer)
	if out != nil {
		require.NoError(r.t, json.Unmarshal([]byte(answer), out))
	}
	return answer
}

func forumSection(url string, more map[string]any) hub.SectionChange {
	settings := map[string]any{"url": url, "secret": forumSecret, "api_key": forumKey, "api_per_minute": 6000, "delay": "0s"}
	for k, v := range more {
		settings[k] = v
	}
	return hub.SectionChange{Name: "meta", Kind: "discourse", Settings: settings}
}

func slackSection(token, url string) hub.SectionChange {
	return hub.SectionChange{Name: "acme", Kind: "slack", Settings: map[string]any{"token": token, "api_url": url}}
}

// status is how a source is.
func (r *running) source(name string) (found hub.SourceStatus) {
	r.t.Helper()
	var list struct{ Items []hub.SourceStatus }
	r.does(http.MethodGet, "/api/v1/sources", nil, http.StatusOK, &list)
	i := slices.IndexFunc(list.Items, func(s hub.SourceStatus) bool { return string(s.Source) == name })
	require.GreaterOrEqual(r.t, i, 0, "there is no source %s", name)
	return list.Items[i]
}

func (r *running) system(name string) *hub.SystemStatus {
	r.t.Helper()
	var list struct{ Items []hub.SystemStatus }
	r.does(http.MethodGet, "/api/v1/systems", nil, http.StatusOK, &list)
	for _, s := range list.Items {
		if string(s.System) == name {
			return &s
		}
	}
	return nil
}

func (r *running) awaitState(system, state string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		s := r.system(system)
		return s != nil && s.State == state
	}, 20*time.Second, 20*time.Millisecond, "%s does not become %s", system, state)
}

// said are the texts of a channel in order.
func said(w *slacktest.Workspace, channel string) (texts []string) {
	for _, s := range w.Sent() {
		if s.Chat == channel {
			texts = append(texts, s.Text)
		}
	}
	return texts
}

// awaitSaid waits until the last that a channel was told contains text.
func awaitSaid(t *testing.T, w *slacktest.Workspace, channel, text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		all := said(w, channel)
		return len(all) > 0 && strings.Contains(all[len(all)-1], text)
	}, 30*time.Second, 20*time.Millisecond, "nothing of %q: %q", text, said(w, channel))
}

// nowhere requires that none of the secrets is in a file below dir, but for the
// configuration.
func nowhere(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // it is gone again
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // likewise
		}
		for _, s := range secrets {
			require.False(t, bytes.Contains(data, []byte(s)), "%s holds a secret", path)
		}
		return nil
	}))
}

// TestEmptyBellhopIsSetUp adds a forum and a Slack to a Bellhop that has neither,
// over the API, until a post of the one is read on the other: without a restart,
// and after one.
func TestEmptyBellhopIsSetUp(t *testing.T) {
	f, at := site(t)
	w, api := workspace(t, slackToken)
	dir := t.TempDir()
	r := start(t, dir, "")

	var kinds struct{ Items []hub.SectionKind }
	r.does(http.MethodGet, "/api/v1/kinds", nil, http.StatusOK, &kinds)
	require.Len(t, kinds.Items, 9)

	// What is wrong is told before anything is stored.
	r.does(http.MethodPost, "/api/v1/sources", forumSection(at, map[string]any{"api_key": "another"}), http.StatusUnprocessableEntity, nil)
	r.does(http.MethodPost, "/api/v1/systems", slackSection("xoxb-another", api), http.StatusUnprocessableEntity, nil)
	status, _ := r.ask(http.MethodGet, "/api/v1/sources/meta", "")
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, http.StatusNotFound, hooked(t, r.url+"/in/meta", forumSecret))

	var made struct {
		hub.SectionShown
		Proof hub.Proof
	}
	answer := r.does(http.MethodPost, "/api/v1/sources", forumSection(at, nil), http.StatusCreated, &made)
	require.Equal(t, hub.ManagedHere, made.Managed)
	require.Equal(t, hub.SecretShown{Set: true, Ends: forumKey[len(forumKey)-4:]}, made.Secrets["api_key"])
	require.Equal(t, hub.SecretShown{}, made.Secrets["previous_secret"])
	require.Contains(t, strings.Join(made.Proof.May, "; "), "see as system 3 categories (1 restricted)")
	require.NotContains(t, answer, forumKey)
	require.NotContains(t, answer, forumSecret)
	answer = r.does(http.MethodPost, "/api/v1/systems", slackSection(slackToken, api), http.StatusCreated, &made)
	require.Equal(t, "@bellhop", made.Proof.Account)
	require.Equal(t, "Acme (acme.slack.com)", made.Proof.Place)
	require.NotContains(t, answer, slackToken)
	r.awaitState("acme", hub.SystemOK)

	// A forum pings when its webhook is saved.
	require.True(t, r.source("meta").PingedAt.IsZero())
	f.Hook(r.url+"/in/meta", forumSecret)
	f.Ping()
	require.Eventually(t, func() bool { return !r.source("meta").PingedAt.IsZero() }, 10*time.Second, 20*time.Millisecond)

	r.does(http.MethodPost, "/api/v1/subscriptions", map[string]any{
		"system": "acme", "chat": slacktest.Support, "source": "meta", "mode": "watch", "filters": []any{}, "enabled": true,
	}, http.StatusCreated, nil)
	f.Topic("alice", "support", "The first of all", "Hello.")
	awaitSaid(t, w, slacktest.Support, "The first of all")
	f.Topic("alice", "backstage", "For nobody's eyes", "Hidden.")

	r.stop()
	nowhere(t, dir, slackToken, forumKey, forumSecret)
	info, err := os.Stat(filepath.Join(dir, "data", "secret.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	r = start(t, dir, "")
	f.Hook(r.url+"/in/meta", forumSecret)
	f.Topic("alice", "support", "After the restart", "Hello again.")
	awaitSaid(t, w, slacktest.Support, "After the restart")
	require.Len(t, said(w, slacktest.Support), 2, "and nothing of what visitors may not see")
	require.Equal(t, []string{"subscription.create", "system.create", "source.create"}, actionsTold(t, r))
	status, audit := r.ask(http.MethodGet, "/api/v1/audit", "")
	require.Equal(t, http.StatusOK, status)
	for _, s := range []string{slackToken, forumKey, forumSecret} {
		require.NotContains(t, audit, s)
	}
}

// hooked sends a webhook of a forum's ping signed with secret.
func hooked(t *testing.T, address, secret string) int {
	t.Helper()
	f := forumtest.New(forumtest.Options{})
	status := 0
	relay := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		again, err := http.NewRequestWithContext(r.Context(), r.Method, address, r.Body)
		if err != nil {
			return
		}
		again.Header = r.Header.Clone()
		resp, err := http.DefaultClient.Do(again)
		if err != nil {
			return
		}
		_ = resp.Body.Close()
		status = resp.StatusCode
		w.WriteHeader(status)
	}))
	defer relay.Close()
	f.URL = relay.URL
	f.Hook(relay.URL, secret)
	f.Ping()
	return status
}

// TestSecretIsRotated changes a webhook's secret while the forum goes on with the
// old one, until it has the new one, too.
func TestSecretIsRotated(t *testing.T) {
	_, at := site(t)
	r := start(t, t.TempDir(), "")
	r.does(http.MethodPost, "/api/v1/sources", forumSection(at, nil), http.StatusCreated, nil)
	require.Equal(t, http.StatusAccepted, hooked(t, r.url+"/in/meta", forumSecret))
	var told struct {
		hub.SectionShown
		Secret string
	}
	r.does(http.MethodPost, "/api/v1/sources/meta/rotate", nil, http.StatusOK, &told)
	require.GreaterOrEqual(t, len(told.Secret), 26)
	require.True(t, told.Secrets["previous_secret"].Set)
	for _, secret := range []string{forumSecret, told.Secret} {
		require.Equal(t, http.StatusAccepted, hooked(t, r.url+"/in/meta", secret))
	}
	require.Equal(t, http.StatusUnauthorized, hooked(t, r.url+"/in/meta", "neither of the two"))
	r.does(http.MethodPatch, "/api/v1/sources/meta", map[string]any{"settings": map[string]any{"previous_secret": nil}}, http.StatusOK, nil)
	require.Equal(t, http.StatusUnauthorized, hooked(t, r.url+"/in/meta", forumSecret))
	require.Equal(t, http.StatusAccepted, hooked(t, r.url+"/in/meta", told.Secret))

	r.does(http.MethodPatch, "/api/v1/sources/meta", map[string]any{"settings": map[string]any{}, "version": 1}, http.StatusConflict, nil)
	var gone hub.Removal
	r.does(http.MethodDelete, "/api/v1/sources/meta?dry_run=1", nil, http.StatusOK, &gone)
	require.Equal(t, hub.Removal{}, gone)
	r.does(http.MethodDelete, "/api/v1/sources/meta", nil, http.StatusOK, &gone)
	require.True(t, gone.Deleted)
	require.Equal(t, http.StatusNotFound, hooked(t, r.url+"/in/meta", told.Secret))
}

// TestTheFileWins holds that what the file defines cannot be changed here, and
// that it shadows what was made here before.
func TestTheFileWins(t *testing.T) {
	_, at := site(t)
	dir := t.TempDir()
	r := start(t, dir, "")
	r.does(http.MethodPost, "/api/v1/sources", forumSection(at, nil), http.StatusCreated, nil)
	r.stop()
	r = start(t, dir, "[sources.meta]\nurl = \"https://other.example.com\"\nsecret = \"secret-of-the-file\"\n[providers.slack]\ntoken = \"xoxb-of-the-file\"\n")
	var shown hub.SectionShown
	r.does(http.MethodGet, "/api/v1/sources/meta", nil, http.StatusOK, &shown)
	require.Equal(t, hub.ManagedByFile, shown.Managed)
	require.True(t, shown.Shadows)
	require.Equal(t, "https://other.example.com", shown.Settings["url"])
	require.Equal(t, hub.ManagedByFile, r.source("meta").Managed)
	for _, path := range []string{"/sources/meta", "/systems/slack", "/systems/console"} {
		answer := r.does(http.MethodPatch, "/api/v1"+path, map[string]any{"settings": map[string]any{}}, http.StatusConflict, nil)
		require.Contains(t, answer, "configuration file")
	}
	r.does(http.MethodDelete, "/api/v1/systems/slack", nil, http.StatusConflict, nil)
	r.does(http.MethodPost, "/api/v1/systems", hub.SectionChange{Name: "meta", Kind: "slack", Settings: map[string]any{"token": slackToken}}, http.StatusUnprocessableEntity, nil)
	var gone hub.Removal
	r.does(http.MethodDelete, "/api/v1/sources/meta", nil, http.StatusOK, &gone) // what was shadowed
	require.True(t, gone.Deleted)
	r.does(http.MethodGet, "/api/v1/sources/meta", nil, http.StatusOK, &shown)
	require.Equal(t, hub.ManagedByFile, shown.Managed)
}

const many = 200

// owe queues many messages to channels in turn, each numbered.
func (r *running) owe(from int) {
	r.t.Helper()
	for i := from; i < from+many; i++ {
		channel := []string{slacktest.General, slacktest.Support, slacktest.Staff}[i%3]
		r.does(http.MethodPost, "/api/v1/messages", map[string]any{"system": "acme", "chat": channel, "text": fmt.Sprintf("number %03d.", i)}, http.StatusAccepted, nil)
	}
}

// arrived requires that all of many messages come, each once, and in the order of
// their channel.
func arrived(t *testing.T, w *slacktest.Workspace, all int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.Sent()) >= all }, 60*time.Second, 20*time.Millisecond)
	require.Len(t, w.Sent(), all)
	for first, channel := range []string{slacktest.General, slacktest.Support, slacktest.Staff} {
		var want []string
		for i := first; i < all; i += 3 {
			want = append(want, fmt.Sprintf("number %03d.", i))
		}
		require.Equal(t, want, said(w, channel))
	}
}

// TestTokenIsReplaced mends a wrong token while 200 messages wait, and replaces
// the worker again and again while others are being sent.
func TestTokenIsReplaced(t *testing.T) {
	w, api := workspace(t, slackToken)
	r := start(t, t.TempDir(), "")
	wrong := slackSection("xoxb-that-was-revoked", api)
	wrong.Settings["pace"] = "off"
	r.does(http.MethodPost, "/api/v1/systems?unproved=1", wrong, http.StatusCreated, nil)
	r.awaitState("acme", hub.SystemPaused)
	r.owe(0)
	require.Empty(t, w.Sent())
	var proof hub.Proof
	r.does(http.MethodPost, "/api/v1/systems/acme/check", nil, http.StatusOK, &proof)
	require.False(t, proof.OK)
	require.NotEmpty(t, proof.Problem)
	r.does(http.MethodPost, "/api/v1/systems/acme/check", map[string]any{"settings": map[string]any{"token": slackToken}}, http.StatusOK, &proof)
	require.True(t, proof.OK)
	require.Empty(t, w.Sent())
	r.does(http.MethodPatch, "/api/v1/systems/acme", map[string]any{"settings": map[string]any{"token": slackToken}}, http.StatusOK, nil)
	arrived(t, w, many)

	var owing sync.WaitGroup
	owing.Go(func() { r.owe(many) })
	for i := range 4 {
		r.does(http.MethodPatch, "/api/v1/systems/acme", map[string]any{"settings": map[string]any{"chat_admins": i%2 == 0}}, http.StatusOK, nil)
	}
	owing.Wait()
	arrived(t, w, 2*many)
}

// TestSystemIsRemovedAndMadeAgain holds that what is owed meanwhile is kept.
func TestSystemIsRemovedAndMadeAgain(t *testing.T) {
	w, api := workspace(t, slackToken)
	r := start(t, t.TempDir(), "")
	section := slackSection(slackToken, api)
	r.does(http.MethodPost, "/api/v1/systems", section, http.StatusCreated, nil)
	r.awaitState("acme", hub.SystemOK)
	r.does(http.MethodPost, "/api/v1/subscriptions", map[string]any{"system": "acme", "chat": slacktest.Support, "mode": "watch", "filters": []any{}, "enabled": true}, http.StatusCreated, nil)
	r.does(http.MethodPost, "/api/v1/systems/acme/pause", map[string]any{"reason": "the  move"}, http.StatusOK, nil)
	st := r.system("acme")
	require.Equal(t, hub.SystemPaused, st.State)
	require.Equal(t, "the move", st.Hold.Reason)
	require.Equal(t, "admin", st.Hold.By)
	r.owe(0)
	require.Empty(t, w.Sent())
	var gone hub.Removal
	r.does(http.MethodDelete, "/api/v1/systems/acme?dry_run=1", nil, http.StatusOK, &gone)
	require.Equal(t, hub.Removal{Subscriptions: 1, Waiting: many}, gone)
	r.does(http.MethodDelete, "/api/v1/systems/acme", nil, http.StatusOK, &gone)
	require.True(t, gone.Deleted)
	require.Nil(t, r.system("acme"))
	r.does(http.MethodPost, "/api/v1/messages", map[string]any{"system": "acme", "chat": slacktest.Support, "text": "no"}, http.StatusUnprocessableEntity, nil)
	r.does(http.MethodPost, "/chat/acme/commands", nil, http.StatusNotFound, nil)
	section.Settings["pace"] = "off"
	r.does(http.MethodPost, "/api/v1/systems", section, http.StatusCreated, nil)
	arrived(t, w, many)
}

// TestPauseOutlastsARestart holds that an operator's pause is ended by an operator
// alone: not by a restart, and not by credentials that are right.
func TestPauseOutlastsARestart(t *testing.T) {
	w, api := workspace(t, slackToken)
	dir, file := t.TempDir(), fmt.Sprintf("[providers.acme]\nkind = \"slack\"\npace = \"off\"\ntoken = %q\napi_url = %q\n", slackToken, api)
	r := start(t, dir, file)
	r.awaitState("acme", hub.SystemOK)
	r.does(http.MethodPost, "/api/v1/systems/acme/pause", nil, http.StatusOK, nil)
	r.owe(0)
	r.stop()
	r = start(t, dir, file)
	require.Eventually(t, func() bool {
		s := r.system("acme")
		return s.State == hub.SystemPaused && s.Workers == 1
	}, 20*time.Second, 20*time.Millisecond)
	r.does(http.MethodPost, "/api/v1/systems/acme/resume?chat="+slacktest.Support, nil, http.StatusAccepted, nil) // one chat, not the system
	require.Never(t, func() bool { return len(w.Sent()) > 0 }, time.Second, 50*time.Millisecond)
	r.does(http.MethodPost, "/api/v1/systems/acme/resume", nil, http.StatusAccepted, nil)
	arrived(t, w, many)
	r.awaitState("acme", hub.SystemOK)
	require.Nil(t, r.system("acme").Hold)
}

// TestKeyOfSecrets holds that Bellhop does not start without the key of what is
// stored, says how to mend that, and takes a new key in place of the old.
func TestKeyOfSecrets(t *testing.T) {
	_, api := workspace(t, slackToken)
	dir := t.TempDir()
	r := start(t, dir, "")
	r.does(http.MethodPost, "/api/v1/systems", slackSection(slackToken, api), http.StatusCreated, nil)
	r.stop()
	path := filepath.Join(dir, "data", "secret.key")
	key, err := os.ReadFile(path)
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("another", 6)+"\n"), 0o600))
	require.ErrorContains(t, fails(t, dir, ""), "were sealed with the key")
	require.NoError(t, os.Remove(path))
	err = fails(t, dir, "")
	require.ErrorContains(t, err, `the secrets of system "acme" are sealed, and the key is neither in server.secret_key nor in `+path)
	require.ErrorContains(t, err, "docs/operations.md")

	fresh := "server.secret_key=" + strings.Repeat("fresh key", 5)
	require.ErrorContains(t, fails(t, dir, fresh), "server.secret_key is")
	require.NoError(t, os.WriteFile(path, key, 0o600))
	r = startWith(t, dir, fresh) // with the file's as the one before
	r.awaitState("acme", hub.SystemOK)
	r.stop()
	require.NoError(t, os.Remove(path))
	r = startWith(t, dir, fresh)
	r.awaitState("acme", hub.SystemOK)
}

// flagged loads a configuration with a flag such as "server.secret_key=…".
func flagged(t *testing.T, o *server.Options, dir, flag string) {
	t.Helper()
	flags := map[string]string{}
	if key, value, ok := strings.Cut(flag, "="); ok {
		flags[key] = value
	}
	c, err := config.Load(filepath.Join(dir, "config.toml"), nil, flags, server.Validate(server.Everything, ""))
	require.NoError(t, err)
	o.Config = c
}

func startWith(t *testing.T, dir, flag string) *running {
	t.Helper()
	return startAs(t, dir, "", server.Everything, "", func(o *server.Options) { flagged(t, o, dir, flag) })
}

// fails is why Bellhop does not start.
func fails(t *testing.T, dir, flag string) error {
	t.Helper()
	o := server.Options{Role: server.Everything, Log: slog.New(slog.DiscardHandler)}
	flagged(t, &o, dir, flag)
	s, err := server.New(o)
	require.NoError(t, err)
	return s.Run(t.Context())
}

// TestRemovedForumIsSilent holds that what is still to be decided when a forum is
// removed is dropped: nobody can be asked any more who may see it.
func TestRemovedForumIsSilent(t *testing.T) {
	f, at := site(t)
	w, api := workspace(t, slackToken)
	r := start(t, t.TempDir(), "")
	r.does(http.MethodPost, "/api/v1/sources", forumSection(at, map[string]any{"delay": "5s"}), http.StatusCreated, nil)
	r.does(http.MethodPost, "/api/v1/systems", slackSection(slackToken, api), http.StatusCreated, nil)
	r.does(http.MethodPost, "/api/v1/subscriptions", map[string]any{
		"system": "acme", "chat": slacktest.Support, "mode": "watch", "enabled": true,
		"filters": []any{map[string]any{"type": "category", "any": []string{"backstage"}}},
	}, http.StatusCreated, nil)
	f.Hook(r.url+"/in/meta", forumSecret)
	f.Topic("alice", "backstage", "For nobody's eyes", "Hidden.")
	r.does(http.MethodDelete, "/api/v1/sources/meta", nil, http.StatusOK, nil)
	var came struct{ Items []hub.Event }
	r.does(http.MethodGet, "/api/v1/events?source=meta&type="+string(hub.ForumPostCreated), nil, http.StatusOK, &came)
	require.Len(t, came.Items, 1)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		status, trace := r.ask(http.MethodGet, "/api/v1/events/"+string(came.Items[0].ID)+"/trace", "")
		require.Equal(c, http.StatusOK, status, trace)
		require.Contains(c, trace, "not configured any more")
	}, 20*time.Second, 50*time.Millisecond)
	require.Empty(t, w.Sent())
}
