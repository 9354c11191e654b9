package mattermost

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

// The calls that make and change posts: the same words mean other things in each.
const (
	opSend    = "posts"
	opEdit    = "posts/patch"
	opRetract = "posts/delete"
	opThread  = "posts/thread"
	opListen  = "websocket"
	opHistory = "channels/posts"
	opWhisper = "posts/ephemeral"
	opDialog  = "actions/dialogs/open"
	opHook    = "hooks/commands"
)

// noAPI is what the server says to an address that it does not know.
const noAPI = "api.context.404.app_error"

var errNoAnswer = errors.New("the answer names nothing")

// judge says how a call ended that the library calls failed.
func (c *Client) judge(op string, resp *model.Response, err error) *providers.Error {
	e := &providers.Error{Op: op}
	e.Fault, e.Err = verdict(op, resp, err)
	if e.Fault == hub.FaultRateLimited {
		e.After = providers.RetryAfter(resp.Header, time.Now())
	}
	text := e.Err.Error()
	if clean := secret.Redact(text, c.token); clean != text {
		e.Err = errors.New(clean)
	}
	return e
}

// failed is judge for a call that says something, which may be said plainer.
func (c *Client) failed(op string, resp *model.Response, err error) *providers.Failed {
	f := &providers.Failed{Err: c.judge(op, resp, err)}
	said, _ := errors.AsType[*model.AppError](err)
	if resp == nil || !looksRefused(resp.StatusCode, said) {
		return f
	}
	f.Instead, f.Said = providers.PlainWords, http.StatusText(resp.StatusCode)
	if said != nil && strings.Contains(said.Id, "file_ids") {
		f.Instead = providers.Imageless
	}
	if said != nil && said.Id != "" {
		f.Said = secret.Redact(fmt.Sprintf("%s (%s)", clip(said.Message), clip(said.Id)), c.token)
	}
	return f
}

// looksRefused reports whether the server refused a post for what it looks like:
// too long a text, props that are too large or no attachments, or all of it too
// much for one request:
// https://github.com/mattermost/mattermost/blob/master/server/public/model/post.go
func looksRefused(status int, said *model.AppError) bool {
	if status == http.StatusRequestEntityTooLarge {
		return true
	}
	if status != http.StatusBadRequest || said == nil {
		return false
	}
	return slices.ContainsFunc([]string{"post.is_valid.message_length", "post.is_valid.msg", "post.is_valid.props", "post.is_valid.hashtags", "post.is_valid.file_ids", "attachment", "invalid_body_param"},
		func(part string) bool { return strings.Contains(said.Id, part) })
}

func verdict(op string, resp *model.Response, err error) (hub.Fault, error) {
	if resp == nil || resp.StatusCode == 0 {
		return hub.FaultTemporary, fmt.Errorf("mattermost did not answer: %w", bare(err))
	}
	if resp.StatusCode < 300 {
		return hub.FaultTemporary, fmt.Errorf("mattermost's answer cannot be read (does url lead to Mattermost?): %w", bare(err))
	}
	said, ok := errors.AsType[*model.AppError](err)
	if !ok || said.Id == "" { // a page of a proxy, or the rate limiter's bare words
		said = &model.AppError{}
	}
	fault, hint := meaning(op, resp.StatusCode, said.Id)
	return fault, errors.New(wording(resp.StatusCode, said, hint))
}

func wording(status int, said *model.AppError, hint string) string {
	text := fmt.Sprintf("mattermost, or a proxy before it, answered %d %s", status, http.StatusText(status))
	if said.Id != "" {
		text = fmt.Sprintf("mattermost answered %d: %s (%s)", status, clip(said.Message), clip(said.Id))
	}
	if hint != "" {
		text += ": " + hint
	}
	return text
}

// meaning is what an answer calls for. id is the server's name for the error,
// empty for an answer that is not the API's. The names:
// https://github.com/mattermost/mattermost/blob/master/server/channels/app/post.go
func meaning(op string, status int, id string) (hub.Fault, string) {
	switch id {
	case "api.post.create_post.can_not_post_to_deleted.error",
		"api.post.patch_post.can_not_update_post_in_deleted.error",
		"api.post.update_post.can_not_update_post_in_deleted.error",
		"api.post.delete_post.can_not_delete_post_in_deleted.error":
		return hub.FaultChatGone, "the channel is archived"
	case "api.post.update_post.permissions_time_limit.app_error":
		return hub.FaultRejected, "the post is too old: the server's PostEditTimeLimit says how long posts may be edited"
	case noAPI:
		return hub.FaultTemporary, "there is no API at url"
	}
	switch {
	case op == opUpload && status == http.StatusNotImplemented:
		return hub.FaultUnauthorized, "the server takes no files: its EnableFileAttachments says so"
	case op == opUpload && status == http.StatusForbidden:
		return hub.FaultRejected, "the bot's role lacks the permission to upload files (upload_file), or it is not in the channel"
	case status == http.StatusTooManyRequests:
		return hub.FaultRateLimited, ""
	case status == http.StatusUnauthorized:
		return hub.FaultUnauthorized, "set token to a valid access token of an active bot account"
	case status == http.StatusForbidden:
		return forbidden(op, id)
	case status == http.StatusNotFound && id != "" && op == opEdit:
		return hub.FaultRejected, "the post is gone"
	case status == http.StatusNotFound && id != "":
		return hub.FaultChatGone, "there is no such channel"
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge:
		return hub.FaultRejected, ""
	case status < 400, status == http.StatusNotFound:
		return hub.FaultTemporary, "set url to the address that people open"
	default:
		return hub.FaultTemporary, ""
	}
}

// forbidden tells which permission is missing. A patch of a post that is gone is
// answered like one that is not allowed:
// https://github.com/mattermost/mattermost/blob/master/server/channels/api4/post.go
func forbidden(op, id string) (hub.Fault, string) {
	switch {
	case id != "" && op == opHistory:
		return hub.FaultChatGone, "the bot is not in the channel"
	case id != "" && op == opWhisper:
		return hub.FaultRejected, "the bot's role lacks the permission to whisper (create_post_ephemeral)"
	case id != "" && op == opSend:
		return hub.FaultChatGone, "the bot may not post there: add it to the team and to the channel"
	case id != "" && op == opEdit:
		return hub.FaultRejected, "the post is gone, or the bot may not edit it: it has to be the bot's own, in a channel that the bot is in, where its role has the permission Edit Own Posts (edit_post)"
	case id != "" && op == opRetract:
		return hub.FaultRejected, "the bot may not delete the post: it has to be the bot's own, in a channel that the bot is in, where its role has the permission Delete Own Posts (delete_post)"
	default:
		return hub.FaultUnauthorized, "the server does not let the bot use its API"
	}
}

// bare leaves out the URL that net/http puts before its errors.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// clip keeps an answer's words short.
func clip(s string) string { return providers.Label(s, 200, unit) }
