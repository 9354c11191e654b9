package admin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

const password = "a-password-that-is-long"

// add makes an account with the password.
func (w *world) add(t *testing.T, login string, role hub.Role) *hub.Account {
	t.Helper()
	w.call(t, "POST", "/api/v1/users", `{"login":"`+login+`","role":"`+string(role)+`","password":"`+password+`"}`)
	a, err := w.FindLogin(t.Context(), login)
	require.NoError(t, err)
	require.NotNil(t, a)
	return a
}

// enter signs in with a name.
func (w *world) enter(t *testing.T, login, password string, headers ...string) *http.Response {
	t.Helper()
	return w.post(t, "/login", url.Values{"login": {login}, "password": {password}}.Encode(), headers...)
}

// as asks the API with a cookie or, beginning with bh_, a token.
func (w *world) as(t *testing.T, credential, method, path, body string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(credential, "bh_") {
		r.Header.Set("Authorization", "Bearer "+credential)
	} else {
		r.AddCookie(&http.Cookie{Name: "bellhop_session", Value: credential})
	}
	rec := w.do(r)
	if w.schema == nil {
		w.schema = readSchemas(t, w)
	}
	w.schema.checkAnswer(t, r, rec)
	return answer{rec, t}
}

func (w *world) cookieOf(t *testing.T, login string) string {
	t.Helper()
	resp := w.enter(t, login, password)
	require.Equal(t, http.StatusSeeOther, resp.StatusCode, bodyOf(t, resp))
	return resp.Cookies()[0].Value
}

func read[T any](a answer) (v T) {
	a.t.Helper()
	require.NoError(a.t, json.Unmarshal(a.Body.Bytes(), &v), a.Body)
	return v
}

func TestPasswordLogin(t *testing.T) {
	w := newWorld()
	w.add(t, "Anna", hub.Editor)
	w.entries = nil
	resp := w.enter(t, "anna", password, "User-Agent", strings.Repeat("ü", 200))
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	c := resp.Cookies()[0].Value
	require.Equal(t, "session.start", w.entries[0].Action)
	require.Equal(t, "Anna", w.entries[0].Who)
	sessions := read[struct{ Items []admin.SessionInfo }](w.as(t, c, "GET", "/api/v1/sessions", "")).Items
	require.Len(t, sessions, 1)
	require.True(t, sessions[0].Current)
	require.LessOrEqual(t, len(sessions[0].Agent), 200)
	me := read[struct{ Name, Role string }](w.as(t, c, "GET", "/api/v1/me", ""))
	require.Equal(t, "Anna", me.Name)
	require.Equal(t, "editor", me.Role)
	require.NotContains(t, w.accounts[0].Password, password)
	require.True(t, strings.HasPrefix(w.accounts[0].Password, "$argon2id$v=19$m=19456,t=2,p=1$"), w.accounts[0].Password)

	yes := true
	_, err := w.server.ChangeUser(t.Context(), w.accounts[0].ID, admin.UserChange{Disabled: &yes})
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, w.as(t, c, "GET", "/api/v1/me", "").Code)
	require.Equal(t, http.StatusUnauthorized, w.enter(t, "anna", password).StatusCode)
}

// A name that nobody has gets the answers of one that somebody has.
func TestGuessingIsSlow(t *testing.T) {
	w := newWorld()
	w.add(t, "anna", hub.Editor)
	said := map[string][]string{}
	for _, login := range []string{"anna", "nobody"} {
		for i := range 8 {
			resp := w.enter(t, login, "wrong")
			body := strings.ReplaceAll(bodyOf(t, resp), login, "NAME")
			said[login] = append(said[login], resp.Status+resp.Header.Get("Retry-After")+body)
			switch {
			case i < 2:
				require.Contains(t, body, "Login name or password is wrong.<")
			case i < 4:
				require.Contains(t, body, "you wait one minute")
			case i == 4:
				require.Contains(t, body, "Wait 60 seconds")
			default:
				require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
				require.Equal(t, "60", resp.Header.Get("Retry-After"))
			}
		}
	}
	require.Equal(t, said["anna"], said["nobody"])
	require.Equal(t, http.StatusTooManyRequests, w.enter(t, "ANNA", password).StatusCode, "nor does the right one help by now")
	w.now = w.now.Add(time.Minute)
	require.Equal(t, http.StatusUnauthorized, w.enter(t, "anna", "wrong").StatusCode)
	w.now = w.now.Add(time.Minute)
	require.Equal(t, http.StatusTooManyRequests, w.enter(t, "anna", password).StatusCode, "it doubles")
	w.now = w.now.Add(time.Minute)
	require.Equal(t, http.StatusSeeOther, w.enter(t, "anna", password).StatusCode)
	require.Equal(t, http.StatusUnauthorized, w.enter(t, "anna", "wrong").StatusCode, "and begins anew")
}

