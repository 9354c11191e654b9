package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPeople(t *testing.T) {
	h := newFakeHub(t)
	h.answers("GET /api/v1/people", "application/json", `{"items":[
		{"system":"slack","id":"U1","name":"anna","full":"Anna \u001b[2JBauer","level":"operator","may":"operator","account":"a1"},
		{"system":"telegram","id":"4711","level":"user","may":"operator","account":"a1"},
		{"system":"slack","id":"U2","bot":true,"level":"user","may":"user"}]}`)
	require.Equal(t, said{stdout: `SYSTEM    USER  NAME            LEVEL     MAY       ACCOUNT
slack     U1    Anna �[2JBauer  operator  operator  a1
telegram  4711  -               user      operator  a1
slack     U2    (bot)           user      user      -
`}, h.run("", "people", "--system", "slack", "--level", "user", "--text", "a b", "--limit", "7"))
	require.Equal(t, []string{"GET /api/v1/people?level=user&limit=7&system=slack&text=a+b"}, h.lines())
	require.Contains(t, h.run("", "people", "list", "--json").stdout, `"may": "operator"`)

	empty := newFakeHub(t)
	empty.answers("GET /api/v1/people", "application/json", `{"items":[]}`)
	require.Contains(t, empty.run("", "people").stdout, "No such people")
	for verb, teaches := range map[string]string{"": "people set slack U0123456789 admin", "list": "guest", "show": "people show slack", "set": "people set matrix", "unlink": "people unlink telegram"} {
		help := empty.run("", strings.Fields("people "+verb+" --help")...)
		require.Zero(t, help.code)
		require.Contains(t, help.stdout, teaches, verb)
	}
}

func TestPersonIsShownAndChanged(t *testing.T) {
	h := newFakeHub(t)
	h.answers("/api/v1/people/matrix/{user}", "application/json", `{"system":"matrix","id":"@a/b:x","full":"Anna","level":"user","may":"admin","account":"a1",
		"linked":[{"system":"slack","id":"U1","level":"admin"}]}`)
	h.mux.HandleFunc("DELETE /api/v1/people/{system}/{user}/link", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	const told = `matrix @a/b:x (Anna) is user
  and may do what one may who is admin, by what is linked
  linked with slack U1 -: admin
`
	require.Equal(t, said{stdout: told}, h.run("", "people", "show", "matrix", "@a/b:x"))
	require.Contains(t, h.run("", "people", "show", "matrix", "@a/b:x", "--json").stdout, `"linked"`)
	require.Equal(t, said{stdout: told}, h.run("", "people", "set", "matrix", "@a/b:x", "user"))
	require.Equal(t, said{stdout: "telegram -100 is linked with no other account\n"}, h.run("", "people", "unlink", "telegram", "-100"))
	var sent []string
	for _, a := range h.asked {
		sent = append(sent, strings.TrimSpace(a.line+" "+a.body))
	}
	require.Equal(t, []string{
		"GET /api/v1/people/matrix/@a%2Fb:x", "GET /api/v1/people/matrix/@a%2Fb:x",
		`PUT /api/v1/people/matrix/@a%2Fb:x {"level":"user"}`, "DELETE /api/v1/people/telegram/-100/link",
	}, sent)

	got := h.run("", "people", "set", "slack", "U1", "root")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr, `"root" is no level`)
	require.Equal(t, exitUsage, h.run("", "people", "set", "slack", "U1").code)
	require.Len(t, h.asked, 4, "what is wrong is not sent")
}

func TestAudit(t *testing.T) {
	h := newFakeHub(t)
	h.answers("GET /api/v1/audit", "application/json", `{"items":[
		{"id":"a2","at":"2026-01-10T09:05:00Z","who":"Anna\nBauer","system":"slack","user":"U1","chat":"C1","action":"discourse.watch","line":"watch x\u001b[2J","outcome":"error","message":"no such category"},
		{"id":"a1","at":"2026-01-10T09:04:00Z","who":"admin","action":"person.level","outcome":"updated","message":"anna (U1): user → admin"},
		{"id":"a0","at":"2026-01-10T09:03:00Z","who":"admin","system":"slack","action":"system.resume","outcome":"ok"}],"next":"more"}`)
	got := h.run("", "audit", "--system", "slack", "--chat", "-100", "--user", "-5", "--action", "discourse.", "--outcome", "error", "--text", "a b",
		"--since", "2026-01-10T10:05:00+01:00", "--until", "2026-01-11", "--limit", "3")
	require.Equal(t, said{stdout: `WHEN                 WHO         SYSTEM  CHAT  ACTION           OUTCOME  WHAT
2026-01-10 09:05:00  Anna Bauer  slack   C1    discourse.watch  error    watch x�[2J → no such category
2026-01-10 09:04:00  admin       -       -     person.level     updated  anna (U1): user → admin
2026-01-10 09:03:00  admin       slack   -     system.resume    ok       -
`, stderr: "There may be more: --limit 30\n"}, got)
	require.Equal(t, []string{"GET /api/v1/audit?action=discourse.&chat=-100&limit=3&outcome=error&since=2026-01-10T09%3A05%3A00Z" +
		"&system=slack&text=a+b&until=2026-01-11T00%3A00%3A00Z&user=-5"}, h.lines())
	require.Contains(t, h.run("", "audit", "--json", "--limit", "1").stdout, `"a2"`)
	help := h.run("", "audit", "--help")
	require.Zero(t, help.code)
	require.Contains(t, help.stdout, "bellhop audit --action subscription.")

	empty := newFakeHub(t)
	empty.answers("GET /api/v1/audit", "application/json", `{"items":[]}`)
	require.Contains(t, empty.run("", "audit").stdout, "Nothing of the kind")
	require.JSONEq(t, `{"items":[]}`, empty.run("", "audit", "--json").stdout)
	require.Equal(t, exitUsage, empty.run("", "audit", "--since", "sometime").code)
}
