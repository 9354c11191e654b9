package server_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/web/webtest"
)

// beside opens the database of a town beside Bellhop, for what no platform of the
// town does: giving up.
func (w *town) beside() *store.Store {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), store.Config{Dir: filepath.Join(w.dir, "data")})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, s.Close()) })
	return s
}

// eventOf waits until a topic's event is decided and all of its messages are sent,
// and gives their deliveries.
func (w *town) eventOf(title string, messages int) (event hub.EventID, ds []hub.Delivery) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var page struct{ Items []hub.Delivery }
		w.get("/api/v1/deliveries?status=sent&limit=500&text="+url.QueryEscape(title), &page)
		ds = page.Items
		return len(ds) == messages
	}, 30*time.Second, 50*time.Millisecond, "%q is not sent %d times", title, messages)
	return ds[0].Event, ds
}

// rowSays waits until the row of a title says something.
func rowSays(t *testing.T, b *webtest.Tab, title, text string) {
	t.Helper()
	b.Sees(t, `[...document.querySelectorAll("tbody tr")].some((r) => r.innerText.includes(`+quoted(title)+`) && r.innerText.includes(`+quoted(text)+`))`)
}

func TestPaneHome(t *testing.T) {
	w := newTown(t, nil, "", consolePlace, slackPlace(false))
	b := w.signIn()
	b.Go(t, "/")
	b.Says(t, "Nothing arrived in the last 24 hours.")
	b.Says(t, "Nothing has arrived yet")
	b.Says(t, "/in/meta")
	b.Says(t, "Make a subscription")
	b.Says(t, "1 of 6")
	b.Content(t)
	b.Accessible(t, "home-empty")
	b.Shot(t, "home-empty")

	help := w.places[1].Chat(t, "help-desk")
	status, answer := w.ask(http.MethodPost, "/api/v1/subscriptions?format=table",
		"console | lobby | c/support\nslack | "+help+" | c/support\nconsole | printers | c/support/printers\nconsole | feedback | mute:c/site-feedback", "Content-Type", "text/plain")
	require.Equal(t, http.StatusOK, status, answer)

	// The page that shows nothing yet gets its first row by itself.
	w.forum.Topic("alice", "support", "No network after 4.2 on <b>Raspberry Pi 5</b>", "It has none.", "bug", "urgent")
	rowSays(t, b, "No network after 4.2 on <b>Raspberry Pi 5</b>", "2 sent")
	b.Sees(t, `!document.querySelector("[data-blank]")`)

	db := w.beside()
	w.forum.Topic("ben", "support", "Backups stop at 97 %", "On the second disk.")
	_, ds := w.eventOf("Backups stop", 2)
	require.NoError(t, db.RecordOutcomes(t.Context(), []hub.Outcome{{
		Notification: ds[0].ID, Chat: ds[0].Chat, Event: ds[0].Event, Status: hub.StatusDead, Attempt: 8, Fault: hub.FaultRejected, Reason: "is_archived", At: time.Now(),
	}}))
	topic := w.forum.Topic("carol", "support/printers", "Printer does not start", "Since this morning.")
	_, ds = w.eventOf("Printer does not start", 1)
	again := ds[0]
	again.Again, again.UpdatedAt = 1, time.Now()
	require.NoError(t, db.RecordQueued(t.Context(), []hub.Delivery{again}))
	require.NoError(t, db.RecordOutcomes(t.Context(), []hub.Outcome{{
		Notification: again.ID, Chat: again.Chat, Event: again.Event, Again: 1, Status: hub.StatusFailed, Attempt: 1, Fault: hub.FaultTemporary, Reason: "timeout", At: time.Now(),
	}}))
	w.forum.Reply(topic, "ben", "Try another cable.")
	w.forum.Topic("ben", "site-feedback", "The colours", "They are dark.")
	w.forum.Topic("ben", "market", "Two disks for sale", "Hardly used.")
	w.forum.Message("alice", "Not for everybody", "Secret.", []string{"carol"}, []string{"helpers"})

	// What becomes of an event changes in its row, without loading anything again.
	rowSays(t, b, "Backups stop at 97 %", "1 sent, 1 dead")
	rowSays(t, b, "Printer does not start", "1 retrying")
	rowSays(t, b, "Re: Printer does not start", "1 sent")
	rowSays(t, b, "The colours", "Muted")
	rowSays(t, b, "Two disks for sale", "No subscription matches")
	rowSays(t, b, "Private message", "nobody")
	b.Sees(t, `!document.body.innerText.includes("Not for everybody")`)
	b.Sees(t, `document.querySelectorAll("tbody tr").length === new Set([...document.querySelectorAll("tbody tr")].map((r) => r.id)).size`)

	b.Look(t, "home", "/")
	b.Size(t, webtest.Wide, webtest.High)
	b.Go(t, "/")
	b.Says(t, "1 message was given up in the last 7 days")
	b.Says(t, "4 of 6")
	rowSays(t, b, "Backups stop at 97 %", "1 sent, 1 dead")
	b.Press(t, "j")
	b.Sees(t, `document.activeElement.matches("tbody tr:first-child a.title")`)

	// At most twenty rows, the newest first.
	for range 14 {
		w.forum.Reply(topic, "alice", "Still.")
	}
	w.eventOf("Printer does not start", 15)
	b.Sees(t, `document.querySelectorAll("tbody tr").length === 20`)
	b.Sees(t, `!document.querySelector("tbody").innerText.includes("No network after")`)
	b.Content(t)
}
