package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/hub/store/storetest"
)

// home is a world with a real database.
type home struct {
	*world
	store *store.Store
}

// homes runs a test with each database.
func homes(t *testing.T, test func(t *testing.T, fresh func() *home)) {
	for name, config := range map[string]func(t *testing.T) store.Config{
		"sqlite":   func(t *testing.T) store.Config { return store.Config{Dir: t.TempDir()} },
		"postgres": func(t *testing.T) store.Config { return store.Config{URL: storetest.PostgresURL(t)} },
	} {
		t.Run(name, func(t *testing.T) { test(t, func() *home { return newHome(t, config(t)) }) })
	}
}

func newHome(t *testing.T, c store.Config) *home {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	h := &home{store: s}
	h.world = newWorld(func(d *admin.Deps) {
		d.Subscriptions, d.Table, d.People, d.Audit, d.Settings, d.House = s, s, s, s, s, s
	})
	h.settings = map[hub.Chat]hub.ChatSettings{}
	return h
}

func (h *home) fill(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	for _, row := range []hub.Subscription{
		{Chat: hub.Chat{System: "slack", ID: "C1"}, Source: "meta", Mode: hub.Thread, Enabled: true, CreatedBy: "Anna", Filters: []hub.Filter{{Type: hub.FilterTag, Any: []string{"bug"}, None: []string{"wip"}}}},
		{Chat: hub.Chat{System: "slack", ID: "a | b, %"}, Mode: hub.Watch, CreatedBy: `Ada "the" \ first`, Options: hub.Options{Delay: "5m", Excerpt: 100}, Filters: []hub.Filter{
			{Type: hub.FilterTag, Any: []string{"bug", "größe"}}, {Type: hub.FilterGroup, As: hub.AsMessage, Any: []string{"staff", "helpers"}}, {Type: hub.FilterText, Any: []string{"/a+b/", "two words"}},
		}},
		{Chat: hub.Chat{System: "console", ID: "support"}, Mode: hub.Mute, Enabled: true, CreatedBy: "admin"},
	} {
		require.NoError(t, h.store.CreateSubscription(ctx, &row))
	}
	h.settings[hub.Chat{System: "slack", ID: "C1"}] = hub.ChatSettings{Chat: hub.Chat{System: "slack", ID: "C1"}, Quiet: "22:00-07:00", Zone: "Europe/Berlin"}
	require.NoError(t, h.store.SeeUser(ctx, "slack", hub.User{ID: "U1", Name: "anna", Full: "Anna Bauer"}, began))
	for user, level := range map[string]hub.Level{"U1": hub.Admin, "U2": hub.Guest} {
		_, err := h.store.SetLevel(ctx, "slack", user, level)
		require.NoError(t, err)
	}
	code, err := h.store.MakeLinkCode(ctx, "slack", "U1", began.Add(time.Hour))
	require.NoError(t, err)
	_, err = h.store.Link(ctx, "console", "anna", code, began)
	require.NoError(t, err)
	h.call(t, "PUT", "/api/v1/settings/alerts", `{"system":"slack","chat":"C0OPS"}`)
	h.call(t, "PUT", "/api/v1/settings/look", `{"theme":"dark","language":"de"}`)
}

func (h *home) export(t *testing.T, format string) string {
	t.Helper()
	got := h.call(t, "GET", "/api/v1/export?format="+format, "")
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	return got.Body.String()
}

// send asks for an import.
func (h *home) send(t *testing.T, query, document string) answer {
	t.Helper()
	return h.call(t, "POST", "/api/v1/import?"+query, document, "Content-Type", "application/"+house.FormatOf([]byte(document)))
}

func (h *home) plan(t *testing.T, query, document string) house.Plan {
	t.Helper()
	got := h.send(t, "dry_run=1"+query, document)
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	var p house.Plan
	require.NoError(t, json.Unmarshal(got.Body.Bytes(), &p))
	return p
}

// does imports a document as its plan says.
func (h *home) does(t *testing.T, query, document string) house.Plan {
	t.Helper()
	p := h.plan(t, query, document)
	got := h.send(t, "digest="+p.Digest+query, document)
	require.Equal(t, http.StatusOK, got.Code, got.Body)
	return p
}

