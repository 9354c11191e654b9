package telegram

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// RenderForTest is the text of a message as it is sent.
func RenderForTest(m hub.Message) string { return render(m, markup()) }

// RenderBareForTest is the text of a message where markup was refused.
func RenderBareForTest(m hub.Message) string { return render(m, bare()) }

// VisibleForTest is how long we take a text to be for Telegram.
func VisibleForTest(s string) int { return visible(s) }

// LookAtHookForTest is what is done every few minutes where Telegram calls us.
func (c *Client) LookAtHookForTest(ctx context.Context) error { return c.lookAtHook(ctx) }
