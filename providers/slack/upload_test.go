package slack_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// displaying is a workspace, and a provider that uploads images to it.
func displaying(t *testing.T) (*slacktest.Workspace, providers.Editor, func(key, url string) hub.Receipt) {
	t.Helper()
	workspace := slacktest.New(token)
	server := httptest.NewServer(workspace)
	t.Cleanup(server.Close)
	p := uploading(t, server.URL, providers.ImagesUpload, &providertest.Gallery{})
	editor, ok := providers.As[providers.Editor](p)
	require.True(t, ok)
	return workspace, editor, func(key, url string) hub.Receipt {
		post := picture(url)
		post.Key = key
		receipt, err := p.Send(t.Context(), post)
		require.NoError(t, err)
		return receipt
	}
}

// TestFileThatSlackStillLooksAt holds that a file which Slack has taken and not
// looked at yet is shown all the same, and that one it never shows costs no
// message.
func TestFileThatSlackStillLooksAt(t *testing.T) {
	workspace, _, say := displaying(t)
	workspace.Settle(2)
	require.Empty(t, say("n1", "https://intranet.example/a.png").Note)
	require.Len(t, workspace.Sent(), 1)
	reading, err := slacktest.Read(workspace.Sent()[0])
	require.NoError(t, err)
	require.Equal(t, []string{workspace.Uploads()[0].ID}, reading.Images)

	workspace.Settle(100)
	workspace.Hide("intranet.example")
	note := say("n2", "https://intranet.example/b.png").Note
	require.Contains(t, note, "its image was not uploaded: slack does not show it: invalid_blocks ([ERROR] invalid slack file")
	require.Contains(t, note, "sent without its image: ")
	require.Len(t, workspace.Sent(), 2)
	require.Contains(t, workspace.Sent()[1].Text, "*T*")
}

// TestFilesGoWithTheirMessages holds that a file is deleted when the last message
// that shows it is.
func TestFilesGoWithTheirMessages(t *testing.T) {
	const url = "https://intranet.example/a.png"
	workspace, editor, say := displaying(t)
	at := hub.Chat{System: "slack-acme", ID: slacktest.Support}
	first, second := say("n1", url), say("n2", url)
	require.Len(t, workspace.Uploads(), 1, "one file for both")
	require.NoError(t, editor.Retract(t.Context(), at, first.Ref))
	require.False(t, workspace.Uploads()[0].Gone, "the other message shows it")
	require.NoError(t, editor.Retract(t.Context(), at, second.Ref))
	require.True(t, workspace.Uploads()[0].Gone)

	third := say("n3", url)
	require.Len(t, workspace.Uploads(), 2, "what was deleted is uploaded anew")
	_, err := editor.Edit(t.Context(), providers.Post{Key: "n4", To: at, Message: hub.Message{Text: "removed"}}, third.Ref)
	require.NoError(t, err)
	require.True(t, workspace.Uploads()[1].Gone)
}

// TestUploadWithoutTheScope is an app that may not upload: it says so, once in a
// while.
func TestUploadWithoutTheScope(t *testing.T) {
	workspace, _, say := displaying(t)
	workspace.Grant("chat:write")
	for i, key := range []string{"n1", "n2"} {
		require.Contains(t, say(key, "https://f.example/a.png").Note, "its image was not uploaded: files.getUploadURLExternal: slack said missing_scope")
		reading, err := slacktest.Read(workspace.Sent()[i])
		require.NoError(t, err)
		require.Equal(t, []string{"https://f.example/a.png"}, reading.Images, "Slack can fetch it")
	}
	require.Equal(t, 1, workspace.Tries())
}
