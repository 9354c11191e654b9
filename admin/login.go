package admin

import (
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	codeLasts       = 10 * time.Minute
	loginsPerMinute = 10
	maxLoginBody    = 16 << 10
	firstPath       = "/first"
	confirmPath     = "/confirm"
)

// entry is the data of the pages that stand outside of the pane: to sign in, to
// show a password again, to make the first account, to take an invitation.
type entry struct {
	*web.Words
	Title  string
	Place  string
	Error  string // why the last try failed, in words
	Next   string // where to go afterwards
	Hint   string // where the token is found
	Token  bool   // the admin token is asked for, not a name
	Forms  bool   // there are accounts with a password
	OpenID string // what the OpenID provider is called; empty: there is none
	// Login, Full and Email are what was filled in, or whom it is about.
	Login, Full, Email string
	Code               string // of an invitation
	Wrong              map[string]string
}

// page is an entry for a request.
func (s *Server) entry(r *http.Request, title string) entry {
	words := web.WordsOf(r)
	e := entry{Words: words, Title: words.Say(title), Next: localPath(r.FormValue("next")), Hint: s.hint(words)}
	if u, err := url.Parse(s.PublicURL); err == nil {
		e.Place = u.Host
	}
	if s.OpenID != nil {
		e.OpenID = s.OpenID.Called()
	}
	return e
}

func (e entry) show(w http.ResponseWriter, status int, name string) {
	web.Render(w, e.Words, status, "pane/"+name+".html", e)
}

// hint says where the token is found.
func (s *Server) hint(words *web.Words) string {
	if s.TokenFile != "" {
		return words.Say("login.tokenFile", "File", filepath.Base(s.TokenFile))
	}
	return words.Say("login.tokenHint")
}

// NewLoginCode makes a code that opens /login?code=… once, within ten minutes,
// without the token: for whoever starts the process to pass on to a browser.
func (s *Server) NewLoginCode() string {
	code, now := random(), s.Now()
	s.codes.add(digest(code), now, now.Add(codeLasts))
	return code
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.URL.Query().Get("next"))
	if code := r.URL.Query().Get("code"); code != "" && r.Method == http.MethodGet {
		s.loginByCode(w, r, code, next)
		return
	}
	if caller, err := s.bySession(r); err == nil && caller.Session != "" {
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // next went through localPath
		return
	}
	s.askLogin(w, r, http.StatusOK, r.URL.Query().Has("token"), "")
}

// loginByCode lets the first browser in that shows a link which we made. As long
// as nobody has an account it is for making the first.
func (s *Server) loginByCode(w http.ResponseWriter, r *http.Request, code, next string) {
	if !s.mayTry(w, r) {
		return
	}
	if !s.codes.take(digest(code), s.Now()) {
		s.askLogin(w, r, http.StatusUnauthorized, true, web.WordsOf(r).Say("login.linkUsed"))
		return
	}
	if next == "/" {
		has, err := s.Accounts.HasAccounts(r.Context())
		if err != nil {
			s.turnAway(w, r, err)
			return
		}
		if !has {
			next = firstPath
		}
	}
	s.begin(w, r, nil, "link", next)
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.Check(r); err != nil {
		s.problem(w, r, errOrigin)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLoginBody)
	next := localPath(r.PostFormValue("next"))
	if login := strings.TrimSpace(r.PostFormValue("login")); login != "" || r.PostForm.Has("password") {
		a, problem, status := s.tryPassword(w, r, login)
		if a == nil {
			s.askLogin(w, r, status, false, problem)
			return
		}
		s.begin(w, r, a, "password", next)
		return
	}
	if !s.mayTry(w, r) {
		return
	}
	if !s.isToken(strings.TrimSpace(r.PostFormValue("token"))) {
		s.Log.WarnContext(r.Context(), "login refused", "from", s.Address(r))
		s.askLogin(w, r, http.StatusUnauthorized, true, web.WordsOf(r).Say("login.notToken"))
		return
	}
	s.begin(w, r, nil, "token", next)
}

