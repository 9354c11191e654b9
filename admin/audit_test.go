package admin_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestListAudit(t *testing.T) {
	w := newWorld()
	w.entries = []hub.AuditEntry{{
		ID: "a9", At: began, Who: "Anna", System: "slack", User: "U1", Chat: "C1", Action: "discourse.watch", Line: "watch support",
		Outcome: hub.OutcomeUpdated, Message: "m", Command: "c1", Before: []byte(`{"a":1}`), After: []byte(`[2]`),
	}, {ID: "a8", At: began, Who: "admin", Action: "system.resume", Outcome: hub.OutcomeOK}}
	w.call(t, "GET", "/api/v1/audit?system=slack&user=U1&chat=C1&action=discourse.&outcome=updated&text=x&since=2026-01-01T00:00:00Z&until=2026-01-03T00:00:00Z&limit=2&cursor=c", "").
		is(http.StatusOK, `{"next":"more","items":[{"id":"a9","at":"2026-01-02T03:04:05Z","who":"Anna","system":"slack","user":"U1","chat":"C1",
			"action":"discourse.watch","line":"watch support","outcome":"updated","message":"m","command":"c1","before":{"a":1},"after":[2]},
			{"id":"a8","at":"2026-01-02T03:04:05Z","who":"admin","action":"system.resume","outcome":"ok"}]}`)
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	require.Equal(t, hub.AuditQuery{
		System: "slack", User: "U1", Chat: "C1", Action: "discourse.", Outcome: "updated", Text: "x", Since: day(1), Until: day(3),
		Page: hub.Page{Limit: 2, Cursor: "c"},
	}, w.asked)
	w.call(t, "GET", "/api/v1/audit?outcome=perhaps", "").refused(http.StatusUnprocessableEntity, "outcome", "one of")
	w.call(t, "GET", "/api/v1/audit?since=yesterday", "").refused(http.StatusUnprocessableEntity, "since", "want a time")
	w.call(t, "GET", "/api/v1/audit?by=admin", "").refused(http.StatusUnprocessableEntity, "by", "not a parameter")
	w.lost = hub.Errorf(hub.CodeUnavailable, "away")
	w.call(t, "GET", "/api/v1/audit", "").refused(http.StatusServiceUnavailable)
}

func TestChangesOfSubscriptionsAreRecorded(t *testing.T) {
	w := newWorld()
	const row = `{"system":"slack","chat":"C1","mode":"watch","filters":[{"type":"kind","any":["user.deploy"]}]}`
	w.call(t, "POST", "/api/v1/subscriptions", row)
	require.Equal(t, []string{"subscription.create created slack C1  s1: slack | C1 | k/user.deploy"}, described(t, w, "", `"mode":"watch"`))
	w.call(t, "PUT", "/api/v1/subscriptions/s1", `{"system":"slack","chat":"C2","mode":"mute"}`)
	require.Equal(t, []string{"subscription.update updated slack C2  s1: slack | C2 | mute:*"}, described(t, w, `"chat":"C1"`, `"chat":"C2"`))
	w.call(t, "PATCH", "/api/v1/subscriptions/s1", `{"enabled":false}`)
	require.Len(t, described(t, w, `"enabled":true`, `"enabled":false`), 1)
	w.call(t, "DELETE", "/api/v1/subscriptions/s1", "")
	require.Equal(t, []string{"subscription.delete deleted slack C2"}, cut(described(t, w, `"mode":"mute"`, "")))

	const table = "slack | C1 | k/user.deploy\nslack | C2 | follow:k/user.deploy\n"
	w.call(t, "POST", "/api/v1/subscriptions?format=table", table, "Content-Type", "text/plain")
	require.Len(t, described(t, w, "", `"mode"`), 2)
	w.call(t, "POST", "/api/v1/subscriptions?format=table", table, "Content-Type", "text/plain")
	require.Empty(t, w.did(t), "a table that is in force changes nothing")

	w.call(t, "POST", "/api/v1/subscriptions", `{"system":"slack","chat":"C1","mode":"loud"}`).refused(http.StatusUnprocessableEntity, "mode", "one of")
	w.call(t, "PUT", "/api/v1/subscriptions/s9", row).refused(http.StatusNotFound)
	w.call(t, "DELETE", "/api/v1/subscriptions/s9", "").refused(http.StatusNotFound)
	require.Empty(t, w.did(t), "what was refused changes nothing")
}

