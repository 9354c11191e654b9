package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// placesTown is a town with two accounts at one Slack, one of which Slack does
// not take, with chats of which Bellhop is not in all, and with a source that
// somebody sends to who does not know its secret.
func placesTown(t *testing.T) (*town, *slacktest.Workspace) {
	workspace := slacktest.New(slackToken)
	workspace.Put(slacktest.Channel{ID: "C0NEWSROOM", Name: "announcements", IsMember: true, IsReadOnly: true})
	server := httptest.NewServer(workspace)
	t.Cleanup(server.Close)
	more := fmt.Sprintf("[providers.acme]\nkind = \"slack\"\ntoken = %q\napi_url = \"%s/api/\"\n[providers.old]\nkind = \"slack\"\ntoken = \"xoxb-0000-revoked\"\napi_url = \"%s/api/\"\n", slackToken, server.URL, server.URL) +
		"[sources.ci]\nkind = \"standard_webhooks\"\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n"
	w := newTown(t, nil, more, telegramPlace, consolePlace)
	for _, row := range []string{
		`{"system":"acme","chat":"C0RANDOM01"`, `{"system":"acme","chat":"C0SUPPORT1"`, `{"system":"acme","chat":"C0NEWSROOM"`, `{"system":"old","chat":"C0GENERAL1"`,
		`{"system":"console","chat":"lobby"`, `{"system":"telegram","chat":"` + w.places[0].Chat(t, "Kestrel Deutschland") + `"`,
	} {
		status, body := w.ask(http.MethodPost, "/api/v1/subscriptions?force=1", row+`,"mode":"watch","source":"meta"}`, "Content-Type", "application/json")
		require.Equal(t, http.StatusCreated, status, body)
	}
	for range 3 {
		status, _ := w.ask(http.MethodPost, "/in/ci", `{"type":"run.failed"}`, "Content-Type", "application/json", "webhook-id", "x", "webhook-timestamp", fmt.Sprint(time.Now().Unix()), "webhook-signature", "v1,AAAA")
		require.Equal(t, http.StatusUnauthorized, status)
	}
	return w, workspace
}

func TestPanePlaces(t *testing.T) {
	w, workspace := placesTown(t)
	b := w.signIn()

	// What needs somebody is said first, with the step.
	b.Says(t, "old is paused")
	b.Says(t, "set token to the app's current Bot User OAuth Token")
	b.Click(t, "header form[action='/systems/check'] button")
	b.Sees(t, `document.getElementById("checks").innerText.includes("acme was checked: 3 chats. 2 take no messages.")`)
	b.Go(t, "/systems?system=acme")
	b.Says(t, "In 2 chats of acme Bellhop may not post.")
	b.Says(t, "In that channel type /invite @bellhop")
	b.Sees(t, `document.querySelectorAll("#rooms tbody tr").length === 3`)
	b.Content(t)
	b.Look(t, "systems", "/systems")
	for name, width := range map[string]int64{"narrow": webtest.Narrow, "wide": webtest.Wide} {
		b.Size(t, width, webtest.High)
		b.Go(t, "/systems?again#rooms")
		b.Shot(t, "systems-rooms-"+name)
	}
	b.Size(t, webtest.Wide, webtest.High)

	// Filters live in the address.
	b.Go(t, "/systems?q=suppo")
	b.Sees(t, `document.querySelectorAll("#rooms tbody tr").length === 1`)
	b.Go(t, "/systems?q=nowhere")
	b.Says(t, "No room matches")

	// Quiet hours by keys alone, and again by the mouse.
	b.Go(t, "/systems?system=acme&q=support")
	b.Press(t, "j")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/systems/chat"`)
	b.Says(t, "What the bot may do here")
	b.Focus(t, "#quiet-from")
	b.Press(t, "1000PM")
	b.Focus(t, "#quiet-to")
	b.Press(t, "0700AM")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.getElementById("toasts").innerText.includes("The quiet hours are saved.")`)
	b.Sees(t, `document.getElementById("quiet-from").value === "22:00" && document.getElementById("quiet-to").value === "07:00"`)
	b.Look(t, "systems-chat", "/systems/chat?system=acme&chat=C0SUPPORT1")
	b.Size(t, webtest.Wide, webtest.High)
	b.Click(t, "button[name=for][value='4h']")
	b.Says(t, "snoozed until")
	b.Click(t, "#wake")
	b.Sees(t, `document.getElementById("toasts").innerText.includes("The snooze is over.")`)
	b.Click(t, "button[name=off]")
	b.Sees(t, `document.getElementById("toasts").innerText.includes("The quiet hours are over.")`)
	b.Fill(t, "#nap-other", "soon")
	b.Press(t, kb.Enter)
	b.Says(t, "That was not saved.")

	// A chat that takes no messages, until somebody invites the bot.
	status, body := w.ask(http.MethodPost, "/api/v1/messages", `{"system":"acme","chat":"C0RANDOM01","text":"hello"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusAccepted, status, body)
	b.Sees(t, `fetch("/systems").then(r => r.text()).then(text => { window.page = text }) && window.page?.includes("Paused chats")`)
	b.Go(t, "/systems")
	b.Says(t, "Paused chats")
	b.Says(t, "the app is not in the channel")
	b.Shot(t, "systems-paused")
	workspace.Put(slacktest.Channel{ID: slacktest.Random, Name: "random", IsMember: true})
	b.Press(t, "j") // the paused chat is the first row
	b.Press(t, "r")
	b.Sees(t, `location.search.includes("done=tried")`)
	require.Eventually(t, func() bool {
		sent := workspace.Sent()
		return len(sent) == 1 && sent[0].Chat == slacktest.Random
	}, 20*time.Second, 20*time.Millisecond, "what waited is sent")
}

