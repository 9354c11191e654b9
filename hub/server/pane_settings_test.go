package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestPaneSettings sets where alerts go and how the house looks, and takes a
// backup.
func TestPaneSettings(t *testing.T) {
	w := newTown(t, nil, "", consolePlace, slackPlace(false))
	status, text := w.ask(http.MethodPost, "/api/v1/subscriptions?format=table", "slack | C1 | watch:c/support\nconsole | support | t/bug\n", "Content-Type", "text/plain")
	require.Equal(t, http.StatusOK, status, text)
	status, text = w.ask(http.MethodPost, "/api/v1/subscriptions", `{"system":"slack","chat":"<b>&\u202e","mode":"mute"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusCreated, status, text)
	for _, p := range w.places { // a chat becomes known by a command
		p.Command(t, p.Chat(t, "ops"), p.people["anna"], "discourse help")
	}
	require.Eventually(t, func() bool {
		_, known := w.ask(http.MethodGet, "/api/v1/known-chats?system=slack", "")
		return strings.Contains(known, `"system":"slack"`)
	}, 30*time.Second, 50*time.Millisecond)
	b := w.signIn()

	// General, alerts and appearance.
	b.Go(t, "/settings")
	b.Says(t, "No backup was taken yet.")
	b.Says(t, "Alerts go nowhere")
	b.Says(t, "kept for 365 days admin.audit_retention")
	b.Content(t)
	b.Sees(t, `[...document.querySelector("#alerts-chat").options].some(o => o.value.startsWith("slack "))`)
	b.Sees(t, `(document.querySelector("#alerts-chat").value = [...document.querySelector("#alerts-chat").options].find(o => o.value.startsWith("slack ")).value, true)`)
	b.Click(t, `form[action="/settings/alerts"] .btn-primary`)
	b.Sees(t, `document.querySelector("#toasts")?.innerText.includes("The alerts chat is saved.")`)
	b.Says(t, "Alerts go to")
	b.Click(t, `form[action="/settings/alerts/test"] button`)
	b.Sees(t, `document.querySelector("#toasts")?.innerText.includes("A test alert is queued.")`)
	b.Sees(t, `(window.asked ||= fetch("/api/v1/deliveries?text=test+alert").then(r => r.text()).then(s => window.found = s.includes("hub.alert.told"))), window.found`)
	b.Sees(t, `(window.taken ||= fetch("/settings/backup").then(async r => window.taken = [r.status, r.headers.get("Content-Type"), (await r.arrayBuffer()).byteLength > 10000].join(" "))), window.taken === "200 application/x-tar true"`)
	b.Look(t, "settings", "/settings")
	b.Says(t, "The last backup was taken")

	// The house in German and dark, for who has not chosen.
	status, text = w.ask(http.MethodPut, "/api/v1/settings/look", `{"theme":"dark","language":"de"}`, "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, text)
	b = w.signIn()
	b.Go(t, "/settings")
	b.Says(t, "Warnungen gehen an")
	b.Sees(t, `document.documentElement.dataset.theme === "dark" && document.documentElement.lang === "de"`)
	b.Sees(t, `(document.querySelector(".side [name=theme][value=auto]").click(), !document.documentElement.dataset.theme)`)
	b.Go(t, "/settings?again")
	b.Sees(t, `!document.documentElement.dataset.theme`)
}

// TestPaneMove exports, changes what was exported, looks at the plan and applies it.
func TestPaneMove(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	status, text := w.ask(http.MethodPost, "/api/v1/subscriptions?format=table", "console | C1 | watch:c/support\n", "Content-Type", "text/plain")
	require.Equal(t, http.StatusOK, status, text)
	b := w.signIn()
	status, document := w.ask(http.MethodGet, "/api/v1/export", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, document, "C1 | c/")
	document = strings.Replace(document, "C1 | c/", "C1 | thread:c/", 1) + "\n[[subscriptions]]\nrow = 'console | C9 | t/bug'\n"
	b.Go(t, "/settings/move")
	b.Sees(t, `(document.querySelector("#document").value = `+quoted(document)+`, true)`)
	b.Click(t, "#show-plan")
	b.Says(t, "2 changes")
	b.Says(t, "+ console | C9 | t/bug")
	b.Says(t, "becomes console | C1 | thread:c/")
	b.Content(t)
	b.Accessible(t, "settings-plan")
	b.Shot(t, "settings-plan")
	b.Click(t, "#apply")
	b.Sees(t, `document.querySelector("#toasts")?.innerText.includes("The plan is applied.")`)
	_, rows := w.ask(http.MethodGet, "/api/v1/subscriptions?format=table", "")
	require.Contains(t, rows, "console | C9 | t/bug")
	require.Contains(t, rows, "thread:c/")
	b.Sees(t, `(document.querySelector("#document").value = "bellhop = 1\n[look]\ntheme = 'pink'\n", true)`)
	b.Click(t, "#show-plan")
	b.Says(t, "The file has 1 mistake")
	b.Says(t, "look.theme")
	b.Look(t, "settings-move", "/settings/move")
}

// TestPaneAudit finds a change in the audit log, and what it changed.
func TestPaneAudit(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	const row = `{"system":"console","chat":"<b>&","mode":"watch","filters":[{"type":"tag","any":["bug"]}]}`
	status, text := w.ask(http.MethodPost, "/api/v1/subscriptions", row, "Content-Type", "application/json")
	require.Equal(t, http.StatusCreated, status, text)
	var made struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(text), &made))
	status, text = w.ask(http.MethodPut, "/api/v1/subscriptions/"+made.ID, strings.Replace(row, "watch", "thread", 1), "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, status, text)
	b := w.signIn()
	b.Go(t, "/settings/audit")
	b.Says(t, "Made a subscription in <b>&")
	b.Says(t, "Changed a subscription in <b>&")
	b.Content(t)
	b.Sees(t, `(document.querySelector("[name=action]").value = "subscription.update", document.querySelector("[name=action]").dispatchEvent(new Event("change", {bubbles: true})), true)`)
	b.Sees(t, `location.search.includes("action=subscription.update") && document.querySelectorAll("[data-row]").length === 1`)
	b.Click(t, "[data-row] summary")
	b.Sees(t, `document.querySelector(".diff .del").innerText.includes('mode = "watch"') && document.querySelector(".diff .add").innerText.includes('mode = "thread"')`)
	b.Focus(t, "[data-row] a")
	b.Press(t, kb.Enter)
	b.Sees(t, `location.pathname.startsWith("/settings/audit/a") && document.querySelector("details[open] .diff")`)
	b.Accessible(t, "settings-audit-entry")
	b.Shot(t, "settings-audit-entry")
	b.Go(t, "/settings/audit?q=nobody+ever+did+that")
	b.Says(t, "No entry matches")
	b.Says(t, "Clear filters")
	b.Look(t, "settings-audit", "/settings/audit")
}

// quoted is a text as a script writes it.
func quoted(text string) string {
	q, _ := json.Marshal(text) // a text always can be
	return string(q)
}
