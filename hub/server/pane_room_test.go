package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// outside asks as somebody without an account.
func (w *town) stranger(path string) (*http.Response, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.relay.URL+path, nil)
	require.NoError(w.t, err)
	r.Header.Set("Accept", "text/html")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(w.t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	return answer, string(body)
}

// roomPage makes a page about a chat.
func (w *town) roomPage(chat hub.Chat, body string) (made admin.MadeRoomPage, path string) {
	w.t.Helper()
	status, answer := w.ask(http.MethodPost, "/api/v1/chats/"+string(chat.System)+"/"+chat.ID+"/pages", body, "Content-Type", "application/json")
	require.Equal(w.t, http.StatusCreated, status, answer)
	require.NoError(w.t, json.Unmarshal([]byte(answer), &made))
	path, ours := strings.CutPrefix(made.URL, w.relay.URL)
	require.True(w.t, ours, made.URL)
	return made, path
}

func TestPaneRoom(t *testing.T) {
	w := newTown(t, nil, "", slackPlace(false))
	slack := w.places[0]
	support, other := slack.Chat(t, "support"), slack.Chat(t, "other")
	w.rows("slack | "+support+" | c/support+t/bug", "slack | "+support+" | mute:u/ben", "slack | "+other+" | c/market")
	const title = `Printer <b>jams</b>`
	w.tracedTopic("alice", "support", title, "It smokes.", "bug")
	w.tracedTopic("alice", "market", "A secret of the other room", "Psst.")
	at := hub.Chat{System: "slack", ID: support}
	require.Eventually(t, func() bool {
		var sent struct{ Items []hub.Delivery }
		w.get("/api/v1/deliveries?system=slack&status=sent", &sent)
		return len(sent.Items) == 2
	}, 30*time.Second, 50*time.Millisecond)
	made, path := w.roomPage(at, `{"ask":"Maren & Ineke","until":"90d"}`)
	require.WithinDuration(t, time.Now().Add(90*24*time.Hour), made.ExpiresAt, time.Minute)

	answer, page := w.stranger(path)
	require.Equal(t, http.StatusOK, answer.StatusCode, page)
	require.Equal(t, "no-referrer", answer.Header.Get("Referrer-Policy"))
	require.Contains(t, answer.Header.Get("X-Robots-Tag"), "noindex")
	require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
	require.Empty(t, answer.Cookies())
	require.NotContains(t, page, "other room", "nothing of other chats")
	require.NotContains(t, page, "market")
	for _, secret := range []string{slackToken, signingSecret, forumSecret, forumKey, made.ID, testToken} {
		require.NotContains(t, page, secret)
	}

	b := webtest.Open(t, w.relay.URL)
	b.Go(t, path)
	b.Says(t, "What Bellhop posts here, and why")
	b.Says(t, "New topics and replies in Support")
	b.Says(t, title)
	b.Says(t, "Nothing by ben")
	b.Says(t, "/discourse status")
	b.Says(t, "Maren & Ineke")
	b.Says(t, "Post what an anonymous visitor of")
	b.Sees(t, `document.querySelectorAll(".room-title b").length === 0`)
	b.Content(t)
	b.Look(t, "room-owner", path)

	// Who looks after Bellhop sees that it was read, and takes it back.
	var list struct{ Items []hub.RoomPage }
	w.get("/api/v1/chats/slack/"+support+"/pages", &list)
	require.Len(t, list.Items, 1)
	require.Equal(t, made.ID, list.Items[0].ID)
	require.False(t, list.Items[0].OpenedAt.IsZero())
	status, _ := w.ask(http.MethodDelete, "/api/v1/chats/slack/"+other+"/pages/"+made.ID, "")
	require.Equal(t, http.StatusNotFound, status, "another chat's")
	status, _ = w.ask(http.MethodDelete, "/api/v1/chats/slack/"+support+"/pages/"+made.ID, "")
	require.Equal(t, http.StatusNoContent, status)

	// Revoked, ended and wrong look the same.
	_, ending := w.roomPage(at, `{"until":"1ms"}`)
	require.Eventually(t, func() bool { answer, _ := w.stranger(ending); return answer.StatusCode == http.StatusNotFound }, 5*time.Second, 10*time.Millisecond)
	revoked, gone := w.stranger(path)
	ended, past := w.stranger(ending)
	wrong, never := w.stranger("/d/AAAAAAAAAAAAAAAAAAAAAA")
	long, _ := w.stranger("/d/" + strings.Repeat("A", 3000))
	require.Equal(t, []int{404, 404, 404, 404}, []int{revoked.StatusCode, ended.StatusCode, wrong.StatusCode, long.StatusCode})
	require.Equal(t, gone, past)
	require.Equal(t, gone, never)
	for name := range revoked.Header {
		if name != "Date" {
			require.Equal(t, revoked.Header.Get(name), wrong.Header.Get(name), name)
		}
	}
	b.Go(t, path)
	b.Says(t, "There is no such page")
	b.Look(t, "room-owner-gone", path)
	status, said := w.ask(http.MethodGet, "/api/v1/audit?action=chat.page.", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, said, "chat.page.revoke")
	require.NotContains(t, said, strings.TrimPrefix(path, "/d/"), "the log holds no link")
}

// TestPaneRoomTakenBack holds that a page says no more of a topic than its chat
// does.
func TestPaneRoomTakenBack(t *testing.T) {
	w := newTown(t, nil, "", slackPlace(false))
	support := w.places[0].Chat(t, "support")
	w.rows("slack | " + support + " | c/support")
	_, path := w.roomPage(hub.Chat{System: "slack", ID: support}, `{}`)
	topic := w.forum.Topic("alice", "support", "Something private", "That nobody should read.")
	require.Eventually(t, func() bool { _, page := w.stranger(path); return strings.Contains(page, "Something private") }, 30*time.Second, 50*time.Millisecond)
	w.forum.Move(topic, "backstage")
	require.Eventually(t, func() bool {
		_, page := w.stranger(path)
		return !strings.Contains(page, "Something private") && strings.Contains(page, "Taken back")
	}, 30*time.Second, 50*time.Millisecond)
}

func TestPaneRoomIsLimited(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	limited := false
	for range 200 {
		answer, page := w.stranger("/d/guess")
		if answer.StatusCode == http.StatusTooManyRequests {
			limited = true
			require.Equal(t, "5", answer.Header.Get("Retry-After"))
			require.Contains(t, page, "Not now")
			break
		}
		require.Equal(t, http.StatusNotFound, answer.StatusCode)
	}
	require.True(t, limited, "somebody guesses, and nobody stops them")
	status, _ := w.ask(http.MethodGet, "/api/v1/systems", "")
	require.Equal(t, http.StatusOK, status, "nobody else is slowed down")
}
