package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// Root is the name and id of whoever shows the admin token. No account has it.
const Root = "admin"

// Caller is who asks and what they may do.
type Caller struct {
	Name string   // for people and the audit log
	Role hub.Role // that of the account or, if that is less, of the token
	// Account is nil for whoever has shown the admin token.
	Account *hub.Account
	Session string      // id of the session; empty for a token
	Token   hub.TokenID // of a token that an account made
	fresh   bool
}

// Called is the name to call whoever asks by.
func (c Caller) Called() string {
	if c.Account != nil {
		return c.Account.Called()
	}
	return c.Name
}

// ID is whom whoever asks is as a user of Bellhop's own systems: the account's id,
// or "admin", which is no account's.
func (c Caller) ID() string {
	if c.Account != nil {
		return string(c.Account.ID)
	}
	return c.Name
}

// Settings are how whoever asks likes their pages.
func (c Caller) Settings() hub.AccountSettings {
	if c.Account != nil {
		return c.Account.Settings
	}
	return hub.AccountSettings{}
}

type callerKey struct{}

// CallerOf is who asks, behind Guard. Elsewhere it is nobody, who may do nothing.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// Who is the name of who asks, behind Guard; "" elsewhere.
func Who(ctx context.Context) string { return CallerOf(ctx).Name }

// freshFor is for how long after a credential was shown secrets are.
const freshFor = 10 * time.Minute

// Fresh reports whether whoever asks may be shown a secret or make one: they have
// shown their password in the last ten minutes, or show the admin token with
// this very request. A token that an account made never may: one that leaked
// would make others.
func Fresh(ctx context.Context) bool { return CallerOf(ctx).fresh }

// errStale asks for the credential again.
var errStale = hub.Errorf(hub.CodeForbidden, "this makes or shows a secret, so it needs the admin token, or a session "+
	"that has shown its password in the last ten minutes: show it again at /confirm")

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
		ctx := context.WithValue(r.Context(), callerKey{}, caller)
		h.ServeHTTP(w, r.WithContext(web.Prefer(ctx, caller.Settings().Language)))
	})
}

// identify finds out who asks, by bearer token or else by session.
func (s *Server) identify(r *http.Request) (Caller, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Caller{}, errBearer
		}
		return s.byToken(r.Context(), strings.TrimSpace(token))
	}
	return s.bySession(r)
}

var errBearer = hub.Errorf(hub.CodeUnauthorized, "the bearer token is not the admin token, and no other that is in force")

// byToken is who shows a token: the admin's, or one that was made in the pane.
func (s *Server) byToken(ctx context.Context, token string) (Caller, error) {
	if s.isToken(token) {
		return Caller{Name: Root, Role: hub.Administrator, fresh: true}, nil
	}
	now := s.Now()
	t, err := s.Tokens.FindToken(ctx, digest(token), now)
	if err != nil {
		return Caller{}, err
	}
	if t == nil {
		return Caller{}, errBearer
	}
	c := Caller{Name: Root + " (" + t.Name + ")", Role: t.Role, Token: t.ID}
	if t.Account != "" {
		if c.Account, err = s.active(ctx, t.Account); err != nil {
			return Caller{}, err
		}
		c.Name, c.Role = c.Account.Login+" ("+t.Name+")", lesser(t.Role, c.Account.Role)
	}
	if now.Sub(t.UsedAt) >= sightEvery {
		if err := s.Tokens.UseToken(ctx, t.ID, now); err != nil {
			s.Log.WarnContext(ctx, "that a token was used could not be noted", "token", t.ID, "err", err)
		}
	}
	return c, nil
}

// lesser is the one of two roles that may do less.
func lesser(a, b hub.Role) hub.Role {
	if a.May(b) {
		return b
	}
	return a
}

// active is an account that may come in.
func (s *Server) active(ctx context.Context, id hub.AccountID) (*hub.Account, error) {
	a, err := s.Accounts.GetAccount(ctx, id)
	if hub.CodeOf(err) == hub.CodeNotFound {
		return nil, hub.Errorf(hub.CodeUnauthorized, "the account is gone: sign in with another")
	}
	if err != nil {
		return nil, err
	}
	if a.Disabled {
		return nil, hub.Errorf(hub.CodeUnauthorized, "the account %s is disabled: an admin can change that under People", a.Login)
	}
	return a, nil
}

// bySession is who has signed in with the browser.
func (s *Server) bySession(r *http.Request) (Caller, error) {
	ctx := r.Context()
	session, err := s.session(r)
	if err != nil {
		return Caller{}, err
	}
	if session == nil {
		return Caller{}, hub.Errorf(hub.CodeUnauthorized, "a credential is needed: send Authorization: Bearer and a token, or log in at /login")
	}
	c := Caller{Name: session.Who, Role: hub.Administrator, Session: session.ID()}
	if session.Account != "" {
		if c.Account, err = s.active(ctx, session.Account); err != nil {
			return Caller{}, err
		}
		c.Name, c.Role = c.Account.Login, c.Account.Role
	}
	// A browser sends the cookie along whatever site makes it ask.
	if err := s.origins.Check(r); err != nil {
		return Caller{}, errOrigin
	}
	now := s.Now()
	c.fresh = now.Sub(session.ProvedAt) < freshFor
	if now.Sub(session.SeenAt) >= sightEvery {
		s.see(r, session, now)
	}
	return c, nil
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
		status, detail := s.Describe(r, err)
		words := web.WordsOf(r)
		web.Render(w, words, status, "problem.html", web.Problem{Title: words.Say(web.Trouble(status)), Detail: detail, Retry: r.URL.RequestURI()})
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