// tryPassword is the account whose password a form holds, or the words to answer
// with: the same for a name that nobody has.
func (s *Server) tryPassword(w http.ResponseWriter, r *http.Request, login string) (a *hub.Account, problem string, status int) {
	words := web.WordsOf(r)
	a, left, err := s.prove(r.Context(), login, r.PostFormValue("password"), s.Address(r))
	if wait, ok := errors.AsType[*waitError](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait.left+time.Second-1)/time.Second)))
		return nil, s.wait(words, wait.left), http.StatusTooManyRequests
	}
	if err != nil {
		p := s.describe(r, err)
		return nil, p.Detail, p.Status
	}
	if a != nil {
		return a, "", http.StatusOK
	}
	problem = words.Say("login.wrong")
	switch {
	case left == 0:
		problem += " " + s.wait(words, firstWait)
	case left <= 2:
		problem += " " + words.Say("login.left", "Count", left)
	}
	return nil, problem, http.StatusUnauthorized
}

func (*Server) wait(words *web.Words, left time.Duration) string {
	left = rounded(left)
	if left < 2*time.Minute {
		return words.Say("login.waitSeconds", "Count", int(left/time.Second))
	}
	return words.Say("login.waitMinutes", "Count", int(left/time.Minute))
}

// mayTry limits tries of the token and of links, over all who try: addresses are
// cheap.
func (s *Server) mayTry(w http.ResponseWriter, r *http.Request) bool {
	if s.logins.AllowN(s.Now(), 1) {
		return true
	}
	w.Header().Set("Retry-After", strconv.Itoa(60/loginsPerMinute))
	s.askLogin(w, r, http.StatusTooManyRequests, true, web.WordsOf(r).Say("login.tooMany"))
	return false
}

// askLogin shows the form. As long as nobody has an account the token is the way
// in.
func (s *Server) askLogin(w http.ResponseWriter, r *http.Request, status int, byToken bool, problem string) {
	s.askLoginFor(w, r, status, byToken, problem, localPath(r.FormValue("next")))
}

// askLoginFor shows the form for who then goes on to next.
func (s *Server) askLoginFor(w http.ResponseWriter, r *http.Request, status int, byToken bool, problem, next string) {
	has, err := s.Accounts.HasAccounts(r.Context())
	if err != nil {
		s.turnAway(w, r, err)
		return
	}
	e := s.entry(r, "login.title")
	e.Next = next
	e.Error, e.Forms, e.Token, e.Login = problem, has, byToken || !has && s.OpenID == nil, clip(r.PostFormValue("login"), hub.LongestLogin)
	e.show(w, status, "login")
}

// Confirm sends a browser to show its credential again, and then back to the page
// that it is on.
func (s *Server) Confirm(w http.ResponseWriter, r *http.Request) {
	next := r.URL.RequestURI()
	if r.Method != http.MethodGet {
		next = "/"
		if from, err := url.Parse(r.Referer()); err == nil {
			next = from.RequestURI()
		}
	}
	target := confirmPath + "?next=" + url.QueryEscape(localPath(next))
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", target)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

func (s *Server) confirmPage(w http.ResponseWriter, r *http.Request) error {
	s.askConfirm(w, r, http.StatusOK, "")
	return nil
}

func (s *Server) askConfirm(w http.ResponseWriter, r *http.Request, status int, problem string) {
	c := CallerOf(r.Context())
	e := s.entry(r, "login.confirm")
	e.Error, e.Token = problem, c.Account == nil
	if c.Account != nil {
		e.Login, e.Forms = c.Account.Login, c.Account.Password != ""
		if c.Account.Subject == "" {
			e.OpenID = ""
		}
	}
	e.show(w, status, "confirm")
}

// confirm takes the credential again.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) error {
	c, words := CallerOf(r.Context()), web.WordsOf(r)
	next := localPath(r.PostFormValue("next"))
	switch {
	case c.Session == "":
		return hub.Errorf(hub.CodeForbidden, "this is for a browser that is signed in")
	case c.Account != nil:
		a, problem, status := s.tryPassword(w, r, c.Account.Login)
		if a == nil {
			s.askConfirm(w, r, status, problem)
			return nil
		}
	default:
		if !s.logins.AllowN(s.Now(), 1) {
			s.askConfirm(w, r, http.StatusTooManyRequests, words.Say("login.tooMany"))
			return nil
		}
		if !s.isToken(strings.TrimSpace(r.PostFormValue("token"))) {
			s.askConfirm(w, r, http.StatusUnauthorized, words.Say("login.notToken"))
			return nil
		}
	}
	if err := s.Sessions.ProveSession(r.Context(), digest(s.cookie(r)), s.Now()); err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // next went through localPath
	return nil
}
