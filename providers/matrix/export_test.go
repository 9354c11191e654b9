package matrix

import (
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// RenderForTest is the body and the formatted body of a message.
func RenderForTest(m hub.Message) (body, formatted string) { return render(m) }

// BoundAnswers has p read that many bytes of an answer instead of maxAnswer. It is
// for a provider that does nothing yet.
func BoundAnswers(p providers.Provider, bytes int64) {
	if c, ok := providers.As[*Client](p); ok {
		c.api.ResponseSizeLimit = bytes
	}
}