func TestGuessingManyNamesIsSlow(t *testing.T) {
	w := newWorld()
	w.add(t, "anna", hub.Editor)
	for i := range 20 {
		resp := w.enter(t, "name"+strings.Repeat("x", i), "wrong", "X-Forwarded-For", "spoofed, 2001:db8:0:1::5")
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	}
	// httptest asks from 192.0.2.1, which is no proxy of ours.
	require.Equal(t, http.StatusTooManyRequests, w.enter(t, "anna", password).StatusCode)
	require.Equal(t, http.StatusTooManyRequests, w.enter(t, "anna", password, "X-Forwarded-For", "198.51.100.7").StatusCode)

	r := httptest.NewRequestWithContext(t.Context(), "POST", "/login", strings.NewReader("login=anna&password="+password))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = "10.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "192.0.2.1, 198.51.100.7")
	require.Equal(t, http.StatusSeeOther, w.do(r).Code, "a proxy of ours says who asked it")
}

func TestLockoutGrowsToAnHour(t *testing.T) {
	for failed, want := range map[int]time.Duration{4: 0, 5: time.Minute, 6: 2 * time.Minute, 10: 32 * time.Minute, 11: time.Hour, 1000: time.Hour} {
		require.Equal(t, want, admin.WaitAfter("name:x", hub.Tries{Failed: failed}), failed)
	}
	require.Zero(t, admin.WaitAfter("address:x", hub.Tries{Failed: 19}))
	require.Equal(t, time.Minute, admin.WaitAfter("address:x", hub.Tries{Failed: 20}))
	require.Equal(t, admin.TryKeys("a", "2001:db8::1"), admin.TryKeys("A", "2001:db8::2"), "one customer has a whole network")
	require.NotEqual(t, admin.TryKeys("a", "192.0.2.1"), admin.TryKeys("a", "192.0.2.2"))
}

func TestFirstAccount(t *testing.T) {
	w := newWorld()
	resp := w.get(t, "/login?code="+w.server.NewLoginCode(), nil)
	require.Equal(t, "/first", resp.Header.Get("Location"))
	root := resp.Cookies()[0]
	require.Contains(t, bodyOf(t, w.get(t, "/first", root)), "Create the first account")
	require.Equal(t, "/login?next=%2Ffirst", w.get(t, "/first", nil, "Accept", "text/html").Header.Get("Location"))

	form := url.Values{"login": {"admin"}, "email": {"x"}, "password": {"short"}, "full": {"Anna <b>"}}
	resp = w.post(t, "/first", form.Encode(), "Cookie", root.String())
	require.Equal(t, http.StatusUnprocessableEntity, resp.StatusCode)
	body := bodyOf(t, resp)
	for _, want := range []string{"login-wrong", "email-wrong", "password-wrong", "Anna &lt;b&gt;"} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "short")
	form = url.Values{"login": {"anna"}, "password": {password}}
	resp = w.post(t, "/first", form.Encode(), "Cookie", root.String())
	require.Equal(t, "/welcome", resp.Header.Get("Location"))
	require.Equal(t, hub.Administrator, w.accounts[0].Role)
	require.Equal(t, http.StatusOK, w.get(t, "/api/v1/me", resp.Cookies()[0]).StatusCode)
	require.Equal(t, http.StatusUnauthorized, w.get(t, "/api/v1/me", root).StatusCode, "the session of the link has ended")

	again := w.get(t, "/login?code="+w.server.NewLoginCode(), nil)
	require.Equal(t, "/", again.Header.Get("Location"))
	require.Equal(t, http.StatusConflict, w.post(t, "/first", url.Values{"login": {"eve"}, "password": {password}}.Encode(), "Cookie", again.Cookies()[0].String()).StatusCode)
}

