package server_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/web/webtest"
)

func TestPaneConsole(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	w.rows("console | support | thread:c/support")
	topic := w.forum.Topic("alice", "support", "Printer <b>jams</b>", "It smokes.", "bug")
	for _, text := range []string{"Which one?", "The one on the third floor."} {
		w.forum.Reply(topic, "ben", text)
	}
	for _, text := range []string{"Anybody?", "I look after it.\n\n```\nbellhop status\n```"} {
		status, answer := w.ask(http.MethodPost, "/api/v1/messages", `{"system":"console","chat":"support","text":`+quotedJSON(text)+`}`, "Content-Type", "application/json")
		require.Equal(t, http.StatusAccepted, status, answer)
	}
	b := w.signIn()
	b.Size(t, webtest.Wide, webtest.High)
	b.Press(t, "gc")
	b.Sees(t, `location.pathname.startsWith("/console/")`)
	b.Go(t, "/console/support")
	b.Says(t, "I look after it.")
	b.Says(t, "2 replies")
	b.Sees(t, `document.getElementById("live-text").textContent === "Live" && document.querySelector(".side-link[aria-current=page]").innerText.trim() === "Console"`)
	b.Sees(t, `document.getElementById("here").innerText.includes("admin")`)

	// A thread stands beside the log, and what is typed goes there.
	b.Focus(t, ".thread-below:not([hidden]) > summary")
	b.Press(t, kb.Enter)
	b.Sees(t, `document.querySelector(".thread-below[open] .thread-side").getBoundingClientRect().left >= document.getElementById("log").getBoundingClientRect().right - 1`)
	b.Sees(t, `!document.getElementById("in-thread").hidden`)
	b.Focus(t, "#say")
	b.Press(t, "It is mended."+kb.Enter)
	b.Sees(t, `document.querySelector(".thread-below[open] .thread-log").innerText.includes("It is mended.")`)
	b.Says(t, "3 replies")
	b.Content(t)
	b.Accessible(t, "console with a thread")
	b.Shot(t, "console-thread-wide-light")
	b.Size(t, webtest.Narrow, webtest.NarrowHigh)
	b.Sees(t, `document.querySelector(".thread-below[open] .thread-side").getBoundingClientRect().width >= innerWidth - 1`)
	b.Accessible(t, "console with a thread, narrow")
	b.Shot(t, "console-thread-narrow-light")
	b.Focus(t, ".thread-below[open] [data-close-thread]")
	b.Press(t, kb.Enter)
	b.Sees(t, `!document.querySelector(".thread-below[open]") && document.activeElement.matches("summary")`)
	b.Focus(t, "#menu")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.search === "?rooms=1" && document.getElementById("rooms").checkVisibility()`)
	b.Accessible(t, "console's rooms, narrow")
	b.Size(t, webtest.Wide, webtest.High)
}

func TestPaneConsoleLooks(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	w.rows("console | support | thread:c/support")
	topic := w.forum.Topic("alice", "support", "Printer jams", "It smokes.", "bug")
	w.forum.Reply(topic, "ben", "Which one?")
	b := w.signIn()
	b.Go(t, "/console/support")
	b.Says(t, "1 reply")
	b.Look(t, "console", "/console/support")
	b.Size(t, webtest.Wide, webtest.High)
	b.Sees(t, `(document.cookie = "bellhop_lang=de; path=/", true)`)
	b.Go(t, "/console/support")
	b.Says(t, "1 Antwort")
	b.Says(t, "Gerade hier")
}

// quotedJSON is a text as JSON.
func quotedJSON(text string) string {
	b, _ := json.Marshal(text) // a string always can be
	return string(b)
}
