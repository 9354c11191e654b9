package admin_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/stretchr/testify/require"
)

// login logs in and returns the cookie.
func (w *world) login(t *testing.T, headers ...string) *http.Cookie {
	t.Helper()
	resp := w.post(t, "/login", "token="+token, headers...)
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Len(t, resp.Cookies(), 1)
	return resp.Cookies()[0]
}

// get asks for a path, with a cookie if there is one.
func (w *world) get(t *testing.T, path string, cookie *http.Cookie, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
	if cookie != nil {
		r.AddCookie(cookie)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r).Result()
}

func TestLogin(t *testing.T) {
	w := newWorld()
	page := w.get(t, "/login?next=/console", nil)
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, bodyOf(t, page), `value="/console"`)

	resp := w.post(t, "/login", "token="+token+"&next=/console%3Froom=a")
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Equal(t, "/console?room=a", resp.Header.Get("Location"))
	c := resp.Cookies()[0]
	require.Equal(t, "bellhop_session", c.Name)
	require.True(t, c.HttpOnly)
	require.False(t, c.Secure, "over http a secure cookie would be lost")
	require.Equal(t, http.SameSiteLaxMode, c.SameSite)
	require.Equal(t, 90*24*60*60, c.MaxAge)
	require.Len(t, c.Value, 43)
	for digest, s := range w.sessions {
		require.NotContains(t, digest, c.Value, "only a digest is stored")
		require.Equal(t, "admin", s.Who)
	}

	require.Equal(t, http.StatusOK, w.get(t, "/api/v1/systems", c).StatusCode)
	again := w.get(t, "/login?next=/console", c)
	require.Equal(t, "/console", again.Header.Get("Location"), "who is in needs no login")

	w.now = w.now.Add(30*24*time.Hour - time.Second)
	require.Equal(t, http.StatusOK, w.get(t, "/api/v1/systems", c).StatusCode, "and lasts as long again")
	w.now = w.now.Add(30*24*time.Hour - time.Second)
	require.Equal(t, http.StatusOK, w.get(t, "/api/v1/systems", c).StatusCode)
	w.now = w.now.Add(30*24*time.Hour - time.Second)
	require.Equal(t, http.StatusOK, w.get(t, "/api/v1/systems", c).StatusCode)
	w.now = w.now.Add(3 * time.Second)
	require.Equal(t, http.StatusUnauthorized, w.get(t, "/api/v1/systems", c).StatusCode)
	w.login(t)
	require.Len(t, w.sessions, 1, "the expired session is removed")
}

func TestSecureCookie(t *testing.T) {
	const https = "X-Forwarded-Proto"
	over := newWorld()
	c := over.login(t, https, "https")
	require.Equal(t, "__Host-bellhop", c.Name)
	require.Equal(t, "/", c.Path)
	require.Empty(t, c.Domain)
	require.Equal(t, http.StatusOK, over.get(t, "/api/v1/systems", c, https, "https").StatusCode)
	plain := &http.Cookie{Name: "bellhop_session", Value: c.Value}
	require.Equal(t, http.StatusUnauthorized, over.get(t, "/api/v1/systems", plain, https, "https").StatusCode, "what could be set over http counts for nothing")
	w := newWorld(func(d *admin.Deps) { d.PublicURL = "https://bellhop.example.com" })
	require.True(t, w.login(t, "X-Forwarded-Proto", "https").Secure)
	require.False(t, w.login(t).Secure)
	w = newWorld(func(d *admin.Deps) { d.PublicURL = "https://example.com" }) // which is what httptest asks for
	require.True(t, w.login(t).Secure)
}

func TestLogout(t *testing.T) {
	w := newWorld()
	c := w.login(t)
	resp := w.post(t, "/logout", "", "Cookie", c.String())
	require.Equal(t, "/login", resp.Header.Get("Location"))
	require.Negative(t, resp.Cookies()[0].MaxAge)
	require.Equal(t, http.StatusUnauthorized, w.get(t, "/api/v1/systems", c).StatusCode)
	require.Equal(t, http.StatusSeeOther, w.post(t, "/logout", "").StatusCode, "twice is fine")
}

func TestWrongLogin(t *testing.T) {
	w := newWorld()
	for range 10 {
		resp := w.post(t, "/login", "token=wrong&next=//evil.example.com")
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		body := bodyOf(t, resp)
		require.Contains(t, body, "This is not the admin token.")
		require.NotContains(t, body, "evil")
		require.NotContains(t, body, token)
		require.Empty(t, resp.Cookies())
	}
	resp := w.post(t, "/login", "token="+token)
	require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
	require.Equal(t, "6", resp.Header.Get("Retry-After"))
	require.Equal(t, http.StatusTooManyRequests, w.get(t, "/login?code=guess", nil).StatusCode, "codes count too")

	w.now = w.now.Add(6 * time.Second)
	w.login(t)
}

