package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNegativeNumbers holds that what begins like a negative number is taken as it was
// typed, whatever it stands for.
func TestNegativeNumbers(t *testing.T) {
	h := newFakeHub(t)
	h.answers("POST /api/v1/systems/telegram/resume", "application/json", "")
	h.answers("POST /api/v1/messages", "application/json", `{"id":"n1"}`)
	h.answers("GET /api/v1/deliveries", "application/json", `{"items":[]}`)
	require.Zero(t, h.run("", "resume", "telegram", "-1001234567890").code)
	require.Equal(t, []string{"POST /api/v1/systems/telegram/resume?chat=-1001234567890"}, h.lines())
	require.Zero(t, h.run("", "send", "telegram", "-100123", "-5 degrees outside").code)
	require.JSONEq(t, `{"system":"telegram","chat":"-100123","text":"-5 degrees outside"}`, h.asked[1].body)
	require.Zero(t, h.run("", "deliveries", "--text", "-5").code)
	require.Contains(t, h.lines()[2], "text=-5")
}

// TestInterrupted holds that a command that was broken off does not end as if it had
// done its work.
func TestInterrupted(t *testing.T) {
	for _, args := range [][]string{{"backup", t.TempDir() + "/b.tar"}, {"subs", "list"}, {"apply", file(t, "bellhop = 1\n"), "--yes"}} {
		h := newFakeHub(t)
		ctx, cancel := context.WithCancel(t.Context())
		h.mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
		var told strings.Builder
		w := &world{ctx: ctx, env: []string{"BELLHOP_ADMIN_TOKEN=" + adminTokenText}, stdout: io.Discard, stderr: &told}
		require.Equal(t, exitFailed, run(w, append(args, "--server", h.url)), args)
		require.Equal(t, "bellhop: interrupted\n", told.String())
	}
}
