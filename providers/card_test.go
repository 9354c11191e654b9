package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestFallback(t *testing.T) {
	alice := &hub.Person{Username: "alice", Name: "Alice Moreau"}
	support := &hub.Label{Name: "Support"}
	for _, c := range []struct {
		name  string
		in    hub.Message
		limit int
		want  string
	}{
		{
			"card",
			hub.Message{Card: &hub.Card{Kind: "New topic", Title: "Printer does not start", Author: alice, Category: support}},
			99,
			"New topic: Printer does not start (Alice Moreau in Support)",
		},
		{"no category", hub.Message{Card: &hub.Card{Kind: "Reply", Title: "Printer", Author: alice}}, 99, "Reply: Printer (Alice Moreau)"},
		{"no author", hub.Message{Card: &hub.Card{Kind: "Closed", Title: "Printer", Category: support}}, 99, "Closed: Printer (in Support)"},
		{"username", hub.Message{Card: &hub.Card{Kind: "Reply", Title: "Printer", Author: &hub.Person{Username: "bob"}}}, 99, "Reply: Printer (bob)"},
		{"nobody", hub.Message{Card: &hub.Card{Kind: "Closed", Title: "Printer", Author: &hub.Person{}, Category: &hub.Label{}}}, 99, "Closed: Printer"},
		{"no kind", hub.Message{Card: &hub.Card{Title: "Printer"}}, 99, "Printer"},
		{"no title", hub.Message{Card: &hub.Card{Kind: "Liked", Text: "so *good*\n\nreally"}}, 99, "Liked: so good really"},
		{"text", hub.Message{Text: "# Hi\n\n**all** [of you](https://x.example)\n\n- one\n- two"}, 99, "Hi all of you one two"},
		{"both", hub.Message{Text: "Look:", Card: &hub.Card{Kind: "New topic", Title: "Printer"}}, 99, "Look: — New topic: Printer"},
		{"one line", hub.Message{Card: &hub.Card{Kind: "New\ntopic", Title: " a\tb\r\n\x07c\xff "}}, 99, "New topic: a b c\uFFFD"},
		{"not markdown", hub.Message{Card: &hub.Card{Kind: "New topic", Title: "2 * 3 * <b> _x_"}}, 99, "New topic: 2 * 3 * <b> _x_"},
		{"cut", hub.Message{Card: &hub.Card{Kind: "New topic", Title: "Printer does not start"}}, 24, "New topic: Printer does…"},
		{"nothing", hub.Message{}, 99, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, providers.Fallback(c.in, c.limit, providers.Characters))
		})
	}
}
