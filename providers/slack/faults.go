package slack

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
)

var errNoAnswer = errors.New("it says neither yes nor no")

// judge says how a call ended that the library calls failed.
func (c *Client) judge(op string, w *wire, err error) *providers.Error {
	e := &providers.Error{Op: op}
	e.Fault, e.Err = verdict(w, err)
	if e.Fault == hub.FaultRateLimited {
		e.After = providers.RetryAfter(w.header, time.Now())
	}
	text := e.Err.Error()
	if clean := secret.Redact(text, c.token, c.appToken, c.signing); clean != text {
		e.Err = errors.New(clean)
	}
	return e
}

// failed is judge for a call that says something, which may be said plainer.
func (c *Client) failed(op string, w *wire, err error) *providers.Failed {
	f := &providers.Failed{Err: c.judge(op, w, err)}
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		f.Instead = plainer(refused)
		f.Said = secret.Redact(saying(refused), c.token, c.appToken, c.signing)
	}
	return f
}

// plainer is the form that Slack may take of a message that it refused. Of an
// image that it cannot fetch it says "downloading image failed" and where in the
// blocks that stands: https://github.com/slackapi/python-slack-sdk/issues/1782
func plainer(r slack.SlackErrorResponse) providers.Form {
	switch r.Err {
	case "invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_too_long", "msg_blocks_too_long":
		if strings.Contains(strings.Join(r.ResponseMetadata.Messages, " "), "image") || strings.Contains(strings.Join(r.ResponseMetadata.Messages, " "), "slack file") {
			return providers.Imageless
		}
		return providers.PlainWords
	case "invalid_image_url":
		return providers.Imageless
	default:
		return providers.Whole
	}
}

// saying is a refusal in Slack's words, which tell which block it dislikes.
func saying(r slack.SlackErrorResponse) string {
	text := clip(r.Err)
	if len(r.ResponseMetadata.Messages) > 0 {
		text += fmt.Sprintf(" (%s)", clip(strings.Join(r.ResponseMetadata.Messages, "; ")))
	}
	return text
}

func verdict(w *wire, err error) (hub.Fault, error) {
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return refusal(refused)
	}
	switch w.status {
	case 0:
		return hub.FaultTemporary, fmt.Errorf("slack did not answer: %w", bare(err))
	case http.StatusOK:
		return hub.FaultTemporary, fmt.Errorf("slack's answer cannot be read (does api_url lead to Slack?): %w", bare(err))
	default:
		return statusFault(w.status), fmt.Errorf("slack, or a proxy before it, answered %d %s", w.status, http.StatusText(w.status))
	}
}

// bare leaves out the URL that net/http puts before its errors.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// statusFault is for answers that do not come from the Web API itself.
func statusFault(status int) hub.Fault {
	switch status {
	case http.StatusTooManyRequests:
		return hub.FaultRateLimited
	case http.StatusUnauthorized, http.StatusForbidden:
		return hub.FaultUnauthorized
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return hub.FaultRejected
	default:
		return hub.FaultTemporary
	}
}

// refusal reads what the Web API says. It answers 200 with ok=false, so the
// status proves nothing: https://docs.slack.dev/apis/web-api/#responses
func refusal(r slack.SlackErrorResponse) (hub.Fault, error) {
	fault, hint := meaning(r.Err)
	text := "slack said " + clip(r.Err)
	if hint != "" {
		text += ": " + hint
	}
	if r.Needed != "" {
		text += fmt.Sprintf(" (needed: %s)", clip(r.Needed))
	}
	if len(r.ResponseMetadata.Messages) > 0 { // tells which block it dislikes
		text += fmt.Sprintf(" (%s)", clip(strings.Join(r.ResponseMetadata.Messages, "; ")))
	}
	return fault, errors.New(text)
}

