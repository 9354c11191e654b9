package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/openid/openidtest"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// loginLink is a one-time link as bellhop admin link prints it, at the relay.
func (w *town) loginLink() string {
	w.t.Helper()
	status, body := w.ask(http.MethodPost, "/api/v1/login-links", "")
	require.Equal(w.t, http.StatusCreated, status, body)
	var link struct{ URL string }
	require.NoError(w.t, json.Unmarshal([]byte(body), &link))
	u, err := url.Parse(link.URL)
	require.NoError(w.t, err)
	return u.RequestURI()
}

// addUser makes an account with the long password.
func (w *town) addUser(login string, role hub.Role) {
	w.t.Helper()
	status, body := w.ask(http.MethodPost, "/api/v1/users", fmt.Sprintf(`{"login":%q,"full":"The <b>%s</b>","role":%q,"password":%q}`, login, login, role, longPassword),
		"Content-Type", "application/json")
	require.Equal(w.t, http.StatusCreated, status, body)
}

// enter signs in by name and password, on the page that is open.
func enter(t *testing.T, b *webtest.Tab, login, password string) {
	t.Helper()
	b.Fill(t, "#login", login)
	b.Fill(t, "#password", password)
	b.Sends(t)
}

// From nobody to the first account and somebody who is invited.
func TestPaneFirstAccount(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	b := webtest.Open(t, w.relay.URL)
	b.Go(t, w.loginLink())
	b.Sees(t, `location.pathname === "/first"`)
	b.Content(t)
	b.Look(t, "first", "/first")
	b.Size(t, webtest.Wide, webtest.High)
	b.Fill(t, "#full", "Maren Kolb")
	b.Fill(t, "#login", "admin")
	b.Fill(t, "#password", longPassword)
	b.Press(t, kb.Enter)
	b.Says(t, "and not “admin” or “me”")
	b.Accessible(t, "first, wrong")
	b.Fill(t, "#login", "maren")
	b.Fill(t, "#password", longPassword)
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/welcome/forum" && document.querySelector(".wizard-top").innerText.includes("Maren Kolb")`)

	// Somebody is invited, and comes in.
	b.Go(t, "/people")
	b.Says(t, "Maren Kolb")
	b.Press(t, "n")
	b.Sees(t, `location.pathname === "/people/new"`)
	b.LookHere(t, "people-new")
	b.Fill(t, "#login", "tobias")
	b.Fill(t, "#full", "Tobias <script>alert(1)</script>")
	b.Press(t, kb.Enter)
	b.Says(t, "is ready")
	b.LookHere(t, "people-invited")
	link, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`document.getElementById("link").value`))
	require.NoError(t, err)
	u, err := url.Parse(link)
	require.NoError(t, err)
	b.Go(t, u.RequestURI())
	b.Says(t, "Choose a password")
	b.LookHere(t, "join")
	guest := webtest.Open(t, w.relay.URL)
	guest.Go(t, u.RequestURI())
	guest.Fill(t, "#password", longPassword)
	guest.Press(t, kb.Enter)
	guest.Sees(t, `document.querySelector(".me")?.innerText.includes("Tobias <script>")`)
	guest.Go(t, "/people")
	guest.Says(t, "Maren Kolb")
	guest.Sees(t, `!document.querySelector("main select[aria-label^='Role of'], main [popovertarget], a[href='/people/new']")`)
	for _, path := range []string{"/people/chats", "/me/tokens/new", "/me"} {
		guest.Go(t, path)
		guest.Sees(t, `document.readyState === "complete"`)
	}
	guest.Content(t)
	guest.Go(t, "/people/new")
	guest.Says(t, "needs the role admin")
}

// A token is made, shown once, used, and revoked.
func TestPaneTokens(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	w.addUser("maren", hub.Editor)
	b := webtest.Open(t, w.relay.URL)
	b.Go(t, "/login?next=/me/tokens/new")
	enter(t, b, "maren", longPassword)
	b.Says(t, "What it is for")
	b.LookHere(t, "token-new")
	b.Fill(t, "#name", "Grafana board")
	b.Press(t, kb.Enter)
	b.Says(t, "“Grafana board” is ready.")
	b.LookHere(t, "token-made")
	token, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`document.getElementById("new-token").value`))
	require.NoError(t, err)
	use := func() int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/api/v1/systems", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	require.Equal(t, http.StatusOK, use())
	b.Go(t, "/me")
	b.Says(t, "ends "+token[len(token)-4:])
	b.Sees(t, `!document.documentElement.innerHTML.includes(`+fmt.Sprintf("%q", token)+`)`)
	b.Click(t, `[aria-label="Revoke Grafana board"]`)
	b.Sees(t, `document.querySelector("#toasts")?.innerText.includes("revoked")`)
	require.Equal(t, http.StatusUnauthorized, use())
}

