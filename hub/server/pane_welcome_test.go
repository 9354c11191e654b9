package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub/server"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// fresh is a Bellhop that nobody has told anything, with the path of the one-time
// link that it prints when it starts.
func fresh(t *testing.T, publicURL string) (r *running, link string) {
	t.Helper()
	r = startAs(t, t.TempDir(), "", server.Everything, "", func(o *server.Options) {
		o.Config.Server.PublicURL = publicURL
		started := o.Started
		o.Started = func(ready server.Ready) {
			link = "/login?code=" + ready.LoginCode()
			started(ready)
		}
	})
	return r, link
}

// valueOf is what stands in a field.
func valueOf(t *testing.T, b *webtest.Tab, selector string) string {
	t.Helper()
	value, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`document.querySelector(`+quoted(selector)+`)?.value ?? ""`))
	require.NoError(t, err)
	return value
}

// firstAccount makes the first account by keys alone, which leads to the wizard.
func firstAccount(t *testing.T, b *webtest.Tab, link string) {
	t.Helper()
	b.Go(t, link)
	b.Sees(t, `location.pathname === "/first" && document.activeElement.id === "full"`)
	b.Press(t, "Maren Kolb"+kb.Tab+"maren"+kb.Tab+kb.Tab+longPassword+kb.Enter)
	b.Sees(t, `location.pathname === "/welcome/forum" && document.activeElement.id === "s-url"`)
}

// From nothing to a message in a chat, all in the browser.
func TestPaneWelcome(t *testing.T) {
	f, at := site(t)
	slack, api := workspace(t, slackToken)
	r, link := fresh(t, "")
	b := webtest.Open(t, r.url)
	firstAccount(t, b, link)
	b.Says(t, "Bellhop does not know its address from outside")
	b.Says(t, "That one leads nowhere on any other machine.")
	b.Content(t)
	b.Look(t, "welcome-forum", "/welcome/forum")
	b.Size(t, webtest.Wide, webtest.High)

	// A forum that is not there is refused with the reason.
	b.Go(t, "/welcome/forum")
	b.Fill(t, "#s-url", "http://127.0.0.1:1")
	b.Press(t, kb.Enter)
	b.Says(t, "The forum was not connected")
	b.Says(t, "Connect it all the same")
	b.LookHere(t, "welcome-forum-refused")

	// One that is: its secret is shown, and the page turns green with the first call
	// whose signature is right.
	b.Fill(t, "#s-url", at)
	b.Click(t, ".more-fields summary")
	b.Fill(t, "#s-delay", "0s")
	b.Press(t, kb.Enter)
	b.Says(t, "Waiting for the forum's first call")
	payload, secret := valueOf(t, b, "#payload"), valueOf(t, b, "#secret")
	require.Equal(t, r.url+"/in/forum", payload)
	require.GreaterOrEqual(t, len(secret), 26)
	b.LookHere(t, "welcome-forum-waits")
	require.Equal(t, http.StatusUnauthorized, hooked(t, payload, "another secret"))
	b.Says(t, "1 call was turned away: its signature is wrong.")
	require.Equal(t, secret, valueOf(t, b, "#secret"), "the secret stays on the page")
	f.Hook(payload, secret)
	f.Ping()
	b.Says(t, "The forum has called")
	b.Sees(t, `document.querySelectorAll("#rail .done").length === 2`)
	b.LookHere(t, "welcome-forum-heard")

	// It is shown once.
	b.Go(t, "/welcome/forum")
	b.Says(t, "The forum has called")
	b.Sees(t, `!document.body.innerHTML.includes(`+quoted(secret)+`) && document.body.innerText.includes(`+quoted(secret[len(secret)-4:])+`)`)
	b.Click(t, "#next .btn-primary")

	welcomeSlack(t, b, slack, api)
	welcomeRow(t, b, func() { f.Topic("alice", "support", "The first of all", "Hello.") })
	require.Contains(t, strings.Join(said(slack, slacktest.Support), "\n"), "The first of all")

	// Nothing of it is left to do.
	b.Click(t, "#next .btn-primary")
	b.Sees(t, `location.pathname === "/"`)
	b.Says(t, "Choose a chat for alerts")
	b.Sees(t, `!document.querySelector("main [href^='/welcome']")`)
	b.Go(t, "/welcome")
	b.Sees(t, `location.pathname === "/"`)
}