func TestLoginCode(t *testing.T) {
	w := newWorld()
	code := w.server.NewLoginCode()
	require.Len(t, code, 43)
	require.Equal(t, http.StatusUnauthorized, w.get(t, "/login?code=other", nil).StatusCode)
	w.do(httptest.NewRequestWithContext(t.Context(), "HEAD", "/login?code="+code, nil)) // what a chat does for a preview

	resp := w.get(t, "/login?next=/console&code="+code, nil)
	require.Equal(t, "/console", resp.Header.Get("Location"))
	first := w.get(t, "/login?code="+w.server.NewLoginCode(), nil)
	require.Equal(t, "/first", first.Header.Get("Location"), "nobody has an account yet")
	require.Equal(t, http.StatusOK, w.get(t, "/api/v1/systems", resp.Cookies()[0]).StatusCode)

	resp = w.get(t, "/login?code="+code, nil)
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	require.Contains(t, bodyOf(t, resp), "used already")

	late := w.server.NewLoginCode()
	w.now = w.now.Add(10 * time.Minute)
	require.Equal(t, http.StatusUnauthorized, w.get(t, "/login?code="+late, nil).StatusCode)
}

func TestOtherSites(t *testing.T) {
	w := newWorld(func(d *admin.Deps) { d.PublicURL = "https://bellhop.example.com/path" })
	c := w.login(t)
	ask := func(method, path string, headers ...string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
		r.AddCookie(c)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return w.do(r).Code
	}
	const path = "/api/v1/subscriptions/s9"
	require.Equal(t, http.StatusNotFound, ask("DELETE", path, "Sec-Fetch-Site", "same-origin"))
	require.Equal(t, http.StatusNotFound, ask("DELETE", path, "Sec-Fetch-Site", "cross-site", "Origin", "https://bellhop.example.com"), "our public address")
	require.Equal(t, http.StatusForbidden, ask("DELETE", path, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example.com"))
	require.Equal(t, http.StatusForbidden, ask("DELETE", path, "Origin", "https://evil.example.com"))
	require.Equal(t, http.StatusOK, ask("GET", "/api/v1/systems", "Sec-Fetch-Site", "cross-site"))
	require.Equal(t, http.StatusForbidden, ask("POST", "/logout", "Sec-Fetch-Site", "cross-site"))
	require.Equal(t, http.StatusForbidden, w.post(t, "/login", "token="+token, "Sec-Fetch-Site", "cross-site").StatusCode)
	require.Equal(t, http.StatusForbidden, w.post(t, "/login", "token="+token, "Origin", "https://evil.example.com").StatusCode)
}

func TestGuard(t *testing.T) {
	w := newWorld()
	w.mux.Handle("/console/", w.server.Guard(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(rw, "for "+admin.Who(r.Context()))
	})))
	resp := w.get(t, "/console/room?a=b&c=d", nil, "Accept", "text/html")
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Equal(t, "/login?next=%2Fconsole%2Froom%3Fa%3Db%26c%3Dd", resp.Header.Get("Location"))
	for _, accept := range []string{"text/event-stream", "application/json"} {
		resp = w.get(t, "/console/", nil, "Accept", accept)
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	}
	require.Equal(t, http.StatusUnauthorized, w.post(t, "/console/", "text=x").StatusCode)

	require.Equal(t, "for admin", bodyOf(t, w.get(t, "/console/", w.login(t))))
	require.Equal(t, "for admin", bodyOf(t, w.get(t, "/console/", nil, "Authorization", "Bearer "+token)))

	c := w.login(t)
	w.fail = errors.New("s3cr3t")
	resp = w.get(t, "/console/", c)
	require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	require.NotContains(t, bodyOf(t, resp), "s3cr3t")
	w.fail = hub.Errorf(hub.CodeUnavailable, "the database is away")
	require.Contains(t, bodyOf(t, w.get(t, "/console/", c)), "the database is away")
}

func TestLocalPath(t *testing.T) {
	for next, want := range map[string]string{
		"":                      "/",
		"/console":              "/console",
		"/console?room=a#b":     "/console?room=a#b",
		"console":               "/",
		"//evil.example.com":    "/",
		"///evil.example.com":   "/",
		`/\evil.example.com`:    "/",
		`\/evil.example.com`:    "/",
		"/\t/evil.example.com":  "/",
		"/\n/evil.example.com":  "/",
		"https://evil.example":  "/",
		"javascript:alert(1)":   "/",
		"/login?next=/login":    "/",
		"/logout":               "/",
		"/a//evil.example.com/": "/a//evil.example.com/",
	} {
		require.Equal(t, want, admin.LocalPath(next), "%q", next)
	}
}
