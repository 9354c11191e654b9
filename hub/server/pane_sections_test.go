package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// hostileText would be markup, a script and writing from right to left.
const hostileText = "<img src=x onerror=alert(1)>\u202e&lt;b&gt;"

// value is what a field holds.
func value(t *testing.T, b *webtest.Tab, selector string) string {
	t.Helper()
	at, err := json.Marshal(selector)
	require.NoError(t, err)
	b.Sees(t, fmt.Sprintf("document.querySelector(%s)", at))
	text, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%s).value", at)))
	require.NoError(t, err)
	return text
}

// A forum is connected, its secret changed, and it is removed again.
func TestPaneSourceIsMade(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	b := w.signIn()

	// The kind is chosen by keys alone.
	b.Go(t, "/sources")
	b.Press(t, "n")
	b.Sees(t, `location.pathname === "/sources/new"`)
	b.Content(t)
	b.Look(t, "source-kinds", "/sources/new")
	b.Size(t, webtest.Wide, webtest.High)
	b.Press(t, "j")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.search === "?kind=discourse"`)
	require.Equal(t, "forum", value(t, b, "#s-name"))
	b.Look(t, "source-new", "/sources/new?kind=discourse")
	b.Size(t, webtest.Wide, webtest.High)

	// A wrong key is refused at its field: by the test, and when it is saved.
	b.Fill(t, "#s-url", w.forumURL)
	b.Fill(t, "#s-api_key", "not-the-key-of-the-forum")
	b.Click(t, "button[hx-post]")
	b.Says(t, "The other side answers, and refuses what is set.")
	b.Sees(t, `document.getElementById("s-api_key-wrong").innerText !== ""`)
	require.Equal(t, "not-the-key-of-the-forum", value(t, b, "#s-api_key"), "the test leaves the form as it is")
	b.Accessible(t, "source, tested")
	b.Focus(t, "#s-url")
	b.Sends(t)
	b.Says(t, "Save without asking")
	b.Sees(t, `document.activeElement.id === "s-api_key" && document.activeElement.value === "" && document.getElementById("s-url").value !== ""`)
	b.LookHere(t, "source-refused")
	b.Fill(t, "#s-name", "meta")
	b.Sends(t)
	b.Says(t, "There is one of this name already")
	b.Fill(t, "#s-name", "forum")
	b.Fill(t, "#s-api_key", forumKey)
	b.Click(t, "details.more-fields > summary")
	b.Fill(t, "#s-api_per_minute", "6000")
	b.Fill(t, "#s-delay", "a while")
	b.Sends(t)
	b.Sees(t, `document.getElementById("s-delay-wrong").innerText !== ""`)
	b.Sees(t, `document.activeElement.id === "s-delay" && document.querySelector("details.more-fields").open`)
	b.Fill(t, "#s-delay", "5s")
	b.Fill(t, "#s-api_key", forumKey)
	b.Sends(t)

	// Its page has the address and the secret, this once, and they are right.
	b.Says(t, "The source is made, and this is its secret.")
	secret, address := value(t, b, "#once-secret"), value(t, b, "#once-address")
	require.Equal(t, w.relay.URL+"/in/forum", address)
	b.LookHere(t, "source-made")
	w.forum.Hook(address, secret)
	w.forum.Ping()
	require.Eventually(t, func() bool { return !w.source("forum").PingedAt.IsZero() }, 10*time.Second, 20*time.Millisecond)
	b.Go(t, "/sources/forum")
	b.Says(t, "hidden, ends "+forumKey[len(forumKey)-4:])
	b.Sees(t, fmt.Sprintf("!document.documentElement.outerHTML.includes(%q)", secret))
	b.Look(t, "source-here", "/sources/forum")
	b.Size(t, webtest.Wide, webtest.High)
	b.Press(t, "t")
	b.Says(t, "It is right. Bellhop is system at")

	// The secret is changed in its time.
	b.Click(t, "form[action$='/rotate'] button")
	b.Says(t, "The one before is accepted meanwhile.")
	fresh := value(t, b, "#once-secret")
	require.NotEqual(t, secret, fresh)
	require.Equal(t, http.StatusAccepted, hooked(t, address, secret))
	require.Equal(t, http.StatusAccepted, hooked(t, address, fresh))
	b.Click(t, "form[action$='/settle'] button")
	b.Sees(t, `document.getElementById("toasts").innerText.includes("Only the new secret")`)
	require.Equal(t, http.StatusUnauthorized, hooked(t, address, secret))
	require.Equal(t, http.StatusAccepted, hooked(t, address, fresh))

	// It is edited: what is not touched stays, and what others have written is text.
	b.Press(t, "e")
	b.Sees(t, `location.pathname === "/sources/forum/edit"`)
	b.Click(t, "details.more-fields > summary")
	b.Fill(t, "#s-read_as", hostileText)
	b.Press(t, kb.Enter)
	b.Says(t, "Save without asking")
	b.Sees(t, `document.querySelector("main img") === null && document.getElementById("s-read_as").value.startsWith("<img")`)
	b.Click(t, "button[name=unproved]")
	b.Sees(t, `document.getElementById("toasts").innerText.includes("It is saved")`)
	b.Sees(t, `document.querySelector("main img") === null && document.querySelector("main").innerText.includes("<img src=x")`)
	require.Equal(t, "5s", w.source("forum").Delay)

	// It goes, after it was said what goes with it.
	status, body := w.ask(http.MethodPost, "/api/v1/subscriptions?force=1", `{"system":"console","chat":"lobby","mode":"watch","source":"forum"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusCreated, status, body)
	b.Click(t, "a.btn-danger")
	b.Sees(t, `document.getElementById("ask").open && document.getElementById("ask-body").innerText.includes("1 subscription names it")`)
	b.LookHere(t, "source-remove")
	b.Fill(t, "#remove-name", "forum")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/sources" && document.getElementById("toasts").innerText.includes("The source is removed.")`)
	require.Equal(t, http.StatusNotFound, hooked(t, address, fresh))
}

