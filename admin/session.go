package admin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

const (
	cookieName = "bellhop_session"
	// Browsers keep a cookie that is named so to https and to this very host:
	// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
	secureCookie = "__Host-bellhop"

	sessionLasts = 30 * 24 * time.Hour // after it was used last
	sessionEnds  = 90 * 24 * time.Hour // after it began
	sightEvery   = time.Minute         // that it is used is noted
	longestAgent = 200                 // bytes that are kept of what a browser calls itself
)

// begin makes a session of an account, or with nil one of the admin token, and
// sends the browser on. by says how they came in.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, a *hub.Account, by, next string) {
	if err := s.open(w, r, a, by); err != nil {
		s.turnAway(w, r, err)
		return
	}
	web.Protect(w.Header())
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // next went through localPath
}

// open makes a session and its cookie. The session that the browser had ends.
func (s *Server) open(w http.ResponseWriter, r *http.Request, a *hub.Account, by string) error {
	ctx, cookie, now := r.Context(), random(), s.Now()
	session := hub.Session{
		Digest: digest(cookie), Who: Root, Agent: clip(r.UserAgent(), longestAgent), Address: s.Address(r),
		CreatedAt: now, ProvedAt: now, SeenAt: now, ExpiresAt: now.Add(sessionLasts),
	}
	if a != nil {
		session.Who, session.Account = a.Login, a.ID
	}
	if c := s.cookie(r); c != "" {
		if err := s.Sessions.DeleteSession(ctx, digest(c)); err != nil {
			return err
		}
	}
	if err := s.Sessions.CreateSession(ctx, session); err != nil {
		return err
	}
	if err := s.Sessions.PruneSessions(ctx, now); err != nil {
		s.Log.WarnContext(ctx, "expired sessions not removed", "err", err)
	}
	if a != nil {
		s.noteSight(ctx, a.ID, now)
	}
	s.Log.InfoContext(ctx, "logged in", "who", session.Who, "by", by, "from", session.Address)
	as := context.WithValue(ctx, callerKey{}, Caller{Name: session.Who})
	s.record(as, hub.AuditEntry{Action: "session.start", Outcome: hub.OutcomeOK, Message: "by " + by + " from " + session.Address})
	s.setCookie(w, r, cookie, int(sessionEnds/time.Second))
	return nil
}

func (s *Server) noteSight(ctx context.Context, id hub.AccountID, now time.Time) {
	if err := s.Accounts.SeeAccount(ctx, id, now); err != nil {
		s.Log.WarnContext(ctx, "that somebody was here could not be noted", "err", err)
	}
}

// see notes that a session is used, which makes it last.
func (s *Server) see(r *http.Request, session *hub.Session, now time.Time) {
	ctx, expires := r.Context(), now.Add(sessionLasts)
	if end := session.CreatedAt.Add(sessionEnds); end.Before(expires) {
		expires = end
	}
	if err := s.Sessions.TouchSession(ctx, session.Digest, s.Address(r), now, expires); err != nil {
		s.Log.WarnContext(ctx, "that a session is used could not be noted", "err", err)
	}
	if session.Account != "" {
		s.noteSight(ctx, session.Account, now)
	}
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.origins.Check(r); err != nil {
		s.problem(w, r, errOrigin)
		return
	}
	if c := s.cookie(r); c != "" {
		if err := s.Sessions.DeleteSession(r.Context(), digest(c)); err != nil {
			s.problem(w, r, err)
			return
		}
	}
	s.setCookie(w, r, "", -1)
	web.Protect(w.Header())
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// session is the session of the request's cookie, nil if there is none.
func (s *Server) session(r *http.Request) (*hub.Session, error) {
	c := s.cookie(r)
	if c == "" {
		return nil, nil
	}
	return s.Sessions.FindSession(r.Context(), digest(c), s.Now())
}

// cookie is what the browser shows. One that could have come over http counts for
// nothing over https: whoever is in between could have set it.
func (s *Server) cookie(r *http.Request) string {
	name := cookieName
	if s.isSecure(r) {
		name = secureCookie
	}
	if c, err := r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

func (s *Server) setCookie(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	name, isSecure := cookieName, s.isSecure(r)
	if isSecure {
		name = secureCookie
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // over plain http a secure cookie would be lost
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: isSecure, SameSite: http.SameSiteLaxMode,
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

// Address is where a request comes from. A proxy on this machine or in its
// network is believed about who asked it.
func (s *Server) Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	at, err := netip.ParseAddr(host)
	if err != nil || !at.IsLoopback() && !at.IsPrivate() {
		return host
	}
	asked := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if from, err := netip.ParseAddr(strings.TrimSpace(asked[len(asked)-1])); err == nil {
		return from.String()
	}
	return host
}

// base is where browsers find Bellhop.
func (s *Server) base(r *http.Request) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	scheme := "http"
	if s.isSecure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host
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

// clip is the beginning of s that has no more than n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
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

func (c *codes) add(digest string, now, end time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends == nil {
		c.ends = map[string]time.Time{}
	}
	maps.DeleteFunc(c.ends, func(_ string, end time.Time) bool { return !now.Before(end) })
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
