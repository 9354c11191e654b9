package providers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var shouting = providers.Words{
	Text: strings.ToUpper, URL: func(url string) string { return "<" + url + ">" }, Limit: 500, Unit: providers.Characters,
}

func printer() hub.Message {
	return hub.Message{Card: &hub.Card{
		Kind: "New topic", Title: "Printer does not start", URL: "https://forum.example.com/t/printer-does-not-start/301",
		Author: &hub.Person{Name: "Alice Moreau", URL: "https://forum.example.com/u/alice"}, Category: &hub.Label{Name: "Support"},
		Tags: []hub.Label{{Name: "printer", URL: "https://forum.example.com/tag/printer"}, {Name: "needs-triage"}},
		Text: "Since *this morning* the **third-floor** printer only says `E-42`.\n\nI tried:\n\n" +
			"1. turning it [off and on](https://en.wikipedia.org/wiki/Reboot_(computing)?a=1&b=2)\n2. ~~kicking it~~\n\nAny ideas?",
		Cut: true,
	}}
}

func TestWords(t *testing.T) {
	m := printer()
	require.Equal(t, strings.Join([]string{
		"NEW TOPIC: PRINTER DOES NOT START",
		"<https://forum.example.com/t/printer-does-not-start/301>",
		"ALICE MOREAU in SUPPORT",
		"PRINTER, NEEDS-TRIAGE",
		"",
		"SINCE THIS MORNING THE THIRD-FLOOR PRINTER ONLY SAYS E-42.",
		"",
		"I TRIED:",
		"",
		"1. TURNING IT OFF AND ON (<https://en.wikipedia.org/wiki/Reboot_(computing)?a=1&b=2>)",
		"2. ~KICKING IT~",
		"",
		"ANY IDEAS?",
		"",
		"…",
	}, "\n"), shouting.Write(m))

	m.Card.Struck = true
	require.Equal(t, "NEW TOPIC: ~PRINTER DOES NOT START~\n<https://forum.example.com/t/printer-does-not-start/301>\nALICE MOREAU in SUPPORT\nPRINTER, NEEDS-TRIAGE", shouting.Write(m))
	m.Card.Struck, m.Card.Compact, m.Text = false, true, "Look: <https://a.example/b> ![c](https://d.example) <a@b.example>"
	require.Equal(t, "LOOK: <https://a.example/b> C (<https://d.example>) A@B.EXAMPLE\n\n"+
		"NEW TOPIC: PRINTER DOES NOT START\n<https://forum.example.com/t/printer-does-not-start/301>\nALICE MOREAU in SUPPORT", shouting.Write(m))
	require.Equal(t, "A\n\nB\nC\n\nD | E\nF | G", shouting.Write(hub.Message{Text: "# a\n```\nb\nc\n```\n|d|e|\n|-|-|\n|f|g|"}))
	require.Empty(t, shouting.Write(hub.Message{}))
	require.Empty(t, shouting.Write(hub.Message{Card: &hub.Card{}}))
}

// Whatever is said is cut to the limit, with the card's own part kept.
func FuzzWords(f *testing.F) {
	f.Add(printer().Card.Title, printer().Card.Text)
	f.Add("@"+strings.Repeat("x", 400), strings.Repeat("> - [a](https://x.example/"+strings.Repeat("y", 300)+")\n", 20))
	f.Fuzz(func(t *testing.T, title, text string) {
		m := hub.Message{Text: text, Card: &hub.Card{Kind: "K", Title: title, Text: text, URL: "https://f.example/t/1", Tags: []hub.Label{{Name: title}}}}
		out := shouting.Write(m)
		require.LessOrEqual(t, providers.Characters.Len(out), shouting.Limit, "%q", out)
		require.Contains(t, out, "\n<https://f.example/t/1>")
	})
}