// TestExportWipeImport: what was exported is the same when it was put back
// elsewhere, in both formats and on both databases.
func TestExportWipeImport(t *testing.T) {
	homes(t, func(t *testing.T, fresh func() *home) {
		old := fresh()
		old.fill(t)
		for _, format := range []string{house.TOML, house.JSON} {
			document := old.export(t, format)
			require.Empty(t, old.plan(t, "&prune=1", document).Changes, "it says what is there: %s", document)

			other := fresh()
			p := other.does(t, "", document)
			require.Equal(t, 9, p.Count(house.Add), p.Text())
			require.Equal(t, document, other.export(t, format))
			was, err := old.store.AllSubscriptions(t.Context())
			require.NoError(t, err)
			is, err := other.store.AllSubscriptions(t.Context())
			require.NoError(t, err)
			require.Len(t, is, len(was))
			for i := range is {
				is[i].UpdatedAt = was[i].UpdatedAt
			}
			require.Equal(t, was, is)

			wiped := old.does(t, "&prune=1", "bellhop = 1\n")
			require.Equal(t, 9, wiped.Count(house.Remove), wiped.Text())
			require.Equal(t, "bellhop = 1", lastLine(old.export(t, house.TOML)))
			old.does(t, "", document)
			require.Equal(t, document, old.export(t, format))
		}
	})
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func TestPlanAndApply(t *testing.T) {
	homes(t, func(t *testing.T, fresh func() *home) {
		h := fresh()
		h.fill(t)
		rows, err := h.store.AllSubscriptions(t.Context())
		require.NoError(t, err)
		document := strings.Replace(h.export(t, house.TOML), "thread:t/bug", "follow:t/bug", 1)
		document = strings.Replace(document, "22:00-07:00", "21:00-07:00", 1)
		document += "\n[[subscriptions]]\nrow = 'slack | C9 | k/user.deploy'\n"

		p := h.plan(t, "", document)
		require.Equal(t, "1 added, 2 changed, none removed", p.Summary(), p.Text())
		require.Contains(t, p.Text(), "becomes  slack | C1 | follow:t/bug+!t/wip | source=meta")
		require.Contains(t, p.Text(), "+ slack | C9 | k/user.deploy")
		require.Equal(t, p.Digest, h.plan(t, "", document).Digest, "the same plan has the same name")

		h.send(t, "digest=other", document).refused(http.StatusConflict)
		h.send(t, "", document).refused(http.StatusUnprocessableEntity, "digest", "is required")
		changed := rows[0]
		changed.Mode = hub.Mute
		require.NoError(t, h.store.UpdateSubscription(t.Context(), &changed))
		h.send(t, "digest="+p.Digest, document).refused(http.StatusConflict)
		got, err := h.store.GetSubscription(t.Context(), rows[0].ID)
		require.NoError(t, err)
		require.Equal(t, hub.Mute, got.Mode, "what was not looked at is not done")

		h.news()
		h.does(t, "", document)
		got, err = h.store.GetSubscription(t.Context(), rows[0].ID)
		require.NoError(t, err)
		require.Equal(t, hub.Follow, got.Mode)
		require.Equal(t, "Anna", got.CreatedBy)
		require.Equal(t, rows[0].CreatedAt, got.CreatedAt)
		require.Len(t, h.news(), 2, "the router hears of what has changed")
		require.Equal(t, "21:00-07:00", h.settings[hub.Chat{System: "slack", ID: "C1"}].Quiet)
		require.Empty(t, h.plan(t, "", document).Changes, "once is enough")

		done := h.entries(t, "house.import")
		require.Len(t, done, 1)
		require.Equal(t, "1 added, 2 changed, none removed", done[0].Message)
		for _, action := range []string{"subscription.create", "subscription.update", "chat.quiet"} {
			require.NotEmpty(t, h.entries(t, action)[0].After, action)
		}
	})
}

// TestImportTellsEveryMistake: all at once, by its path, and nothing is done.
func TestImportTellsEveryMistake(t *testing.T) {
	h := newHome(t, store.Config{Dir: storetest.Prepare(t, t.TempDir())})
	const document = `
bellhop = 1
systems = 3
[look]
theme = "pink"
colour = 1
[alerts]
system = "irc"
[[chats]]
system = "slack"
chat = "C1"
quiet = "always"
zone = "Mars/Olympus"
[[people]]
system = "slack"
user = "U1"
level = "king"
[[people]]
system = "slack"
user = "U1"
level = "admin"
[[subscriptions]]
row = "slack | C1 | follow:t/bug"
filters = [ { type = "tag", any = "bug" } ]
[[subscriptions]]
id = "No!"
row = "irc | C1 | t/bug"
created_at = "yesterday"
[[subscriptions]]
row = "slack | C1 | t/a,t/b"
`
	h.send(t, "dry_run=1", document).refused(http.StatusUnprocessableEntity,
		"systems", "unknown key", "look.theme", "is light, dark", "look.colour", "unknown key", "alerts.system", "is not configured", "alerts.chat", "is required",
		"chats[1].quiet", "are no hours", "chats[1].zone", "Mars/Olympus", "people[1].level", "is required", "people[2]", "is the same as people[1]",
		"subscriptions[1].filters[1].any", "want a list", "subscriptions[1].filters", "leave * in the row",
		"subscriptions[2].id", "is 1 to 64", "subscriptions[2].created_at", "want a time",
		"subscriptions[3].row", "says several rows")
	h.send(t, "dry_run=1", "bellhop = 2\n").refused(http.StatusUnprocessableEntity, "bellhop", "of a newer release")
	h.send(t, "dry_run=1", "# nothing\n").refused(http.StatusUnprocessableEntity, "bellhop", "is required")
	h.send(t, "dry_run=1", "bellhop = \n").refused(http.StatusBadRequest)
	h.send(t, "dry_run=1", `{"bellhop":1,"bellhop":1}`).refused(http.StatusBadRequest)
	h.call(t, "POST", "/api/v1/import?dry_run=1", "x", "Content-Type", "text/plain").refused(http.StatusUnsupportedMediaType)
	require.Empty(t, h.export(t, house.JSON)[len("{\n  \"bellhop\": 1\n}\n"):])

	// Names that are not there can be forced.
	const row = "bellhop = 1\n[[subscriptions]]\nrow = 'irc | C1 | t/bug'\n"
	h.send(t, "dry_run=1", row).refused(http.StatusUnprocessableEntity, "subscriptions[1].system", "is not configured")
	h.does(t, "&force=1", row)
	rows, err := h.store.AllSubscriptions(t.Context())
	require.NoError(t, err)
	require.Contains(t, rows[0].Error, "is not configured")
	require.Empty(t, h.plan(t, "", h.export(t, house.TOML)).Changes, "a row that is there as it is need not be forced again")
}

// TestNobodyIsLinkedWithAStranger: an account of a document that is somebody
// else's here would make two people one.
func TestNobodyIsLinkedWithAStranger(t *testing.T) {
	h := newHome(t, store.Config{Dir: storetest.Prepare(t, t.TempDir())})
	h.fill(t)
	account := strings.Split(strings.Split(h.export(t, house.TOML), "account = '")[1], "'")[0]
	stranger := "bellhop = 1\n[[people]]\nsystem = 'slack'\nuser = 'U7'\nlevel = 'user'\naccount = '" + account + "'\n"
	h.send(t, "dry_run=1", stranger).refused(http.StatusUnprocessableEntity, "people[1].account", "whom the document does not name")
}

func TestSettings(t *testing.T) {
	h := newHome(t, store.Config{Dir: storetest.Prepare(t, t.TempDir())})
	h.call(t, "POST", "/api/v1/settings/alerts/test", "").refused(http.StatusConflict)
	h.call(t, "PUT", "/api/v1/settings/alerts", `{"system":"slack"}`).refused(http.StatusUnprocessableEntity, "chat", "is required")
	h.call(t, "PUT", "/api/v1/settings/alerts", `{"system":"irc","chat":"x"}`).refused(http.StatusUnprocessableEntity, "system", "is not configured")
	h.call(t, "PUT", "/api/v1/settings/look", `{"theme":"pink","language":"tlh"}`).refused(http.StatusUnprocessableEntity, "theme", "is light", "language", "en or de")

	got := h.call(t, "PUT", "/api/v1/settings/alerts", `{"system":"slack","chat":"C0OPS"}`)
	require.Contains(t, got.Body.String(), `"alerts":{"system":"slack","chat":"C0OPS"}`)
	h.call(t, "POST", "/api/v1/settings/alerts/test", "").is(http.StatusAccepted, "")
	require.Equal(t, []hub.Chat{{System: "slack", ID: "C0OPS"}}, h.alerted)
	h.call(t, "PUT", "/api/v1/settings/look", `{"theme":"dark","language":"de"}`)
	look, err := h.server.Look(t.Context())
	require.NoError(t, err)
	require.Equal(t, admin.Look{Theme: "dark", Language: "de"}, look)
	got = h.call(t, "GET", "/api/v1/settings", "")
	require.Contains(t, got.Body.String(), `"look":{"theme":"dark","language":"de"}`)
	h.call(t, "PUT", "/api/v1/settings/alerts", `{}`)
	chat, _, err := h.server.AlertsChat(t.Context())
	require.NoError(t, err)
	require.Zero(t, chat)

	given := newWorld(func(d *admin.Deps) { d.Given.Alerts = admin.AlertsChat{System: "slack", Chat: "C1"} })
	given.call(t, "PUT", "/api/v1/settings/alerts", `{}`).refused(http.StatusConflict)
	require.Contains(t, given.call(t, "GET", "/api/v1/settings", "").Body.String(), `"alerts_by":"[alerts]"`)
}

func TestBackupIsNoted(t *testing.T) {
	w := newWorld()
	got := w.call(t, "GET", "/api/v1/backup", "")
	require.Equal(t, "0123456789", got.Body.String())
	require.Equal(t, 1, w.closed)
	last, err := w.server.LastBackup(t.Context())
	require.NoError(t, err)
	require.Equal(t, &admin.LastBackup{At: began, Who: "admin", Bytes: 10}, last)

	w.torn, w.now = true, began.Add(time.Hour)
	require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { w.call(t, "GET", "/api/v1/backup", "") }, "half of one must not look whole")
	require.Equal(t, 2, w.closed)
	last, err = w.server.LastBackup(t.Context())
	require.NoError(t, err)
	require.Equal(t, began, last.At, "half of one is none")
}

