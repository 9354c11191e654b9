package matrix

import "github.com/bellhop-chat/bellhop/hub"

// RenderForTest is the body and the formatted body of a message.
func RenderForTest(m hub.Message) (body, formatted string) { return render(m) }