// A system is connected, paused and kept from those who only look.
func TestPaneSystemIsMade(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	_, api := workspace(t, slackToken)
	b := w.signIn()
	w.addUser("vera", hub.Viewer)
	b.Go(t, "/systems/new?kind=slack")
	b.Fill(t, "#s-name", "chat") // a page is called so, too
	b.Fill(t, "#s-token", "xoxb-0000-1234")
	b.Click(t, "details.more-fields > summary")
	b.Fill(t, "#s-api_url", api)
	b.Press(t, kb.Enter)
	b.Says(t, "The other side answers, and refuses what is set.")
	b.Sees(t, `document.activeElement.id === "s-token" && document.getElementById("s-token-wrong").innerText.includes("set token to")`)
	b.LookHere(t, "system-refused")
	b.Fill(t, "#s-token", "xoxb-0000-1234")
	b.Click(t, "button[name=unproved]")
	b.Sees(t, `location.pathname === "/systems/chat" && document.querySelector("h1").innerText === "chat"`)
	w.awaitState("chat", hub.SystemPaused)

	b.Go(t, "/systems/chat")
	b.Says(t, "chat is paused: the platform refuses Bellhop")
	b.Press(t, "e")
	b.Sees(t, `location.pathname === "/systems/chat/edit"`)
	b.Says(t, "ends in …1234")
	b.Look(t, "system-edit", "/systems/chat/edit")
	b.Size(t, webtest.Wide, webtest.High)
	b.Fill(t, "#s-token", slackToken)
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/systems/chat" && document.getElementById("toasts").innerText.includes("It is saved")`)
	w.awaitState("chat", hub.SystemOK)
	b.Go(t, "/systems/chat")
	b.Click(t, "form[hx-post] button")
	b.Says(t, "It is right. Bellhop is @bellhop at Acme (acme.slack.com).")
	b.Look(t, "system", "/systems/chat")
	b.Size(t, webtest.Wide, webtest.High)

	// It is paused with a reason, and goes on.
	b.Fill(t, "#reason", hostileText)
	b.Press(t, kb.Enter)
	b.Says(t, "has paused this system")
	b.Sees(t, `document.querySelector("main img") === null && document.querySelector("main").innerText.includes("<img src=x")`)
	b.LookHere(t, "system-paused")

	// Who only looks has none of the buttons, and is refused.
	v := webtest.Open(t, w.relay.URL)
	v.Go(t, "/login?next=/systems/chat")
	enter(t, v, "vera", longPassword)
	v.Says(t, "has paused this system")
	v.Sees(t, `document.querySelectorAll("main form, main a.btn-danger, main a[href$='/edit']").length === 0`)
	for _, path := range []string{"/sources", "/sources/meta"} {
		v.Go(t, path)
		v.Sees(t, `document.querySelector("main h1") && document.querySelectorAll("main form, main a[href$='/edit'], main a[href$='/new']").length === 0`)
	}
	for _, path := range []string{"/sources/new", "/systems/new?kind=slack", "/systems/chat/edit", "/systems/chat/remove"} {
		v.Go(t, path)
		v.Says(t, "this needs the role admin")
	}

	b.Press(t, "r")
	b.Sees(t, `document.querySelector("#reason")`)
	w.awaitState("chat", hub.SystemOK)

	// What the file has is changed there.
	b.Go(t, "/systems/console")
	b.Says(t, "Managed by the configuration file, and changed there: [providers.console]")
	b.Sees(t, `document.querySelector("a[href$='/edit'], a.btn-danger") === null`)
	b.Go(t, "/sources/meta")
	b.Says(t, "Managed by the configuration file, and changed there: [sources.meta]")
	b.Go(t, "/sources/meta/edit")
	b.Says(t, "is managed by the configuration file")

	// A page that is not for a script asks for the name as well.
	b.Go(t, "/systems/chat/remove")
	b.Says(t, "0 subscriptions stop.")
	b.Look(t, "system-remove", "/systems/chat/remove")
	b.Size(t, webtest.Wide, webtest.High)
	b.Fill(t, "#remove-name", "chat")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/systems" && document.getElementById("toasts").innerText.includes("The system is removed.")`)
	require.Eventually(t, func() bool { return w.system("chat") == nil }, 20*time.Second, 20*time.Millisecond, "its worker ends")
}

