package server_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// TestExplainTellsWaits asks what would become of an event while one chat is
// snoozed, and of which another row wants a digest.
func TestExplainTellsWaits(t *testing.T) {
	r := start(t, t.TempDir(), "")
	status, answer := r.ask(http.MethodPost, "/api/v1/subscriptions?format=table", "console | snoozed | k/user.*\nconsole | digest | k/user.* | digest=24h\nconsole | free | k/user.*", "Content-Type", "text/plain")
	require.Equal(t, http.StatusOK, status, answer)
	status, answer = r.ask(http.MethodPost, "/api/v1/chats/console/snoozed/snooze", `{"for":"2h"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, answer)
	snoozed := time.Now().Add(2 * time.Hour)

	const ask = `{"event":{"specversion":"1.0","source":"api","type":"user.deploy","data":{"title":"1.2.0 is out"}}}`
	status, answer = r.ask(http.MethodPost, "/api/v1/explain", ask, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, answer)
	var x hub.Explanation
	require.NoError(t, json.Unmarshal([]byte(answer), &x))
	chats := map[string]hub.Expected{}
	for _, c := range x.Chats {
		require.Equal(t, hub.ResultQueued, c.Result, c.Chat.ID)
		chats[c.Chat.ID] = c
	}
	require.WithinDuration(t, snoozed, chats["snoozed"].SilentUntil, time.Minute)
	require.Equal(t, chats["snoozed"].SilentUntil, chats["snoozed"].WaitsUntil)
	require.Equal(t, "24h", chats["digest"].Digest)
	require.Zero(t, chats["digest"].SilentUntil)
	require.True(t, chats["digest"].WaitsUntil.After(x.Event.ReceivedTime))
	require.Equal(t, "00:00:00", chats["digest"].WaitsUntil.UTC().Format(time.TimeOnly))
	require.Zero(t, chats["free"].WaitsUntil)

	_, words := r.ask(http.MethodPost, "/api/v1/explain?format=text", ask, "Content-Type", "application/json")
	require.Contains(t, words, "  The chat is left alone until "+chats["snoozed"].SilentUntil.Format("2 January 2006 at 15:04 UTC"))
	require.Contains(t, words, "  The row that decides asks for a digest (24h): the message would be told on "+chats["digest"].WaitsUntil.Format("2 January 2006 at 15:04 UTC"))
}