func TestInvitation(t *testing.T) {
	w := newWorld()
	made := read[admin.User](w.call(t, "POST", "/api/v1/users", `{"login":"bob","role":"viewer"}`))
	require.True(t, strings.HasPrefix(made.Link, "http://example.com/join?code="), made.Link)
	require.NotContains(t, w.call(t, "GET", "/api/v1/users/bob", "").Body.String(), "code=")
	code := strings.TrimPrefix(made.Link, "http://example.com/join?code=")
	page := bodyOf(t, w.get(t, "/join?code="+code, nil))
	require.Contains(t, page, `value="bob"`)
	join := func(code, password string) *http.Response {
		return w.post(t, "/join", url.Values{"code": {code}, "password": {password}}.Encode())
	}
	require.Equal(t, http.StatusUnprocessableEntity, join(code, "short").StatusCode)
	require.Equal(t, http.StatusForbidden, w.post(t, "/join", "code="+code, "Sec-Fetch-Site", "cross-site").StatusCode)
	resp := join(code, password)
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	require.Equal(t, http.StatusUnauthorized, join(code, password).StatusCode, "once")
	require.Equal(t, http.StatusUnauthorized, w.get(t, "/join?code="+code, nil).StatusCode)
	require.Equal(t, http.StatusUnauthorized, w.get(t, "/join?code=", nil).StatusCode)

	// A link to a new password ends what was open with the old one.
	old := resp.Cookies()[0].Value
	again := read[admin.User](w.call(t, "POST", "/api/v1/users/bob/link", ""))
	_, code, _ = strings.Cut(again.Link, "code=")
	require.Equal(t, http.StatusOK, w.as(t, old, "GET", "/api/v1/me", "").Code)
	require.Equal(t, http.StatusSeeOther, join(code, password+"2").StatusCode)
	require.Equal(t, http.StatusUnauthorized, w.as(t, old, "GET", "/api/v1/me", "").Code)
	_, code, _ = strings.Cut(read[admin.User](w.call(t, "POST", "/api/v1/users/bob/link", "")).Link, "code=")
	w.now = w.now.Add(7 * 24 * time.Hour)
	require.Equal(t, http.StatusUnauthorized, join(code, password).StatusCode, "too old")
}

func TestUsers(t *testing.T) {
	w := newWorld()
	anna := w.add(t, "anna", hub.Administrator)
	w.add(t, "bob", hub.Viewer)
	c := w.cookieOf(t, "anna")
	w.call(t, "POST", "/api/v1/users", `{"login":"ANNA","role":"viewer"}`).refused(http.StatusConflict, "", "is taken")
	w.call(t, "POST", "/api/v1/users", `{"login":"a b","role":"boss","email":"Anna <a@b.c>","full":"a\u202eb","password":"short"}`).
		refused(http.StatusUnprocessableEntity, "login", "letters", "role", "viewer", "email", "no address", "full", "cannot be shown", "password", "fewer")
	for _, login := range []string{"admin", "Me"} {
		w.call(t, "POST", "/api/v1/users", `{"login":"`+login+`","role":"viewer"}`).refused(http.StatusUnprocessableEntity, "login", "not")
	}
	w.as(t, c, "PATCH", "/api/v1/users/anna", `{"role":"viewer"}`).refused(http.StatusConflict, "", "your own role")
	w.as(t, c, "DELETE", "/api/v1/users/anna", "").refused(http.StatusConflict, "", "yourself")
	w.call(t, "PATCH", "/api/v1/users/anna", `{"disabled":true}`).refused(http.StatusConflict, "", "last admin")
	w.call(t, "DELETE", "/api/v1/users/"+string(anna.ID), "").refused(http.StatusConflict)
	bobs := w.cookieOf(t, "bob")
	w.as(t, bobs, "PATCH", "/api/v1/users/bob", `{"role":"admin"}`).refused(http.StatusForbidden, "", "needs the role admin")
	require.Equal(t, http.StatusOK, w.as(t, c, "PATCH", "/api/v1/users/bob", `{"role":"editor"}`).Code)
	require.Equal(t, "editor", read[struct{ Role string }](w.as(t, bobs, "GET", "/api/v1/me", "")).Role, "it holds at once")
	require.Equal(t, http.StatusNoContent, w.as(t, c, "DELETE", "/api/v1/users/bob/sessions", "").Code)
	require.Equal(t, http.StatusUnauthorized, w.as(t, bobs, "GET", "/api/v1/me", "").Code)
	require.Equal(t, http.StatusNoContent, w.as(t, c, "DELETE", "/api/v1/users/bob", "").Code)
	w.call(t, "GET", "/api/v1/users/bob", "").refused(http.StatusNotFound)
	list := w.call(t, "GET", "/api/v1/users?role=admin&text=a", "")
	require.NotContains(t, list.Body.String(), "argon2")
	require.Equal(t, hub.AccountQuery{Role: hub.Administrator, Text: "a", Page: hub.Page{Limit: 50}}, w.asked)
	for _, e := range w.entries {
		require.NotContains(t, string(e.Before)+string(e.After)+e.Message, "argon2")
	}
}