// welcomeSlack connects a Slack whose app lacks a permission, and posts to a
// channel of it.
func welcomeSlack(t *testing.T, b *webtest.Tab, slack *slacktest.Workspace, api string) {
	t.Helper()
	b.Sees(t, `location.pathname === "/welcome/chat"`)
	b.Look(t, "welcome-chat", "/welcome/chat")
	b.Size(t, webtest.Wide, webtest.High)
	b.Click(t, `a[href="/welcome/chat?kind=slack"]`)
	b.Sees(t, `document.getElementById("s-token")`)
	b.Click(t, ".more-fields summary")
	b.Fill(t, "#s-api_url", api)
	b.Fill(t, "#s-token", "0000")
	b.Click(t, "#prove")
	b.Says(t, "This is not right yet. Nothing was asked.")
	b.Fill(t, "#s-token", "xoxb-0000-revoked")
	b.Click(t, "#prove")
	b.Says(t, "The platform does not take this")
	slack.Grant("chat:write,channels:read")
	b.Fill(t, "#s-token", slackToken)
	b.Click(t, "#prove")
	b.Says(t, "Bellhop is @bellhop there")
	b.Says(t, "It lacks")
	b.LookHere(t, "welcome-chat-proved")
	b.Click(t, "#save")
	b.Sees(t, `location.search === "?system=slack"`)
	b.Says(t, "Bellhop is @bellhop there")

	b.Focus(t, "#chat")
	b.Press(t, "random")
	b.Sees(t, `document.querySelectorAll("#rooms [role=option]").length === 1`)
	b.Press(t, kb.ArrowDown+kb.Enter)
	b.Sees(t, `document.getElementById("chat").value === "C0RANDOM01"`)
	b.Click(t, "#greet")
	b.Says(t, "The message has not arrived yet")
	b.Says(t, "/invite @bellhop")
	b.LookHere(t, "welcome-chat-stuck")
	b.Fill(t, "#chat", "#support") // its name will do
	b.Click(t, "#greet")
	b.Says(t, "The test message has arrived")
	require.Contains(t, strings.Join(said(slack, slacktest.Support), "\n"), "Maren Kolb is setting it up")
	b.Content(t)
	b.LookHere(t, "welcome-chat-arrived")
	b.Click(t, "#next .btn-primary")
}

// welcomeRow makes the first subscription, and waits for what post brings.
func welcomeRow(t *testing.T, b *webtest.Tab, post func()) {
	t.Helper()
	b.Sees(t, `location.pathname === "/welcome/subscription" && document.getElementById("chat").value === "C0SUPPORT1"`)
	b.Focus(t, "#category")
	b.Press(t, "Supp")
	b.Sees(t, `document.getElementById("said").textContent.startsWith("New topics and replies in Support go to #support")`)
	b.Content(t)
	b.LookHere(t, "welcome-subscription")
	b.Click(t, "#make")
	b.Says(t, "Waiting for the first post")
	b.LookHere(t, "welcome-subscription-waits")
	post()
	b.Says(t, "A message was delivered")
	b.Sees(t, `document.querySelectorAll("#rail .done").length === 4`)
	b.Content(t)
	b.LookHere(t, "welcome-subscription-done")
}

// The account and the forum by keys alone, where the public address is known; what
// is skipped is found again at Home.
func TestPaneWelcomeByKeyboard(t *testing.T) {
	_, at := site(t)
	r, link := fresh(t, "https://bell.example.com")
	b := webtest.Open(t, r.url)
	firstAccount(t, b, link)
	b.Sees(t, `!document.getElementById("public")`)
	b.Press(t, at+kb.Enter)
	b.Says(t, "Waiting for the forum's first call")
	b.Sees(t, `document.activeElement.tagName === "H1"`)
	require.Equal(t, "https://bell.example.com/in/forum", valueOf(t, b, "#payload"))
	old := valueOf(t, b, "#secret")
	b.Go(t, "/welcome/forum")
	b.Focus(t, "form[action='/welcome/forum/secret'] button")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.getElementById("secret")?.value.length >= 26`)
	secret := valueOf(t, b, "#secret")
	require.NotEqual(t, old, secret)
	require.Equal(t, http.StatusAccepted, hooked(t, r.url+"/in/forum", secret))
	b.Says(t, "Ping from")
	b.Content(t)
	b.Focus(t, "#next a")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/welcome/chat"`)
	b.Focus(t, "#next a") // skipped
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/welcome/subscription"`)
	b.Sees(t, `document.getElementById("system").value === "console"`)
	b.Focus(t, "#next a")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/"`)
	b.Focus(t, `main a[href="/welcome"]`)
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/welcome/chat"`)

	// In German.
	_, err := chromedp.Run(b.Ctx, chromedp.Evaluate[any](`document.cookie = "bellhop_lang=de; path=/"`))
	require.NoError(t, err)
	b.Go(t, "/welcome/subscription")
	b.Says(t, "Ihr erstes Abonnement")
	b.Accessible(t, "German")
	b.Shot(t, "welcome-de")
}
