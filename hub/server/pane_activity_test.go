package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// refusing is a Slack that can be told to refuse messages.
type refusing struct{ *slacktest.Workspace }

func (r *refusing) found(w *town) *place {
	r.Workspace = slacktest.New(slackToken)
	at := w.serve(r.Workspace)
	app := slacktest.App{URL: at, SigningSecret: signingSecret, AppToken: slackAppToken, Callbacks: slacktest.ToURL(w.relay.URL + "/chat/slack/")}
	return &place{
		Stage: slacktest.NewStage(r.Workspace, app), system: "slack", prefix: "/", whispers: true, dialogs: true, ranks: true,
		settings: fmt.Sprintf("[providers.slack]\nkind = \"slack\"\ntoken = %q\napi_url = \"%s/api/\"\nsigning_secret = %q\n", slackToken, at, signingSecret),
	}
}

// refuse makes Slack refuse the next messages for good.
func (r *refusing) refuse(n int) {
	for range n {
		r.Script(providertest.Step{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: `{"ok":false,"error":"no_text"}`})
	}
}

// told counts the messages of a chat that say something.
func (r *refusing) told(chat, text string) (n int) {
	for _, s := range r.Sent() {
		if s.Chat == chat && strings.Contains(s.Text, text) {
			n++
		}
	}
	return n
}

// subscribe makes a row.
func (w *town) subscribe(system hub.System, chat, more string) hub.SubscriptionID {
	w.t.Helper()
	body := fmt.Sprintf(`{"system":%q,"chat":%q,"source":"meta","mode":"watch","filters":[],"enabled":true%s}`, system, chat, more)
	status, answer := w.ask(http.MethodPost, "/api/v1/subscriptions", body, "Content-Type", "application/json")
	require.Equal(w.t, http.StatusCreated, status, answer)
	var row hub.Subscription
	require.NoError(w.t, json.Unmarshal([]byte(answer), &row))
	return row.ID
}

// dead waits for so many dead letters.
func (w *town) awaitDead(n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var page struct{ Items []struct{ Status hub.Status } }
		w.get("/api/v1/dead", &page)
		found := 0
		for _, d := range page.Items {
			if d.Status == hub.StatusDead {
				found++
			}
		}
		return found == n
	}, 20*time.Second, 50*time.Millisecond)
}

// hostile is a title by somebody who means no good.
const hostile = `<script>document.title="gotcha"</script> \u202egnp.exe 👩‍👩‍👧‍👦 "'><img src=x onerror=alert(1)>`