func TestTokens(t *testing.T) {
	w := newWorld()
	w.add(t, "anna", hub.Administrator)
	w.add(t, "eve", hub.Editor)
	c := w.cookieOf(t, "eve")
	w.as(t, c, "POST", "/api/v1/tokens", `{"name":"x","role":"admin"}`).refused(http.StatusUnprocessableEntity, "role", "more than you may")
	w.as(t, c, "POST", "/api/v1/tokens", `{"name":" ","role":"viewer","expires_at":"2001-01-01T00:00:00Z"}`).
		refused(http.StatusUnprocessableEntity, "name", "required", "expires_at", "over")
	made := read[admin.TokenInfo](w.as(t, c, "POST", "/api/v1/tokens", `{"name":"board","role":"editor","expires_at":"2026-02-01T00:00:00Z"}`))
	require.True(t, strings.HasPrefix(made.Secret, "bh_"))
	require.Equal(t, made.Secret[len(made.Secret)-4:], made.Ends)
	require.NotContains(t, w.tokens[0].Digest, made.Secret)
	for _, path := range []string{"/api/v1/tokens", "/api/v1/audit"} {
		require.NotContains(t, w.call(t, "GET", path, "").Body.String(), made.Secret)
	}
	me := read[struct{ Name, Role, Token string }](w.as(t, made.Secret, "GET", "/api/v1/me", ""))
	require.Equal(t, "eve (board)", me.Name)
	require.Equal(t, "editor", me.Role)
	require.Equal(t, w.now, w.tokens[0].UsedAt)
	w.as(t, made.Secret, "POST", "/api/v1/tokens", `{"name":"more","role":"viewer"}`).refused(http.StatusForbidden, "", "/confirm")
	w.as(t, made.Secret, "GET", "/api/v1/audit", "").refused(http.StatusForbidden)

	// It may do no more than its account by now.
	require.Equal(t, http.StatusOK, w.call(t, "PATCH", "/api/v1/users/eve", `{"role":"viewer"}`).Code)
	require.Equal(t, "viewer", read[struct{ Role string }](w.as(t, made.Secret, "GET", "/api/v1/me", "")).Role)
	require.Equal(t, http.StatusOK, w.call(t, "PATCH", "/api/v1/users/eve", `{"disabled":true}`).Code)
	w.as(t, made.Secret, "GET", "/api/v1/me", "").refused(http.StatusUnauthorized, "", "disabled")
	require.Equal(t, http.StatusOK, w.call(t, "PATCH", "/api/v1/users/eve", `{"disabled":false}`).Code)
	w.now = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	w.as(t, made.Secret, "GET", "/api/v1/me", "").refused(http.StatusUnauthorized)

	// Others' are not there, save for an admin.
	root := read[admin.TokenInfo](w.call(t, "POST", "/api/v1/tokens", `{"name":"deploy","role":"viewer"}`))
	require.Equal(t, "admin", root.By)
	c = w.cookieOf(t, "eve")
	require.Len(t, read[struct{ Items []admin.TokenInfo }](w.as(t, c, "GET", "/api/v1/tokens", "")).Items, 1)
	w.as(t, c, "DELETE", "/api/v1/tokens/"+string(root.ID), "").refused(http.StatusNotFound)
	require.Len(t, read[struct{ Items []admin.TokenInfo }](w.call(t, "GET", "/api/v1/tokens", "")).Items, 2)
	require.Equal(t, "viewer", read[struct{ Role string }](w.as(t, root.Secret, "GET", "/api/v1/me", "")).Role)
	require.Equal(t, http.StatusNoContent, w.call(t, "DELETE", "/api/v1/tokens/"+string(root.ID), "").Code)
	w.as(t, root.Secret, "GET", "/api/v1/me", "").refused(http.StatusUnauthorized)
	require.Equal(t, http.StatusNoContent, w.as(t, c, "DELETE", "/api/v1/tokens/"+string(made.ID), "").Code)
}

