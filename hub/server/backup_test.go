package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/backup"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// post publishes an event whose title is its number.
func (r *running) post(n int) bool {
	status, _ := r.ask(http.MethodPost, "/api/v1/events", fmt.Sprintf(
		`{"specversion":"1.0","id":"deploy-%d","source":"api","type":"user.deploy","data":{"title":"deploy %d."}}`, n, n), "Content-Type", "application/json")
	return status == http.StatusAccepted
}

// told are how often each of the first n events was told in a chat.
func told(p providertest.Platform, chat string, n int) map[int]int {
	times := map[int]int{}
	for _, m := range p.Sent() {
		for i := range n {
			if m.Chat == chat && strings.Contains(m.Text, fmt.Sprintf("deploy %d.", i)) {
				times[i]++
			}
		}
	}
	return times
}

// take makes a backup into a file.
func (r *running) take(file string) {
	r.t.Helper()
	status, text := r.ask(http.MethodGet, "/api/v1/backup", "")
	require.Equal(r.t, http.StatusOK, status, text)
	require.NoError(r.t, os.WriteFile(file, []byte(text), 0o600))
}

// restored puts a backup into the data directory below dir.
func restored(t *testing.T, dir, file string) (*backup.Manifest, error) {
	t.Helper()
	c, err := config.Load("", nil, map[string]string{"server.data_dir": filepath.Join(dir, "data")})
	require.NoError(t, err)
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	return server.Restore(t.Context(), c, f, slog.New(slog.DiscardHandler))
}

// TestBackupGoesOnElsewhere takes a backup while events come in, and starts a hub
// from it: rows are as they were, what waited is delivered, and nothing that was
// sent before is sent again.
func TestBackupGoesOnElsewhere(t *testing.T) {
	const before = 30
	slacks := [2]providertest.Platform{slacktest.New(slackToken), slacktest.New(slackToken)}
	settings := func(i int) string {
		s := httptest.NewServer(slacks[i])
		t.Cleanup(s.Close)
		return fmt.Sprintf("[providers.slack]\ntoken = %q\napi_url = \"%s/api/\"\npace = \"off\"\n[deliver]\nstorm = 0\n", slackToken, s.URL)
	}
	dir := t.TempDir()
	r := start(t, dir, settings(0))
	status, text := r.ask(http.MethodPost, "/api/v1/subscriptions?format=table", "slack | "+slacktest.General+" | k/user.deploy | delay=0s\nslack | "+slacktest.Support+" | k/user.deploy | delay=0s\n", "Content-Type", "text/plain")
	require.Equal(t, http.StatusOK, status, text)
	status, text = r.ask(http.MethodPost, "/api/v1/chats/slack/"+slacktest.Support+"/snooze", `{"for":"2h"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, text)
	for n := range before {
		require.True(t, r.post(n))
	}
	require.Eventually(t, func() bool { return len(told(slacks[0], slacktest.General, before)) == before }, 60*time.Second, 20*time.Millisecond)
	sent := told(slacks[0], slacktest.General, before)
	early := told(slacks[0], slacktest.Support, before) // before its worker had heard that the chat is left alone

	ctx, stop := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	last := before
	busy.Go(func() {
		for ctx.Err() == nil && last < before+500 {
			if !r.post(last) {
				t.Error("an event is refused while a backup is made")
				return
			}
			last++
		}
	})
	file := filepath.Join(dir, "b.tar")
	r.take(file)
	stop()
	busy.Wait()
	_, export := r.ask(http.MethodGet, "/api/v1/export", "")
	_, kept := r.ask(http.MethodGet, "/api/v1/settings", "")
	require.Contains(t, kept, `"last_backup":{`)
	r.stop()
	require.Empty(t, leftOver(t, filepath.Join(dir, "data")), "what the backup was made of")

	m, err := restored(t, t.TempDir(), file)
	require.NoError(t, err)
	require.Equal(t, "v1.2.3", m.Version)
	elsewhere := t.TempDir()
	_, err = restored(t, elsewhere, file)
	require.NoError(t, err)
	r = start(t, elsewhere, settings(1))
	_, again := r.ask(http.MethodGet, "/api/v1/export", "")
	require.Equal(t, export, again)
	require.True(t, r.post(last), "it takes events")
	status, text = r.ask(http.MethodPost, "/api/v1/chats/slack/"+slacktest.Support+"/resume", "")
	require.Equal(t, http.StatusOK, status, text)
	require.Eventually(t, func() bool {
		c2, c1 := told(slacks[1], slacktest.Support, last+1), told(slacks[1], slacktest.General, last+1)
		for n := range before {
			if c2[n]+early[n] == 0 {
				return false
			}
		}
		return c2[last] > 0 && c1[last] > 0
	}, 60*time.Second, 50*time.Millisecond, "what waited was not delivered")
	for n, times := range told(slacks[1], slacktest.Support, last+1) {
		require.Equal(t, 1, times+early[n], "deploy %d in the quiet one", n)
	}
	for n, times := range told(slacks[1], slacktest.General, last+1) {
		require.Equal(t, 1, times, "deploy %d in the other", n)
		require.Zero(t, sent[n], "deploy %d was sent before the backup and is sent again", n)
	}
}

// leftOver are the hidden entries of a folder.
func leftOver(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestRestoreRefuses what is no backup, or has no place, and leaves nothing behind.
func TestRestoreRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "b.tar")
	r := start(t, dir, "[providers.console]\n")
	r.take(file)
	r.stop()
	whole, err := os.ReadFile(file)
	require.NoError(t, err)

	_, err = restored(t, dir, file)
	require.ErrorContains(t, err, "is not empty")
	for says, text := range map[string]string{
		"cut off":                     string(whole[:len(whole)/2]),
		"no backup that Bellhop made": "hello",
		"newer release":               strings.Replace(string(whole), `"bellhop_backup": 1`, `"bellhop_backup": 2`, 1),
		"this release knows":          strings.Replace(string(whole), `"schema": 1`, `"schema": 9`, 1),
	} {
		bad := filepath.Join(t.TempDir(), "bad.tar")
		require.NoError(t, os.WriteFile(bad, []byte(text), 0o600))
		empty := t.TempDir()
		_, err := restored(t, empty, bad)
		require.ErrorContains(t, err, says)
		left, err := os.ReadDir(filepath.Join(empty, "data"))
		require.NoError(t, err)
		require.Empty(t, left, says)
	}
	c, err := config.Load("", nil, map[string]string{"server.data_dir": filepath.Join(t.TempDir(), "data"), "database.url": "postgres://localhost/x"})
	require.NoError(t, err)
	_, err = server.Restore(t.Context(), c, strings.NewReader(string(whole)), slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "take database.url out")
}
