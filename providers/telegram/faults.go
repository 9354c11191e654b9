package telegram

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

var errNothing = errors.New("the message is empty")

// longestWait bounds what Telegram may ask for, as providers.RetryAfter does.
const longestWait = time.Hour

// failed sorts out why a call failed.
func (c *Client) failed(method string, t *transport, err error) *providers.Failed {
	if answer, ok := errors.AsType[*tgbotapi.Error](err); ok {
		return c.refused(method, t, answer)
	}
	if t.status == 0 {
		return c.failure(method, hub.FaultTemporary, fmt.Errorf("no answer from Telegram: %w", c.quiet(err)))
	}
	if ended := t.ctx.Err(); ended != nil {
		return c.failure(method, hub.FaultTemporary, fmt.Errorf("no whole answer from Telegram: %w", ended))
	}
	f := c.unreadable(method, t.status)
	if t.status == http.StatusTooManyRequests {
		f.Err.Fault, f.Err.After = hub.FaultRateLimited, providers.RetryAfter(t.header, time.Now())
	}
	return f
}

func (c *Client) failure(method string, fault hub.Fault, err error) *providers.Failed {
	return &providers.Failed{Err: &providers.Error{Fault: fault, Op: method, Err: err}}
}

// unreadable is an answer that is not the Bot API's, as proxies give.
func (c *Client) unreadable(method string, status int) *providers.Failed {
	return c.failure(method, hub.FaultTemporary,
		fmt.Errorf("status %d with an answer that is not the Bot API's: is there a proxy in between, and is api_url right?", status))
}

// refused reads an answer with "ok": false.
func (c *Client) refused(method string, t *transport, answer *tgbotapi.Error) *providers.Failed {
	code := cmp.Or(answer.Code, t.status)
	if code == http.StatusOK {
		return c.unreadable(method, code)
	}
	said := c.redact(cmp.Or(answer.Message, http.StatusText(code)))
	fault, hint := judge(code, said)
	if fault == hub.FaultChatGone && answer.MigrateToChatID != 0 {
		hint = fmt.Sprintf("its chat id is now %d: change it in the subscriptions", answer.MigrateToChatID)
	}
	f := c.failure(method, fault, fmt.Errorf("telegram says %d %s%s", code, said, hinted(hint)))
	f.Said = said
	if code == http.StatusBadRequest {
		f.Instead = plainer(strings.ToLower(said))
	}
	if fault == hub.FaultRateLimited {
		wait := time.Duration(answer.RetryAfter) * time.Second
		f.Err.After = cmp.Or(min(max(wait, 0), longestWait), providers.RetryAfter(t.header, time.Now()))
	}
	return f
}

func hinted(hint string) string {
	if hint == "" {
		return ""
	}
	return ": " + hint
}

// judge tells what a code and a description mean. The codes are HTTP's; the
// descriptions are all that tells one 400 from another, and have been the same
// for years: https://core.telegram.org/bots/api#making-requests.
func judge(code int, said string) (fault hub.Fault, hint string) {
	switch {
	case code == http.StatusTooManyRequests:
		return hub.FaultRateLimited, ""
	case code >= http.StatusInternalServerError:
		return hub.FaultTemporary, ""
	case code == http.StatusUnauthorized:
		return hub.FaultUnauthorized, "the token is revoked or wrong: ask @BotFather for it and mend token"
	case code == http.StatusNotFound: // of a token that never was
		return hub.FaultUnauthorized, "there is no such bot: mend token, or api_url"
	case code == http.StatusForbidden:
		return hub.FaultChatGone, "add the bot to the chat again, or let the person write to it first"
	case code == http.StatusConflict && strings.Contains(strings.ToLower(said), "webhook"):
		return hub.FaultRejected, "somebody has set a webhook for the bot again: stop that program, or give Bellhop a bot of its own"
	case code == http.StatusConflict:
		return hub.FaultRejected, "another program asks Telegram for the news of this bot: stop it, or give Bellhop a bot of its own"
	case code == http.StatusBadRequest:
		return badRequest(strings.ToLower(said))
	default:
		return hub.FaultRejected, ""
	}
}

func badRequest(said string) (fault hub.Fault, hint string) {
	if noPhotos(said) {
		return hub.FaultRejected, "give the bot the right to send photos there"
	}
	for _, g := range gone {
		if strings.Contains(said, g.part) {
			return hub.FaultChatGone, g.hint
		}
	}
	switch {
	case strings.Contains(said, "message can't be deleted"):
		return hub.FaultRejected, "it is older than 48 hours: make the bot an administrator who may delete messages"
	case strings.Contains(said, "message can't be edited"):
		return hub.FaultRejected, "it is not the bot's own"
	}
	return hub.FaultRejected, ""
}

// gone are the descriptions of a 400 that are about the chat, not the message.
var gone = []struct{ part, hint string }{
	{"chat not found", "check the chat id, and that the bot is in the chat"},
	{"upgraded to a supergroup", "the chat has a new id"},
	{"not enough rights", mayPost},
	{"have no rights", mayPost},
	{"need administrator rights", mayPost},
	{"chat_write_forbidden", mayPost},
	{"message thread not found", "the topic is gone: check the number behind the slash"},
	{"topic_closed", "open the topic again"},
	{"topic_deleted", "the topic is gone: check the number behind the slash"},
	{"group chat was deactivated", ""},
	{"peer_id_invalid", "check the chat id, and that the bot is in the chat"},
}

const mayPost = "give the bot the right to post there"

// plainer is the form that Telegram may take of a message that it refused.
// ENTITIES_TOO_LONG and its like come from behind the Bot API, as does what it
// says of images and of links that it makes previews of. Without an image a
// message has no buttons that are links either.
func plainer(said string) providers.Form {
	is := func(part string) bool { return strings.Contains(said, part) }
	switch {
	case slices.ContainsFunc([]string{
		"web page content", "http url", "webpage_", "media_empty", "media_invalid", "photo_", "image_process_failed", "wrong file identifier", "wrong type of the web page", "file is too big", "link preview", "preview_url", "button url", "button_url",
	}, is):
		return providers.Imageless
	case slices.ContainsFunc([]string{"can't parse entities", "entities_too_long", "entity_bounds_invalid", "message is too long", "text is too long"}, is):
		return providers.PlainWords
	default:
		return providers.Whole
	}
}

// quiet takes the URL, and with it the token, out of a transport's error.
func (c *Client) quiet(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if text := c.redact(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

func (c *Client) redact(text string) string {
	token := c.cfg.Token
	return secret.Redact(text, token, secret.New(url.QueryEscape(token.Reveal())), c.cfg.WebhookSecret)
}