func TestPaneActivity(t *testing.T) {
	slack := &refusing{}
	w := newTown(t, nil, "", slack.found, consolePlace)
	b := w.signIn()
	chat, lobby, late := w.places[0].Chat(t, "support"), w.places[1].Chat(t, "lobby"), w.places[1].Chat(t, "late")

	// Nothing yet: what it is, and what to do.
	b.Go(t, "/activity/deliveries")
	b.Says(t, "Nothing has been sent yet")
	b.Go(t, "/activity/dead")
	b.Says(t, "No dead letters")
	row := w.subscribe("slack", chat, "")
	w.subscribe("console", lobby, "")

	// An event comes while the list is looked at, and its row tells when it is sent.
	b.Go(t, "/activity")
	b.Says(t, "Nothing has come in yet")
	w.forum.Topic("alice", "support", "No network after 4.2", "It stopped.", "bug")
	const first = `[...document.querySelectorAll("#main tr[data-row]")].find(r => r.innerText.includes("No network after 4.2"))`
	b.Sees(t, first+`?.innerText.includes("2 sent")`)
	b.Says(t, "@alice opened in Support")

	// Its trace, in place and by keys alone, then on a page of its own.
	b.Press(t, "j")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.querySelector("tr.detail .trace")`)
	b.Says(t, "Received from meta")
	b.Says(t, "2 chats have a row that decided")
	b.Says(t, "gets a message")
	b.Content(t)
	b.Accessible(t, "trace in place")
	b.Press(t, kb.Enter)
	b.Sees(t, `!document.querySelector("tr.detail")`)
	b.Click(t, "#main tr[data-row] a.title")
	b.Sees(t, `location.pathname.startsWith("/activity/events/e")`)
	b.Sees(t, `document.querySelector("main h1").innerText === "No network after 4.2"`)
	b.Sees(t, `document.querySelector('a[href*="/archives/"]') && document.querySelector('a[href^="/console/"][href*="#m"]')`)
	b.Click(t, "details.fold summary")
	b.Says(t, `"specversion": "1.0"`)
	event := currentPath(t, b)

	// Nobody who had it hears it again; a chat with a new row does, once.
	w.subscribe("console", late, "")
	b.Click(t, `button[data-key="r"]`)
	b.Sees(t, `document.querySelector("#ask[open] .ask h2")?.innerText === "Tell 1 chat of it?"`)
	b.Sees(t, `document.querySelector("#ask").innerText.includes("had it, or has it on its way")`)
	b.Accessible(t, "replay is asked for")
	b.Click(t, "#ask .btn-primary")
	b.Says(t, "@admin held it against the rows again")
	require.Eventually(t, func() bool {
		var page struct{ Items []hub.Delivery }
		w.get("/api/v1/deliveries?system=console&chat="+late+"&status=sent", &page)
		return len(page.Items) == 1
	}, 20*time.Second, 50*time.Millisecond)
	require.Equal(t, 1, slack.told(chat, "No network after 4.2"), "who had it is not told again")

	b = w.signIn() // a browser has its time
	// A message that is refused, with a title by somebody who means no good.
	slack.refuse(1)
	w.forum.Topic("ben", "support", strings.ReplaceAll(hostile, `\u202e`, "\u202e")+strings.Repeat(" very long", 12), "x")
	w.awaitDead(1)
	b.Go(t, "/activity/dead")
	b.Says(t, "slack will never take this message")
	b.Says(t, "gnp.exe")
	b.Sees(t, `!document.querySelector("main").innerText.includes("\u202e") && document.title === "Activity · Bellhop" && !document.querySelector("main img, main script")`)
	b.Click(t, "#main tr[data-row] a.title")
	b.Says(t, "no_text")
	b.Says(t, "Answer")
	b.Sees(t, `!document.querySelector("main").innerText.includes("`+slackToken+`")`)
	delivery := currentPath(t, b)

	// Sent again once Slack is well, it arrives once.
	b.Go(t, "/activity/dead")
	b.Press(t, "j")
	b.Press(t, "r")
	b.Sees(t, `document.querySelector("#toasts").innerText.includes("It keeps its id")`)
	require.Eventually(t, func() bool { return slack.told(chat, "gnp.exe") == 1 }, 20*time.Second, 50*time.Millisecond)

	// All of them, with the count first.
	b = w.signIn()
	slack.refuse(3)
	topic := w.forum.Topic("ben", "support", "Fan is loud", "One.")
	w.forum.Reply(topic, "alice", "Two, to be given up.")
	w.forum.Reply(topic, "ben", "Three, to be given up.")
	w.awaitDead(3)
	b.Go(t, "/activity/dead?q=Fan+is+loud&system=slack")
	b.Click(t, "[data-ask]")
	b.Sees(t, `document.querySelector("#ask h2")?.innerText === "Retry 3 dead letters?"`)
	b.Sees(t, `document.querySelector("#ask").innerText.includes("The oldest was queued") && document.activeElement.innerText === "Cancel"`)
	b.Accessible(t, "retry is asked for")
	b.Shot(t, "activity-ask")
	b.Click(t, "#ask .btn-primary")
	b.Sees(t, `location.search.includes("retry=") && document.querySelector("#retry-progress")?.innerText.includes("3 are sent")`)
	require.Equal(t, 3, slack.told(chat, "Fan is loud"))

	// What comes while somebody reads further down waits until they ask for it.
	b.Size(t, webtest.Narrow, 300)
	b.Go(t, "/activity")
	b.Sees(t, `(scrollTo(0, 900), document.querySelector(".live-list").getBoundingClientRect().top < -80)`)
	w.forum.Topic("ben", "market", "While you read", "It came.")
	b.Sees(t, `document.querySelector("[data-count]:not([hidden])")?.innerText === "2 new events"`)
	b.Click(t, "[data-count]")
	b.Sees(t, `document.querySelector("#main tr[data-row]").innerText.includes("While you read") && document.querySelector("[data-count]").hidden`)
	b.Size(t, webtest.Wide, webtest.High)

	// Filters are in the address: they survive a reload and the way back.
	b.Go(t, "/activity?q=Fan&source=meta")
	b.Sees(t, `document.querySelector("input[name=q]").value === "Fan" && document.querySelector(".chip-on").innerText.includes("meta")`)
	b.Go(t, currentPath(t, b))
	b.Sees(t, `[...document.querySelectorAll("#main tr[data-row]")].every(r => r.innerText.includes("Fan is loud"))`)
	b.Click(t, ".chip-x")
	b.Sees(t, `location.search === "?q=Fan"`)
	b.Go(t, "/activity?q=no+such+thing")
	b.Says(t, "No event matches")
	b.Go(t, "/activity/deliveries?subscription="+url.QueryEscape(string(row))+"&status=sent")
	b.Sees(t, `document.querySelectorAll("#main tr[data-row]").length === 6`)

	// The box that jumps finds what happened.
	b.Press(t, "/")
	b.Sees(t, `document.activeElement.name === "q" && document.activeElement.id === ""`)
	b.Press(t, kb.Backspace) // a key that is pressed by a test types, too
	b.Press(t, "/")
	b.Sees(t, `document.querySelector("#palette").open`)
	b.Sees(t, `document.activeElement.id === "palette-input"`)
	b.Press(t, "network")
	b.Sees(t, `document.querySelector("#palette-list")?.innerText.includes("No network after 4.2")`)

	// How it looks, with much on it.
	slack.refuse(1)
	w.forum.Topic("ben", "support", "Scanner "+strings.Repeat("very long ", 20), "x")
	w.awaitDead(1)
	for name, path := range map[string]string{"": "/activity", "-event": event, "-delivery": delivery, "-dead": "/activity/dead"} {
		w.signIn().Look(t, "activity"+name, path)
	}
	b = w.signIn()
	for name, path := range map[string]string{"-deliveries": "/activity/deliveries", "-none": "/activity/dead?q=no+such+thing&system=slack&when=dates"} {
		b.Look(t, "activity"+name, path)
	}
}

// currentPath is the address of the page that is shown, without its server.
func currentPath(t *testing.T, b *webtest.Tab) string {
	t.Helper()
	path, err := chromedp.Run(b.Ctx, chromedp.Evaluate[string](`location.pathname + location.search`))
	require.NoError(t, err)
	return path
}

// What is looked at before it is decided tells by itself what became of it, in
// the list and on a page of its own.
func TestPaneEventGoesOn(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	b := w.signIn()
	w.subscribe("console", w.places[0].Chat(t, "support"), "")
	b.Go(t, "/activity")
	b.Says(t, "Nothing has come in yet")
	for _, open := range []func(){
		func() { b.Press(t, "j"); b.Press(t, kb.Enter) },
		func() { b.Click(t, "#main tr[data-row] a.title") },
	} {
		w.forum.Outage(http.StatusBadGateway)
		w.forum.Topic("alice", "support", "No network", "It stopped.")
		b.Go(t, "/activity")
		b.Sees(t, `document.querySelector("#main tr[data-row]")?.innerText.includes("Waits for the forum")`)
		open()
		b.Says(t, "it waits for the forum's API")
		w.forum.Back()
		b.Says(t, "1 chat has a row that decided")
		b.Says(t, "Open in the chat")
		b.Sees(t, `!document.querySelector(".split [hx-trigger]")`)
		b.Sees(t, `![...document.querySelectorAll("#main .state")].some(s => /Being decided|Waits/.test(s.innerText))`)
	}
}
