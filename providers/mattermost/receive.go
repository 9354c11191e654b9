package mattermost

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// The paths below our public address that the server calls.
const (
	pathCommand  = "command"
	pathAction   = "action"
	pathDialog   = "dialog"
	pathOutgoing = "outgoing"
)

// largestRequest bounds what the server may send: a dialog of full text areas is
// far smaller.
const largestRequest = 1 << 20

// errForged is of a request that nothing proves.
var errForged = errors.New("nothing proves that it comes from the server")

// Receive implements providers.Called.
func (c *Client) Receive(ctx context.Context, path string, r *providers.Request, ear providers.Ear) providers.Response {
	c.ear.CompareAndSwap(nil, &ear)
	serve, known := map[string]func(context.Context, *providers.Request, providers.Ear) (any, error){
		pathCommand: c.onCommand, pathAction: c.onAction, pathDialog: c.onDialog, pathOutgoing: c.onOutgoing,
	}[strings.Trim(path, "/")]
	switch {
	case !known:
		return plain(http.StatusNotFound, "there is no such path: the server calls command, action, dialog and outgoing")
	case r.Method != http.MethodPost:
		return plain(http.StatusMethodNotAllowed, "only POST: set the integration's request method to it")
	case len(r.Body) > largestRequest:
		return plain(http.StatusRequestEntityTooLarge, "the request is too large")
	}
	answer, err := serve(ctx, r, ear)
	switch {
	case err == nil:
		return jsonResponse(answer)
	case errors.Is(err, errNoKey), errors.Is(err, errUnheard):
		c.log.WarnContext(ctx, "a request of the server is not answered", "path", path, "err", err)
		return plain(http.StatusServiceUnavailable, "not now: try again")
	default:
		c.log.WarnContext(ctx, "a request is refused", "path", path, "err", err)
		return plain(http.StatusUnauthorized, "the token or signature is wrong or too old")
	}
}

func plain(status int, text string) providers.Response {
	return providers.Response{Status: status, Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte(text + "\n")}
}

func jsonResponse(v any) providers.Response {
	body, err := json.Marshal(v)
	if err != nil {
		return plain(http.StatusInternalServerError, "the answer cannot be written")
	}
	return providers.Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
}

// form is a request's fields, empty if it has none.
func form(r *providers.Request) url.Values {
	values, err := url.ParseQuery(string(r.Body))
	if err != nil {
		return url.Values{}
	}
	return values
}

// isJSON reports whether a request says that it is. An outgoing webhook comes in
// either form.
func isJSON(r *providers.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// bearer is the token that a request shows: in its header, or in the field where
// an OAuth connection of the server takes the header's place.
// https://developers.mattermost.com/integrate/slash-commands/custom/
func bearer(r *providers.Request, field string) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "token") {
		return strings.TrimSpace(token)
	}
	return field
}

// place of a request: the channel as the server names it in requests. A direct
// one is called by the ids of who is in it.
func (c *Client) channelOf(ctx context.Context, id, name string) hub.Channel {
	if first, second, direct := strings.Cut(name, "__"); direct {
		me, err := c.me(ctx)
		return hub.Channel{ID: id, Direct: err == nil && (first == me.ID || second == me.ID)}
	}
	return hub.Channel{ID: id, Name: name}
}
