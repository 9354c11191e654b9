package telegram

import (
	"context"
	"errors"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Listener = (*Client)(nil)

const (
	opHook    = "setWebhook"
	opUnhook  = "deleteWebhook"
	opHooked  = "getWebhookInfo"
	opUpdates = "getUpdates"

	// watchHook is how often it is looked whether Telegram still calls us.
	watchHook = 5 * time.Minute
)

// Listen implements providers.Listener.
func (c *Client) Listen(ctx context.Context, ear providers.Ear) error {
	switch {
	case !c.cfg.Listen:
		<-ctx.Done()
		return nil
	case c.cfg.WebhookSecret.Empty():
		return c.poll(ctx, ear)
	}
	return c.awaitCalls(ctx)
}

// hooked is https://core.telegram.org/bots/api#webhookinfo.
type hooked struct {
	URL       string `json:"url"`
	Pending   int    `json:"pending_update_count"`
	LastError string `json:"last_error_message"`
	LastAt    int64  `json:"last_error_date"`
}

// awaitCalls tells Telegram where to call us, and sees to it that it goes on
// doing so: whoever asks for updates with the bot's token elsewhere ends it.
func (c *Client) awaitCalls(ctx context.Context) error {
	if failed := c.persist(ctx, func() *providers.Failed { _, failed := c.self(ctx); return failed }); failed != nil {
		return failed.Err
	}
	if failed := c.persist(ctx, func() *providers.Failed { return c.setHook(ctx) }); failed != nil {
		return failed.Err
	}
	look := time.NewTicker(watchHook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			if err := c.lookAtHook(ctx); err != nil {
				return err
			}
		}
	}
}

var errNoAddress = errors.New("Telegram does not know where to call: set server.public_url, or leave out webhook_secret so that Bellhop asks for news")

// setHook sets the webhook, or where nobody has said how we are reached, looks
// whether the operator has.
func (c *Client) setHook(ctx context.Context) *providers.Failed {
	if c.callback == "" {
		var is hooked
		failed := c.call(ctx, opHooked, nil, &is)
		if failed == nil && is.URL == "" {
			failed = c.failure(opHooked, hub.FaultRejected, errNoAddress)
		}
		return failed
	}
	var done bool
	return c.call(ctx, opHook, tgbotapi.Params{
		"url": c.callback + updatePath, "secret_token": c.cfg.WebhookSecret.Reveal(), "allowed_updates": object(heard),
	}, &done)
}

// lookAtHook sets the webhook again where it is another, and tells what Telegram
// has against ours.
func (c *Client) lookAtHook(ctx context.Context) error {
	var is hooked
	if failed := c.call(ctx, opHooked, nil, &is); failed != nil {
		c.log.DebugContext(ctx, "webhook not looked at", "err", failed.Err)
		return nil
	}
	if is.LastError != "" && time.Since(time.Unix(is.LastAt, 0)) < watchHook {
		c.log.WarnContext(ctx, "Telegram cannot call us", "reason", c.redact(is.LastError), "pending", is.Pending)
	}
	if c.callback != "" && is.URL == c.callback+updatePath || c.callback == "" && is.URL != "" {
		return nil
	}
	c.log.WarnContext(ctx, "somebody has taken the webhook away: it is set again")
	if failed := c.persist(ctx, func() *providers.Failed { return c.setHook(ctx) }); failed != nil {
		return failed.Err
	}
	return nil
}

// persist tries until Telegram answers. A failure is one that a person must mend;
// there is none when ctx has ended.
func (c *Client) persist(ctx context.Context, try func() *providers.Failed) *providers.Failed {
	for attempt := 0; ; attempt++ {
		failed := try()
		switch {
		case failed == nil || ctx.Err() != nil:
			return nil
		case failed.Err.Fault != hub.FaultTemporary && failed.Err.Fault != hub.FaultRateLimited:
			return failed
		}
		c.log.WarnContext(ctx, "Telegram does not answer", "attempt", attempt+1, "err", failed.Err)
		if !pause(ctx, attempt, failed.Err) {
			return nil
		}
	}
}
