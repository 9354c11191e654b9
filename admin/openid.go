package admin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/openid"
	"github.com/bellhop-chat/bellhop/web"
)

// OpenID is where people sign in elsewhere. Its methods are those of
// openid.Provider.
type OpenID interface {
	Called() string
	// Grants are the groups that have a role, and the role of everybody else.
	Grants() ([]openid.Grant, hub.Role)
	Begin(ctx context.Context, back string, again bool) (at string, flow openid.Flow, err error)
	Finish(ctx context.Context, back string, flow openid.Flow, answer url.Values) (*openid.Identity, error)
}

const (
	openIDBack  = "/login/openid/back"
	flowCookie  = "bellhop_openid"
	flowLasts   = 10 * time.Minute
	clockApart  = time.Minute // that the provider's clock may be from ours
	mostSimilar = 100         // login names that are tried
)

// journey is what a browser takes along to the provider.
type journey struct {
	openid.Flow
	Next  string `json:"next"`
	Again bool   `json:"again,omitempty"` // to show the credential again
}

// startOpenID sends a browser to the provider. A link leads here, no form: the
// policy lets a form lead to no other site.
func (s *Server) startOpenID(w http.ResponseWriter, r *http.Request) {
	if s.OpenID == nil {
		s.askLogin(w, r, http.StatusNotFound, false, web.WordsOf(r).Say("login.noOpenID"))
		return
	}
	q := r.URL.Query()
	j := journey{Next: localPath(q.Get("next")), Again: q.Get("again") == "1"}
	at, flow, err := s.OpenID.Begin(r.Context(), s.base(r)+openIDBack, j.Again)
	if err != nil {
		s.refuseOpenID(w, r, err, j.Next)
		return
	}
	j.Flow = flow
	body, err := json.Marshal(j)
	if err != nil {
		s.turnAway(w, r, err)
		return
	}
	s.setFlow(w, r, base64.RawURLEncoding.EncodeToString(body), int(flowLasts/time.Second))
	web.Protect(w.Header())
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, at, http.StatusSeeOther)
}

func (s *Server) flowName(r *http.Request) string {
	if s.isSecure(r) {
		return "__Host-" + flowCookie
	}
	return flowCookie
}

func (s *Server) setFlow(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // over plain http a secure cookie would be lost
		Name: s.flowName(r), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: s.isSecure(r), SameSite: http.SameSiteLaxMode,
	})
}

// journeyOf is what the browser took along, the zero journey if nothing.
func (s *Server) journeyOf(r *http.Request) (j journey) {
	c, err := r.Cookie(s.flowName(r))
	if err != nil {
		return journey{}
	}
	body, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil || json.Unmarshal(body, &j) != nil {
		return journey{}
	}
	j.Next = localPath(j.Next)
	return j
}

// backFromOpenID takes what the provider says of somebody.
func (s *Server) backFromOpenID(w http.ResponseWriter, r *http.Request) {
	if s.OpenID == nil {
		s.askLogin(w, r, http.StatusNotFound, false, web.WordsOf(r).Say("login.noOpenID"))
		return
	}
	j := s.journeyOf(r)
	s.setFlow(w, r, "", -1)
	who, err := s.OpenID.Finish(r.Context(), s.base(r)+openIDBack, j.Flow, r.URL.Query())
	if err != nil {
		s.refuseOpenID(w, r, err, j.Next)
		return
	}
	a, err := s.welcomeIdentity(r.Context(), who)
	if err != nil {
		s.refuseOpenID(w, r, err, j.Next)
		return
	}
	if j.Again {
		s.confirmIdentity(w, r, a, who, j.Next)
		return
	}
	s.begin(w, r, a, "openid", j.Next)
}

// confirmIdentity notes that who is signed in has shown their credential again.
func (s *Server) confirmIdentity(w http.ResponseWriter, r *http.Request, a *hub.Account, who *openid.Identity, next string) {
	c, err := s.bySession(r)
	now := s.Now()
	isNew := who.ProvedAt.IsZero() || now.Sub(who.ProvedAt) < freshFor+clockApart
	if err == nil && (c.Account == nil || c.Account.ID != a.ID || !isNew) {
		err = &openid.Error{Reason: openid.Stale, Err: errors.New("somebody else, or too long ago")}
	}
	if err == nil {
		err = s.Sessions.ProveSession(r.Context(), digest(s.cookie(r)), now)
	}
	if err != nil {
		s.refuseOpenID(w, r, err, next)
		return
	}
	web.Protect(w.Header())
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // next went through localPath
}

