package server_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/bellhop-chat/bellhop/web/webtest"
)

// signIn opens a browser and signs in by the login page.
func (w *town) signIn() *webtest.Tab {
	w.t.Helper()
	b := webtest.Open(w.t, w.relay.URL)
	b.Go(w.t, "/login?next=/systems")
	b.Fill(w.t, "#token", testToken)
	b.Press(w.t, kb.Enter)
	b.Sees(w.t, `location.pathname === "/systems"`)
	return b
}

func TestPaneFrame(t *testing.T) {
	w := newTown(t, nil, "", everywhere()...)
	b := w.signIn()
	b.Says(t, "Systems")
	b.Look(t, "systems-new", "/systems")
	b.Size(t, webtest.Wide, webtest.High)

	// The box that jumps, by keys alone.
	b.Go(t, "/systems")
	b.Press(t, "/")
	b.Sees(t, `document.activeElement.id === "palette-input"`)
	b.Press(t, "telegr")
	b.Sees(t, `document.querySelector("#palette-list [aria-selected=true]")?.innerText.includes("telegram")`)
	b.Press(t, kb.Enter)
	b.Sees(t, `location.hash === "#telegram" && location.pathname === "/systems"`)
	b.Go(t, "/systems?again")
	b.Press(t, "?")
	b.Sees(t, `document.getElementById("keys").open`)
	b.Accessible(t, "keys")
	b.Press(t, kb.Escape)
	b.Press(t, "gc")
	b.Sees(t, `location.pathname.startsWith("/console")`)
	b.Go(t, "/nowhere")
	b.Says(t, "There is no page at this address.")
}
