package outbound

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Clean is err without the paths and queries of the URLs in it: a webhook's
// address and a bot's token are there, and http.Client puts the URL into each
// error. What errors.Is and errors.As find stays the same, but for a
// *url.Error, which comes out clean as well.
func Clean(err error) error {
	found := urlErrors(err)
	if len(found) == 0 {
		return err
	}
	text := err.Error()
	for _, e := range found {
		text = strings.ReplaceAll(text, fmt.Sprintf("%q", e.URL), originOf(e.URL))
		if len(e.URL) > 1 { // "/" is no secret, and stands everywhere
			text = strings.ReplaceAll(text, e.URL, originOf(e.URL))
		}
	}
	return &cleaned{text: text, err: err}
}

// urlErrors are all in err's tree, the outermost first.
func urlErrors(err error) []*url.Error {
	var found []*url.Error
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the tree is walked here
		found = append(found, e)
	}
	switch e := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() error }:
		found = append(found, urlErrors(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			found = append(found, urlErrors(inner)...)
		}
	}
	return found
}

// cleaned has another's text. It does not unwrap: what is inside still says
// the URL.
type cleaned struct {
	text string
	err  error
}

func (c *cleaned) Error() string { return c.text }

func (c *cleaned) Is(target error) bool { return errors.Is(c.err, target) }

func (c *cleaned) As(target any) bool {
	if !errors.As(c.err, target) {
		return false
	}
	if e, ok := target.(**url.Error); ok {
		*e = &url.Error{Op: (*e).Op, URL: originOf((*e).URL), Err: Clean((*e).Err)}
	}
	return true
}

// Timeout reports whether the request took too long, as *url.Error does.
func (c *cleaned) Timeout() bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](c.err)
	return ok && t.Timeout()
}

func originOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "an address that cannot be read"
	}
	return origin(u)
}

// origin is a URL as far as it may be told: scheme and host.
func origin(u *url.URL) string {
	if u.Host == "" {
		return "an address without a host"
	}
	return u.Scheme + "://" + u.Host
}
