package discourse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An answer that there is nothing to see may come from the forum, from a proxy
// that has lost it, from a wall that keeps programs out, or be about the key. A
// topic that is taken for gone is taken back from chats, so the hub makes sure.

// maxAskers bounds what is remembered of askers.
const maxAskers = 256

// answered forgets why who was refused.
func (c *Client) answered(who asker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.blamed, who)
}

// genuine reports whether an error is Discourse's own: it names its controller
// and, but for topics in old versions, answers in JSON.
func (a *answer) genuine() bool {
	_, own := a.failure()
	return own || a.header.Get("X-Discourse-Route") != ""
}

// missing believes a 404 that is Discourse's, or that comes while the forum
// answers otherwise.
func (c *Client) missing(ctx context.Context, who asker, a *answer) error {
	gone := &absent{where: a.where, status: a.status, message: c.says(a)}
	if a.genuine() {
		return gone
	}
	if _, err := c.prove(ctx, who); err != nil {
		return err
	}
	return gone
}

// forbidden tells a thing that the asker may not see from a key that is not
// taken. Both are 403, with words in the forum's language; but a user that was
// let in is named in a header.
func (c *Client) forbidden(ctx context.Context, who asker, a *answer) error {
	hidden := &absent{where: a.where, status: a.status, message: c.says(a)}
	switch {
	case a.status == http.StatusUnauthorized: // Discourse never answers so
	case who.key && a.header.Get("X-Discourse-Username") != "":
		return hidden
	case !who.key && a.genuine():
		return hidden
	}
	if _, err := c.prove(ctx, who); err != nil {
		return err
	}
	return hidden
}

// redirected explains a redirect. A topic that was deleted may lead to
// another place on the forum, and so does a login page.
func (c *Client) redirected(ctx context.Context, who asker, path string, a *answer) error {
	asked, _ := url.Parse(c.site.base + path)
	to, err := asked.Parse(a.header.Get("Location"))
	if err != nil || a.header.Get("Location") == "" {
		return a.away(fmt.Sprintf("answered %d without saying where it leads", a.status))
	}
	origin := to.Scheme + "://" + to.Host
	switch {
	case to.Path == asked.Path:
		return &RefusedError{Setting: "url", Reason: fmt.Sprintf("%s redirects to %s: set the address it leads to", c.site.origin, origin)}
	case !who.key:
		return &absent{where: a.where, status: a.status, message: "it redirects to " + origin}
	case origin != c.site.origin || isLogin(strings.TrimPrefix(to.Path, c.site.folder)):
		return &RefusedError{Setting: "url", Reason: fmt.Sprintf("the API redirects to a login at %s: what stands in front of the forum must let requests with an Api-Key pass", origin)}
	}
	return c.missing(ctx, who, a)
}

// isLogin knows where Discourse sends who must log in.
func isLogin(path string) bool {
	for _, at := range []string{"/login", "/session/", "/auth/"} {
		if strings.HasPrefix(path, at) {
			return true
		}
	}
	return false
}

// prove asks for what every forum shows to whom it lets in, and says who that
// is. Otherwise it says what is wrong.
func (c *Client) prove(ctx context.Context, who asker) (string, error) {
	if known := c.blame(who); known != nil {
		return "", known
	}
	name, err := c.ask(ctx, who)
	if _, refused := errors.AsType[*refusal](err); refused {
		return "", c.explain(ctx, who)
	}
	if err == nil {
		c.answered(who)
	}
	return name, err
}

// refusal is that a proof was not given. It does not leave the package.
type refusal struct{ status int }

func (e *refusal) Error() string { return http.StatusText(e.status) }

