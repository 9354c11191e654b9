package slack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

func actions() []hub.Action {
	return []hub.Action{
		{Label: "Mute topic", Token: "AbCdEfGhIjKlMnOpQrStUv", Style: "danger"},
		{Label: "Snooze 2 h", Token: "tok-2"},
		{Label: "For how long?", Token: "tok-3", Options: []hub.Option{{Label: "An hour", Value: "1h"}, {Label: "A day", Value: "24h"}}},
		{Token: "tok-4", Options: []hub.Option{{Label: "Up", Value: "up"}, {Label: "Down", Value: "down"}}},
		{Label: "Open", URL: "https://forum.example.com/t/1"},
	}
}

// notified sends a message with actions as a notification is, and is it as a
// person sees it.
func (w *world) notified(t *testing.T, chat, person string) providertest.Seen {
	t.Helper()
	_, err := w.client.Send(t.Context(), providers.Post{
		Key: "n1", To: hub.Chat{System: "slack-acme", ID: chat}, Message: hub.Message{Text: "New topic", Actions: actions()},
	})
	require.NoError(t, err)
	return w.Shown(t, chat, person)
}

func TestButtonsAndSelects(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		under := w.notified(t, chat, anna)
		require.Equal(t, []string{"Mute topic", "Snooze 2 h", "An hour", "A day", "Up", "Down", "Open"}, under.Buttons)
		for i, press := range []struct {
			label, token, from string
			values             hub.Values
		}{
			{"Mute topic", "AbCdEfGhIjKlMnOpQrStUv", hub.FromButton, nil},
			{"Snooze 2 h", "tok-2", hub.FromButton, nil},
			{"A day", "tok-3", hub.FromSelect, hub.Values{hub.ChosenValue: {"24h"}}},
			{"Up", "tok-4", hub.FromSelect, hub.Values{hub.ChosenValue: {"up"}}},
		} {
			w.answers(hub.Say("did %s", press.label))
			seen := w.Press(t, chat, anna, under, press.label)
			require.Equal(t, "did "+press.label, seen.Text)
			require.True(t, seen.Private)
			c := w.ear.Commands()[i]
			require.Equal(t, hub.KindSubmit, c.Command.Kind)
			require.Equal(t, press.token, c.Security.Token)
			require.Equal(t, press.from, c.Context.Source.ID)
			require.Equal(t, press.values, c.Command.Encoded)
			require.Equal(t, hub.MessageRef(w.Sent()[0].Ref), c.Context.Post)
			require.Equal(t, hub.User{ID: anna, Name: "anna"}, c.Context.User)
		}
	})
}

func TestPressTwice(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		under := w.notified(t, chat, anna)
		w.answers(hub.Say("muted"))
		require.Equal(t, "muted", w.PressTwice(t, chat, anna, under, "Mute topic").Text)
		all := w.ear.Commands()
		require.Len(t, all, 2, "two presses, which the hub knows to be of one binding")
		require.Equal(t, all[0].Security.Token, all[1].Security.Token)
		require.NotEqual(t, all[0].Command.ID, all[1].Command.ID)
	})
}

func TestPressUnderAnEphemeralAnswer(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
		w.answers(hub.Reply{OK: &hub.OK{Text: "Sure?", Actions: []hub.Action{{Label: "Yes", Token: "tok-yes", Style: "primary"}}}})
		seen := w.Command(t, chat, anna, "discourse remove all")
		require.Equal(t, []string{"Yes"}, seen.Buttons)
		w.answers(hub.Say("removed"))
		require.Equal(t, "removed", w.Press(t, chat, anna, seen, "Yes").Text)
	})
}

func TestActionsAreKeptByAnEdit(t *testing.T) {
	w := listening(t, false)
	chat, anna := w.Chat(t, "support"), w.Person(t, "anna", false)
	w.notified(t, chat, anna)
	ref := hub.MessageRef(w.Sent()[0].Ref)
	_, err := w.client.Edit(t.Context(), providers.Post{Key: "n2", To: hub.Chat{ID: chat}, Message: hub.Message{Text: "Closed", Actions: actions()[:1]}}, ref)
	require.NoError(t, err)
	require.Contains(t, string(w.Sent()[0].Raw), "AbCdEfGhIjKlMnOpQrStUv")
	require.NotContains(t, string(w.Sent()[0].Raw), "tok-2")
}

// TestActionsWithoutAnEar holds that nothing is shown to be pressed where nobody
// would hear it.
func TestActionsWithoutAnEar(t *testing.T) {
	workspace, p := start(t)
	require.False(t, p.Describe().Can.Buttons)
	m := post(slacktest.General, "New topic")
	m.Message.Actions = actions()
	_, err := p.Send(t.Context(), m)
	require.NoError(t, err)
	raw := string(workspace.Sent()[0].Raw)
	require.NotContains(t, raw, "Mute topic")
	require.Contains(t, raw, "https://forum.example.com/t/1")
}

func TestManyActions(t *testing.T) {
	w := listening(t, false)
	var m hub.Message
	m.Text = "Choose"
	for range 60 {
		m.Actions = append(m.Actions, hub.Action{Label: "A label that is longer than a button of Slack's may be, which is seventy-five characters", Token: "t"})
	}
	var options []hub.Option
	for i := range 250 {
		options = append(options, hub.Option{Label: "o", Value: string(rune('a' + i))})
	}
	m.Actions = append(m.Actions, hub.Action{Label: "Many", Token: "many", Options: options})
	receipt, err := w.client.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: w.Chat(t, "support")}, Message: m})
	require.NoError(t, err)
	require.Empty(t, receipt.Note, "Slack took it as it is")
	require.Contains(t, string(w.Sent()[0].Raw), "201 to 250")
}

func TestPreviewShowsActions(t *testing.T) {
	shown := slack.Kind().Preview(hub.Message{Text: "New topic", Actions: actions()[:2]})
	require.Contains(t, shown.Markup, "[Mute topic] [Snooze 2 h]")
}

func TestRunsChat(t *testing.T) {
	w := listening(t, false)
	chat := w.Chat(t, "support")
	anna, admin := w.Person(t, "anna", false), w.Person(t, "boss", true)
	at := func(id string) hub.Chat { return hub.Chat{System: "slack-acme", ID: id} }
	for _, c := range []struct {
		chat, user string
		want       bool
	}{
		{chat, anna, false},
		{chat, admin, true},
		{w.Direct(anna), anna, true},
		{w.Direct(admin), anna, false},
		{"C0NOWHERE", anna, false},
	} {
		runs, err := w.client.RunsChat(t.Context(), at(c.chat), c.user)
		require.NoError(t, err)
		require.Equal(t, c.want, runs, "%s in %s", c.user, c.chat)
	}
	_, err := w.client.RunsChat(t.Context(), at(chat), "U0NOBODY")
	require.Equal(t, hub.FaultChatGone, providers.FaultOf(err))
	w.Grant("chat:write")
	_, err = w.client.RunsChat(t.Context(), at(chat), "U0OTHER")
	require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(err))
	require.ErrorContains(t, err, "scope")
}
