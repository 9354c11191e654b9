package discourse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub/secret"
)

// maxBody bounds an answer.
const maxBody = 4 << 20

// answer is what the forum said, whole.
type answer struct {
	where  string // for errors
	status int
	header http.Header
	body   []byte
}

// get asks for path, which starts with a slash, and reads the answer into v.
// That there is no such thing for the asker is an *absent.
func (c *Client) get(ctx context.Context, who asker, path string, v any) error {
	a, err := c.call(ctx, who, path)
	if err != nil {
		return err
	}
	if err := c.judge(ctx, who, path, a); err != nil {
		return err
	}
	if err := decode(a.body, v); err != nil {
		return a.away("answered with something that is not the forum's: " + err.Error())
	}
	c.answered(who)
	return nil
}

// must is get for what every forum has, and shows to whoever it is for: that it
// is not there means that a setting is wrong.
func (c *Client) must(ctx context.Context, who asker, path string, v any) error {
	err := c.get(ctx, who, path, v)
	gone, ok := errors.AsType[*absent](err)
	switch {
	case !ok:
		return err
	case !who.key:
		return &RefusedError{Setting: "api_key", Reason: fmt.Sprintf("an anonymous visitor may not read %s (%d): the forum has to be asked with a key", gone.where, gone.status)}
	case strings.HasPrefix(path, "/admin/"):
		// The admin routes are not there for who is no administrator:
		// https://github.com/discourse/discourse/blob/main/lib/admin_constraint.rb
		return &RefusedError{Setting: "api_user", Reason: fmt.Sprintf("%q may not read %s (%d): it must be an administrator, and the key must not be limited to other things", who.user, gone.where, gone.status)}
	}
	return &RefusedError{Setting: "api_user", Reason: fmt.Sprintf("%q may not read %s (%d)", who.user, gone.where, gone.status)}
}

// call makes one request when it is its turn.
func (c *Client) call(ctx context.Context, who asker, path string) (*answer, error) {
	if c.bad != "" {
		return nil, &RefusedError{Setting: "url", Reason: c.bad}
	}
	where := c.site.origin + c.site.folder + strings.SplitN(path, "?", 2)[0]
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.site.base+path, nil)
	if err != nil {
		return nil, &RefusedError{Setting: "url", Reason: "no request can be made of it"}
	}
	r.Header.Set("Accept", "application/json")
	if who.key {
		// https://docs.discourse.org/#section/Authentication
		r.Header.Set("Api-Key", c.key.Reveal())
		if who.user != "" {
			r.Header.Set("Api-Username", who.user)
		}
		if err := sendable(r.Header); err != nil {
			return nil, err
		}
	}
	if err := c.pace.wait(ctx); err != nil {
		return nil, err
	}
	began := c.now()
	a, err := c.do(r, where)
	if err != nil {
		c.log.DebugContext(ctx, "forum does not answer", "url", where, "reader", who.user, "took", c.now().Sub(began), "err", err)
		return nil, err
	}
	c.log.DebugContext(ctx, "forum answered", "url", where, "reader", who.user, "status", a.status, "took", c.now().Sub(began))
	return a, nil
}

// sendable keeps the HTTP client from saying it, in other words.
func sendable(h http.Header) error {
	for name, setting := range map[string]string{"Api-Key": "api_key", "Api-Username": "api_user"} {
		if strings.ContainsFunc(h.Get(name), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return &RefusedError{Setting: setting, Reason: "it holds a line break or another character that cannot be sent"}
		}
	}
	return nil
}

func (c *Client) do(r *http.Request, where string) (*answer, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		if ctxErr := r.Context().Err(); errors.Is(ctxErr, context.Canceled) {
			return nil, ctxErr
		}
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // it says the URL again
		}
		return nil, &AwayError{Err: fmt.Errorf("%s: %w", where, err)}
	}
	defer resp.Body.Close()
	a := &answer{where: where, status: resp.StatusCode, header: resp.Header}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, &AwayError{Err: fmt.Errorf("%s: the answer broke off: %w", where, err)}
	case len(a.body) > maxBody:
		return nil, a.away("answered with more than 4 MiB")
	}
	return a, nil
}

func (a *answer) away(what string) *AwayError {
	return &AwayError{Err: fmt.Errorf("%s: %s", a.where, what)}
}

// failure is the form of Discourse's errors:
// https://github.com/discourse/discourse/blob/main/lib/json_error.rb
type failure struct {
	Errors []string `json:"errors"`
	Type   string   `json:"error_type"`
	Extras struct {
		Wait json.RawMessage `json:"wait_seconds"`
	} `json:"extras"`
}

// failure reads an error; own is whether it has the form of Discourse's.
func (a *answer) failure() (f failure, own bool) {
	if decode(a.body, &f) != nil {
		return failure{}, false
	}
	return f, len(f.Errors) > 0 || f.Type != ""
}

// says is the forum's own words, short. An HTML page has none.
func (c *Client) says(a *answer) string {
	f, own := a.failure()
	text := strings.Join(f.Errors, " ")
	if !own && !bytes.ContainsRune(a.body, '<') {
		text = string(a.body)
	}
	return secret.Redact(cut(strings.Join(strings.Fields(text), " "), 200), c.key)
}

// judge makes an error of an answer that is none.
func (c *Client) judge(ctx context.Context, who asker, path string, a *answer) error {
	switch {
	case a.status == http.StatusOK:
		return nil
	case a.status == http.StatusTooManyRequests:
		return c.tooMany(a)
	case a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
		return c.tooMany(a)
	case a.status >= 300 && a.status < 400:
		return c.redirected(ctx, who, path, a)
	case a.status == http.StatusNotFound, a.status == http.StatusGone:
		return c.missing(ctx, who, a)
	case a.status == http.StatusForbidden, a.status == http.StatusUnauthorized:
		return c.forbidden(ctx, who, a)
	}
	text := fmt.Sprintf("answered %d %s", a.status, http.StatusText(a.status))
	if words := c.says(a); words != "" {
		text += ": " + words
	}
	return a.away(text)
}

// defaultHold is for a 429 that does not say how long: the forum counts in
// windows of a minute, and a proxy's are rarely longer.
const defaultHold = 30 * time.Second

// tooMany leaves the forum alone for as long as it wants. Discourse tells it in
// Retry-After and extras.wait_seconds; a limit per address is refused before
// Discourse itself runs, in plain text with Retry-After:
// https://github.com/discourse/discourse/blob/main/lib/middleware/request_tracker.rb
func (c *Client) tooMany(a *answer) error {
	f, _ := a.failure()
	var wait float64
	_ = json.Unmarshal(f.Extras.Wait, &wait) // what is no number is not told
	after := max(retryAfter(a.header.Get("Retry-After"), c.now()), seconds(wait))
	if after <= 0 {
		after = defaultHold
	}
	c.pace.hold(after)
	text := fmt.Sprintf("%s: answered %d %s", a.where, a.status, http.StatusText(a.status))
	if words := c.says(a); words != "" {
		text += ": " + words
	}
	return &AwayError{After: after, Err: errors.New(text)}
}
