// Package observe keeps what was asked of a platform and what it answered, as
// far as it may be shown: for the delivery log and the dead letters, where
// somebody must find out why a platform refused a message.
//
// A body in memory (one whose request has a GetBody) is read again when Last is called,
// so that its bytes must stay as they are until then: none of the libraries here takes
// them from a pool.
//
// It refuses to keep headers, where credentials are, and more than the
// beginning of a body. It changes nothing of what a provider sends or reads. Of
// an answer it keeps what the provider reads; only of a refusal that the
// provider closes unread, as libraries do that look at the status alone, it
// reads the beginning itself.
package observe

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

type trailKey struct{}

// Trail is what was seen of one attempt. It is safe for concurrent use.
type Trail struct {
	mu   sync.Mutex
	last *exchange
}

// Watch makes a context whose requests leave their traces in a Trail.
func Watch(ctx context.Context) (context.Context, *Trail) {
	t := &Trail{}
	return context.WithValue(ctx, trailKey{}, t), t
}

// Last is the exchange that began last, nil if there was none. It is a copy: of
// an answer that is still being read it holds what was read so far.
func (t *Trail) Last() *hub.Exchange {
	t.mu.Lock()
	last := t.last
	t.mu.Unlock()
	if last == nil {
		return nil
	}
	return last.show()
}

func (t *Trail) put(e *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = e
}

// Transport is next, nil for http.DefaultTransport, with an eye on the requests
// of watched contexts. Secrets are shown nowhere, in none of the forms in which
// they stand in URLs, forms and JSON.
func Transport(next http.RoundTripper, secrets ...secret.Value) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{next: next, mask: newMask(secrets)}
}

type transport struct {
	next http.RoundTripper
	mask *mask
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	trail, watched := req.Context().Value(trailKey{}).(*Trail)
	if !watched {
		return t.next.RoundTrip(req)
	}
	e := newExchange(req, t.mask)
	trail.put(e)
	resp, err := t.next.RoundTrip(e.sent(req))
	if resp != nil {
		resp.Request = req
	}
	if err != nil {
		e.answered(0)
		return resp, err
	}
	e.answered(resp.StatusCode)
	// The body of an answer that switches protocols is written to as well.
	if resp.Body != nil && resp.Body != http.NoBody && resp.StatusCode != http.StatusSwitchingProtocols {
		seen := reading{resp.Body, e.answer}
		resp.Body = seen
		if resp.StatusCode >= http.StatusMultipleChoices {
			resp.Body = refusal{seen}
		}
	}
	return resp, nil
}

// CloseIdleConnections lets http.Client close those of the transport inside.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// exchange is one request with its answer, on its way.
type exchange struct {
	mask    *mask
	method  string
	url     *url.URL
	kind    string // Content-Type of the request
	began   time.Time
	again   func() (body, error) // the request's body, anew; nil where it can be read once only
	request *beginning           // of one that can be read once only
	answer  *beginning

	mu     sync.Mutex
	status int
	took   time.Duration
}

func newExchange(req *http.Request, m *mask) *exchange {
	return &exchange{
		mask: m, method: req.Method, url: req.URL, kind: req.Header.Get("Content-Type"), began: time.Now(),
		again: req.GetBody, request: newBeginning(m.room()), answer: newBeginning(m.room()),
	}
}

// sent is req with a body that is seen as it is read, where there is no other way: a
// body that net/http knows to be in memory goes out together with the head, in one
// write, and is read again when somebody asks. A RoundTripper may not change the
// request that it was given.
func (e *exchange) sent(req *http.Request) *http.Request {
	if e.again != nil || req.Body == nil || req.Body == http.NoBody || isFile(e.kind) {
		return req
	}
	seen := *req
	seen.Body = reading{req.Body, e.request}
	return &seen
}

// asked is the beginning of the request's body, and whether that is all.
func (e *exchange) asked() (text string, whole bool) {
	if e.again == nil {
		return e.request.read()
	}
	b, err := e.again()
	if err != nil {
		return "", false
	}
	defer b.Close()
	first := newBeginning(e.mask.room())
	_, _ = io.CopyN(io.Discard, reading{b, first}, int64(e.mask.room())+1) // what can be read is shown
	return first.read()
}

// answered notes the head of the answer, or with status 0 that there was none.
func (e *exchange) answered(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status, e.took = status, time.Since(e.began)
}

func (e *exchange) show() *hub.Exchange {
	e.mu.Lock()
	status, took := e.status, e.took
	e.mu.Unlock()
	var request string
	switch {
	case isFile(e.kind):
		request = fmt.Sprintf("[a file: %s]", mediaType(e.kind))
	case isForm(e.kind):
		request = e.mask.text(readable(e.mask.text(e.asked())), true)
	default:
		request = e.mask.text(e.asked())
	}
	x := hub.Exchange{
		Method: e.method, URL: e.mask.text(e.url.Redacted(), true), Request: request,
		Status: status, Answer: e.mask.text(e.answer.read()), At: e.began.UTC(), TookMS: took.Milliseconds(),
	}.Bounded()
	return &x
}
