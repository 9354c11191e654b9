package slack_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// standing is a message that stands in #general.
func standing(t *testing.T) (*slacktest.Workspace, providers.Editor, hub.MessageRef) {
	t.Helper()
	workspace, p := start(t)
	receipt, err := p.Send(t.Context(), post(slacktest.General, "hello"))
	require.NoError(t, err)
	return workspace, p.(providers.Editor), receipt.Ref
}

func raw(t *testing.T, s providertest.Sent) (m slacktest.Message) {
	t.Helper()
	require.NoError(t, json.Unmarshal(s.Raw, &m))
	return m
}

// TestChangesFail holds that a change which Slack refuses is told as such, and
// that the words say how to mend it where anything can be.
func TestChangesFail(t *testing.T) {
	for code, want := range map[string]struct {
		fault hub.Fault
		hint  string
	}{
		"cant_update_message":                 {hub.FaultRejected, "only the bot that posted a message"},
		"cant_delete_message":                 {hub.FaultRejected, "only the bot that posted a message"},
		"edit_window_closed":                  {hub.FaultRejected, "the workspace's settings"},
		"compliance_exports_prevent_deletion": {hub.FaultRejected, "compliance exports"},
		"block_mismatch":                      {hub.FaultRejected, ""},
		"is_inactive":                         {hub.FaultChatGone, ""},
		"channel_not_found":                   {hub.FaultChatGone, "invite the app"},
		"missing_scope":                       {hub.FaultUnauthorized, "give the Slack app the scope"},
		"token_revoked":                       {hub.FaultUnauthorized, "set token"},
		"ratelimited":                         {hub.FaultRateLimited, ""},
		"update_failed":                       {hub.FaultTemporary, ""},
		"external_channel_migrating":          {hub.FaultTemporary, ""},
		"streaming_state_conflict":            {hub.FaultTemporary, ""},
	} {
		t.Run(code, func(t *testing.T) {
			workspace, editor, ref := standing(t)
			for op, change := range changes(t, editor, ref) {
				workspace.Script(said(code))
				err := change()
				require.Equal(t, want.fault, providers.FaultOf(err), "%v", err)
				require.ErrorContains(t, err, op+": slack said "+code)
				require.ErrorContains(t, err, want.hint)
			}
			require.Zero(t, workspace.Sent()[0].Edits)
			require.False(t, workspace.Sent()[0].Gone)
		})
	}
}

func changes(t *testing.T, editor providers.Editor, ref hub.MessageRef) map[string]func() error {
	return map[string]func() error{
		"chat.update": func() error {
			_, err := editor.Edit(t.Context(), post(slacktest.General, "changed"), ref)
			return err
		},
		"chat.delete": func() error {
			return editor.Retract(t.Context(), hub.Chat{System: "slack-acme", ID: slacktest.General}, ref)
		},
	}
}

func TestChangesWaitAsLongAsSlackAsks(t *testing.T) {
	workspace, editor, ref := standing(t)
	for _, change := range changes(t, editor, ref) {
		step := said("ratelimited")
		step.Status = 429
		step.Header.Set("Retry-After", "30")
		workspace.Script(step)
		err := change()
		require.Equal(t, hub.FaultRateLimited, providers.FaultOf(err))
		require.Equal(t, 30*time.Second, providers.AfterOf(err))
	}
}

func TestChangesWantASlackAnswer(t *testing.T) {
	for _, body := range []string{`{"ok":true}`, `{"ok":false}`, `{`, `<html>Welcome</html>`} {
		workspace, editor, ref := standing(t)
		for _, change := range changes(t, editor, ref) {
			workspace.Script(providertest.Step{Status: 200, Body: body})
			require.Equal(t, hub.FaultTemporary, providers.FaultOf(change()), body)
		}
	}
}

func TestAMessageOfAnothersStays(t *testing.T) {
	workspace, editor, _ := standing(t)
	theirs := hub.MessageRef(workspace.Say(slacktest.General))
	for _, change := range changes(t, editor, theirs) {
		err := change()
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err), "%v", err)
	}
}

func TestEditsMayBeClosed(t *testing.T) {
	workspace, editor, ref := standing(t)
	workspace.CloseEdits()
	_, err := editor.Edit(t.Context(), post(slacktest.General, "changed"), ref)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.NoError(t, editor.Retract(t.Context(), hub.Chat{ID: slacktest.General}, ref))
}

func TestChangesNeedTheScope(t *testing.T) {
	workspace, editor, ref := standing(t)
	workspace.Grant("channels:read")
	for _, change := range changes(t, editor, ref) {
		require.Equal(t, hub.FaultUnauthorized, providers.FaultOf(change()))
	}
}

// TestChangesGoWhereTheMessageIs holds that the ref names the place: Slack
// changes nothing by a channel's name, and a ts is one channel's own.
func TestChangesGoWhereTheMessageIs(t *testing.T) {
	workspace, editor, ref := standing(t)
	_, err := editor.Edit(t.Context(), post("#general", "changed"), ref)
	require.NoError(t, err)
	require.Equal(t, "changed", workspace.Sent()[0].Text)

	elsewhere := hub.MessageRef(strings.Replace(string(ref), slacktest.General, slacktest.Support, 1))
	_, err = editor.Edit(t.Context(), post(slacktest.General, "changed again"), elsewhere)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.NoError(t, editor.Retract(t.Context(), hub.Chat{ID: slacktest.General}, elsewhere))
	require.Equal(t, "changed", workspace.Sent()[0].Text)
	require.False(t, workspace.Sent()[0].Gone)

	require.NoError(t, editor.Retract(t.Context(), hub.Chat{ID: "#general"}, ref))
	require.True(t, workspace.Sent()[0].Gone)
}

