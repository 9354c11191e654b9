package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/slack/slacktest"
)

func TestChats(t *testing.T) {
	h := newFakeHub(t)
	h.answers("GET /api/v1/chats", "application/json", `{"items":[
		{"system":"slack","chat":"C1","quiet":"22:00-07:00","zone":"Europe/Berlin","clock":"Europe/Berlin","summary":"quiet until 07:00 Europe/Berlin"},
		{"system":"telegram","chat":"-100","clock":"UTC","summary":"snoozed until 09:00 UTC"}]}`)
	require.Equal(t, said{stdout: `SYSTEM    CHAT  QUIET        CLOCK          NOW
slack     C1    22:00-07:00  Europe/Berlin  quiet until 07:00 Europe/Berlin
telegram  -100  -            UTC            snoozed until 09:00 UTC
`}, h.run("", "chats", "--system", "slack"))
	require.Contains(t, h.run("", "chats", "list", "--json").stdout, `"clock"`)
	require.Equal(t, "GET /api/v1/chats?system=slack", h.lines()[0])

	h = newFakeHub(t)
	h.answers("/api/v1/chats/slack/{chat}", "application/json", `{"system":"slack","chat":"#a/b","zone":"Europe/Berlin","clock":"Europe/Berlin","summary":"never quiet"}`)
	h.answers("POST /api/v1/chats/slack/{chat}/{what}", "application/json", `{"system":"slack","chat":"-100","clock":"UTC","summary":"snoozed until 09:00 UTC"}`)
	for _, args := range [][]string{
		{"quiet", "slack", "#a/b", "22:00-07:00"},
		{"quiet", "slack", "#a/b", "off", "--zone", "UTC"},
		{"snooze", "slack", "-100", "2h"},
		{"snooze", "slack", "-100", "until", "09:00"},
		{"snooze", "slack", "-100", "2026-01-10T09:00:00Z"},
		{"resume", "slack", "-100"},
	} {
		got := h.run("", append([]string{"chats"}, args...)...)
		require.Zero(t, got.code, got.stderr)
		want := "slack -100: snoozed until 09:00 UTC\n"
		if args[0] == "quiet" {
			want = "slack #a/b: never quiet\n"
		}
		require.Equal(t, want, got.stdout)
	}
	var sent []string
	for _, a := range h.asked {
		sent = append(sent, strings.TrimSpace(a.line+" "+a.body))
	}
	require.Equal(t, []string{
		"GET /api/v1/chats/slack/%23a%2Fb", `PUT /api/v1/chats/slack/%23a%2Fb {"quiet":"22:00-07:00","zone":"Europe/Berlin"}`,
		"GET /api/v1/chats/slack/%23a%2Fb", `PUT /api/v1/chats/slack/%23a%2Fb {"quiet":"","zone":"UTC"}`,
		`POST /api/v1/chats/slack/-100/snooze {"for":"2h"}`, `POST /api/v1/chats/slack/-100/snooze {"until":"09:00"}`,
		`POST /api/v1/chats/slack/-100/snooze {"until":"2026-01-10T09:00:00Z"}`, "POST /api/v1/chats/slack/-100/resume",
	}, sent)

	empty := newFakeHub(t)
	empty.answers("GET /api/v1/chats", "application/json", `{"items":[]}`)
	require.Contains(t, empty.run("", "chats").stdout, "No chat has quiet hours")
	require.Equal(t, exitUsage, empty.run("", "chats", "snooze", "slack", "C1").code)
	for _, verb := range []string{"list", "quiet", "snooze", "resume"} {
		help := empty.run("", "chats", verb, "--help")
		require.Zero(t, help.code)
		require.Contains(t, help.stdout, "bellhop chats "+verb)
	}
}

