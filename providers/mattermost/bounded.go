package mattermost

import (
	"io"
	"net/http"
)

// largestAnswer bounds what is read of an answer; a thousand channels take
// about one MiB.
const largestAnswer = 8 << 20

// bounded cuts answers short, which the library reads to their end.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusSwitchingProtocols { // of a websocket, which is written to as well
		return resp, nil
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, largestAnswer), resp.Body}
	return resp, nil
}
