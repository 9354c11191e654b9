package telegram

import (
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// preview is m as Send would post it: the HTML, and the words it shows. The
// buttons, which Telegram shows below, are words in brackets here.
func preview(m hub.Message) hub.Rendered {
	below := labels(m.Actions)
	text := render(m, markup())
	r := hub.Rendered{
		Kind: "telegram", Markup: providers.Join(gap, text, escapes.Replace(below)),
		Plain: providers.Join(gap, providers.Reading(m, maxText, unit), below),
	}
	if text != "" {
		r.Parts = []hub.Part{{As: hub.PartText, Text: text}}
		r.Length, r.Limit = visible(text), maxText
	}
	r.Parts = append(r.Parts, providers.Buttons(m.Actions, labelLimit, unit)...)
	return r
}

// labels are those of the buttons below a message: "[Mute topic] [Snooze 2 h]".
func labels(actions []hub.Action) string {
	var all []string
	for _, a := range actions {
		if label := providers.Label(a.Label, labelLimit, unit); label != "" {
			all = append(all, "["+label+"]")
		}
	}
	return strings.Join(all, " ")
}
