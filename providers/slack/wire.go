package slack

import (
	"io"
	"net/http"

	"github.com/slack-go/slack"
)

// largestAnswer bounds what is read of an answer; a page of a thousand channels
// takes about one MiB.
const largestAnswer = 8 << 20

// cautious is base without redirects: after one, the token would go to
// another host.
func cautious(base *http.Client) *http.Client {
	var c http.Client
	if base != nil {
		c = *base
	}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}

// wire carries one call and keeps the head of its answer, which the library
// does not tell of a call that failed.
type wire struct {
	http   *http.Client
	status int
	header http.Header
}

// open makes a library client for one call.
func (c *Client) open() (*wire, *slack.Client) {
	w := &wire{http: c.http}
	return w, slack.New(c.token.Reveal(), slack.OptionAPIURL(c.api), slack.OptionHTTPClient(w))
}

// Do implements what the library wants of an HTTP client.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	client := *w.http
	if _, ends := req.Context().Deadline(); ends {
		client.Timeout = 0 // it takes two goroutines and a timer, where the transport is not net/http's own
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	w.status, w.header = resp.StatusCode, resp.Header
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, largestAnswer), resp.Body}
	return resp, nil
}
