package console_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// completing answers /api/v1/autocomplete as the API does.
func completing(w http.ResponseWriter, r *http.Request) {
	q, items := r.URL.Query().Get("q"), []hub.Completion{}
	if r.URL.Query().Get("chat") != "console:dev" {
		http.Error(w, "of another chat", http.StatusBadRequest)
		return
	}
	word := q[strings.LastIndexByte(q, ' ')+1:]
	for _, c := range []hub.Completion{{Insert: "category:Bücher", Label: "Bücher", Note: "with 6 below"}, {Insert: "category:Buch ", Label: "Buch"}} {
		if strings.HasPrefix(q, "/discourse watch ü ") && word != "" && strings.HasPrefix(strings.ToLower(c.Label), word) || strings.HasPrefix(q, "watch b") {
			c.Start = len(q) - len(word) // bytes
			items = append(items, c)
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

// browse is a browser in the room dev of a console that somebody listens to.
func browse(t *testing.T) (*scene, *webtest.Tab) {
	t.Helper()
	s := newScene(t)
	mux := http.NewServeMux()
	mux.Handle("/", withFiles(s.client))
	mux.HandleFunc("GET /api/v1/autocomplete", completing)
	server := httptest.NewServer(mux)
	t.Cleanup(func() { s.client.Close(); server.CloseClientConnections(); server.Close() })
	b := webtest.Open(t, server.URL)
	b.Go(t, "/console/dev")
	b.Sees(t, isLive)
	b.Focus(t, "#say")
	return s, b
}

const (
	boxIs       = `document.getElementById("say").value === `
	isListed    = `!document.getElementById("slash").hidden && document.getElementById("say").getAttribute("role") === "combobox"`
	isUnlisted  = `document.getElementById("slash").hidden && !document.getElementById("say").hasAttribute("aria-activedescendant")`
	isDialog    = `document.querySelector("dialog[open]")`
	isNoDialog  = `!document.querySelector("dialog")`
	activeIs    = `document.activeElement.id === `
	lastBodyIs  = `[...document.querySelectorAll("#posts .say .md")].at(-1).innerText === `
	activeLabel = `document.getElementById(document.getElementById("say").getAttribute("aria-activedescendant"))?.innerText.startsWith(`
)

func TestBrowserCompletes(t *testing.T) {
	t.Parallel()
	s, b := browse(t)
	b.Press(t, "/discourse watch ü b")
	b.Sees(t, isListed+` && document.querySelectorAll("#slash-list [role=option]").length === 2`)
	b.Press(t, kb.ArrowUp)
	b.Sees(t, activeLabel+`"Buch")`)
	b.Press(t, kb.ArrowDown)
	b.Sees(t, activeLabel+`"Bücher")`)
	b.Press(t, kb.Escape)
	b.Sees(t, isUnlisted+` && `+boxIs+`"/discourse watch ü b"`)
	b.Press(t, "u")
	b.Sees(t, isListed)
	b.Press(t, kb.ArrowDown+kb.ArrowDown+kb.Enter)
	b.Sees(t, boxIs+`"/discourse watch ü category:Buch "`)
	b.Press(t, "bü")
	b.Sees(t, isListed+` && document.querySelectorAll("#slash-list [role=option]").length === 1`)
	b.Press(t, kb.Tab)
	b.Sees(t, boxIs+`"/discourse watch ü category:Buch category:Bücher" && `+activeIs+`"say" && `+isUnlisted)
	b.Press(t, kb.Enter)
	b.Sees(t, lastBodyIs+`"discourse watch ü category:Buch category:Bücher"`)
	require.Equal(t, "discourse watch ü category:Buch category:Bücher", s.lastCommand(t).Command.Raw)

	b.Press(t, "@Bellhop watch b")
	b.Sees(t, isListed)
	b.Press(t, kb.Tab)
	b.Sees(t, boxIs+`"@Bellhop watch category:Bücher"`)
	b.Press(t, kb.Tab)
	b.Sees(t, `document.activeElement.getAttribute("aria-label") === "Send"`)
	b.Content(t)
}

func TestBrowserTalks(t *testing.T) {
	t.Parallel()
	s, b := browse(t)
	var done atomic.Int64
	hold := make(chan struct{})
	s.does(func(c *hub.Command) (hub.Reply, bool) {
		if c.Security.Token == "t1" {
			done.Add(1)
			<-hold
			return hub.Say("Muted."), false
		}
		return hub.Reply{OK: &hub.OK{Text: "This room hears **nothing**.", Actions: []hub.Action{
			{Label: "Mute", Token: "t1"}, {Label: "Snooze", Token: "t2", Options: []hub.Option{{Label: "2 h", Value: "2h"}}},
		}}}, false
	})
	b.Press(t, "hello")
	b.Sees(t, `(document.getElementById("say").setRangeText("\nall", 5, 5, "end"), true)`)
	b.Press(t, kb.Enter)
	b.Sees(t, lastBodyIs+`"hello\nall" && document.querySelector("#m1 .from").innerText === "Anna Bauer" && `+boxIs+`"" && `+activeIs+`"say"`)
	b.Sees(t, `document.getElementById("room-count").innerText === "1 message"`)
	b.Press(t, "/discourse status"+kb.Enter)
	b.Sees(t, `document.querySelector("#m3.is-private .private").innerText.trim() === "Only you see this"`)
	b.Sees(t, `document.getElementById("room-count").innerText === "1 message" && document.title === "#dev · Bellhop"`)

	// The second press comes while the first works.
	b.Sees(t, `(document.querySelector("[data-press=t1]").focus(), true)`)
	b.Press(t, kb.Enter)
	b.Sees(t, `document.querySelector("[data-press=t1]").getAttribute("aria-disabled") === "true"`)
	b.Press(t, kb.Enter)
	b.Click(t, "[data-press=t1]")
	close(hold)
	b.Sees(t, lastBodyIs+`"Muted." && !document.querySelector("[aria-disabled]") && document.activeElement.dataset.press === "t1"`)
	require.EqualValues(t, 1, done.Load())
	n := len(s.ear.Commands())
	b.Click(t, "[data-press=t2]")
	b.Sees(t, activeIs+`"a-t2"`)
	require.Len(t, s.ear.Commands(), n, "nothing was chosen")
	s.says(hub.Say("Snoozed."))
	b.Sees(t, `(document.getElementById("a-t2").value = "2h", true)`)
	b.Click(t, "[data-press=t2]")
	b.Sees(t, lastBodyIs+`"Snoozed."`)

	b.Click(t, "#m1 [data-answer]")
	b.Sees(t, `!document.getElementById("in-thread").hidden && document.querySelector("#in-thread b").innerText === "hello" && `+activeIs+`"say"`)
	b.Press(t, "me too"+kb.Enter)
	b.Sees(t, `document.querySelector("#m1 .thread-log > .say .md").innerText === "me too" && document.querySelector("#m1 .thread-log > .say").checkVisibility()`)
	b.Press(t, kb.Escape)
	b.Sees(t, `document.getElementById("in-thread").hidden`)

	b.Go(t, "/console/dev")
	b.Sees(t, isLive+` && document.querySelectorAll(".say").length === 6 && document.querySelector("#m3.is-private [data-press=t1]")`)
	b.Press(t, "jk") // change no room: nothing is typed into a box
	b.Content(t)
}

func TestBrowserWaitsForLateAnswers(t *testing.T) {
	t.Parallel()
	s, b := browse(t)
	var told atomic.Pointer[hub.Command]
	s.does(func(c *hub.Command) (hub.Reply, bool) {
		if c.Command.Kind == hub.KindForm {
			return hub.Reply{Form: &hub.Form{Title: "At last", Token: "form-1"}}, false
		}
		told.Store(c)
		return hub.Reply{}, true
	})
	b.Press(t, "/slow"+kb.Enter)
	b.Sees(t, `document.getElementById("composer-note").innerText.startsWith("Bellhop is working on it")`)
	_, err := s.client.Answer(t.Context(), told.Load(), hub.Reply{Form: &hub.Form{Title: "Plan", Token: "form-1"}})
	require.NoError(t, err)
	b.Sees(t, isDialog+` && document.getElementById("form-title").innerText === "At last"`)
	b.Press(t, kb.Escape)
	b.Sees(t, isNoDialog+` && document.getElementById("composer-note").innerText === ""`)
	s.ear.Until(t, "that it was closed", func() bool { return s.lastCommand(t).Command.Kind == hub.KindCancel })

	s.store.fails(func() error { return context.DeadlineExceeded })
	b.Press(t, "keep this"+kb.Enter)
	b.Sees(t, boxIs+`"keep this" && document.querySelector("#composer-note.is-bad").innerText.includes("database did not answer")`)
	s.store.fails(nil)
	b.Press(t, kb.Enter)
	b.Sees(t, lastBodyIs+`"keep this" && !document.querySelector(".is-bad")`)
}

func TestBrowserFillsInAForm(t *testing.T) {
	t.Parallel()
	s, b := browse(t)
	s.does(app)
	b.Press(t, "/meetup plan"+kb.Enter)
	b.Sees(t, isDialog+` && `+activeIs+`"f-kind"`)
	b.Click(t, "dialog [type=submit]")
	b.Sees(t, `document.getElementById("f-day-error").innerText === "This is required." && document.getElementById("f-day").getAttribute("aria-invalid") === "true"`)
	b.Sees(t, activeIs+`"f-day" && document.getElementById("form-error").innerText.trim() === "Something in this does not fit."`)

	// A dynamic select, by keyboard.
	b.Focus(t, "#f-place")
	b.Press(t, "the p")
	b.Sees(t, `document.querySelectorAll("#f-place-found [role=option]").length === 2 && document.getElementById("f-place").getAttribute("aria-expanded") === "true"`)
	b.Press(t, kb.ArrowDown+kb.ArrowDown)
	b.Sees(t, `document.getElementById(document.getElementById("f-place").getAttribute("aria-activedescendant")).innerText === "The park"`)
	b.Press(t, kb.Escape)
	b.Sees(t, isDialog+` && document.getElementById("f-place-found").hidden`)
	b.Press(t, kb.ArrowDown)
	b.Sees(t, `!document.getElementById("f-place-found").hidden`)
	b.Press(t, kb.ArrowDown+kb.Tab)
	b.Sees(t, `document.getElementById("f-place").value === "The pub" && document.querySelector("input[name=f-place]").value === "p1"`)

	// What is typed while the form is asked for anew stays.
	b.Sees(t, `(document.getElementById("f-kind").value = "call", document.getElementById("f-kind").dispatchEvent(new Event("change", {bubbles: true})), document.getElementById("f-day").value = "2026-11-21", true)`)
	b.Sees(t, `document.getElementById("f-link") && document.getElementById("f-kind").value === "call" && document.getElementById("f-day").value === "2026-11-21"`)
	b.Focus(t, "#f-link")
	b.Press(t, "https://call.example/1")
	b.Click(t, "dialog [type=submit]")
	b.Sees(t, isNoDialog+` && `+lastBodyIs+`"Planned for 2026-11-21." && `+activeIs+`"say"`)
	require.Equal(t, hub.Values{"kind": {"call"}, "link": {"https://call.example/1"}, "day": {"2026-11-21"}}, s.lastCommand(t).Command.Encoded)

	b.Press(t, "/meetup plan"+kb.Enter)
	b.Sees(t, isDialog)
	b.Press(t, kb.Escape)
	b.Sees(t, isNoDialog+` && `+activeIs+`"say"`)
	s.ear.Until(t, "that it was closed", func() bool { return s.lastCommand(t).Command.Kind == hub.KindCancel })
	require.Equal(t, "form-1", s.lastCommand(t).Security.Token)
	b.Press(t, "it goes on"+kb.Enter)
	b.Sees(t, lastBodyIs+`"it goes on"`)
	b.Content(t)
}

// TestBrowserShowsEveryField opens the form that has each kind of field, in the
// reader's time, and chooses several of a dynamic select.
func TestBrowserShowsEveryField(t *testing.T) {
	t.Parallel()
	s, b := browse(t)
	s.does(func(c *hub.Command) (hub.Reply, bool) {
		if c.Command.Kind == hub.KindSubmit && c.Security.Token == "" || c.Command.Kind == hub.KindLookup {
			if c.Command.Kind == hub.KindLookup {
				return app(c)
			}
			return hub.Reply{Form: everyField()}, false
		}
		return hub.Say("Planned."), false
	})
	_, err := s.client.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{System: "console", ID: "dev"}, Message: hub.Message{Text: "x"}})
	require.NoError(t, err)
	b.Press(t, "/meetup plan"+kb.Enter)
	b.Sees(t, isDialog+` && document.querySelectorAll("dialog .field").length === 20 && `+activeIs+`"f-title"`)
	b.Sees(t, `new Date(document.getElementById("f-begin").value).toISOString() === "2026-11-21T18:30:00.000Z"`)
	b.Sees(t, `document.querySelector("dialog").scrollWidth <= document.querySelector("dialog").clientWidth`)
	b.Click(t, ".chip button") // p1
	b.Sees(t, `document.querySelectorAll("input[name=f-places]").length === 1 && `+activeIs+`"f-places"`)
	b.Press(t, "caf")
	b.Sees(t, `document.querySelectorAll("#f-places-found [role=option]").length === 1`)
	b.Click(t, "#f-places-found [role=option]")
	b.Sees(t, `[...document.querySelectorAll("input[name=f-places]")].map(i => i.value).join() === "p2,p3" && document.getElementById("f-places").value === ""`)
	b.Click(t, "dialog [type=submit]")
	b.Sees(t, lastBodyIs+`"Planned."`)
	sent := s.lastCommand(t).Command.Encoded
	require.Equal(t, []string{"p2", "p3"}, sent["places"])
	require.Equal(t, []string{"2026-11-21T18:30:00Z"}, sent["begin"])
	require.Equal(t, []string{"a", "b"}, sent["tags"])
	require.Equal(t, []string{"false"}, sent["online"])
	require.NotContains(t, sent, "flyer")
	b.Content(t)
}

// TestBrowserOpensThreads opens a thread beside the log, writes into it and closes
// it, and sees who else is there.
func TestBrowserOpensThreads(t *testing.T) {
	t.Parallel()
	s, b := browse(t)
	for _, key := range []string{"n1", "n2"} {
		root := send(t, s.client, "dev", key, "the question "+key)
		reply := to("dev", "the answer "+key)
		reply.Key, reply.Root = key+"a", root.Ref
		_, err := s.client.Send(t.Context(), reply)
		require.NoError(t, err)
	}
	b.Sees(t, `document.querySelectorAll(".thread-below:not([hidden])").length === 2`)
	b.Sees(t, `[...document.querySelectorAll("#here li")].map(li => li.innerText.replace(/\s+/g, " ").trim()).join() === "AB Anna Bauer"`)
	b.Focus(t, "#m1 summary")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.getElementById("m2").checkVisibility() && document.querySelector("#in-thread b").innerText === "the question n1"`)
	b.Sees(t, `document.querySelector("#m1 .thread-side").getBoundingClientRect().right === document.getElementById("console").getBoundingClientRect().right`)
	b.Focus(t, "#m3 summary")
	b.Press(t, kb.Enter) // one at a time
	b.Sees(t, `!document.getElementById("m2").checkVisibility() && document.getElementById("m4").checkVisibility() && document.querySelector("#in-thread b").innerText === "the question n2"`)
	b.Focus(t, "#say")
	b.Press(t, "into it"+kb.Enter)
	b.Sees(t, `document.querySelector("#m3 .thread-log > .say:last-child .md").innerText === "into it"`)
	b.Accessible(t, "thread")
	b.Focus(t, "#m3 [data-close-thread]")
	b.Press(t, kb.Enter)
	b.Sees(t, `!document.getElementById("m4").checkVisibility() && document.getElementById("in-thread").hidden && document.activeElement.matches("#m3 summary")`)
}