// ask makes the request of a proof. A forum that wants everybody to log in
// still shows its basic info:
// https://github.com/discourse/discourse/blob/main/app/controllers/site_controller.rb
func (c *Client) ask(ctx context.Context, who asker) (string, error) {
	path := "/site/basic-info.json"
	if who.key {
		path = "/session/current.json"
	}
	a, err := c.call(ctx, who, path)
	if err != nil {
		return "", err
	}
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return "", &refusal{a.status}
	case a.status == http.StatusNotFound, a.status == http.StatusGone:
		return "", &RefusedError{Setting: "url", Reason: "there is no Discourse forum at " + c.site.base}
	case a.status >= 300 && a.status < 400:
		return "", c.redirectedProof(ctx, path, a)
	case a.status != http.StatusOK:
		return "", c.judge(ctx, who, path, a)
	}
	var said struct {
		Title *string `json:"title"`
		User  *struct {
			Username string `json:"username"`
		} `json:"current_user"`
	}
	switch err := decode(a.body, &said); {
	case err != nil:
		return "", a.away("answered with something that is not the forum's: " + err.Error())
	case who.key && said.User != nil && said.User.Username != "":
		return said.User.Username, nil
	case !who.key && said.Title != nil:
		return "", nil
	}
	return "", &RefusedError{Setting: "url", Reason: "what answers at " + c.site.base + " is no Discourse forum"}
}

// redirectedProof never asks for a proof again.
func (c *Client) redirectedProof(ctx context.Context, path string, a *answer) error {
	err := c.redirected(ctx, asker{}, path, a)
	if gone, ok := errors.AsType[*absent](err); ok {
		return &RefusedError{Setting: "url", Reason: fmt.Sprintf("%s is not answered, %s: what stands in front of the forum must let the API pass", a.where, gone.message)}
	}
	return err
}

// blame is why an asker is refused, which takes some requests to find out.
type blame struct {
	err *RefusedError
	at  time.Time
}

// blameHolds is how long the reason of a refusal is not looked for again.
const blameHolds = 30 * time.Second

func (c *Client) blame(who asker) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b, ok := c.blamed[who]; ok && c.now().Sub(b.at) < blameHolds {
		return b.err
	}
	return nil
}

// explain finds out which setting is to blame. The forum says the same of a key
// that is wrong, of one that may not be used from here or for this, of a user
// that does not exist and of one for whom the key was not made.
func (c *Client) explain(ctx context.Context, who asker) error {
	err := c.suspect(ctx, who)
	refused, ok := errors.AsType[*RefusedError](err)
	if !ok {
		return err
	}
	c.mu.Lock()
	if len(c.blamed) >= maxAskers {
		clear(c.blamed)
	}
	c.blamed[who] = blame{refused, c.now()}
	c.mu.Unlock()
	c.log.WarnContext(ctx, "forum refuses to answer", "url", c.site.base, "reader", who.user, "setting", refused.Setting, "reason", refused.Reason)
	return refused
}

func (c *Client) suspect(ctx context.Context, who asker) error {
	if !who.key {
		return &RefusedError{Setting: "url", Reason: c.site.base + " keeps anonymous requests out, even of what every forum shows: " +
			"what stands in front of it must let the hub pass, or the source needs an api_key and a read_as"}
	}
	try := func(user string) (name string, taken bool, err error) {
		name, err = c.ask(ctx, asker{key: true, user: user})
		_, refused := errors.AsType[*refusal](err)
		if refused {
			err = nil
		}
		return name, name != "", err
	}
	if who.user != c.user {
		if _, taken, err := try(c.user); err != nil {
			return err
		} else if taken {
			return &RefusedError{Setting: "read_as", Reason: fmt.Sprintf(
				"the key may not act as %q, or there is no such user who is active: name another, or give a key for all users", who.user)}
		}
	}
	if owner, taken, err := try(""); err != nil {
		return err
	} else if taken { // a key without a user belongs to one
		return &RefusedError{Setting: "api_user", Reason: fmt.Sprintf("the key belongs to %q and may act as nobody else: set api_user to it", owner)}
	}
	if c.user != DefaultUser {
		if _, taken, err := try(DefaultUser); err != nil {
			return err
		} else if taken {
			return &RefusedError{Setting: "api_user", Reason: fmt.Sprintf("there is no user %q who is active", c.user)}
		}
	}
	return &RefusedError{Setting: "api_key", Reason: "the forum does not take it: it was revoked or mistyped, is not for this address, " +
		"or is limited to a few things where it must be allowed to read everything"}
}
