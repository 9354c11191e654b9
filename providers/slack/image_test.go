package slack_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

func picture(url string) providers.Post {
	return providers.Post{Key: "n1", To: hub.Chat{System: "slack-acme", ID: slacktest.Support}, Message: hub.Message{Card: &hub.Card{
		Title: "T", Text: "text", Image: &hub.Image{URL: url},
	}}}
}

// TestImagesThatSlackReads holds that Slack is asked for no image that it is
// known not to show, which would cost a refusal for each message.
func TestImagesThatSlackReads(t *testing.T) {
	for url, shown := range map[string]bool{
		"https://f.example/a.png":       true,
		"https://f.example/a.JPEG":      true,
		"https://f.example/render?id=1": true,
		"http://f.example/a.png":        false,
		"https://f.example/a.webp":      false,
		"https://f.example/a.avif?b=1":  false,
		"https://f.example/a.svg":       false,
	} {
		workspace, p := start(t)
		receipt, err := p.Send(t.Context(), picture(url))
		require.NoError(t, err)
		require.Empty(t, receipt.Note, url)
		reading, err := slacktest.Read(workspace.Sent()[0])
		require.NoError(t, err)
		require.Equal(t, shown, len(reading.Images) == 1, url)
	}
}

// TestImageBehindAFirewall is the forum of which Slack can fetch nothing.
func TestImageBehindAFirewall(t *testing.T) {
	workspace, p := start(t)
	workspace.Hide("intranet.example")
	receipt, err := p.Send(t.Context(), picture("https://intranet.example/a.png"))
	require.NoError(t, err)
	require.Equal(t, "sent without its image: invalid_blocks ([ERROR] downloading image failed [json-pointer:/blocks/2/image_url])", receipt.Note)
	require.Len(t, workspace.Sent(), 1)
	require.Contains(t, workspace.Sent()[0].Text, "*T*")
	require.Contains(t, workspace.Sent()[0].Text, "text")
}

// TestEditToWordsTakesTheBlocksAway holds that the old blocks do not stand
// before the new words.
func TestEditToWordsTakesTheBlocksAway(t *testing.T) {
	workspace, editor, ref := standing(t)
	workspace.Script(said("invalid_blocks"))
	m := hub.Message{Text: "so **changed**, see [this](https://f.example/a_b?c=1&d=2)"}
	receipt, err := editor.Edit(t.Context(), providers.Post{Key: "n2", To: hub.Chat{ID: slacktest.Support}, Message: m}, ref)
	require.NoError(t, err)
	require.Equal(t, "sent as plain text: invalid_blocks", receipt.Note)
	require.Equal(t, "so changed, see this (<https://f.example/a_b?c=1&amp;d=2>)", workspace.Sent()[0].Text)
}