// meaning is what an error of chat.postMessage or its like calls for. The lists:
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
// https://docs.slack.dev/reference/methods/chat.update#errors
// https://docs.slack.dev/reference/methods/chat.delete#errors
func meaning(code string) (hub.Fault, string) {
	switch code {
	case "channel_not_found":
		return hub.FaultChatGone, "there is no such channel, or it is private and the app is not in it: invite the app there"
	case "not_in_channel":
		return hub.FaultChatGone, "the app is not in the channel: invite it there"
	case "is_archived":
		return hub.FaultChatGone, "the channel is archived"
	case "user_not_in_channel":
		return hub.FaultChatGone, "this person is not in the channel"
	case "user_not_found", "cannot_dm_bot", "messages_tab_disabled", "user_disabled":
		return hub.FaultChatGone, "this person cannot be written to"
	case "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel", "is_inactive":
		return hub.FaultChatGone, "the workspace does not let the app post there"

	case "invalid_auth", "not_authed", "token_expired", "token_revoked":
		return hub.FaultUnauthorized, "set token to the app's current Bot User OAuth Token"
	case "account_inactive":
		return hub.FaultUnauthorized, "the app was removed from the workspace: install it again and set token"
	case "missing_scope", "no_permission":
		return hub.FaultUnauthorized, "give the Slack app the scope and install it again"
	case "not_allowed_token_type":
		return hub.FaultUnauthorized, "set token to a bot token (xoxb-…)"
	case "access_denied", "ekm_access_denied", "enterprise_is_restricted", "org_login_required",
		"team_access_not_granted", "two_factor_setup_required", "team_not_found":
		return hub.FaultUnauthorized, "an administrator of the workspace has to let the app in"

	// https://docs.slack.dev/reference/methods/views.open#errors
	case "expired_trigger_id", "trigger_expired", "exchanged_trigger_id", "trigger_exchanged", "invalid_trigger_id", "invalid_trigger":
		return hub.FaultRejected, "a modal opens within three seconds of what a person did, once"
	// https://docs.slack.dev/reference/methods/views.update#errors
	case "hash_conflict", "not_found", "view_too_large", "view_not_found", "push_limit_reached", "duplicate_external_id":
		return hub.FaultRejected, "the modal is gone, was changed meanwhile or is too large"
	// Of a response_url: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
	case "expired_url", "used_url":
		return hub.FaultRejected, "Slack takes five answers to a command, for half an hour"

	// https://docs.slack.dev/reference/methods/files.getUploadURLExternal#errors
	// https://docs.slack.dev/reference/methods/files.completeUploadExternal#errors
	case "file_uploads_disabled", "file_upload_size_restricted", "file_type_not_allowed", "storage_limit_reached",
		"file_not_found", "file_update_failed", "file_deleted", "cant_delete_file", "team_file_storage_full":
		return hub.FaultRejected, "the workspace does not take the file"

	// Of a thread, and not of its channel: without it the message may be taken.
	case "restricted_action_non_threadable_channel", "restricted_action_thread_locked":
		return hub.FaultRejected, "the thread takes no replies"

	case "message_not_found":
		return hub.FaultRejected, "the message is gone"
	case "cant_update_message", "cant_delete_message":
		return hub.FaultRejected, "Slack lets only the bot that posted a message change it or take it back"
	case "edit_window_closed":
		return hub.FaultRejected, "the workspace's settings let nobody edit a message of that age"
	case "compliance_exports_prevent_deletion":
		return hub.FaultRejected, "the workspace keeps all messages, for its compliance exports"

	case "msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format", "no_text",
		"invalid_arguments", "invalid_arg_name", "invalid_array_arg", "invalid_charset", "invalid_form_data",
		"invalid_post_type", "missing_post_type", "too_many_attachments", "attachment_payload_limit_exceeded",
		"thread_not_found", "invalid_thread_ts", "cannot_reply_to_message", "as_user_not_supported", "markdown_text_conflict",
		"invalid_attachments", "invalid_image_url", "block_mismatch", "cant_broadcast_message", "no_dual_broadcast_content_update":
		return hub.FaultRejected, ""

	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return hub.FaultRateLimited, ""
	default: // internal_error, fatal_error, service_unavailable, request_timeout and what is not documented
		return hub.FaultTemporary, ""
	}
}

// clip keeps an answer's words short.
func clip(s string) string { return providers.Label(s, 200, providers.Characters) }
