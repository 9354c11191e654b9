package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest/discoursetest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// buried waits until the hub lists n dead letters, and returns them.
func (p *program) buried(n int) []deadLetter {
	p.t.Helper()
	var list struct{ Items []deadLetter }
	require.Eventually(p.t, func() bool {
		p.api("GET", "/api/v1/dead", "", "", &list)
		return len(list.Items) == n
	}, 30*time.Second, 50*time.Millisecond, "there are not %d dead letters", n)
	return list.Items
}

// TestReplay gives messages up, shows what the platforms said without their
// secrets, and sends each again: in order, and once.
func TestReplay(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t)
	leak := func(token string) providertest.Step {
		return providertest.Step{Status: http.StatusServiceUnavailable, Body: "no service for " + token}
	}
	p.slack.Script(leak(slackToken), leak(slackToken), leak(slackToken))
	p.telegram.Script(leak(strings.ReplaceAll(telegramToken, ":", "%3A")))
	s := p.serve("[deliver]\nattempts = 1\n")
	s.subscribe("slack | "+slacktest.Support+" | *", "telegram | -1001234567890 | *")
	posts := []string{"post_created_first.json", "post_created_reply.json", "post_created_rich.json"}
	require.Equal(t, http.StatusAccepted, s.webhook(discoursetest.Get(posts[0])))
	s.buried(2)
	for _, f := range posts[1:] {
		require.Equal(t, http.StatusAccepted, s.webhook(discoursetest.Get(f)))
	}
	letters := s.buried(4)
	sends(t, p.telegram, 2)

	for _, d := range letters {
		require.Equal(t, hub.StatusDead, d.Status)
		require.Equal(t, hub.FaultTemporary, d.Fault)
		require.NotEmpty(t, d.Title)
		var one deadLetter
		s.api("GET", "/api/v1/dead/"+string(d.ID), "", "", &one)
		require.NotNil(t, one.Exchange)
		require.Equal(t, http.StatusServiceUnavailable, one.Exchange.Status)
		require.Equal(t, "no service for [secret]", one.Exchange.Answer)
		require.NotEmpty(t, one.Exchange.Request)
		shown := asJSON(t, one)
		for _, secret := range allSecrets {
			require.NotContains(t, shown, secret)
		}
		if d.System == "telegram" {
			require.Contains(t, one.Exchange.URL, "/bot[secret]/")
		}
	}

	retry := func(body string, out any) { s.api("POST", "/api/v1/dead/retry", "application/json", body, out) }
	var counted retryAnswer
	retry(`{"system":"slack","dry_run":true}`, &counted)
	require.Equal(t, 3, counted.Count)
	retry(`{"system":"slack","count":3}`, &counted)
	for i, sent := range sends(t, p.slack, 3) {
		require.Contains(t, sent.Text, []string{"Printer", "Printer", "A &lt; B"}[i], "in the order of the events")
	}
	for _, d := range letters {
		if d.System == "telegram" {
			s.api("POST", "/api/v1/dead/"+string(d.ID)+"/retry", "", "", nil)
		}
	}
	sends(t, p.telegram, 3)
	for _, d := range s.settled(6) {
		var one hub.Delivery
		s.api("GET", "/api/v1/deliveries/"+string(d.ID), "", "", &one)
		var history []string
		for _, a := range one.History {
			history = append(history, fmt.Sprint(a.Again, " ", a.Attempt, " ", a.Status))
		}
		if d.Again == 0 {
			require.Equal(t, []string{"0 1 sent"}, history)
			continue
		}
		require.Equal(t, []string{"0 1 dead", "1 1 sent"}, history)
	}

	// All is sent: nothing is left to send again.
	retry(`{"dry_run":true}`, &counted)
	require.Zero(t, counted.Count)
	for _, d := range s.buried(4) {
		require.Equal(t, hub.StatusSent, d.Status)
		resp, err := http.DefaultClient.Do(s.retryRequest(d.ID))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusConflict, resp.StatusCode)
	}
	require.Len(t, p.slack.Sent(), 3)
	require.Len(t, p.telegram.Sent(), 3)
}

// TestReplayShowsNothingOlder gives up an edit, which a later one overtakes, and a
// message that was edited since: sending again brings no old text back.
func TestReplayShowsNothingOlder(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t)
	away := providertest.Step{Status: http.StatusServiceUnavailable}
	s := p.serve("[deliver]\nattempts = 1\n")
	s.subscribe("slack | "+slacktest.Support+" | watch:c/support", "telegram | -1001234567890 | watch:c/support")
	p.telegram.Script(away) // the message itself
	require.Equal(t, http.StatusAccepted, s.webhook(discoursetest.Get("post_created_reply.json")))
	sends(t, p.slack, 1)
	unsaid := s.buried(1)[0]
	p.slack.Script(away) // the edit
	require.Equal(t, http.StatusAccepted, s.webhook(discoursetest.Get("post_edited_grace.json")))
	overtaken := s.buried(2)[0]
	require.Equal(t, hub.ActEdit, overtaken.Act)
	require.Equal(t, http.StatusAccepted, s.webhook(discoursetest.Get("post_edited_version2.json")))
	require.Eventually(t, func() bool { return strings.Contains(p.slack.Sent()[0].Text, "Which model and firmware?") }, 30*time.Second, 20*time.Millisecond)

	resp, err := http.DefaultClient.Do(s.retryRequest(overtaken.ID))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusConflict, resp.StatusCode)
	why, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(why), "is superseded")
	for _, d := range s.buried(2) {
		require.Equal(t, d.ID == overtaken.ID, d.Status == "superseded", "%+v", d)
	}
	var counted retryAnswer
	s.api("POST", "/api/v1/dead/retry", "application/json", `{"count":1}`, &counted)
	require.Equal(t, retryAnswer{1, 1}, counted)
	require.Contains(t, sends(t, p.telegram, 1)[0].Text, "Which model and firmware?", "what was never said is said as it is by now")
	require.Equal(t, hub.System("telegram"), unsaid.System)
	require.Contains(t, p.slack.Sent()[0].Text, "Which model and firmware?")
	require.Equal(t, 1, p.slack.Sent()[0].Edits)
}

type retryAnswer struct{ Count, Superseded int }

func (p *program) retryRequest(id hub.NotificationID) *http.Request {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/api/v1/dead/"+string(id)+"/retry", nil)
	require.NoError(p.t, err)
	r.Header.Set("Authorization", "Bearer "+adminTokenText)
	return r
}