// A room's people get a link, until it is taken back.
func TestPaneRoomLink(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	b := w.signIn()
	b.Go(t, "/systems/chat?system=console&chat=lobby")
	b.Says(t, "No link yet")
	b.Fill(t, "#page-ask", hostileText[:28])
	b.Press(t, kb.Enter)
	b.Says(t, "The link is made.")
	link := value(t, b, "#page-link")
	require.Contains(t, link, w.relay.URL+"/d/")
	b.LookHere(t, "systems-chat-link")
	b.Sees(t, `document.querySelector("main img") === null`)
	open := webtest.Open(t, w.relay.URL)
	open.Go(t, link[len(w.relay.URL):])
	open.Sees(t, `document.body.innerText.includes("lobby") && document.body.innerText.includes("<img src=x")`)
	b.Go(t, "/systems/chat?system=console&chat=lobby")
	b.Sees(t, fmt.Sprintf("!document.documentElement.outerHTML.includes(%q)", link))
	b.Click(t, "form[action$='/revoke'] button")
	b.Sees(t, `document.getElementById("toasts").innerText.includes("The link leads nowhere any more.")`)
	b.Says(t, "No link yet")
	open.Go(t, link[len(w.relay.URL):])
	open.Sees(t, `!document.body.innerText.includes("lobby")`)
}
