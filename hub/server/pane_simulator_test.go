package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// rows writes subscriptions in the text form.
func (w *town) rows(lines ...string) {
	w.t.Helper()
	status, answer := w.ask(http.MethodPost, "/api/v1/subscriptions?format=table", strings.Join(lines, "\n"), "Content-Type", "text/plain")
	require.Equal(w.t, http.StatusOK, status, answer)
}

// tracedTopic starts a topic and waits until its event was decided about.
func (w *town) tracedTopic(by, category, title, text string, tags ...string) hub.EventID {
	w.t.Helper()
	w.forum.Topic(by, category, title, text, tags...)
	var id hub.EventID
	require.Eventually(w.t, func() bool {
		var page struct{ Items []hub.Event }
		w.get("/api/v1/events?type=forum.post.created", &page)
		for _, e := range page.Items {
			var told hub.Forum
			require.NoError(w.t, json.Unmarshal(e.Data, &told))
			if told.Topic.Title != title {
				continue
			}
			status, answer := w.ask(http.MethodGet, "/api/v1/events/"+string(e.ID)+"/trace", "")
			if status == http.StatusOK && !strings.Contains(answer, `"verdict":"waiting"`) && !strings.Contains(answer, `"verdict":"learned"`) {
				id = e.ID
				return true
			}
		}
		return false
	}, 30*time.Second, 50*time.Millisecond, "nothing was decided about %q", title)
	return id
}

func TestPaneSimulator(t *testing.T) {
	w := newTown(t, nil, "", slackPlace(false), consolePlace)
	slack, console := w.places[0], w.places[1]
	support, ops := slack.Chat(t, "support"), console.Chat(t, "ops")
	w.rows("slack | "+support+" | c/support+t/bug", "slack | "+support+" | mute:u/ben", "console | "+ops+" | t/urgent", "console | lounge | c/support")
	const title = `Printer <b>jams</b> & “smokes”`
	id := w.tracedTopic("alice", "support", title, "It *smokes* since `E-42`.", "bug")

	b := w.signIn()
	b.Go(t, "/simulator")
	b.Says(t, "Nothing is sent from here")
	b.Says(t, "Choose an event")
	// By its title, with the keyboard alone.
	b.Press(t, "/")
	b.Sees(t, `document.activeElement.id === "pick"`)
	b.Press(t, "no such title")
	b.Says(t, "No event matches")
	b.Fill(t, "#pick", "jams")
	b.Sees(t, `[...document.querySelectorAll("#past li")].map(li => li.innerText.includes("smokes")).join() === "true,true"`) // the topic and its post
	b.Sees(t, `location.search === "?q=jams"`)
	b.Content(t)
	b.Focus(t, `#past a[href*="`+string(id)+`"]`)
	b.Press(t, kb.Enter)
	b.Sees(t, `new URLSearchParams(location.search).get("event") === "`+string(id)+`"`)
	b.Says(t, "2 of 3 chats would hear of it")
	b.Says(t, "The same was decided when the event came")
	b.Says(t, "The event’s author is none of those.")
	b.Says(t, "The event’s tag is none of those.")
	b.Sees(t, `document.querySelector(".pv-slack").innerText.replace(/[\ufeff\u200b]/g, "").includes("It *smokes* since")`) // escaped there, and so no markup here
	b.Sees(t, `document.querySelector(".pv-slack strong a").href.includes("/t/")`)
	b.Sees(t, `document.querySelectorAll(".preview b b, .title b").length === 0`) // no markup of a stranger
	b.Sees(t, `document.querySelector(".pv-slack").innerText.includes("<b>jams</b> & “smokes”")`)
	b.Look(t, "simulator", "/simulator?event="+string(id))
	b.Size(t, 1440, 900)

	// What is different today.
	w.rows("console | " + ops + " | c/support")
	status, answer := w.ask(http.MethodPost, "/api/v1/chats/console/lounge/snooze", `{"for":"2h"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, answer)
	b.Go(t, "/simulator?event="+string(id))
	b.Says(t, "1 chat would get something else today than")
	b.Says(t, "then nothing")
	b.Says(t, "today a message")
	b.Says(t, "Would wait")
	b.Says(t, "The chat is left alone until")
	// One row alone, and back.
	b.Focus(t, ".rule:not(.lost) .sim-rule")
	b.Press(t, kb.Enter)
	b.Sees(t, `new URLSearchParams(location.search).get("row")`)
	b.Says(t, "This chat would hear of it")
	b.Sees(t, `document.querySelectorAll(".verdict").length === 1`)
	b.Focus(t, "#outcome header .btn")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.querySelectorAll(".verdict").length === 3`)
	b.Go(t, "/simulator?event="+string(id)+"&show=told")
	b.Sees(t, `document.querySelectorAll(".verdict").length === 3`)
	b.Go(t, "/simulator?event="+string(id)+"&sight=nobody")
	b.Says(t, "0 of 3 chats would hear of it")
	b.Says(t, "Its reader may not see the topic.")

	// In German.
	b.Go(t, "/simulator?event="+string(id))
	b.Sees(t, `(document.cookie = "bellhop_lang=de; path=/", true)`)
	b.Go(t, "/simulator?event="+string(id))
	b.Says(t, "3 von 3 Chats würden davon hören")
	b.Accessible(t, "simulator in German")
	b.Sees(t, `(document.cookie = "bellhop_lang=; path=/; max-age=0", true)`)
}