func TestSecretsNeedAFreshPassword(t *testing.T) {
	w := newWorld()
	w.add(t, "anna", hub.Administrator)
	c := w.cookieOf(t, "anna")
	const body = `{"name":"board","role":"viewer"}`
	w.now = w.now.Add(10*time.Minute - time.Second)
	require.Equal(t, http.StatusCreated, w.as(t, c, "POST", "/api/v1/tokens", body).Code)
	w.now = w.now.Add(time.Second)
	w.as(t, c, "POST", "/api/v1/tokens", body).refused(http.StatusForbidden, "", "/confirm")
	w.as(t, c, "POST", "/api/v1/users", `{"login":"x","role":"viewer"}`).refused(http.StatusForbidden)
	w.as(t, c, "POST", "/api/v1/login-links", "").refused(http.StatusForbidden)
	confirm := func(password string) *http.Response {
		return w.post(t, "/confirm", url.Values{"password": {password}, "next": {"/me/tokens/new"}}.Encode(), "Cookie", "bellhop_session="+c)
	}
	require.Equal(t, http.StatusUnauthorized, confirm("wrong").StatusCode)
	resp := confirm(password)
	require.Equal(t, "/me/tokens/new", resp.Header.Get("Location"))
	require.Equal(t, http.StatusCreated, w.as(t, c, "POST", "/api/v1/tokens", body).Code)

	root := w.login(t)
	w.now = w.now.Add(time.Hour)
	w.as(t, root.Value, "POST", "/api/v1/tokens", body).refused(http.StatusForbidden)
	require.Equal(t, http.StatusUnauthorized, w.post(t, "/confirm", "token=wrong", "Cookie", root.String()).StatusCode)
	require.Equal(t, http.StatusSeeOther, w.post(t, "/confirm", "token="+token, "Cookie", root.String()).StatusCode)
	require.Equal(t, http.StatusCreated, w.as(t, root.Value, "POST", "/api/v1/tokens", body).Code)
	link := read[struct{ URL string }](w.call(t, "POST", "/api/v1/login-links", ""))
	require.Contains(t, link.URL, "http://example.com/login?code=")
}

