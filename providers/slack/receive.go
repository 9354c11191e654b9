package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/providers"
)

// Receive implements providers.Called: the paths are commands for slash
// commands, interactive and options for what people press and fill in, and
// events.
func (c *Client) Receive(ctx context.Context, path string, r *providers.Request, ear providers.Ear) providers.Response {
	if !c.genuine(r) {
		return providers.Response{Status: http.StatusUnauthorized}
	}
	if r.Method != http.MethodPost {
		return providers.Response{Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {http.MethodPost}}}
	}
	soon, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	d := delivery{ear: ear, at: time.Now(), stamp: r.Header.Get("X-Slack-Signature")}
	a := c.route(soon, d, path, r.Body)
	if a.then != nil {
		c.chores.do(ctx, a.then)
	}
	return a.response()
}

// genuine reports whether Slack signed r within the last five minutes:
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func (c *Client) genuine(r *providers.Request) bool {
	v, err := slack.NewSecretsVerifier(r.Header, c.signing.Reveal())
	if err != nil {
		return false
	}
	if _, err := v.Write(r.Body); err != nil {
		return false
	}
	return v.Ensure() == nil
}

func (c *Client) route(ctx context.Context, d delivery, path string, body []byte) answer {
	switch path {
	case "events":
		return c.event(ctx, d, body)
	case "commands", "interactive", "options":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return answer{status: http.StatusBadRequest}
		}
		if path == "commands" {
			return c.slash(ctx, d, slashOf(form))
		}
		return c.interaction(ctx, d, []byte(form.Get("payload")))
	default:
		return answer{status: http.StatusNotFound}
	}
}

func (a answer) response() providers.Response {
	r := providers.Response{Status: a.status}
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	switch {
	case a.body != nil:
		body, err := json.Marshal(a.body)
		if err != nil {
			return providers.Response{Status: http.StatusInternalServerError}
		}
		r.Header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
		r.Body = body
	case a.text != "":
		r.Header = http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
		r.Body = []byte(a.text)
	}
	return r
}
