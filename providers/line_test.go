package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestLine(t *testing.T) {
	hostile := "](https://evil.example) *a* _b_ `c` ~~d~~ <e> &amp; # 1. @all \\"
	for _, c := range []struct {
		m    hub.Message
		want string // as it reads
		url  string
	}{
		{hub.Message{}, "", ""},
		{hub.Message{Text: "One **two**\n\nthree"}, "One two three", ""},
		{hub.Message{Card: &hub.Card{Kind: "Reply", Title: hostile, URL: "https://f.example/t/1", Author: &hub.Person{Name: "B*b"}, Category: &hub.Label{Name: "[x]"}}}, "Reply: " + hostile + " — B*b in [x]", "https://f.example/t/1"},
		{hub.Message{Card: &hub.Card{Kind: "Reply", Text: "no *title*"}}, "Reply: no title", ""},
		{hub.Message{Card: &hub.Card{Title: "x", URL: "javascript:alert(1)"}}, "x", ""},
	} {
		got := providers.Line(c.m)
		require.NotContains(t, got, "\n")
		require.Equal(t, c.want, providers.Parse(got).Text())
		if c.url != "" {
			require.Contains(t, got, "](<"+c.url+">)")
		} else {
			require.NotContains(t, got, "](<")
		}
	}
	gone := providers.Line(hub.Message{Card: &hub.Card{Title: "Gone", URL: "https://f.example", Struck: true}})
	require.Equal(t, "[~~Gone~~](<https://f.example>)", gone)
}