// What somebody likes goes with their account, not with the browser.
func TestPaneMe(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	w.addUser("ineke", hub.Editor)
	b := webtest.Open(t, w.relay.URL)
	b.Go(t, "/login?next=/me")
	enter(t, b, "ineke", longPassword)
	b.Says(t, "You are ineke, editor.")
	b.Content(t)
	b.Look(t, "me", "/me")
	b.Go(t, "/me")
	b.Fill(t, "#zone", "Mars/Olympus")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.getElementById("zone-wrong")`)
	b.Accessible(t, "me, wrong")
	b.Sees(t, `document.getElementById("theme").value === ""`) // who has not chosen chooses nothing by saving
	b.Fill(t, "#zone", "Europe/Berlin")
	_, err := chromedp.Run(b.Ctx, chromedp.Evaluate[any](`(document.getElementById("language").value = "de", document.getElementById("theme").value = "dark", document.querySelector("[name=keys]").checked = false, null)`))
	require.NoError(t, err)
	b.Press(t, kb.Enter)
	b.Says(t, "Ihr Konto")
	b.Sees(t, `document.documentElement.lang === "de" && document.documentElement.dataset.theme === "dark" && document.body.dataset.keys === "off"`)
	b.Go(t, "/me")
	b.Says(t, "Zeitzone")
	b.Fill(t, "#zone", "Europe/Vienna")
	_, err = chromedp.Run(b.Ctx, chromedp.Evaluate[any](`(document.getElementById("theme").value = "auto", null)`))
	require.NoError(t, err)
	b.Sends(t)
	b.Sees(t, `!document.documentElement.dataset.theme && document.getElementById("zone").value === "Europe/Vienna" && document.getElementById("theme").value === "auto"`)
	b.Sees(t, `!document.querySelector(".jump kbd").checkVisibility()`) // a key that does nothing
	b.LookHere(t, "me-german")

	// An editor sees people, and nothing of what admins do with them.
	b.Go(t, "/people")
	b.Says(t, "(Sie)")
	b.LookHere(t, "people-editor")
	b.Sees(t, `!document.querySelector("main select[aria-label^='Rolle von'], main [popovertarget], a[href='/people/new'], a[href='/people/sessions']")`)
}

// A wrong password is told of in the words of the next step.
func TestPaneLogin(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	w.addUser("maren", hub.Administrator)
	b := webtest.Open(t, w.relay.URL)
	b.Go(t, "/login?next=/people")
	b.Content(t)
	b.Look(t, "login", "/login?next=/people")
	b.Size(t, webtest.Wide, webtest.High)
	for range 3 {
		enter(t, b, "maren", "wrong")
		b.Says(t, "is wrong.")
	}
	b.Says(t, "After 2 more tries you wait one minute.")
	b.LookHere(t, "login-wrong")
	for range 2 {
		enter(t, b, "maren", "wrong")
		b.Says(t, "is wrong.")
	}
	b.Says(t, "Wait 60 seconds, then try again.")
	enter(t, b, "maren", longPassword)
	b.Says(t, "seconds, then try again.")
	b.Sees(t, `location.pathname === "/login"`)
}

func TestPanePeople(t *testing.T) {
	w := newTown(t, nil, "", slackPlace(false), consolePlace)
	for login, role := range map[string]hub.Role{"maren": hub.Administrator, "tobias": hub.Editor, "priyanka": hub.Viewer} {
		w.addUser(login, role)
	}
	b := webtest.Open(t, w.relay.URL)
	b.Go(t, "/login?next=/people")
	enter(t, b, "maren", longPassword)
	b.Sees(t, `location.pathname === "/people"`)
	b.Says(t, "The <b>tobias</b>")
	b.Look(t, "people", "/people")
	b.Go(t, "/people?q=tob")
	b.Sees(t, `document.querySelectorAll("[data-row]").length === 1`)
	_, err := chromedp.Run(b.Ctx, chromedp.Evaluate[any](`(s => { s.value = "admin"; s.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector("select[aria-label^='Role of']"))`))
	require.NoError(t, err)
	b.Sees(t, `document.querySelector("#toasts")?.innerText.includes("The role is changed.")`)
	var user struct{ Role hub.Role }
	w.get("/api/v1/users/tobias", &user)
	require.Equal(t, hub.Administrator, user.Role)
	b.Go(t, "/people?q=nobody")
	b.Says(t, "Nobody matches")
	b.LookHere(t, "people-nothing")

	// Removing says first what ends.
	b.Go(t, "/people?q=priyanka")
	b.Click(t, `[popovertarget^="menu-"]`)
	b.Click(t, `.menu:popover-open a.danger`)
	b.Says(t, "0 sessions end. 0 tokens stop.")
	b.LookHere(t, "people-remove")
	b.Click(t, ".btn-danger")
	b.Sees(t, `location.pathname === "/people"`)
	status, _ := w.ask(http.MethodGet, "/api/v1/users/priyanka", "")
	require.Equal(t, http.StatusNotFound, status)

	// People of chats, and what they may do.
	b.Go(t, "/people/chats")
	b.Says(t, "Linked with")
	b.LookHere(t, "people-chats")
	b.Go(t, "/people/chats?system=slack&q="+url.QueryEscape(w.places[0].people["anna"]))
	_, err = chromedp.Run(b.Ctx, chromedp.Evaluate[any](`(s => { s.value = "admin"; s.dispatchEvent(new Event("change", {bubbles: true})) })(document.querySelector("select[aria-label^='Level of']"))`))
	require.NoError(t, err)
	b.Sees(t, `document.querySelector("#toasts")?.innerText.includes("The level is changed.")`)
	b.Go(t, "/people/sessions")
	b.Says(t, "this one")
	b.LookHere(t, "people-sessions")
}

func TestPaneOpenID(t *testing.T) {
	at := openidtest.New(t,
		openidtest.Person{Subject: "1", Login: "ada", Password: "pw", Full: "Ada Byron", Groups: []string{"ops"}},
		openidtest.Person{Subject: "2", Login: "eve", Password: "pw", Full: "Eve", Groups: []string{"choir"}})
	w := newTown(t, nil, fmt.Sprintf("[admin.oidc]\nissuer = %q\nclient_id = %q\nclient_secret = %q\nname = \"Example ID\"\nadmin_groups = [\"ops\"]\neditor_groups = [\"team\"]\n",
		at.URL, at.ClientID, at.Secret), consolePlace)
	at.Back = w.relay.URL + "/login/openid/back"
	b := webtest.Open(t, w.relay.URL)
	there := func(name string) {
		b.Sees(t, `document.title === "Example ID"`)
		b.Fill(t, "#name", name)
		b.Fill(t, "#password", "pw")
		b.Press(t, kb.Enter)
	}
	b.Go(t, "/login?next=/people")
	b.Content(t)
	b.LookHere(t, "login-openid")
	at.Down(true)
	b.Click(t, "#openid")
	b.Says(t, "Example ID does not answer as it should")
	b.LookHere(t, "login-openid-down")
	at.Down(false)
	b.Click(t, "#openid")
	there("eve")
	b.Says(t, "none of your groups may come in here")
	b.Click(t, "#openid")
	b.Sees(t, `document.title === "Example ID"`)
	b.Click(t, "#no")
	b.Says(t, "Example ID says: They said no.")
	b.Accessible(t, "login, refused")
	b.Click(t, "#openid")
	there("ada")
	b.Says(t, "Groups to roles")
	b.LookHere(t, "people-openid")
	b.Sees(t, `document.querySelector(".me")?.innerText.includes("Ada Byron")`)

	// The groups of today hold, and a token that is made needs her again once it is
	// long ago that she was there.
	b.Go(t, "/confirm?next=/me/tokens/new")
	b.Says(t, "Is it you?")
	b.LookHere(t, "confirm-openid")
	b.Click(t, `a[href^="/login/openid?again=1"]`)
	there("ada")
	b.Sees(t, `location.pathname === "/me/tokens/new"`)
	at.Put(openidtest.Person{Subject: "1", Login: "ada", Password: "pw", Full: "Ada Lovelace", Groups: []string{"team"}})
	b.Go(t, "/login/openid?next=/me")
	there("ada")
	b.Says(t, "You are ada, editor.")
}
