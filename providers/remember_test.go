package providers_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func TestRemember(t *testing.T) {
	calls := 0
	write := providers.Remember(func(m hub.Message, form providers.Form) string {
		calls++
		return fmt.Sprint(m.Text, form, m.Card)
	})
	card := func(title string) hub.Message { return hub.Message{Card: &hub.Card{Title: title}} }

	first := write(card("one"), providers.Whole)
	require.Equal(t, first, write(card("one"), providers.Whole), "an equal message, wherever it is stored")
	require.Equal(t, 1, calls)
	write(card("one"), providers.PlainWords)
	write(card("two"), providers.Whole)
	require.Equal(t, 3, calls, "another form and another message are written")

	for i := range 2000 { // it does not grow for ever
		write(card(fmt.Sprint(i)), providers.Whole)
	}
	calls = 0
	write(card("1999"), providers.Whole)
	require.Zero(t, calls)
	write(card("one"), providers.Whole)
	require.Equal(t, 1, calls, "what was long ago is forgotten")
}

func TestRememberKeepsLittle(t *testing.T) {
	calls := 0
	write := providers.Remember(func(hub.Message, providers.Form) int { calls++; return calls })
	long := func(i int) hub.Message {
		return hub.Message{Text: fmt.Sprint(i) + strings.Repeat("x", 300_000)}
	}
	require.Equal(t, 1, write(long(1), providers.Whole))
	require.Equal(t, 1, write(long(1), providers.Whole))
	require.Equal(t, 2, write(long(2), providers.Whole))
	require.Equal(t, 3, write(long(1), providers.Whole), "there was no room for both")
}
