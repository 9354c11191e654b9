package telegram

import (
	"context"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Called = (*Client)(nil)

const (
	updatePath   = "update"
	secretHeader = "X-Telegram-Bot-Api-Secret-Token" //nolint:gosec // the name of a header
	// receiveFor leaves the answer to the last command time to be posted.
	receiveFor = hub.CommandPatience + 400*time.Millisecond
)

// Receive implements providers.Called. Telegram calls again what is not answered
// with 2xx, for a day: https://core.telegram.org/bots/api#setwebhook
func (c *Client) Receive(ctx context.Context, path string, r *providers.Request, ear providers.Ear) providers.Response {
	switch {
	case !c.trusts(r.Header.Values(secretHeader)):
		return said(http.StatusUnauthorized, "the "+secretHeader+" header is not webhook_secret\n")
	case path != updatePath:
		return said(http.StatusNotFound, "Telegram calls "+updatePath+", and nothing else\n")
	case r.Method != http.MethodPost:
		return said(http.StatusMethodNotAllowed, "Telegram posts its updates\n")
	}
	ctx, cancel := context.WithTimeout(ctx, receiveFor)
	defer cancel()
	me, failed := c.self(ctx)
	if failed != nil {
		c.log.WarnContext(ctx, "update not taken", "err", failed.Err)
		return said(http.StatusServiceUnavailable, "try again\n")
	}
	if err := c.take(ctx, ear, me, r.Body); err != nil {
		c.log.WarnContext(ctx, "update not taken", "err", err)
		return said(http.StatusServiceUnavailable, "try again\n")
	}
	return said(http.StatusOK, "")
}

// trusts compares what a caller proves itself with. Without a secret there is
// nobody to trust.
func (c *Client) trusts(proofs []string) bool {
	want := c.cfg.WebhookSecret.Reveal()
	return c.cfg.Listen && want != "" && len(proofs) == 1 && subtle.ConstantTimeCompare([]byte(proofs[0]), []byte(want)) == 1
}

func said(status int, words string) providers.Response {
	return providers.Response{Status: status, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte(words)}
}