func TestAuditLines(t *testing.T) {
	h := newHome(t, store.Config{Dir: storetest.Prepare(t, t.TempDir())})
	var entries []hub.AuditEntry
	for i := range 1201 {
		entries = append(entries, hub.AuditEntry{At: began.Add(time.Duration(i) * time.Second), Who: []string{"anna", "bob"}[i%2], Action: "x", Outcome: "ok"})
	}
	require.NoError(t, h.store.AppendAudit(t.Context(), entries...))
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/audit?format=jsonl&who=anna", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	rec := h.do(r)
	require.Equal(t, "application/jsonl", rec.Header().Get("Content-Type"))
	seen := map[string]bool{}
	for line := range strings.Lines(rec.Body.String()) {
		var e hub.AuditEntry
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		require.Equal(t, "anna", e.Who)
		seen[e.ID] = true
	}
	require.Len(t, seen, 601)
	for id := range seen {
		require.Contains(t, h.call(t, "GET", "/api/v1/audit/"+id, "").Body.String(), id)
		break
	}
	h.call(t, "GET", "/api/v1/audit/none", "").refused(http.StatusNotFound)
}

// TestEveryChangeIsAudited: each operation that changes something writes the audit
// log, or has a reason not to.
func TestEveryChangeIsAudited(t *testing.T) {
	reasons := map[string]string{
		"publishEvent": "events have a log of their own, which keeps them for longer than anybody looks",
		"explainEvent": "it changes nothing",
		"runCommand":   "each command is an entry of its own, written where it is run",
		"importHouse":  "it writes an entry for each change; TestPlanAndApply looks at them",

		"previewSubscription": "it changes nothing",
		"checkSource":         "it changes nothing",
		"checkSystem":         "it changes nothing",
	}
	// Their entries are looked at where they are tested.
	for test, ids := range map[string][]string{
		"TestMakeSection and those after it": {
			"makeSource", "replaceSource", "changeSource", "removeSource", "rotateSource", "makeSystem", "replaceSystem", "changeSystem", "removeSystem", "pauseSystem",
		},
		"TestUsers":  {"createUser", "changeUser", "deleteUser", "inviteUser", "endUserSessions", "changeMe", "setPassword", "createLoginLink"},
		"TestTokens": {"createToken", "revokeToken", "endSession"},
		"TestRestore, TestBulk and TestTestOfARow": {"changeSubscriptions", "restoreSubscription", "testSubscription"},
		"TestReplay":   {"replayEvent"},
		"TestPaneRoom": {"createRoomPage", "revokeRoomPage"},
		"TestRooms":    {"preflightSystem", "refreshSource"},
	} {
		for _, id := range ids {
			reasons[id] = test
		}
	}
	calls := map[string]func(h *home){
		"createSubscription": func(h *home) {
			h.call(t, "POST", "/api/v1/subscriptions", `{"system":"slack","chat":"C8","mode":"watch"}`)
		},
		"replaceSubscription": func(h *home) {
			h.call(t, "PUT", "/api/v1/subscriptions/"+h.row(t), `{"system":"slack","chat":"C7","mode":"mute"}`)
		},
		"enableSubscription": func(h *home) { h.call(t, "PATCH", "/api/v1/subscriptions/"+h.row(t), `{"enabled":false}`) },
		"deleteSubscription": func(h *home) { h.call(t, "DELETE", "/api/v1/subscriptions/"+h.row(t), "") },
		"retryDelivery":      func(h *home) { h.bury(died(1)); h.call(t, "POST", "/api/v1/deliveries/n1/retry", "") },
		"retryDeadLetter":    func(h *home) { h.bury(died(2)); h.call(t, "POST", "/api/v1/dead/n2/retry", "") },
		"retryDeadLetters": func(h *home) {
			h.bury(died(3))
			h.call(t, "POST", "/api/v1/dead/retry", `{"text":"Topic 3","count":1}`)
		},
		"setLevel":     func(h *home) { h.call(t, "PUT", "/api/v1/people/slack/U5", `{"level":"admin"}`) },
		"unlinkPerson": func(h *home) { h.call(t, "DELETE", "/api/v1/people/slack/U1/link", "") },
		"resumeSystem": func(h *home) { h.call(t, "POST", "/api/v1/systems/slack/resume", "") },
		"replaceChat":  func(h *home) { h.call(t, "PUT", "/api/v1/chats/slack/C1", `{"quiet":"01:00-02:00"}`) },
		"snoozeChat":   func(h *home) { h.call(t, "POST", "/api/v1/chats/slack/C1/snooze", `{"for":"2h"}`) },
		"resumeChat":   func(h *home) { h.call(t, "POST", "/api/v1/chats/slack/C1/resume", "") },
		"sendMessage":  func(h *home) { h.call(t, "POST", "/api/v1/messages", `{"system":"slack","chat":"C1","text":"hello"}`) },
		"setAlerts":    func(h *home) { h.call(t, "PUT", "/api/v1/settings/alerts", `{"system":"slack","chat":"C1"}`) },
		"testAlerts":   func(h *home) { h.call(t, "POST", "/api/v1/settings/alerts/test", "") },
		"setLook":      func(h *home) { h.call(t, "PUT", "/api/v1/settings/look", `{"theme":"light"}`) },
	}
	noValues := map[string]string{
		"retryDelivery": "what is sent again is as it was", "retryDeadLetter": "the same", "retryDeadLetters": "the same",
		"resumeSystem": "nothing is set", "testAlerts": "nothing is set",
	}
	h := newHome(t, store.Config{Dir: storetest.Prepare(t, t.TempDir())})
	h.fill(t)
	for path, item := range readSchemas(t, h.world).paths() {
		for method, operation := range item.(object) {
			id := operation.(object)["operationId"].(string)
			if method == "get" || reasons[id] != "" {
				continue
			}
			call, ok := calls[id]
			require.True(t, ok, "%s %s (%s) changes something: say how it is called, or why nobody needs to know", method, path, id)
			before := h.entries(t, "")
			call(h)
			after := h.entries(t, "")
			require.Greater(t, len(after), len(before), "%s is not audited", id)
			e := after[0]
			require.Equal(t, hub.ViaAPI, e.Via, id)
			require.Equal(t, "admin", e.Who, id)
			if noValues[id] == "" {
				require.NotEmpty(t, string(e.Before)+string(e.After), "%s says neither what was nor what is", id)
			}
		}
	}
}