// described are the entries, each with what was before and after in it; "" is
// that there is none.
func described(t *testing.T, w *world, before, after string) []string {
	t.Helper()
	for _, e := range w.entries {
		for _, doc := range [][2]string{{before, string(e.Before)}, {after, string(e.After)}} {
			require.Equal(t, doc[0] == "", doc[1] == "", doc[1])
			require.Contains(t, doc[1], doc[0])
		}
	}
	return w.did(t)
}

// cut leaves out the messages.
func cut(list []string) (short []string) {
	for _, s := range list {
		short = append(short, s[:len("subscription.delete deleted slack C2")])
	}
	return short
}

func TestOtherChangesAreRecorded(t *testing.T) {
	w := newWorld()
	w.call(t, "PUT", "/api/v1/chats/slack/C1", `{"quiet":"22:00-07:00"}`)
	require.Equal(t, []string{"chat.quiet updated slack C1"}, described(t, w, "{}", `{"quiet":"22:00-07:00"}`))
	w.call(t, "PUT", "/api/v1/chats/slack/C1", `{"quiet":"22:00-07:00"}`)
	require.Equal(t, []string{"chat.quiet unchanged slack C1"}, w.did(t))
	w.call(t, "POST", "/api/v1/chats/slack/C1/snooze", `{"for":"2h"}`)
	require.Equal(t, []string{"chat.snooze updated slack C1"}, described(t, w, `22:00`, `"snoozed_until":"2026-01-02T05:04:05Z"`))
	w.call(t, "POST", "/api/v1/chats/slack/C1/resume", "")
	require.Equal(t, []string{"chat.resume updated slack C1"}, described(t, w, `"snoozed_until"`, `22:00`))
	w.call(t, "POST", "/api/v1/chats/slack/C1/snooze", `{"for":"soon"}`).refused(http.StatusUnprocessableEntity, "for", "no time")
	require.Empty(t, w.did(t))

	w.call(t, "POST", "/api/v1/systems/slack/resume?chat=C1", "").is(http.StatusAccepted, "")
	require.Equal(t, []string{"system.resume ok slack C1"}, w.did(t))
	w.call(t, "POST", "/api/v1/systems/irc/resume", "").refused(http.StatusNotFound)
	require.Empty(t, w.did(t))
}

// A change is done, and said to be, even where it cannot be noted.
func TestDeafAuditLog(t *testing.T) {
	w := newWorld()
	w.deaf = errors.New("the disk is full")
	w.call(t, "PUT", "/api/v1/people/slack/U1", `{"level":"admin"}`).is(http.StatusOK, `{"system":"slack","id":"U1","level":"admin","may":"admin"}`)
	require.Contains(t, w.log.String(), "could not be written to the audit log")
	require.Contains(t, w.log.String(), "person.level")
}

func TestRetriesAreRecorded(t *testing.T) {
	w := newWorld()
	w.bury(died(1), died(2), died(3))
	w.call(t, "POST", "/api/v1/dead/n1/retry", "")
	require.Equal(t, []string{"dead.retry ok slack C1  n1 Topic 1"}, w.did(t))
	w.call(t, "POST", "/api/v1/dead/n1/retry", "").refused(http.StatusConflict)
	w.call(t, "POST", "/api/v1/dead/retry", `{"dry_run":true}`)
	w.call(t, "POST", "/api/v1/dead/retry", `{"count":9}`).refused(http.StatusConflict)
	require.Empty(t, w.did(t), "nothing was sent")
	w.call(t, "POST", "/api/v1/dead/retry", `{"system":"slack","fault":"chat_gone","count":2}`).counts(http.StatusAccepted, 2, 0)
	require.Equal(t, []string{"dead.retry ok slack  system=slack fault=chat_gone 2 of 2 dead letters sent again"}, w.did(t))

	w = newWorld()
	for n := range 300 {
		w.bury(died(n))
	}
	w.full = 250
	w.call(t, "POST", "/api/v1/dead/retry", `{"count":300}`).refused(http.StatusServiceUnavailable)
	require.Equal(t, []string{"dead.retry error    200 of 300 dead letters sent again"}, w.did(t))
}
