package mattermost_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mattermost/mattermost/server/public/model"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/mattermost"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// standing is a post that stands in Support.
func standing(t *testing.T) (*mattermosttest.Server, providers.Editor, hub.MessageRef) {
	t.Helper()
	platform, p := start(t)
	receipt, err := p.Send(t.Context(), post(mattermosttest.Support, "hello"))
	require.NoError(t, err)
	return platform, p.(providers.Editor), receipt.Ref
}

func changes(t *testing.T, editor providers.Editor, ref hub.MessageRef) map[string]func() error {
	return map[string]func() error{
		"edit": func() error {
			_, err := editor.Edit(t.Context(), post(mattermosttest.Support, "changed"), ref)
			return err
		},
		"retract": func() error {
			return editor.Retract(t.Context(), hub.Chat{ID: mattermosttest.Support}, ref)
		},
	}
}

func requireUnchanged(t *testing.T, platform *mattermosttest.Server) {
	t.Helper()
	sent := platform.Sent()[0]
	require.Equal(t, "hello", sent.Text)
	require.Zero(t, sent.Edits)
	require.False(t, sent.Gone)
}

// TestChangesFail holds that a change which the server refuses is told as such,
// and that the words say how to mend it where anything can be.
func TestChangesFail(t *testing.T) {
	permissions, noPost := said(403, "api.context.permissions.app_error"), said(404, "app.post.get.app_error")
	for _, c := range []struct {
		name string
		op   string // empty for both
		step providertest.Step
		want hub.Fault
		hint string
	}{
		{"not allowed", "edit", permissions, hub.FaultRejected, "Edit Own Posts (edit_post)"},
		{"not allowed", "retract", permissions, hub.FaultRejected, "Delete Own Posts (delete_post)"},
		{"gone", "edit", noPost, hub.FaultRejected, "the post is gone"},
		{"gone meanwhile", "edit", said(400, "api.post.update_post.permissions_details.app_error"), hub.FaultRejected, ""},
		{"too old", "edit", said(400, "api.post.update_post.permissions_time_limit.app_error"), hub.FaultRejected, "PostEditTimeLimit"},
		{"too old for some servers", "edit", said(403, "api.post.update_post.permissions_time_limit.app_error"), hub.FaultRejected, "PostEditTimeLimit"},
		{"archived", "edit", said(400, "api.post.patch_post.can_not_update_post_in_deleted.error"), hub.FaultChatGone, "archived"},
		{"archived", "edit", said(400, "api.post.update_post.can_not_update_post_in_deleted.error"), hub.FaultChatGone, "archived"},
		{"archived", "retract", said(400, "api.post.delete_post.can_not_delete_post_in_deleted.error"), hub.FaultChatGone, "archived"},
		{"session expired", "", said(401, "api.context.session_expired.app_error"), hub.FaultUnauthorized, "set token"},
		{"403 of a proxy", "", providertest.Step{Status: 403, Body: "<html>no</html>"}, hub.FaultUnauthorized, ""},
		{"404 of a proxy", "", providertest.Step{Status: 404, Body: "<html>no</html>"}, hub.FaultTemporary, "set url"},
		{"no api there", "", said(404, "api.context.404.app_error"), hub.FaultTemporary, "no API at url"},
		{"500", "", said(500, "app.post.update.app_error"), hub.FaultTemporary, ""},
		{"page", "", providertest.Step{Status: 200, Body: "<html>Welcome</html>"}, hub.FaultTemporary, "does url lead to Mattermost?"},
		{"other answer", "", providertest.Step{Status: 200, Body: `{"status":"FAIL"}`}, hub.FaultTemporary, ""},
	} {
		t.Run(c.name+" "+c.op, func(t *testing.T) {
			platform, editor, ref := standing(t)
			for op, change := range changes(t, editor, ref) {
				if c.op != "" && c.op != op {
					continue
				}
				platform.Script(c.step)
				err := change()
				require.Equal(t, c.want, providers.FaultOf(err), "%v", err)
				require.ErrorContains(t, err, c.hint)
			}
			requireUnchanged(t, platform)
		})
	}
}