// row is a subscription that is there.
func (h *home) row(t *testing.T) string {
	t.Helper()
	sub := hub.Subscription{Chat: hub.Chat{System: "slack", ID: "C" + time.Now().Format("150405.000000")}, Mode: hub.Watch, Enabled: true}
	require.NoError(t, h.store.CreateSubscription(t.Context(), &sub))
	return string(sub.ID)
}

func (h *home) entries(t *testing.T, action string) []hub.AuditEntry {
	t.Helper()
	h.now = h.now.Add(time.Second)
	list, _, err := h.store.ListAudit(context.WithoutCancel(t.Context()), hub.AuditQuery{Action: action, Page: hub.Page{Limit: 500}})
	require.NoError(t, err)
	return list
}

// TestImportKeepsEnds holds that a document which was exported before somebody muted
// a topic for two hours does not make that last for ever.
func TestImportKeepsEnds(t *testing.T) {
	h := newHome(t, store.Config{Dir: t.TempDir()})
	h.fill(t)
	document := h.export(t, house.TOML)
	chat := hub.Chat{System: "slack", ID: "C1"}
	ends := map[hub.SubscriptionID]time.Time{"stemporary": began.Add(2 * time.Hour)}
	set := h.settings[chat]
	set.Ends = ends
	h.settings[chat] = set
	h.does(t, "", document)
	require.Equal(t, ends, h.settings[chat].Ends)
}
