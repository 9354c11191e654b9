package slack

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/slack-go/slack"
)

// draft is a message as the fields of a form, ready to go: what goes to many
// channels is written once.
type draft struct {
	blocks string // empty for words alone
	text   string
}

// none reports that there is nothing to say.
func (s draft) none() bool { return s.text == "" }

// field is one field of a form.
func field(name, value string) string { return name + "=" + url.QueryEscape(value) }

// form is the body of a call: what is draft, where, and fields of this call alone.
func (c *Client) form(s draft, channel string, more ...string) string {
	parts := make([]string, 0, 4+len(more))
	if s.blocks != "" {
		parts = append(parts, s.blocks)
	}
	parts = append(parts, field("channel", channel), s.text)
	parts = append(parts, more...)
	return strings.Join(append(parts, field("token", c.token.Reveal())), "&")
}

// posted is what Slack says of a message that it took. It repeats the message,
// of which nothing is read but this.
type posted struct {
	slack.SlackResponse
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Message struct {
		ThreadTS string `json:"thread_ts"`
	} `json:"message"`
}

// call does what the library's call does, with a form that is written already
// and without reading all of the message back: together that was a tenth of
// what a notification costs.
func (c *Client) call(ctx context.Context, w *wire, method, form string) (*posted, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.api+method, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := w.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK { // it is not the Web API's own, which answers 200 to all
		return nil, slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	a := new(posted) // of a message that was taken nothing may fail for how the answer is written
	if err := json.Unmarshal(answer, a, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, err
	}
	if err := a.Err(); err != nil {
		return nil, err
	}
	if a.TS == "" {
		return nil, errNoAnswer
	}
	return a, nil
}