func TestChangesWaitAsLongAsTheServerAsks(t *testing.T) {
	platform, editor, ref := standing(t)
	for _, change := range changes(t, editor, ref) {
		platform.Script(providertest.Step{Status: 429, Header: map[string][]string{"X-Ratelimit-Reset": {"3"}}, Body: "limit exceeded"})
		err := change()
		require.Equal(t, hub.FaultRateLimited, providers.FaultOf(err))
		require.Equal(t, 3*time.Second, providers.AfterOf(err))
	}
}

func TestChangesNeedPermissions(t *testing.T) {
	platform, editor, ref := standing(t)
	platform.Forbid(mattermosttest.EditPost)
	platform.Forbid(mattermosttest.DeletePost)
	for _, change := range changes(t, editor, ref) {
		require.Equal(t, hub.FaultRejected, providers.FaultOf(change()))
	}
	requireUnchanged(t, platform)
}

func TestAPostOfAnothersStays(t *testing.T) {
	platform, editor, _ := standing(t)
	theirs := hub.MessageRef(platform.Say(mattermosttest.Support, ""))
	for _, change := range changes(t, editor, theirs) {
		require.Equal(t, hub.FaultRejected, providers.FaultOf(change()))
	}
}

func TestNothingChangesInAnArchivedChannel(t *testing.T) {
	platform, editor, ref := standing(t)
	platform.Archive(mattermosttest.Support)
	for _, change := range changes(t, editor, ref) {
		require.Equal(t, hub.FaultChatGone, providers.FaultOf(change()))
	}
	requireUnchanged(t, platform)
}

func TestEditsMayBeClosed(t *testing.T) {
	platform, editor, ref := standing(t)
	platform.CloseEdits()
	_, err := editor.Edit(t.Context(), post(mattermosttest.Support, "changed"), ref)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	requireUnchanged(t, platform)
	require.NoError(t, editor.Retract(t.Context(), hub.Chat{ID: mattermosttest.Support}, ref))
}

func TestRetractOfWhatNeverWas(t *testing.T) {
	_, editor, _ := standing(t)
	require.NoError(t, editor.Retract(t.Context(), hub.Chat{ID: mattermosttest.Support}, hub.MessageRef(model.NewId())))
}

// TestRetractedRootTakesItsReplies is what the server does, which is well for
// replies of our own and for no other.
func TestRetractedRootTakesItsReplies(t *testing.T) {
	platform, p := start(t)
	root, err := p.Send(t.Context(), post(mattermosttest.Support, "root"))
	require.NoError(t, err)
	reply := post(mattermosttest.Support, "reply")
	reply.Key, reply.Root = "n2", root.Ref
	below, err := p.Send(t.Context(), reply)
	require.NoError(t, err)
	another := post(mattermosttest.Support, "another root")
	another.Key = "n3"
	other, err := p.Send(t.Context(), another)
	require.NoError(t, err)
	theirs := platform.Say(mattermosttest.Support, string(other.Ref))
	editor := p.(providers.Editor)

	require.NoError(t, editor.Retract(t.Context(), reply.To, root.Ref))
	require.False(t, platform.Stands(string(root.Ref)))
	require.False(t, platform.Stands(string(below.Ref)))
	require.NoError(t, editor.Retract(t.Context(), reply.To, below.Ref), "gone already")

	err = editor.Retract(t.Context(), reply.To, other.Ref)
	require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
	require.ErrorContains(t, err, "people have replied to it")
	require.True(t, platform.Stands(string(other.Ref)))
	require.True(t, platform.Stands(theirs))
}

func TestEditsReceipt(t *testing.T) {
	_, p := start(t)
	sent, err := p.Send(t.Context(), post(mattermosttest.Support, "hello"))
	require.NoError(t, err)
	edited, err := p.(providers.Editor).Edit(t.Context(), post(mattermosttest.Support, "changed"), sent.Ref)
	require.NoError(t, err)
	require.Equal(t, hub.Receipt{Ref: sent.Ref, URL: sent.URL, At: sent.At.Add(time.Millisecond)}, edited)
}

