package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// subscribe makes a row over the API.
func (w *town) makeRow(row string) hub.Subscription {
	w.t.Helper()
	status, body := w.ask(http.MethodPost, "/api/v1/subscriptions?force=1", row, "Content-Type", "application/json")
	require.Equal(w.t, http.StatusCreated, status, body)
	var made hub.Subscription
	require.NoError(w.t, json.Unmarshal([]byte(body), &made))
	return made
}

// listed are the rows of a chat.
func (w *town) listed(chat string) []hub.Subscription {
	w.t.Helper()
	var page struct{ Items []hub.Subscription }
	w.get("/api/v1/subscriptions?chat="+url.QueryEscape(chat), &page)
	return page.Items
}

// news makes topics, and waits until what they tell is routed.
func (w *town) news(n int) {
	w.t.Helper()
	for i := range n {
		place, tag := []string{"support", "market", "site-feedback"}[i%3], []string{"bug", "wip"}[i%2]
		id := w.forum.Topic("alice", place, fmt.Sprintf("No network after 4.%d on <b>Raspberry</b> Pi", i), "Since the update my *Pi* gets no address. `eth0` says “link is not ready”.", tag)
		if i == 0 {
			w.forum.Reply(id, "ben", "Have you tried the other cable?")
		}
	}
	require.Eventually(w.t, func() bool {
		_, body := w.ask(http.MethodPost, "/api/v1/subscriptions/preview", `{"source":"meta","mode":"watch"}`, "Content-Type", "application/json")
		var trial admin.Trial
		return json.Unmarshal([]byte(body), &trial) == nil && trial.Rehearsal != nil && trial.Matched == n+1
	}, 30*time.Second, 100*time.Millisecond)
}

func newsTown(t *testing.T) (*town, *webtest.Tab) {
	w := newTown(t, nil, "", slackPlace(false), consolePlace)
	return w, w.signIn()
}

func TestPaneSubscriptionByKeyboard(t *testing.T) {
	w, b := newsTown(t)
	w.news(6)

	// From the empty list to a row, without a mouse.
	b.Go(t, "/subscriptions")
	b.Says(t, "No subscriptions yet")
	b.Press(t, "n")
	b.Sees(t, `location.pathname === "/subscriptions/new"`)
	b.Sees(t, `document.querySelector("#matched .match-num")?.innerText === "7"`)
	b.Focus(t, "#system")
	b.Press(t, "console")
	b.Focus(t, "#chat")
	b.Press(t, "help-desk"+kb.Tab)
	b.Focus(t, "#filter-category")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.activeElement?.id === "add-0-any"`)
	b.Press(t, "supp")
	b.Sees(t, `document.querySelectorAll("#picks-0-any [role=option]").length === 3`)
	b.Press(t, kb.ArrowDown+kb.ArrowDown+kb.Enter) // the second is "and below"
	b.Sees(t, `document.querySelector("#of-what .chip .cat")?.innerText.includes("Support")`)
	b.Sees(t, `document.getElementById("said").textContent.includes("in Support and below")`)
	b.Sees(t, `document.querySelector("#matched .match-num").innerText === "3"`)
	b.Focus(t, `input[name="mode"][value="watch"]`)
	b.Press(t, kb.ArrowRight)
	b.Sees(t, `document.getElementById("said").textContent.startsWith("New topics in Support and below go to")`)
	for _, platform := range []string{"slack", "telegram", "mattermost", "matrix", "console"} {
		b.Sees(t, `document.querySelector(".pv-`+platform+` .msg")?.innerText.includes("<b>Raspberry</b>")`)
	}
	b.Focus(t, "#save")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname === "/subscriptions"`)
	b.Says(t, "New topics in Support and below")
	b.Sees(t, `document.getElementById("toasts").innerText.includes("Made: New topics in Support and below")`)
	rows := w.listed("help-desk")
	require.Len(t, rows, 1)
	require.Equal(t, hub.Follow, rows[0].Mode)
	require.Equal(t, []hub.Filter{{Type: hub.FilterCategory, Any: []string{w.ids["support"] + "/*"}}}, rows[0].Filters)
	b.Content(t)

	// And on to the row, by keys alone.
	b.Press(t, "j"+kb.Enter)
	b.Sees(t, `location.pathname === "/subscriptions/`+string(rows[0].ID)+`"`)
}

func TestPaneSubscriptionEditor(t *testing.T) {
	w, b := newsTown(t)
	w.news(6)
	row := w.makeRow(`{"system":"slack","chat":"C1","source":"meta","mode":"thread","filters":[{"type":"category","any":["support/*"]},{"type":"tag","any":["bug","größe"],"none":["wip"]},{"type":"author","none":["@bots"]}]}`)
	w.makeRow(`{"system":"slack","chat":"C1","mode":"mute","filters":[{"type":"author","any":["alice"]}]}`)
	at := "/subscriptions/" + string(row.ID)
	b.Go(t, at)
	b.Says(t, "Another row of this chat decides for")
	b.Look(t, "subscription-edit", at)
	b.Size(t, webtest.Wide, webtest.High)

	// What is wrong stands at its field, with what was meant.
	b.Go(t, at)
	b.Fill(t, "#add-1-any", "bgu")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.getElementById("said").textContent.includes("bgu (which is not there)")`)
	b.Content(t)
	b.Click(t, "#save")
	b.Says(t, `"bgu" (did you mean bug?)`)
	b.Sees(t, `document.querySelector(".save-bar [name=force]")`)

	// Two people: the second is told what the first did.
	b.Go(t, at)
	status, body := w.ask(http.MethodPut, "/api/v1"+at, `{"system":"slack","chat":"C1","source":"meta","mode":"follow","filters":[{"type":"tag","any":["urgent"]}]}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, body)
	b.Click(t, `input[name="mode"][value="watch"]`)
	b.Click(t, "#save")
	b.Says(t, "changed this row")
	b.Says(t, "New topics tagged urgent")
	b.Accessible(t, "conflict")
	require.Equal(t, hub.Follow, w.listed("C1")[1].Mode, "nothing is overwritten unseen")
	b.Click(t, `button[form="sub"]`)
	b.Sees(t, `location.pathname === "/subscriptions"`)
	require.Equal(t, hub.Watch, w.listed("C1")[1].Mode)
}

