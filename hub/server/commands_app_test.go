package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/apps"
)

// TestAppsMisbehave has an app that is slow, one that breaks down and one that
// says too much; whoever asks others meanwhile is answered at once.
func TestAppsMisbehave(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", everywhere()...)
	for _, p := range w.places {
		slow, quick := p.Chat(t, "slow"), p.Chat(t, "quick")
		t.Run(string(p.system), func(t *testing.T) {
			t.Parallel()
			t.Run("slow", func(t *testing.T) {
				t.Parallel()
				began := time.Now()
				seen := p.Command(t, slow, p.people["anna"], "kiosk slow")
				require.Equal(t, "At last.", seen.Text)
				require.Equal(t, p.whispers, seen.Private)
				require.Greater(t, time.Since(began), slowAnswer)
				require.Equal(t, 1, k.times(p, slow, "slow"))
			})
			t.Run("broken", func(t *testing.T) {
				t.Parallel()
				anna := p.people["anna"]
				seen := p.Command(t, quick, anna, "kiosk panic")
				require.Contains(t, seen.Text, "broke down over this")
				require.NotContains(t, seen.Text, "bananas", "what broke is for the log")
				require.Contains(t, p.Command(t, quick, anna, "kiosk count one").Text, "Counted one.")
				require.Contains(t, p.Command(t, quick, anna, "discourse status").Text, "has no rules yet")
				require.Equal(t, 1, k.times(p, quick, "one"))
			})
		})
	}
}

// TestLongAnswers has an app say 5 MB: people see its beginning, and that it was
// cut.
func TestLongAnswers(t *testing.T) {
	k := newKiosk()
	w := newTown(t, []apps.App{k}, "", everywhere()...)
	for _, p := range w.places {
		t.Run(string(p.system), func(t *testing.T) {
			chat, anna := p.Chat(t, "flood"), p.people["anna"]
			t.Parallel()
			seen := p.Command(t, chat, anna, "kiosk flood")
			require.True(t, strings.HasPrefix(seen.Text, "much too much"))
			require.Less(t, utf8.RuneCountInString(seen.Text), 45_000)
			note := fmt.Sprintf("This answer was cut: %d more characters are not shown.", longAnswer/len(tooMuch)*len(tooMuch)-40_000)
			require.Eventually(t, func() bool {
				return strings.Contains(p.Shown(t, chat, anna).Text, note)
			}, 20*time.Second, 10*time.Millisecond, "the end is not seen")
			require.Contains(t, p.Command(t, chat, anna, "kiosk count one").Text, "Counted one.")
		})
	}
}
