package admin_test

import (
	"net/http"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

func TestQuietHoursOfAChat(t *testing.T) {
	w := newWorld() // at 03:04:05 UTC, which is 04:04:05 in Berlin
	const path = "/api/v1/chats/slack/%23team%2Fdev"
	w.call(t, "GET", "/api/v1/chats", "").is(http.StatusOK, `{"items":[]}`)
	w.call(t, "GET", path, "").is(http.StatusOK, `{"system":"slack","chat":"#team/dev","clock":"UTC","summary":"never quiet"}`)
	w.call(t, "PUT", path, `{"quiet":"22:00-07:00","zone":"Europe/Berlin"}`).is(http.StatusOK, `{"system":"slack","chat":"#team/dev",
		"quiet":"22:00-07:00","zone":"Europe/Berlin","clock":"Europe/Berlin","silent_until":"2026-01-02T07:00:00+01:00","summary":"quiet until 07:00 Europe/Berlin"}`)
	w.now = began.Add(9 * time.Hour)
	const day = `{"system":"slack","chat":"#team/dev","quiet":"22:00-07:00","zone":"Europe/Berlin","clock":"Europe/Berlin",
		"next_quiet_at":"2026-01-02T22:00:00+01:00","summary":"quiet next from 22:00 Europe/Berlin"}`
	w.call(t, "GET", path, "").is(http.StatusOK, day)
	w.call(t, "GET", "/api/v1/chats?system=slack", "").is(http.StatusOK, `{"items":[`+day+`]}`)
	w.call(t, "GET", "/api/v1/chats?system=console", "").is(http.StatusOK, `{"items":[]}`)
	w.call(t, "PUT", path, day).is(http.StatusOK, day) // what was read may be sent back
	w.call(t, "PUT", path, `{}`).is(http.StatusOK, `{"system":"slack","chat":"#team/dev","clock":"UTC","summary":"never quiet"}`)
	w.call(t, "GET", "/api/v1/chats", "").is(http.StatusOK, `{"items":[]}`)

	w.call(t, "PUT", path, `{"quiet":"22-7","zone":"Berlin"}`).refused(http.StatusUnprocessableEntity, "quiet", "no time of day", "zone", `"Berlin" is no time zone: want a name such as Europe/Berlin`)
	w.call(t, "PUT", path, `{"quite":"22:00-07:00"}`).refused(http.StatusUnprocessableEntity, "quite", "not a field")
	for _, call := range [][2]string{{"GET", ""}, {"PUT", "{}"}} {
		w.call(t, call[0], "/api/v1/chats/irc/x", call[1]).refused(http.StatusNotFound, "", "irc is not configured")
		w.call(t, call[0], "/api/v1/chats/slack/a%07", call[1]).refused(http.StatusNotFound, "", "printable")
	}
	w.fail = hub.Errorf(hub.CodeUnavailable, "the bus is away")
	w.call(t, "GET", path, "").refused(http.StatusServiceUnavailable)
	w.call(t, "GET", "/api/v1/chats", "").refused(http.StatusServiceUnavailable)
}

func TestSnoozeAChat(t *testing.T) {
	berlin, err := hub.FindZone("Europe/Berlin")
	require.NoError(t, err)
	w := newWorld(func(d *admin.Deps) { d.Zone = berlin })
	const path = "/api/v1/chats/slack/C1"
	w.call(t, "POST", path+"/snooze", `{"for":"2h"}`).is(http.StatusOK, `{"system":"slack","chat":"C1","clock":"Europe/Berlin",
		"snoozed_until":"2026-01-02T06:04:05+01:00","silent_until":"2026-01-02T06:04:05+01:00","summary":"snoozed until 06:04 Europe/Berlin"}`)
	w.call(t, "POST", path+"/snooze", `{"until":"09:00"}`).is(http.StatusOK, `{"system":"slack","chat":"C1","clock":"Europe/Berlin",
		"snoozed_until":"2026-01-02T09:00:00+01:00","silent_until":"2026-01-02T09:00:00+01:00","summary":"snoozed until 09:00 Europe/Berlin"}`)
	w.call(t, "POST", path+"/snooze", `{"until":"2026-01-10T09:00:00Z"}`).is(http.StatusOK, `{"system":"slack","chat":"C1","clock":"Europe/Berlin",
		"snoozed_until":"2026-01-10T10:00:00+01:00","silent_until":"2026-01-10T10:00:00+01:00","summary":"snoozed until 10 January 10:00 Europe/Berlin"}`)
	w.call(t, "PUT", path, `{"quiet":"09:00-11:00"}`).is(http.StatusOK, `{"system":"slack","chat":"C1","quiet":"09:00-11:00","clock":"Europe/Berlin",
		"snoozed_until":"2026-01-10T10:00:00+01:00","silent_until":"2026-01-10T11:00:00+01:00","summary":"quiet until 10 January 11:00 Europe/Berlin"}`)
	w.call(t, "POST", path+"/resume", "").is(http.StatusOK, `{"system":"slack","chat":"C1","quiet":"09:00-11:00","clock":"Europe/Berlin",
		"next_quiet_at":"2026-01-02T09:00:00+01:00","summary":"quiet next from 09:00 Europe/Berlin"}`)

	for body, want := range map[string][2]string{
		`{}`:                               {"for", "is needed"},
		`{"for":"2h","until":"09:00"}`:     {"for", "not both"},
		`{"for":"09:00"}`:                  {"for", "how long"},
		`{"for":"soon"}`:                   {"for", `"soon" is no time`},
		`{"for":"-2h"}`:                    {"for", "no time"},
		`{"for":"31d"}`:                    {"for", "longer than 30 days"},
		`{"until":"2h"}`:                   {"until", "when it ends"},
		`{"until":"9:00"}`:                 {"until", "no time"},
		`{"until":"2020-01-01T00:00:00Z"}`: {"until", "has passed"},
	} {
		w.call(t, "POST", path+"/snooze", body).refused(http.StatusUnprocessableEntity, want[0], want[1])
	}
	w.call(t, "POST", "/api/v1/chats/irc/x/resume", "").refused(http.StatusNotFound)
	w.settings[hub.Chat{System: "slack", ID: "C2"}] = hub.ChatSettings{Chat: hub.Chat{System: "slack", ID: "C2"}, Zone: "Mars/Olympus"}
	w.call(t, "GET", "/api/v1/chats/slack/C2", "").is(http.StatusOK, `{"system":"slack","chat":"C2","zone":"Mars/Olympus","clock":"Europe/Berlin","summary":"what was set cannot be read: set it anew"}`)
}
