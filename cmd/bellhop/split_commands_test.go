package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// TestSplitCommands gives commands where hub and workers are processes of their
// own: the hub, which has no secret of the platform, passes its requests on, and
// when one of two workers is killed the other answers.
func TestSplitCommands(t *testing.T) {
	const signing = "0123456789abcdef0123456789abcdef"
	s := newSplit(t)
	s.workers["slack"].stop()
	env := append([]string{"BELLHOP_PROVIDERS_SLACK_SIGNING_SECRET=" + signing}, workerEnv["slack"]...)
	work := func() *program {
		w := launch(t, env, "worker", "slack", "--config", s.file)
		w.awaits("worker of slack")
		return w
	}
	first := work()
	stage := slacktest.NewStage(s.slack.(*slacktest.Workspace), slacktest.App{
		URL: s.urls["slack"], SigningSecret: signing, Callbacks: slacktest.ToURL(s.hub.url + "/chat/slack"),
	})
	chat, anna := stage.Chat(t, "printers"), stage.Person(t, "anna", false)
	require.Contains(t, stage.Command(t, chat, anna, "discourse status").Text, "no rules yet")
	require.Contains(t, stage.Command(t, chat, anna, "discourse watch all").Text, "needs the level operator")

	s.hub.api("PUT", "/api/v1/people/slack/"+anna, "application/json", `{"level":"operator"}`, nil)
	require.Contains(t, stage.Command(t, chat, anna, "discourse watch all").Text, "now hears")
	var rows page[hub.Subscription]
	s.hub.api("GET", "/api/v1/subscriptions", "", "", &rows)
	require.Len(t, rows.Items, 1)
	require.Equal(t, hub.Chat{System: "slack", ID: chat}, rows.Items[0].Chat)

	second := work()
	first.kill()
	require.Contains(t, stage.Command(t, chat, anna, "discourse status").Text, "1 rule")
	var log page[hub.AuditEntry]
	s.hub.api("GET", "/api/v1/audit?action=discourse.watch", "", "", &log)
	require.Len(t, log.Items, 2)
	require.Equal(t, []string{hub.OutcomeCreated, hub.OutcomeRefused}, []string{log.Items[0].Outcome, log.Items[1].Outcome})
	second.stop()
}
