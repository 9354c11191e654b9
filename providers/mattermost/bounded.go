package mattermost

import (
	"errors"
	"io"
	"net/http"
)

// largestAnswer bounds what is read of an answer; a thousand channels take
// about one MiB.
const largestAnswer = 8 << 20

// errTooLarge is of an answer that is longer than what is read.
var errTooLarge = errors.New("the answer is too large")

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
	}{&short{resp.Body, largestAnswer}, resp.Body}
	return resp, nil
}

// short reads so many bytes, and fails where there are more.
type short struct {
	from io.Reader
	left int
}

// Read implements io.Reader.
func (s *short) Read(p []byte) (int, error) {
	if s.left < 0 {
		return 0, errTooLarge
	}
	n, err := s.from.Read(p[:min(len(p), s.left+1)]) // one more tells whether that is all
	if s.left -= n; s.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}