func TestMe(t *testing.T) {
	w := newWorld()
	w.add(t, "anna", hub.Viewer)
	c, other := w.cookieOf(t, "anna"), w.cookieOf(t, "anna")
	w.as(t, c, "PATCH", "/api/v1/me", `{"language":"fr","theme":"pink","zone":"Mars","email":"x"}`).
		refused(http.StatusUnprocessableEntity, "language", "en, de", "theme", "light", "zone", "Mars", "email", "address")
	require.Equal(t, http.StatusOK, w.as(t, c, "PATCH", "/api/v1/me", `{"language":"de","zone":"Europe/Berlin","no_keys":true,"full":"Anna"}`).Code)
	require.Equal(t, hub.AccountSettings{Language: "de", Zone: "Europe/Berlin", NoKeys: true}, w.accounts[0].Settings)
	confirm := w.get(t, "/confirm", &http.Cookie{Name: "bellhop_session", Value: c}, "Accept-Language", "en")
	require.Contains(t, bodyOf(t, confirm), "Sind Sie es?", "the account's language wins")
	w.call(t, "PATCH", "/api/v1/me", `{"theme":"dark"}`).refused(http.StatusConflict, "", "no account")

	set := func(current, password string) answer {
		return w.as(t, c, "PUT", "/api/v1/me/password", `{"current":"`+current+`","password":"`+password+`"}`)
	}
	set("wrong", password+"2").refused(http.StatusUnprocessableEntity, "current", "not your password")
	set(password, "short").refused(http.StatusUnprocessableEntity, "password", "fewer")
	w.accounts[0].Login = "anna-of-the-house"
	set(password, "ANNA-of-the-house").refused(http.StatusUnprocessableEntity, "password", "is the name")
	w.accounts[0].Login = "anna"
	require.Equal(t, http.StatusNoContent, set(password, password+"2").Code)
	require.Equal(t, http.StatusOK, w.as(t, c, "GET", "/api/v1/me", "").Code)
	require.Equal(t, http.StatusUnauthorized, w.as(t, other, "GET", "/api/v1/me", "").Code, "the others end")
	require.Equal(t, http.StatusUnauthorized, w.enter(t, "anna", password).StatusCode)
}

func TestSessionsAreEnded(t *testing.T) {
	w := newWorld()
	w.add(t, "anna", hub.Administrator)
	w.add(t, "bob", hub.Viewer)
	annas, bobs, root := w.cookieOf(t, "anna"), w.cookieOf(t, "bob"), w.login(t).Value
	ids := func(c, query string) (ids []string) {
		for _, s := range read[struct{ Items []admin.SessionInfo }](w.as(t, c, "GET", "/api/v1/sessions"+query, "")).Items {
			ids = append(ids, s.ID)
		}
		return ids
	}
	require.Len(t, ids(bobs, ""), 1)
	require.Len(t, ids(annas, ""), 3)
	require.Len(t, ids(annas, "?own=1"), 1)
	for _, digest := range ids(annas, "") {
		require.NotContains(t, w.sessions, digest, "what is told of a session does not open it")
	}
	w.as(t, bobs, "DELETE", "/api/v1/sessions/"+ids(annas, "?own=1")[0], "").refused(http.StatusNotFound)
	require.Equal(t, http.StatusNoContent, w.as(t, annas, "DELETE", "/api/v1/sessions/"+ids(bobs, "")[0], "").Code)
	require.Equal(t, http.StatusUnauthorized, w.as(t, bobs, "GET", "/api/v1/me", "").Code)
	require.Equal(t, http.StatusOK, w.as(t, root, "GET", "/api/v1/me", "").Code)
}

// A command runs with the level that the role gives.
func TestCommandsKnowTheRole(t *testing.T) {
	w := newWorld()
	w.commands.reply = hub.Say("Done.").With(hub.OutcomeOK)
	w.add(t, "eve", hub.Editor)
	c := w.cookieOf(t, "eve")
	run := func(credential string) *hub.Command {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/commands", strings.NewReader(`{"line":"discourse status","system":"slack","chat":"C1"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "k")
		if credential == token {
			r.Header.Set("Authorization", "Bearer "+token)
		} else {
			r.AddCookie(&http.Cookie{Name: "bellhop_session", Value: credential})
		}
		require.Equal(t, http.StatusOK, w.do(r).Code)
		return &w.commands.got[len(w.commands.got)-1]
	}
	eves := run(c)
	require.Equal(t, hub.Editor, eves.Context.Role)
	require.Equal(t, string(w.accounts[0].ID), eves.Context.User.ID)
	roots := run(token)
	require.Equal(t, hub.Administrator, roots.Context.Role)
	require.Equal(t, "admin", roots.Context.User.ID)
	require.NotEqual(t, eves.Command.ID, roots.Command.ID, "nobody gets another's reply by guessing a key")
}
