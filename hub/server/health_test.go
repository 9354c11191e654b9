package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestReadyzNamesNobody holds that what anybody may ask names no chat, no account
// and no person, and that those who may know are told by the API.
func TestReadyzNamesNobody(t *testing.T) {
	_, api := workspace(t, slackToken)
	r := start(t, t.TempDir(), "")
	r.does(http.MethodPost, "/api/v1/systems", slackSection(slackToken, api), http.StatusCreated, nil)
	r.does(http.MethodPost, "/api/v1/messages", map[string]any{"system": "acme", "chat": "C0SECRETDEAL", "text": "hello"}, http.StatusAccepted, nil)
	require.Eventually(t, func() bool { return len(r.system("acme").PausedChats) == 1 }, 20*time.Second, 20*time.Millisecond)
	require.NotEmpty(t, r.system("acme").Account)
	_, answer := r.get("/readyz")
	require.Contains(t, answer, `"acme"`)
	for _, name := range []string{"C0SECRETDEAL", "paused_chats", "account"} {
		require.NotContains(t, answer, name)
	}
	r.does(http.MethodPost, "/api/v1/systems/acme/pause", map[string]any{"reason": "the deal with Initech"}, http.StatusOK, nil)
	require.Eventually(t, func() bool {
		_, answer = r.get("/readyz")
		return strings.Contains(answer, "an operator has paused it")
	}, 20*time.Second, 20*time.Millisecond)
	require.NotContains(t, answer, "Initech")
	require.Contains(t, r.system("acme").Reason, "Initech")
}
