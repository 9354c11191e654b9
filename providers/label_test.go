package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestLabel(t *testing.T) {
	require.Equal(t, "Alice Moreau", providers.Label(" Alice\n\tMoreau\x00 ", 80, providers.Characters))
	require.Equal(t, "Alice…", providers.Label("Alice Moreau", 8, providers.Characters))
}

func TestWebURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://x.example/a b|<c>":  "https://x.example/a%20b%7C%3Cc%3E",
		"mailto:alice@x.example":     "mailto:alice@x.example",
		"javascript:alert(1)":        "",
		"/t/printer/301":             "",
		"https:///nowhere":           "",
		"":                           "",
		"https://x.example/tag/дом#": "https://x.example/tag/%D0%B4%D0%BE%D0%BC#",
	} {
		got, ok := providers.WebURL(raw)
		require.Equal(t, want != "", ok, raw)
		if ok {
			require.Equal(t, want, got)
		}
	}
}

func TestExcerptEndsWithOneEllipsis(t *testing.T) {
	for text, want := range map[string]string{
		"Any ideas?":     "Any ideas?\n\n…",
		"Any ideas…":     "Any ideas…",
		"Any *ideas…*":   "Any ideas…",
		"> Any ideas…\n": "Any ideas…",
		"":               "",
	} {
		require.Equal(t, want, providers.Excerpt(&hub.Card{Text: text, Cut: true}).Text())
	}
	require.Equal(t, "All of it", providers.Excerpt(&hub.Card{Text: "All of it"}).Text())
}
