package slack

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

// FuzzCompose holds that Slack reads each block, and the words that replace
// them, without anything left over, and that they mention nobody.
func FuzzCompose(f *testing.F) {
	for _, seed := range []string{
		"<!channel> <@U1|x>", "[<!here>](https://x.example/?a=<b>&c)", "```\n<!channel>\n````\n", "> - ```\n>   a > b", "> > > x\n\n1. > y",
		"| <!here> | ``` |\n|---|---|\n| & | > |", "![<!here>](https://x.example/a.png)", "~~**_`<!x>`_**~~",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		m := hub.Message{Text: markdown, Card: &hub.Card{
			Title: markdown, Text: markdown, Tags: []hub.Label{{Name: markdown, URL: "https://f.example/tag/x"}},
			Image: &hub.Image{URL: "https://f.example/a.png", Alt: markdown},
		}}
		blocks, err := json.Marshal(compose(m, providers.Whole))
		require.NoError(t, err)
		for _, s := range []slacktest.Message{{Text: fallback(m), Blocks: blocks}, {Text: words.Write(m), Blocks: json.RawMessage("[]")}} {
			raw, err := json.Marshal(s)
			require.NoError(t, err)
			sent := providertest.Sent{Raw: raw}
			_, err = slacktest.Read(sent)
			require.NoError(t, err, "%s", raw)
			require.Empty(t, slacktest.Pings(sent), "%s", raw)
			require.LessOrEqual(t, len([]rune(s.Text)), mostFallback)
		}
	})
}
