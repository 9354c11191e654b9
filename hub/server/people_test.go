package server_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
)

// The store is filled before the hub starts: it deletes what is past its time
// when it starts.
func TestAuditLogGrowsOld(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		config string
		left   []string
	}{
		"a year":   {"", []string{"young", "months"}},
		"ten days": {"audit_retention = \"10d\"\n", []string{"young"}},
		"for ever": {"audit_retention = 0\n", []string{"young", "months", "ancient"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := store.Open(t.Context(), store.Config{Dir: filepath.Join(dir, "data")})
			require.NoError(t, err)
			require.NoError(t, s.AppendAudit(t.Context(),
				hub.AuditEntry{Action: "ancient", At: now.Add(-400 * 24 * time.Hour)},
				hub.AuditEntry{Action: "months", At: now.Add(-100 * 24 * time.Hour)},
				hub.AuditEntry{Action: "young", At: now.Add(-time.Hour)}))
			// What goes later in the same round tells that the log's turn is over.
			require.NoError(t, s.PutTraces(t.Context(), []hub.Trace{{Event: "eold", At: now.Add(-400 * 24 * time.Hour)}}))
			require.NoError(t, s.Close())

			r := start(t, dir, c.config)
			require.Eventually(t, func() bool {
				return len(actionsTold(t, r)) == len(c.left) && gone(r, "/api/v1/events/eold/trace")
			}, 10*time.Second, 20*time.Millisecond)
			require.Equal(t, c.left, actionsTold(t, r))
		})
	}
}

func gone(r *running, path string) bool {
	status, _ := r.ask(http.MethodGet, path, "")
	return status == http.StatusNotFound
}

// actionsTold are those of the audit log, newest first.
func actionsTold(t *testing.T, r *running) (list []string) {
	t.Helper()
	status, body := r.ask(http.MethodGet, "/api/v1/audit", "")
	require.Equal(t, http.StatusOK, status, body)
	var told struct{ Items []hub.AuditEntry }
	require.NoError(t, json.Unmarshal([]byte(body), &told))
	for _, e := range told.Items {
		list = append(list, e.Action)
	}
	return list
}

// TestFirstAdmin gives somebody who has never spoken a level, through the API on
// a real store, and reads who did so.
func TestFirstAdmin(t *testing.T) {
	r := start(t, t.TempDir(), "")
	status, body := r.ask(http.MethodPut, "/api/v1/people/console/anna", `{"level":"admin"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, body)
	require.JSONEq(t, `{"system":"console","id":"anna","level":"admin","may":"admin"}`, body)
	status, body = r.ask(http.MethodGet, "/api/v1/people?level=admin", "")
	require.Equal(t, http.StatusOK, status, body)
	require.JSONEq(t, `{"items":[{"system":"console","id":"anna","level":"admin","may":"admin"}]}`, body)
	require.Equal(t, []string{"person.level"}, actionsTold(t, r))
}