func TestEditedMessageHasItsLink(t *testing.T) {
	server := httptest.NewServer(slacktest.New(token))
	defer server.Close()
	p := open(t, server.URL)
	require.NoError(t, p.Check(t.Context()))
	sent, err := p.Send(t.Context(), post(slacktest.General, "hello"))
	require.NoError(t, err)
	edited, err := p.(providers.Editor).Edit(t.Context(), post(slacktest.General, "changed"), sent.Ref)
	require.NoError(t, err)
	require.Equal(t, hub.Receipt{Ref: sent.Ref, URL: sent.URL}, edited, "Slack does not say when it changed a message")
}

// TestEditTakesNoNamesForMentions holds since an edit has another default there
// than a new message.
func TestEditTakesNoNamesForMentions(t *testing.T) {
	workspace, editor, ref := standing(t)
	_, err := editor.Edit(t.Context(), post(slacktest.General, "hello @alice #general"), ref)
	require.NoError(t, err)
	m := raw(t, workspace.Sent()[0])
	require.Equal(t, "none", m.Parse)
	require.Empty(t, m.LinkNames)
}

// TestPlainTextFitsAnEdit holds since escaping makes it longer, and an edit
// takes less of it than a new message.
func TestPlainTextFitsAnEdit(t *testing.T) {
	for _, text := range []string{strings.Repeat("& ", 4_000), strings.Repeat("*` ", 4_000), strings.Repeat("x&&&&&&&&&", 1_000)} {
		workspace, editor, ref := standing(t)
		_, err := editor.Edit(t.Context(), post(slacktest.General, "`"+text+"`"), ref)
		require.NoError(t, err)
		n := utf8.RuneCountInString(raw(t, workspace.Sent()[0]).Text)
		require.LessOrEqual(t, n, 4_000)
		require.Greater(t, n, 3_000, "as much as fits")
	}
}

func TestEmptyEditIsRejected(t *testing.T) {
	workspace, editor, ref := standing(t)
	for _, m := range []hub.Message{{}, {Text: " \n "}, {Card: &hub.Card{Struck: true}}, {Card: &hub.Card{Text: "what was said", Struck: true}}} {
		_, err := editor.Edit(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: slacktest.General}, Message: m}, ref)
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err), "%+v", m)
	}
	require.Equal(t, "hello", workspace.Sent()[0].Text)
}

func TestBroadcast(t *testing.T) {
	workspace, p := start(t)
	said := post(slacktest.General, "hello")
	said.Message.Broadcast = true
	root, err := p.Send(t.Context(), said)
	require.NoError(t, err)
	require.Empty(t, raw(t, workspace.Sent()[0]).ReplyBroadcast, "in the channel it is already")

	said.Root = root.Ref
	reply, err := p.Send(t.Context(), said)
	require.NoError(t, err)
	require.Equal(t, "true", raw(t, workspace.Sent()[1]).ReplyBroadcast)

	said.Message.Text = "changed"
	_, err = p.(providers.Editor).Edit(t.Context(), said, reply.Ref)
	require.NoError(t, err)
	require.Equal(t, "changed", workspace.Sent()[1].Text)

	said.Message.Broadcast = false
	_, err = p.Send(t.Context(), said)
	require.NoError(t, err)
	require.Empty(t, raw(t, workspace.Sent()[2]).ReplyBroadcast)
}

// struck are cards of what is gone.
func struck() map[string]hub.Message {
	card := func(name string, change func(*hub.Card)) hub.Message {
		m := providertest.Messages()[name]
		m.Card.Struck = true
		change(m.Card)
		return m
	}
	return map[string]hub.Message{
		"struck":         card("new-topic", func(*hub.Card) {}),
		"struck-compact": card("compact", func(*hub.Card) {}),
		"struck-hostile": card("hostile", func(*hub.Card) {}),
		"struck-bare":    card("bare", func(c *hub.Card) { c.Kind = "Deleted" }),
	}
}

// TestGoldenOfStruck sends a card and strikes it.
func TestGoldenOfStruck(t *testing.T) {
	for name, m := range struck() {
		t.Run(name, func(t *testing.T) {
			workspace, editor, ref := standing(t)
			_, err := editor.Edit(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: slacktest.General}, Message: m}, ref)
			require.NoError(t, err)
			sent := workspace.Sent()[0]
			require.Empty(t, slacktest.Pings(sent))
			require.NotContains(t, string(sent.Raw), "third-floor", "nothing is left of what was said")
			providertest.Golden(t, name+".json", pretty(t, sent.Raw))
		})
	}
}

func TestPreviewIsWhatIsSent(t *testing.T) {
	all := providertest.Messages()
	for name, m := range struck() {
		all[name] = m
	}
	for name, m := range all {
		t.Run(name, func(t *testing.T) {
			workspace, p := start(t)
			_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: slacktest.Support}, Message: m})
			require.NoError(t, err)
			r := slack.Kind().Preview(m)
			require.Equal(t, "slack", r.Kind)
			want := workspace.Sent()[0].Text
			if image := providers.Picture(m.Card); image != nil {
				want += "\n[" + image.Alt + "] " + image.URL
			}
			require.Equal(t, want, r.Markup)
			require.NotEmpty(t, r.Plain)
		})
	}
	require.Equal(t, hub.Rendered{Kind: "slack"}, slack.Kind().Preview(hub.Message{}))
	require.Equal(t, "New topic: ~Printer does not start~\nAlice Moreau in Support\nprinter, needs-triage", slack.Kind().Preview(struck()["struck"]).Plain)
}
