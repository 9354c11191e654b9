package matrix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

var errNothing = errors.New("the message is empty")

// fault sorts out why a call failed. The library's own error is not kept: it
// holds the request, and with that the token.
func (c *Client) fault(ctx context.Context, op string, err error) *providers.Error {
	e, ok := errors.AsType[mautrix.HTTPError](err)
	switch ended := ctx.Err(); {
	case !ok || e.Response == nil:
		return &providers.Error{Fault: hub.FaultTemporary, Op: op, Err: fmt.Errorf("no answer from the homeserver: %w", c.quiet(err))}
	case e.RespError != nil:
		return c.refused(op, e)
	case ended != nil:
		return &providers.Error{Fault: hub.FaultTemporary, Op: op, Err: fmt.Errorf("no whole answer from the homeserver: %w", ended)}
	case e.Response.StatusCode == http.StatusTooManyRequests:
		f := unreadable(op, e.Response.StatusCode)
		f.Fault, f.After = hub.FaultRateLimited, providers.RetryAfter(e.Response.Header, time.Now())
		return f
	case e.Response.StatusCode == http.StatusRequestEntityTooLarge:
		f := unreadable(op, e.Response.StatusCode)
		f.Fault = hub.FaultRejected
		return f
	default:
		return unreadable(op, e.Response.StatusCode)
	}
}

// failed is fault for a call that says something, which may be said plainer
// where the homeserver dislikes it, or finds it too large:
// https://spec.matrix.org/latest/client-server-api/#common-error-codes
func (c *Client) failed(ctx context.Context, op string, err error, content *event.MessageEventContent) *providers.Failed {
	f := &providers.Failed{Err: c.fault(ctx, op, err)}
	e, ok := errors.AsType[mautrix.HTTPError](err)
	if !ok || e.Response == nil || content.FormattedBody == "" {
		return f
	}
	code, said := "", http.StatusText(e.Response.StatusCode)
	if e.RespError != nil {
		code = e.RespError.ErrCode
		said = c.redact(fmt.Sprintf("%s (%s)", code, cmp.Or(e.RespError.Err, "without a word")))
	}
	if code == "M_BAD_JSON" || code == "M_TOO_LARGE" || e.Response.StatusCode == http.StatusRequestEntityTooLarge {
		f.Instead, f.Said = providers.PlainWords, providers.Label(said, 200, providers.Characters)
	}
	return f
}

// unreadable is an answer that is not a homeserver's, as proxies give.
func unreadable(op string, status int) *providers.Error {
	return &providers.Error{
		Fault: hub.FaultTemporary, Op: op,
		Err: fmt.Errorf("status %d with an answer that is not a homeserver's: is there a proxy in between, and is homeserver_url right?", status),
	}
}

// refused reads an answer with an errcode:
// https://spec.matrix.org/latest/client-server-api/#standard-error-response.
func (c *Client) refused(op string, e mautrix.HTTPError) *providers.Error {
	code := e.RespError.ErrCode
	fault, hint := judge(code, e.Response.StatusCode)
	if soft, _ := e.RespError.ExtraData["soft_logout"].(bool); soft && fault == hub.FaultUnauthorized {
		hint = "the session has expired: log in again and mend token"
	}
	if hint != "" {
		hint = ": " + hint
	}
	said := c.redact(cmp.Or(e.RespError.Err, "without a word"))
	f := &providers.Error{Fault: fault, Op: op, Err: fmt.Errorf("homeserver says %s (%s)%s", c.redact(code), said, hint)}
	if fault == hub.FaultRateLimited {
		f.After = after(e, time.Now())
	}
	return f
}

// after prefers the header: retry_after_ms is deprecated since Matrix 1.10.
func after(e mautrix.HTTPError, now time.Time) time.Duration {
	ms, _ := e.RespError.ExtraData["retry_after_ms"].(float64)
	body := http.Header{"Retry-After": {fmt.Sprint(ms / 1000)}}
	return cmp.Or(providers.RetryAfter(e.Response.Header, now), providers.RetryAfter(body, now))
}

const logInAgain = "log the bot in again and mend token"

func judge(code string, status int) (fault hub.Fault, hint string) {
	switch code {
	case "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN":
		return hub.FaultUnauthorized, logInAgain
	case "M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED":
		return hub.FaultUnauthorized, "ask the homeserver's administrator about the bot's account"
	case "M_CONSENT_NOT_GIVEN":
		return hub.FaultUnauthorized, "the bot's account has to accept the homeserver's terms"
	case "M_LIMIT_EXCEEDED":
		return hub.FaultRateLimited, ""
	case "M_RESOURCE_LIMIT_EXCEEDED":
		return hub.FaultTemporary, "the homeserver is at its limit of users"
	case "M_FORBIDDEN", "M_GUEST_ACCESS_FORBIDDEN":
		return hub.FaultChatGone, "invite the bot to the room, and let it write there"
	case "M_NOT_FOUND":
		return hub.FaultChatGone, "check the room's id or alias"
	case "M_UNRECOGNIZED":
		return hub.FaultTemporary, "this is not the client API of a homeserver: check homeserver_url"
	}
	switch {
	case status == http.StatusTooManyRequests:
		return hub.FaultRateLimited, ""
	case status == http.StatusUnauthorized:
		return hub.FaultUnauthorized, logInAgain
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return hub.FaultRejected, ""
	default:
		return hub.FaultTemporary, ""
	}
}

// quiet takes the request out of a transport's error.
func (c *Client) quiet(err error) error {
	if e, ok := errors.AsType[mautrix.HTTPError](err); ok && e.WrappedError != nil {
		err = e.WrappedError
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if text := c.redact(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}

func (c *Client) redact(text string) string { return secret.Redact(text, c.cfg.Token) }
