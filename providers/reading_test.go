package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestReading(t *testing.T) {
	card := hub.Card{
		Kind: "Reply", Title: "Printer\ndoes not start", Author: &hub.Person{Name: "Bob"}, Category: &hub.Label{Name: "Support"},
		Tags: []hub.Label{{Name: "printer"}, {Name: ""}, {Name: "urgent"}}, Text: "> *Which* one?\n\nThe **third**.", Cut: true,
	}
	compact, struck := card, card
	compact.Compact, struck.Struck = true, true
	for _, c := range []struct {
		m     hub.Message
		limit int
		want  string
	}{
		{hub.Message{}, 100, ""},
		{hub.Message{Text: "See **this**:"}, 100, "See this:"},
		{hub.Message{Text: "See:", Card: &card}, 200, "See:\n\nReply: Printer does not start\nBob in Support\nprinter, urgent\n\n> Which one?\n\nThe third.\n\n…"},
		{hub.Message{Card: &compact}, 200, "Reply: Printer does not start\nBob in Support"},
		{hub.Message{Card: &struck}, 200, "Reply: ~Printer does not start~\nBob in Support\nprinter, urgent"},
		{hub.Message{Card: &card}, 20, "Reply: Printer does…"},
	} {
		require.Equal(t, c.want, providers.Reading(c.m, c.limit, providers.Characters))
	}
}