// refuseOpenID says on the login page why nobody was signed in, who then goes on
// to next.
func (s *Server) refuseOpenID(w http.ResponseWriter, r *http.Request, err error, next string) {
	words, name := web.WordsOf(r), s.OpenID.Called()
	e, ok := errors.AsType[*openid.Error](err)
	if !ok {
		p := s.describe(r, err)
		s.askLoginFor(w, r, p.Status, false, p.Detail, next)
		return
	}
	s.Log.WarnContext(r.Context(), "sign-in elsewhere failed", "reason", string(e.Reason), "from", s.Address(r), "err", err)
	status := http.StatusForbidden
	if e.Reason == openid.Down {
		status = http.StatusBadGateway
	}
	problem := words.Say("login.openid."+string(e.Reason), "Name", name)
	if e.Said != "" {
		problem += " " + words.Say("login.openid.said", "Name", name, "Said", oneLine(clip(e.Said, 200)))
	}
	s.askLoginFor(w, r, status, false, problem, next)
}

// welcomeIdentity is the account of somebody whom the provider knows, made when
// they come for the first time. The provider's word on their role holds.
func (s *Server) welcomeIdentity(ctx context.Context, who *openid.Identity) (*hub.Account, error) {
	ctx = context.WithValue(ctx, callerKey{}, Caller{Name: s.OpenID.Called()})
	a, err := s.Accounts.FindSubject(ctx, who.Issuer, who.Subject)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return s.newIdentity(ctx, who)
	}
	before, after, err := s.Accounts.ChangeAccount(ctx, a.ID, true, func(a *hub.Account) error {
		a.Role = who.Role
		fillFrom(a, who)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if *before != *after {
		s.recordUser(ctx, "user.update", hub.OutcomeUpdated, before, after)
	}
	if after.Disabled {
		return nil, hub.Errorf(hub.CodeForbidden, "the account %s is disabled: an admin can change that under People", after.Login)
	}
	return after, nil
}

// fillFrom takes over what can be shown of what the provider says.
func fillFrom(a *hub.Account, who *openid.Identity) {
	if full := strings.TrimSpace(who.Full); full != "" && nameProblem(full) == "" {
		a.Full = full
	}
	if at, err := mail.ParseAddress(who.Email); err == nil && at.Address == who.Email && len(who.Email) <= 254 {
		a.Email = who.Email
	}
}

// newIdentity makes an account. The login name is only a name: what they are known
// by is the provider's own id.
func (s *Server) newIdentity(ctx context.Context, who *openid.Identity) (*hub.Account, error) {
	a := hub.Account{Role: who.Role, Issuer: who.Issuer, Subject: who.Subject, CreatedAt: s.Now().UTC()}
	fillFrom(&a, who)
	name := loginFrom(who)
	var err error
	for n := 1; n <= mostSimilar; n++ {
		made := a
		if made.Login = name; n > 1 {
			made.Login = fmt.Sprintf("%s-%d", name, n)
		}
		if bad := accountProblems(&made); len(bad) > 0 {
			continue // "admin" is taken
		}
		if err = s.Accounts.CreateAccount(ctx, &made, false); err == nil {
			s.recordUser(ctx, "user.create", hub.OutcomeCreated, nil, &made)
			return &made, nil
		}
		if hub.CodeOf(err) != hub.CodeConflict {
			return nil, err
		}
	}
	return nil, err
}

// loginFrom is a login name for somebody.
func loginFrom(who *openid.Identity) string {
	for _, told := range []string{who.Login, who.Email, who.Full} {
		name := strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-+@", r):
				return r
			case r == ' ':
				return '.'
			}
			return -1
		}, clip(strings.ToValidUTF8(told, ""), hub.LongestLogin-4))
		if hub.ValidLogin(name) {
			return name
		}
	}
	return "someone"
}
