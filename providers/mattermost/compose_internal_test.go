package mattermost

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/mattermost/mattermosttest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// FuzzCompose holds that the apps find no HTML and no picture in a post, that it
// mentions nobody, and that the words which replace it are words.
func FuzzCompose(f *testing.F) {
	for _, seed := range []string{
		"<b>x</b> &lt;img src=x&gt; <!-- y -->", "![@all](http://a.example/b.png) [x](http://a.example/(b)*c*)", "@**all** @`here` *@*channel",
		"```\n<b>\n````\n", "> - <b>\n>   ```\n>   @all", "| <b> | ![x](http://y.example) |\n|-|-|\n| @all | `|` |", "!\\[x](y) \\![z](http://a.example)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		m := hub.Message{Text: markdown, Card: &hub.Card{
			Title: markdown, Text: markdown, Tags: []hub.Label{{Name: markdown, URL: "https://f.example/tag/x"}},
			Image: &hub.Image{URL: "https://f.example/a.png"},
		}}
		for _, form := range []providers.Form{providers.Whole, providers.PlainWords} {
			post := compose(m, form, true)
			if post == nil {
				continue
			}
			require.LessOrEqual(t, unit.Len(post.Message), textLimit)
			raw, err := json.Marshal(post)
			require.NoError(t, err)
			sent := providertest.Sent{Raw: raw}
			reading, err := mattermosttest.Read(sent)
			require.NoError(t, err, "%s", raw)
			require.Equal(t, form == providers.PlainWords, reading.Plain, "%s", raw)
			require.Empty(t, mattermosttest.Pings(sent), "%s", raw)
		}
	})
}
