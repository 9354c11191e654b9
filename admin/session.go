package admin

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	cookieName      = "bellhop_session"
	sessionLasts    = 30 * 24 * time.Hour
	codeLasts       = 10 * time.Minute
	loginsPerMinute = 10
	maxLoginBody    = 16 << 10
)

// hint says where the token is found.
func (s *Server) hint() string {
	if s.TokenFile != "" {
		return "It is in the file " + filepath.Base(s.TokenFile) + " in Bellhop's data directory."
	}
	return "It is admin.token of the configuration, or the variable BELLHOP_ADMIN_TOKEN."
}

// NewLoginCode makes a code that opens /login?code=… once, within ten minutes,
// without the token: for whoever starts the process to pass on to a browser.
func (s *Server) NewLoginCode() string {
	code := random()
	s.codes.add(digest(code), s.Now().Add(codeLasts))
	return code
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) {
	next := localPath(r.URL.Query().Get("next"))
	if code := r.URL.Query().Get("code"); code != "" && r.Method == http.MethodGet {
		s.loginByCode(w, r, code, next)
		return
	}
	if session, err := s.session(r); err == nil && session != nil {
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // next went through localPath
		return
	}
	s.askLogin(w, r, http.StatusOK, next, "")
}

func (s *Server) loginByCode(w http.ResponseWriter, r *http.Request, code, next string) {
	if !s.mayTry(w, r, next) {
		return
	}
	if !s.codes.take(digest(code), s.Now()) {
		s.askLogin(w, r, http.StatusUnauthorized, next, "This link has been used already or is older than ten minutes.")
		return
	}
	s.begin(w, r, next)
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.Check(r); err != nil {
		s.problem(w, r, errOrigin)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxLoginBody)
	next := localPath(r.PostFormValue("next"))
	if !s.mayTry(w, r, next) {
		return
	}
	if !s.isToken(strings.TrimSpace(r.PostFormValue("token"))) {
		s.Log.WarnContext(r.Context(), "login refused", "from", r.RemoteAddr)
		s.askLogin(w, r, http.StatusUnauthorized, next, "This is not the admin token.")
		return
	}
	s.begin(w, r, next)
}

// mayTry limits attempts, over all who try: addresses are cheap.
func (s *Server) mayTry(w http.ResponseWriter, r *http.Request, next string) bool {
	if s.logins.AllowN(s.Now(), 1) {
		return true
	}
	w.Header().Set("Retry-After", strconv.Itoa(60/loginsPerMinute))
	s.askLogin(w, r, http.StatusTooManyRequests, next, "Too many attempts. Wait a minute, then try again.")
	return false
}

func (s *Server) askLogin(w http.ResponseWriter, r *http.Request, status int, next, problem string) {
	web.Render(w, web.WordsOf(r), status, "login.html", web.Login{Error: problem, Next: next, Hint: s.hint()})
}

// begin makes a session and sends the browser on.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, next string) {
	cookie, now := random(), s.Now()
	session := hub.Session{Digest: digest(cookie), Who: admin, CreatedAt: now, ExpiresAt: now.Add(sessionLasts)}
	if err := s.Sessions.CreateSession(r.Context(), session); err != nil {
		s.turnAway(w, r, err)
		return
	}
	if err := s.Sessions.PruneSessions(r.Context(), now); err != nil {
		s.Log.WarnContext(r.Context(), "expired sessions not removed", "err", err)
	}
	s.Log.InfoContext(r.Context(), "logged in", "who", admin, "from", r.RemoteAddr)
	s.setCookie(w, r, cookie, int(sessionLasts/time.Second))
	web.Protect(w.Header())
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // next went through localPath
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.Check(r); err != nil {
		s.problem(w, r, errOrigin)
		return
	}
	if c, err := r.Cookie(cookieName); err == nil {
		if err := s.Sessions.DeleteSession(r.Context(), digest(c.Value)); err != nil {
			s.problem(w, r, err)
			return
		}
	}
	s.setCookie(w, r, "", -1)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// session is the session of the request's cookie, nil if there is none.
func (s *Server) session(r *http.Request) (*hub.Session, error) {
	c, err := r.Cookie(cookieName)
	if err != nil || c.Value == "" {
		return nil, nil //nolint:nilerr // no cookie is no error
	}
	return s.Sessions.FindSession(r.Context(), digest(c.Value), s.Now())
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // over plain http a secure cookie would be lost
		Name: cookieName, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.isSecure(r), SameSite: http.SameSiteLaxMode,
	})
}

// isSecure reports whether the browser speaks https, to us or to a proxy in
// front. Who lies about it in a header harms their own cookie only.
func (s *Server) isSecure(r *http.Request) bool {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return true
	}
	public, err := url.Parse(s.PublicURL)
	return err == nil && public.Scheme == "https" && public.Host == r.Host
}

// localPath is next if it leads to a page of ours, "/" otherwise. Browsers take
// "//host" and "/\host" for other sites, and drop tabs and line feeds.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.Contains(next, `\`) || u.Path == "/login" || u.Path == "/logout" {
		return "/"
	}
	return next
}

// random is 256 bits to put into a cookie or a link.
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// codes are the digests of login codes that were not used yet, and when each
// ends.
type codes struct {
	mu   sync.Mutex
	ends map[string]time.Time
}

func (c *codes) add(digest string, end time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends == nil {
		c.ends = map[string]time.Time{}
	}
	c.ends[digest] = end
}

// take uses a code up and reports whether it was good.
func (c *codes) take(digest string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	end, found := c.ends[digest]
	delete(c.ends, digest)
	return found && now.Before(end)
}