// TestAChatIsLeftAlone sets quiet hours and a snooze by the command line: what
// comes waits, through a kill of the program, and comes when people end it.
func TestAChatIsLeftAlone(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t)
	const extra = "[deliver]\ntimezone = \"Asia/Tokyo\"\n"
	s := p.serve(extra)
	bellhop := func(args ...string) string {
		t.Helper()
		got := (&fakeHub{t: t, url: s.url}).run("", args...)
		require.Zero(t, got.code, got.stderr)
		return got.stdout
	}
	require.Contains(t, bellhop("chats"), "No chat has quiet hours")
	got := (&fakeHub{t: t, url: s.url}).run("", "chats", "quiet", "slack", slacktest.Support, "22-7", "--zone", "Berlin")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.stderr, "quiet \"22-7\"")
	require.Contains(t, got.stderr, "want a name such as Europe/Berlin")

	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	now := time.Now().In(berlin)
	until := now.Add(2 * time.Hour).Format("15:04")
	require.Equal(t, fmt.Sprintf("slack %s: quiet until %s Europe/Berlin\n", slacktest.Support, until),
		bellhop("chats", "quiet", "slack", slacktest.Support, now.Add(-2*time.Hour).Format("15:04")+"-"+until, "--zone", "Europe/Berlin"))
	for i := range 7 {
		bellhop("send", "slack", slacktest.Support, fmt.Sprintf("Night owl %d", i))
	}
	bellhop("send", "telegram", "-1001234567890", "Good morning")
	sends(t, p.telegram, 1)
	queued := func() int {
		return strings.Count(bellhop("deliveries", "--status", "queued"), "Night owl")
	}
	require.Equal(t, 7, queued())

	s.kill()
	s = p.serve(extra)
	require.Contains(t, bellhop("chats"), "quiet until "+until)
	bellhop("send", "telegram", "-1001234567890", "Good morning again")
	sends(t, p.telegram, 2)
	require.Equal(t, 7, queued())
	sends(t, p.slack, 0)

	require.Contains(t, bellhop("chats", "quiet", "slack", slacktest.Support, "off"), "never quiet")
	first := sends(t, p.slack, 1)
	require.Len(t, first, 1)
	require.Contains(t, first[0].Text, "7 messages while it was quiet here")
	require.Contains(t, first[0].Text, "Night owl 6")
	s.settled(9)

	require.Contains(t, bellhop("chats", "snooze", "slack", slacktest.Support, "2h"), "snoozed until")
	require.Contains(t, bellhop("chats", "list", "--system", "slack"), "Europe/Berlin")
	bellhop("send", "slack", slacktest.Support, "An early bird")
	bellhop("send", "telegram", "-1001234567890", "Good evening")
	sends(t, p.telegram, 3)
	require.Contains(t, bellhop("deliveries", "--status", "queued"), "An early bird")
	require.Contains(t, bellhop("chats", "resume", "slack", slacktest.Support), "never quiet")
	require.Equal(t, "An early bird", sends(t, p.slack, 2)[1].Text)
}

func TestChatsPages(t *testing.T) {
	h := newFakeHub(t)
	h.answers("POST /api/v1/chats/slack/{chat}/pages", "application/json",
		`{"id":"pabc","system":"slack","chat":"#a/b","created_by":"admin","created_at":"2026-03-01T09:00:00Z","expires_at":"2026-06-12T00:00:00Z","url":"/d/secret"}`)
	h.answers("GET /api/v1/chats/slack/{chat}/pages", "application/json", `{"items":[
		{"id":"pabc","system":"slack","chat":"#a/b","created_by":"admin","created_at":"2026-03-01T09:00:00Z","opened_at":"2026-03-02T10:00:00Z"}]}`)
	h.answers("DELETE /api/v1/chats/slack/{chat}/pages/{id}", "application/json", ``)
	got := h.run("", "chats", "page", "slack", "#a/b", "--until", "90d", "--ask", "Maren")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, "/d/secret\nIt ends on 12 June 2026 at 00:00 UTC, or with: bellhop chats revoke slack '#a/b' pabc\n")
	require.True(t, strings.HasPrefix(got.stdout, "http"), got.stdout)
	require.JSONEq(t, `{"until":"90d","ask":"Maren"}`, h.asked[0].body)
	require.Equal(t, "ID    MADE BY  MADE              ENDS  OPENED\npabc  admin    2026-03-01 09:00  -     2026-03-02 10:00\n", h.run("", "chats", "pages", "slack", "#a/b").stdout)
	require.Equal(t, "The link leads nowhere from now on\n", h.run("", "chats", "revoke", "slack", "#a/b", "pabc").stdout)
	require.Equal(t, "DELETE /api/v1/chats/slack/%23a%2Fb/pages/pabc", h.lines()[2])
}
