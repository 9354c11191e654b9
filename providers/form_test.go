package providers_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func refused(said string, instead providers.Form) *providers.Failed {
	return &providers.Failed{
		Err: &providers.Error{Fault: hub.FaultRejected, Op: "send", Err: errors.New(said)}, Instead: instead, Said: said,
	}
}

func TestSimplify(t *testing.T) {
	const whole, imageless, words = providers.Whole, providers.Imageless, providers.PlainWords
	for _, c := range []struct {
		name   string
		fails  []*providers.Failed
		tried  []providers.Form
		note   string // of a receipt
		reason string // of an error
	}{
		{"well", nil, []providers.Form{whole}, "own", ""},
		{"an image", []*providers.Failed{refused("no image", imageless)}, []providers.Form{whole, imageless}, "sent without its image: no image; own", ""},
		{"markup", []*providers.Failed{refused("no tags", words)}, []providers.Form{whole, words}, "sent as plain text: no tags; own", ""},
		{"both", []*providers.Failed{refused("no image", imageless), refused("no tags", words)}, []providers.Form{whole, imageless, words}, "sent without its image: no image; sent as plain text: no tags; own", ""},
		{"an image that is not there", []*providers.Failed{refused("a", imageless), refused("b", imageless)}, []providers.Form{whole, imageless, words}, "sent without its image: a; sent as plain text: b; own", ""},
		{"for another reason", []*providers.Failed{refused("gone", whole)}, []providers.Form{whole}, "", "send: gone"},
		{"words too", []*providers.Failed{refused("a", words), refused("b", words)}, []providers.Form{whole, words}, "", "send: b"},
		{"words, for another reason", []*providers.Failed{refused("a", words), refused("wait", whole)}, []providers.Form{whole, words}, "", "send: wait"},
		{"all of it", []*providers.Failed{refused("a", imageless), refused("b", imageless), refused("c", imageless)}, []providers.Form{whole, imageless, words}, "", "send: c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var tried []providers.Form
			receipt, err := providers.Simplify(func(f providers.Form) (hub.Receipt, *providers.Failed) {
				tried = append(tried, f)
				if n := len(tried); n <= len(c.fails) {
					return hub.Receipt{}, c.fails[n-1]
				}
				return hub.Receipt{Ref: "1", Note: "own"}, nil
			})
			require.Equal(t, c.tried, tried)
			require.Equal(t, c.note, receipt.Note)
			if c.reason == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.reason)
				require.Equal(t, hub.FaultRejected, providers.FaultOf(err))
			}
		})
	}
}

func TestPicture(t *testing.T) {
	image := &hub.Image{URL: "https://f.example/a b.png?c=\"<", Alt: " two\n words ", Width: 3}
	card := hub.Card{Text: "x", Image: image}
	require.Equal(t, &hub.Image{URL: "https://f.example/a%20b.png?c=%22%3C", Alt: "two words", Width: 3}, providers.Picture(&card))
	require.Equal(t, " two\n words ", image.Alt, "the card is left as it is")
	image.Alt = "\x00"
	require.Equal(t, "Image", providers.Picture(&card).Alt)
	for name, c := range map[string]hub.Card{
		"none": {Text: "x"}, "compact": {Text: "x", Image: image, Compact: true}, "struck": {Text: "x", Image: image, Struck: true},
		"no text": {Text: " \n", Image: image}, "a script": {Text: "x", Image: &hub.Image{URL: "javascript:x"}},
		"a mail": {Text: "x", Image: &hub.Image{URL: "mailto:a@b.example"}}, "relative": {Text: "x", Image: &hub.Image{URL: "/a.png"}},
	} {
		require.Nil(t, providers.Picture(&c), name)
	}
	require.Nil(t, providers.Picture(nil))
}
