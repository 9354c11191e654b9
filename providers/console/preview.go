package console

import (
	"bytes"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/web"
)

// preview is m as a page shows it.
func preview(m hub.Message) hub.Rendered {
	var b bytes.Buffer
	// It writes to memory, and the template is the one of every page.
	if err := web.Fragment(&b, web.English(), "said", render(m)); err != nil {
		b.Reset()
	}
	return hub.Rendered{Kind: "console", Markup: strings.TrimSpace(b.String()), Plain: providers.Reading(m, limit, providers.Characters)}
}
