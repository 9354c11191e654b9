package hub_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestChoices(t *testing.T) {
	require.Equal(t, []hub.Choice{
		{Number: 1, Label: "Mute", Token: "a"},
		{Number: 2, Label: "Red", Token: "b", Value: "r", Option: true},
		{Number: 3, Label: "Blue", Token: "b", Value: "u", Option: true},
		{Number: 4, Label: "Help", Token: "c"},
	}, hub.Choices([]hub.Action{
		{Label: "Mute", Token: "a"},
		{Label: "Open", URL: "https://forum.example.com"},
		{Label: "Colour", Token: "b", Options: []hub.Option{{Label: "Red", Value: "r"}, {Label: "Blue", Value: "u"}}},
		{Label: "Help", Token: "c"},
	}))
	require.Empty(t, hub.Choices(nil))
}

func TestKeycap(t *testing.T) {
	require.Equal(t, "1\ufe0f\u20e3", hub.Keycap(1))
	require.Equal(t, "9\ufe0f\u20e3", hub.Keycap(9))
	require.Equal(t, "\U0001f51f", hub.Keycap(10))
	for _, n := range []int{-1, 0, 11} {
		require.Empty(t, hub.Keycap(n))
	}
}

func TestEmoji(t *testing.T) {
	for in, want := range map[string]string{
		"1\u20e3":              hub.Keycap(1),
		"1\ufe0f\u20e3":        hub.Keycap(1),
		"#\u20e3":              "#\ufe0f\u20e3",
		"\U0001f51f":           hub.Keycap(10),
		"\U0001f44d\ufe0f":     "\U0001f44d",
		"\u2764\ufe0f":         "\u2764",
		"\u2764\ufe0e":         "\u2764",
		"\u20e3":               "\u20e3",
		"12\u20e3":             "12\u20e3",
		"":                     "",
		"\U0001f44d\U0001f3fd": "\U0001f44d\U0001f3fd",
		"agreed":               "agreed",
	} {
		require.Equal(t, want, hub.Emoji(in), "%q", in)
	}
}
