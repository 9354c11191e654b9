package server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/server"
)

// TestRemovingAPausedSystemSendsNothing holds that what waits for a system that an
// operator has paused is not sent because the system is removed: it waits for one
// that is made again under the name.
func TestRemovingAPausedSystemSendsNothing(t *testing.T) {
	t.Run("one process", func(t *testing.T) {
		removeWhilePaused(t, start(t, t.TempDir(), ""))
	})
	t.Run("a worker of its own", func(t *testing.T) {
		bus := "[nats]\nurl = \"" + startNATS(t) + "\"\n"
		h := startAs(t, t.TempDir(), bus, server.HubOnly, "", func(o *server.Options) { o.Config.Server.SecretKey = sealKey })
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "data"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "data", "secret.key"), []byte(sealKey.Reveal()+"\n"), 0o600))
		startAs(t, dir, bus, server.WorkerOnly, "acme")
		removeWhilePaused(t, h)
	})
}

func removeWhilePaused(t *testing.T, r *running) {
	w, api := workspace(t, slackToken)
	acme := slackSection(slackToken, api)
	acme.Settings["pace"] = "off"
	r.does(http.MethodPost, "/api/v1/systems", acme, http.StatusCreated, nil)
	r.awaitState("acme", hub.SystemOK)
	r.does(http.MethodPost, "/api/v1/systems/acme/pause", map[string]any{"reason": "we move"}, http.StatusOK, nil)
	r.awaitState("acme", hub.SystemPaused)
	r.owe(0)
	var gone hub.Removal
	r.does(http.MethodDelete, "/api/v1/systems/acme", nil, http.StatusOK, &gone)
	require.EqualValues(t, many, gone.Waiting)
	require.Eventually(t, func() bool { return r.system("acme") == nil }, 15*time.Second, 20*time.Millisecond, "its worker has not stopped")
	require.Empty(t, w.Sent(), "sent, though the system was paused, and then removed")

	r.does(http.MethodPost, "/api/v1/systems", acme, http.StatusCreated, nil)
	arrived(t, w, many)
}