// TestEditReplacesAll turns a text into a card and back.
func TestEditReplacesAll(t *testing.T) {
	platform, editor, ref := standing(t)
	to := hub.Chat{ID: mattermosttest.Support}
	edit := func(m hub.Message) *model.Post {
		var p model.Post
		_, err := editor.Edit(t.Context(), providers.Post{Key: "n1", To: to, Message: m}, ref)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(platform.Sent()[0].Raw, &p))
		return &p
	}
	card := edit(providertest.Messages()["new-topic"])
	require.Empty(t, card.Message)
	require.Len(t, card.Attachments(), 1)

	text := edit(hub.Message{Text: "changed"})
	require.Equal(t, "changed", text.Message)
	require.Empty(t, text.Attachments())
	require.Equal(t, mattermosttest.Support, text.ChannelId)
}

func TestEmptyEditIsRejected(t *testing.T) {
	platform, editor, ref := standing(t)
	for _, m := range []hub.Message{{}, {Text: " \n "}, {Card: &hub.Card{Struck: true}}, {Card: &hub.Card{Text: "what was said", Struck: true}}} {
		_, err := editor.Edit(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: mattermosttest.Support}, Message: m}, ref)
		require.Equal(t, hub.FaultRejected, providers.FaultOf(err), "%+v", m)
	}
	requireUnchanged(t, platform)
}

// TestBroadcastIsAPlainReply holds since Mattermost has no other.
func TestBroadcastIsAPlainReply(t *testing.T) {
	platform, p := start(t)
	root, err := p.Send(t.Context(), post(mattermosttest.Support, "root"))
	require.NoError(t, err)
	for key, broadcast := range map[string]bool{"n2": false, "n3": true} {
		reply := post(mattermosttest.Support, "reply")
		reply.Key, reply.Root, reply.Message.Broadcast = key, root.Ref, broadcast
		_, err := p.Send(t.Context(), reply)
		require.NoError(t, err)
	}
	sent := platform.Sent()
	require.Equal(t, sent[1].Root, sent[2].Root)
	require.JSONEq(t, string(sent[1].Raw), string(sent[2].Raw))
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
			platform, editor, ref := standing(t)
			_, err := editor.Edit(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: mattermosttest.Support}, Message: m}, ref)
			require.NoError(t, err)
			sent := platform.Sent()[0]
			require.Empty(t, mattermosttest.Pings(sent))
			require.NotContains(t, string(sent.Raw), "third-floor", "nothing is left of what was said")
			providertest.Golden(t, name+".json", pretty(t, sent.Raw))
		})
	}
}

func TestPreview(t *testing.T) {
	preview := mattermost.Kind().Preview
	r := preview(providertest.Messages()["new-topic"])
	require.Equal(t, "mattermost", r.Kind)
	require.Contains(t, r.Plain, "New topic: Printer does not start\nAlice Moreau in Support\nprinter, needs-triage\n\nSince this morning the third-floor printer")
	require.Equal(t, strings.Join([]string{
		"[Alice Moreau](https://forum.example.com/u/alice)",
		"[New topic: Printer does not start](https://forum.example.com/t/printer-does-not-start/301)",
		"Since *this morning* the **third-floor** printer only says `E-42`.",
		"",
		"I tried:",
		"",
		"1. turning it [off and on](https://en.wikipedia.org/wiki/Reboot_%28computing%29?a=1&b=2)",
		"2. ~~kicking it~~",
		"",
		"Any ideas?",
		"",
		"…",
		"Category: [Support](https://forum.example.com/c/support/6)",
		"Tags: [printer](https://forum.example.com/tag/printer), [needs-triage](https://forum.example.com/tag/needs-triage)",
		"forum.example.com",
	}, "\n"), r.Markup)

	gone := preview(struck()["struck-compact"])
	require.Equal(t, "New topic: ~Printer does not start~\nAlice Moreau in Support", gone.Plain)
	require.Contains(t, gone.Markup, "**~~[Printer does not start](https://forum.example.com/t/printer-does-not-start/301)~~**")
	require.Equal(t, hub.Rendered{Kind: "mattermost"}, preview(hub.Message{}))
}

func TestPreviewOfAPostIsWhatIsSent(t *testing.T) {
	for _, name := range []string{"text", "blocks", "compact"} {
		platform, p := start(t)
		m := providertest.Messages()[name]
		_, err := p.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: mattermosttest.Support}, Message: m})
		require.NoError(t, err)
		require.Equal(t, platform.Sent()[0].Text, mattermost.Kind().Preview(m).Markup, name)
	}
}
