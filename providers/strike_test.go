package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestMarkStruck(t *testing.T) {
	alice := &hub.Person{Username: "alice"}
	for _, c := range []struct {
		name string
		in   *hub.Card
		want string
	}{
		{"title", &hub.Card{Kind: "New topic", Title: " Printer\n does not start ", Author: alice, Struck: true}, "New topic: ~Printer does not start~ (alice)"},
		{"without its text", &hub.Card{Kind: "Reply", Author: alice, Text: "what was said", Struck: true}, "~Reply~ (alice)"},
		{"of no name", &hub.Card{Author: alice, Struck: true}, "(alice)"},
		{"not struck", &hub.Card{Kind: "Reply", Author: alice, Text: "what was said"}, "Reply: what was said (alice)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := *c.in
			require.Equal(t, c.want, providers.Fallback(providers.MarkStruck(hub.Message{Card: c.in}), 99, providers.Characters))
			require.Equal(t, before, *c.in, "the message itself is not changed")
		})
	}
	require.Equal(t, hub.Message{Text: "hi"}, providers.MarkStruck(hub.Message{Text: "hi"}))
}

func TestHeadlineIsStruckWithinItsStrength(t *testing.T) {
	parts := providers.Parts{Dialect: markup{}, Unit: providers.Characters, Target: providers.WebURL}
	c := &hub.Card{Kind: "New topic", Title: "Printer", URL: "https://x.example/t/1", Struck: true}
	require.Equal(t, `New topic: <strong><del><a href="https://x.example/t/1">Printer</a></del></strong>`, parts.Headline(c))
	c.Struck = false
	require.Equal(t, `New topic: <strong><a href="https://x.example/t/1">Printer</a></strong>`, parts.Headline(c))
}
