package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub/outbound"
)

const (
	// maxBody is more than any feed that was meant to be polled.
	maxBody = 4 << 20
	// maxRedirects is how many addresses a feed may lead to.
	maxRedirects = 5
	// maxValidator bounds what is kept of an answer's headers.
	maxValidator = 1000
)

const accept = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5"

// answer is a document and what came with it.
type answer struct {
	body           []byte
	contentType    string
	from           *url.URL // where it was in the end
	etag, modified string
	requested      string // as configured
}

// statusError is an answer that is no document.
type statusError struct {
	text  string
	after time.Duration // how long the publisher wants to be left alone
}

func (e *statusError) Error() string { return e.text }

// fetch asks for the document; nil if it has not changed.
func (p *Poller) fetch(ctx context.Context, was memory) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, http.NoBody)
	if err != nil {
		return nil, errors.New("its url is not an address")
	}
	req.Header.Set("Accept", accept)
	if was.ETag != "" {
		req.Header.Set("If-None-Match", was.ETag)
	}
	if was.LastModified != "" {
		req.Header.Set("If-Modified-Since", was.LastModified)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the feed does not answer: %w", outbound.Clean(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusNotModified && !was.first {
		return nil, nil
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &statusError{statusText(resp.StatusCode), retryAfter(resp.Header, p.Now())}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the feed ends before it is whole: %w", outbound.Clean(err))
	case len(body) > maxBody:
		return nil, fmt.Errorf("the feed is larger than %d MiB, which no feed has to be: see whether its publisher has one of the latest entries alone", maxBody>>20)
	}
	return &answer{
		body: body, contentType: resp.Header.Get("Content-Type"), from: resp.Request.URL, requested: p.URL,
		etag: validator(resp.Header.Get("Etag")), modified: validator(resp.Header.Get("Last-Modified")),
	}, nil
}

// validator is v if it can be sent back and kept.
func validator(v string) string {
	if len(v) > maxValidator || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return v
}

// statusText says what an answer means to who has configured the feed.
func statusText(status int) string {
	text := fmt.Sprintf("the feed answers %d %s", status, http.StatusText(status))
	switch {
	case status == http.StatusNotFound, status == http.StatusGone:
		text += ": look up its address and set url, or remove the source"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		text += ": it is not for everyone, so it needs an address that is"
	case status == http.StatusTooManyRequests:
		text += ": it is asked for too often, so raise every if this stays"
	case status >= 500:
		text += ": its publisher has to mend that"
	}
	return text
}

// retryAfter reads seconds or a date:
// https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// follow is where http.Client asks whether to follow a redirect. Feeds move, and
// nothing secret goes along. Each address is dialed by the same client, so that
// none leads where that one must not call.
func follow(next *http.Request, via []*http.Request) error {
	switch before := via[len(via)-1].URL; {
	case len(via) > maxRedirects:
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	case before.Scheme == "https" && next.URL.Scheme != "https":
		return errors.New("it redirects from https to an address that anybody on the way could change")
	}
	return nil
}

// Look reads the feed as it is now, and says how many entries it has. Nothing is
// told and nothing remembered.
func (p *Poller) Look(ctx context.Context) (entries int, err error) {
	answer, err := p.fetch(ctx, memory{first: true})
	if err != nil {
		return 0, err
	}
	feed, err := parse(answer)
	if err != nil {
		return 0, err
	}
	return len(feed.entries()), nil
}
