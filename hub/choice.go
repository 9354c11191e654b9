package hub

import (
	"strconv"
	"strings"
)

// Choice is one thing to choose under a message, where a platform has no
// buttons: people react with its keycap, or type its number or label.
type Choice struct {
	Number int    // from 1
	Label  string // of the action, or of the option of a select
	Token  string // of the action
	Value  string // of the option: what Encoded[ChosenValue] is
	Option bool   // it is an option of a select
}

// Choices numbers what there is to choose, in order: each action, and of a
// select each option. Links tell the hub nothing and have no number.
func Choices(actions []Action) []Choice {
	var all []Choice
	for _, a := range actions {
		switch {
		case a.URL != "":
		case len(a.Options) == 0:
			all = append(all, Choice{Number: len(all) + 1, Label: a.Label, Token: a.Token})
		default:
			for _, o := range a.Options {
				all = append(all, Choice{Number: len(all) + 1, Label: o.Label, Token: a.Token, Value: o.Value, Option: true})
			}
		}
	}
	return all
}

// Keycaps is how many numbers have an emoji: 1️⃣ to 9️⃣ and 🔟.
const Keycaps = 10

const (
	keycap   = "\u20e3"
	asEmoji  = "\ufe0f"
	asText   = "\ufe0e"
	keycapTo = "🔟"
)

// Keycap is the emoji of a number, "" for one that has none.
func Keycap(n int) string {
	switch {
	case n == Keycaps:
		return keycapTo
	case n > 0 && n < Keycaps:
		return strconv.Itoa(n) + asEmoji + keycap
	}
	return ""
}

// Emoji is an emoji in the one form that Chatter.Reaction has: without variation
// selectors, which platforms and keyboards put in or leave out, but for keycaps,
// where they belong. What is no emoji is unchanged by it.
func Emoji(s string) string {
	bare := strings.NewReplacer(asEmoji, "", asText, "").Replace(s)
	if digit, is := strings.CutSuffix(bare, keycap); is && len(digit) == 1 && strings.Contains("0123456789#*", digit) {
		return digit + asEmoji + keycap
	}
	return bare
}