func TestPaneSimulatorOfMadeUpEvents(t *testing.T) {
	w := newTown(t, nil, "", slackPlace(false))
	support := w.places[0].Chat(t, "support")
	w.rows("slack | "+support+" | c/support+t/bug", "slack | "+support+" | mute:u/@bots")
	b := w.signIn()

	// A webhook that is pasted, of a source that is known; its signature is not asked for.
	b.Go(t, "/simulator?from=paste")
	b.Fill(t, "#body", "this is no JSON")
	b.Focus(t, "#main form .btn-primary")
	b.Press(t, kb.Enter)
	b.Says(t, "That could not be simulated")
	b.Says(t, "not JSON")
	body := `{"topic":{"id":990,"title":"Pasted","slug":"pasted","category_id":` + w.ids["support"] + `,"tags":["bug"],"archetype":"regular","visible":true,"posts_count":1,"created_by":{"id":5,"username":"alice"}}}`
	status, _ := w.ask(http.MethodPost, "/simulator", url.Values{"source": {"meta"}, "type": {"topic_created"}, "body": {body}}.Encode(),
		"Content-Type", "application/x-www-form-urlencoded")
	require.Contains(t, []int{http.StatusOK, http.StatusSeeOther}, status)
	b.Go(t, "/simulator?from=paste")
	b.Focus(t, "#body")
	b.Sees(t, "(document.querySelector('#body').value = `"+body+"`,"+` document.querySelector("#type").value = "topic_created", true)`)
	b.Focus(t, "#main form .btn-primary")
	b.Press(t, kb.Enter)
	b.Sees(t, `new URLSearchParams(location.search).get("webhook")`) // it can be shared
	b.Says(t, "Pasted")
	b.Says(t, "forum.topic.created")

	// One that is built, without any JSON.
	b.Go(t, "/simulator?from=build")
	b.Fill(t, "#b-title", "Smoke & mirrors")
	b.Fill(t, "#b-text", "First line\nand <script>alert(1)</script>")
	b.Fill(t, "#b-tags", "bug, urgent")
	b.Sees(t, `(document.querySelector("#b-category").value = "`+w.ids["support"]+`", true)`)
	b.Focus(t, "#b-title")
	b.Press(t, kb.Enter)
	b.Says(t, "1 of 1 chat would hear of it")
	b.Sees(t, `document.querySelector(".pv-slack").innerText.includes("Smoke & mirrors")`)
	b.Sees(t, `document.querySelector(".pv-slack").innerText.includes("<script>")`)
	b.Content(t)
	b.Go(t, "/simulator?from=paste")
	b.Accessible(t, "simulator, paste")
	b.Look(t, "simulator-build", "/simulator?from=build&kind=topic&title=Smoke&tags=bug&category="+w.ids["support"])
	b.Size(t, 1440, 900)
	b.Go(t, "/simulator?from=build&kind=topic&title=Smoke&tags=bug&bot=1&author=robot&category="+w.ids["support"])
	b.Says(t, "0 of 1 chat would hear of it")
	b.Says(t, "Muted")
	b.Go(t, "/simulator?from=build&kind=reply&title=Smoke&tags=bug&seen=staff&category="+w.ids["support"])
	b.Says(t, "Its reader may not see the topic.")
	b.Go(t, "/simulator?from=build&kind=topic&title=Smoke&seen=private&group=helpers")
	b.Says(t, "A private message goes only to rows that name its group.")

	// None of this was an event, and nothing was sent.
	var page struct{ Items []hub.Event }
	w.get("/api/v1/events?type=forum.*", &page)
	for _, e := range page.Items {
		require.NotContains(t, string(e.Data), "Smoke")
		require.NotContains(t, string(e.Data), "Pasted")
	}
	var sent struct{ Items []hub.Delivery }
	w.get("/api/v1/deliveries", &sent)
	require.Empty(t, sent.Items)
}
