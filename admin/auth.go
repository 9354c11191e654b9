package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// admin is who everybody is that may do anything.
const admin = "admin"

// Caller is who asks and what they may do.
type Caller struct {
	Name string // for people and the audit log
	Role hub.Role
}

type callerKey struct{}

// CallerOf is who asks, behind Guard. Elsewhere it is nobody, who may do nothing.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// Who is the name of who asks, behind Guard; "" elsewhere.
func Who(ctx context.Context) string { return CallerOf(ctx).Name }

// permit is the one place where a role is held against what something needs.
func permit(ctx context.Context, need hub.Role) error {
	if c := CallerOf(ctx); !c.Role.May(need) {
		return hub.Errorf(hub.CodeForbidden, "this needs the role %s, and %s has the role %s: an admin can change that under People", need, c.Name, c.Role)
	}
	return nil
}

// authenticated asks for a credential before h is reached; deny answers where
// there is none.
func (s *Server) authenticated(h http.Handler, deny func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.identify(r)
		if err != nil {
			deny(w, r, err)
			return
		}
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller)))
	})
}

// identify finds out who asks, by bearer token or else by session.
func (s *Server) identify(r *http.Request) (Caller, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") || !s.isToken(strings.TrimSpace(token)) {
			return Caller{}, hub.Errorf(hub.CodeUnauthorized, "the bearer token is not the admin token")
		}
		return Caller{Name: admin, Role: hub.Administrator}, nil
	}
	session, err := s.session(r)
	if err != nil {
		return Caller{}, err
	}
	if session == nil {
		return Caller{}, hub.Errorf(hub.CodeUnauthorized, "a credential is needed: send Authorization: Bearer and the admin token, or log in at /login")
	}
	// A browser sends the cookie along whatever site makes it ask.
	if err := s.origins.Check(r); err != nil {
		return Caller{}, errOrigin
	}
	return Caller{Name: session.Who, Role: hub.Administrator}, nil
}

var errOrigin = hub.Errorf(hub.CodeForbidden, "the request comes from another site; if this is Bellhop's own page, "+
	"server.public_url must be the address that the browser shows")

// isToken compares digests, so that neither the length nor the time tells
// anything of the token.
func (s *Server) isToken(token string) bool {
	if s.Token.Empty() {
		return false
	}
	want, got := sha256.Sum256([]byte(s.Token.Reveal())), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// turnAway answers a page's request that may not go on.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	code := hub.CodeOf(err)
	switch {
	case !wantsPage(r):
		s.problem(w, r, err)
	case code == hub.CodeUnauthorized:
		web.Protect(w.Header())
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
	default:
		p := s.describe(r, err)
		web.Render(w, web.WordsOf(r), p.Status, "problem.html", web.Problem{Title: p.Title, Detail: p.Detail, Retry: r.URL.RequestURI()})
	}
}

// wantsPage reports whether a person's browser asks for a page, not a script
// for data.
func wantsPage(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// digest is what is stored of a secret that we made.
func digest(made string) string {
	sum := sha256.Sum256([]byte(made))
	return hex.EncodeToString(sum[:])
}