func TestPaneSubscriptionList(t *testing.T) {
	w, b := newsTown(t)
	rows := map[string]hub.Subscription{}
	for name, row := range map[string]string{
		"support": `{"system":"slack","chat":"C1","source":"meta","mode":"thread","filters":[{"type":"category","any":["support/*"]},{"type":"tag","any":["bug"],"none":["wip"]}]}`,
		"gone":    `{"system":"slack","chat":"C1","source":"meta","mode":"watch","filters":[{"type":"tag","any":["lost"]}]}`,
		"mute":    `{"system":"console","chat":"lobby","mode":"mute","filters":[{"type":"author","any":["@bots"]}]}`,
		"all":     `{"system":"console","chat":"lobby","mode":"follow","options":{"digest":"daily@09:00"}}`,
		"off":     `{"system":"console","chat":"lobby","mode":"watch","enabled":false,"filters":[{"type":"text","any":["<script>alert(1)</script>"]}]}`,
	} {
		rows[name] = w.makeRow(row)
	}
	for i := range 25 {
		w.makeRow(fmt.Sprintf(`{"system":"console","chat":"busy","mode":"watch","filters":[{"type":"tag","any":["bug"]},{"type":"topic","none":["%d"]}]}`, i+1))
	}
	b.Go(t, "/subscriptions")
	b.Says(t, "30 rows in 3 chats.")
	b.Says(t, "All 25 rows of this chat")
	b.Says(t, "lost (which is not there)")
	b.Look(t, "subscriptions", "/subscriptions")
	b.Size(t, webtest.Wide, webtest.High)

	// A search stands in the address and finds a category by its name.
	b.Go(t, "/subscriptions?q=Suppo")
	b.Says(t, "1 row fits")
	b.Go(t, "/subscriptions?q=nothing-at-all")
	b.Says(t, "Nothing matches")
	b.Accessible(t, "nothing matches")

	// A switch saves at once.
	b.Go(t, "/subscriptions?system=console&chat=lobby")
	id := string(rows["all"].ID)
	b.Click(t, "#on-"+id)
	b.Sees(t, `document.getElementById("row-`+id+`").classList.contains("is-off")`)
	require.False(t, w.row(id).Enabled)

	// Deleted and brought back, with its id.
	b.Focus(t, "#row-"+id+` [popovertarget]`)
	b.Press(t, kb.Enter)
	b.Focus(t, "#m-"+id+" .danger")
	b.Press(t, kb.Enter)
	b.Sees(t, `!document.getElementById("row-`+id+`") && document.querySelector("#toasts .toast-undo")`)
	b.Accessible(t, "deleted")
	require.Len(t, w.listed("lobby"), 2)
	b.Focus(t, "#toasts .toast-undo button")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.getElementById("row-`+id+`")`)
	require.Equal(t, id, string(w.row(id).ID))
	b.Sees(t, `location.search.includes("chat=lobby")`)

	// Many at once, with the count first.
	b.Go(t, "/subscriptions?system=console&chat=busy")
	b.Press(t, "jx")
	b.Click(t, `.bulk [name="all"]`)
	b.Click(t, `.bulk [value="disable"]`)
	b.Says(t, "Turn off 25 rows in 1 chat.")
	b.Accessible(t, "bulk")
	b.Shot(t, "subscriptions-bulk")
	b.Click(t, "main .btn-primary")
	b.Sees(t, `document.getElementById("toasts").innerText.includes("25 subscriptions were turned off.")`)
	b.Content(t)

	// In German.
	b.Go(t, "/subscriptions?q=lost")
	_, err := chromedp.Run(b.Ctx, chromedp.Evaluate[any](`document.cookie = "bellhop_lang=de; path=/"`))
	require.NoError(t, err)
	b.Go(t, "/subscriptions")
	b.Sees(t, `document.querySelector("main").textContent.includes("Neue Themen und Antworten in Support und darunter, mit dem Tag bug, nicht mit dem Tag wip, nach Themen in Threads")`)
	b.Go(t, "/subscriptions/"+string(rows["support"].ID))
	b.Says(t, "Abonnement bearbeiten")
	b.Size(t, webtest.Wide, 2400) // else the bar at the window's end lies over a field, which to axe is none to press
	b.Accessible(t, "German")
	b.Shot(t, "subscription-de")
}

// row reads one row.
func (w *town) row(id string) (row hub.Subscription) {
	w.t.Helper()
	w.get("/api/v1/subscriptions/"+id, &row)
	return row
}