func TestPaneSources(t *testing.T) {
	w, _ := placesTown(t)
	b := w.signIn()
	b.Go(t, "/sources")
	b.Says(t, "3 requests were turned away: their signature is wrong.")
	b.Says(t, "The sender signs with another secret than Bellhop knows")
	b.Sees(t, fmt.Sprintf(`document.getElementById("address-meta").value === %q`, w.relay.URL+"/in/meta"))
	b.Click(t, "form[action='/sources/meta/refresh'] button")
	b.Sees(t, `document.getElementById("toasts").innerText.includes("The forum was read again.")`)
	b.Says(t, "Knows 8 categories, 4 tags")
	b.Content(t)
	b.Look(t, "sources", "/sources")
	b.Look(t, "source", "/sources/meta")
	b.Says(t, "Printers for sale")
	b.Says(t, "1 category is not public: what stands there is not sent.")
	b.Go(t, "/sources/nothing")
	b.Says(t, "No source is named nothing.")
}

// TestChatsAreAskedOverTheBus lists chats and asks what the bot may do there, as
// is done wherever the worker runs.
func TestChatsAreAskedOverTheBus(t *testing.T) {
	w, _ := placesTown(t)
	var list struct{ Items []struct{ Name string } }
	w.get("/api/v1/systems/acme/chats?q=suppo", &list)
	require.Equal(t, "#support", list.Items[0].Name)
	var p hub.Preflight
	w.get("/api/v1/systems/acme/chats/C0RANDOM01/preflight", &p)
	require.Equal(t, hub.PreflightBlocked, p.State)
	require.Contains(t, p.First().Step, "/invite @bellhop")
	w.get("/api/v1/systems/old/chats/C0GENERAL1/preflight", &p)
	require.Equal(t, hub.PreflightUnknown, p.State)
	require.Contains(t, p.Error, "invalid_auth")
	var rows struct{ Items []hub.Subscription }
	w.get("/api/v1/subscriptions?system=acme", &rows)
	for _, row := range rows.Items {
		require.True(t, row.Enabled, "what a platform says changes no row")
	}
	require.Len(t, rows.Items, 3)
}
