package telegram

import (
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// preview is m as Send would post it: the HTML, and the words it shows.
func preview(m hub.Message) hub.Rendered {
	return hub.Rendered{
		Kind: "telegram", Markup: render(m, markup()),
		Plain: providers.Reading(m, maxText, unit),
	}
}
