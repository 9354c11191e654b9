package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsers(t *testing.T) {
	h := newFakeHub(t)
	h.answers("GET /api/v1/users", "application/json", `{"items":[
		{"id":"u1","login":"anna","full":"Anna \u001b[2JBauer","role":"admin","created_at":"2026-01-01T00:00:00Z","seen_at":"2026-01-10T09:05:00Z","password":true,"openid":true},
		{"id":"u2","login":"bob","role":"viewer","disabled":true,"created_at":"2026-01-01T00:00:00Z","password":true,"openid":false},
		{"id":"u3","login":"eve","role":"editor","created_at":"2026-01-01T00:00:00Z","password":false,"openid":false}]}`)
	require.Equal(t, said{stdout: `LOGIN  NAME            ROLE    SIGNS IN WITH     SEEN
anna   Anna �[2JBauer  admin   password, openid  2026-01-10 09:05
bob    -               viewer  disabled          never
eve    -               editor  invited           never
`}, h.run("", "users", "--role", "admin", "--text", "a b"))
	require.Equal(t, []string{"GET /api/v1/users?limit=50&role=admin&text=a+b"}, h.lines())

	h = newFakeHub(t)
	const bob = `{"id":"u2","login":"bob","role":"editor","created_at":"2026-01-01T00:00:00Z","password":false,"openid":false,
		"link_until":"2026-01-08T00:00:00Z","link":"https://b.example/join?code=x"}`
	h.answers("POST /api/v1/users", "application/json", bob)
	h.answers("/api/v1/users/{user}", "application/json", bob)
	h.answers("POST /api/v1/users/{user}/link", "application/json", bob)
	h.mux.HandleFunc("DELETE /api/v1/users/{user}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	const link = "bob is editor. This link is good for one use until 2026-01-08 00:00:\nhttps://b.example/join?code=x\n"
	require.Equal(t, said{stdout: link}, h.run("", "users", "add", "bob", "editor", "--name", "Bob B", "--email", "b@example.org"))
	require.Equal(t, said{stdout: link}, h.run("", "users", "link", "a/b"))
	require.Equal(t, said{stdout: "bob is editor\n"}, h.run("", "users", "role", "bob", "editor"))
	require.Equal(t, said{stdout: "bob is editor\n"}, h.run("", "users", "disable", "bob"))
	require.Equal(t, said{stdout: "bob is editor\n"}, h.run("", "users", "enable", "bob"))
	require.Equal(t, said{stdout: "bob is removed, with all sessions and tokens\n"}, h.run("", "users", "remove", "bob"))
	var sent []string
	for _, a := range h.asked {
		sent = append(sent, strings.TrimSpace(a.line+" "+a.body))
	}
	require.Equal(t, []string{
		`POST /api/v1/users {"email":"b@example.org","full":"Bob B","login":"bob","role":"editor"}`, "POST /api/v1/users/a%2Fb/link",
		`PATCH /api/v1/users/bob {"role":"editor"}`, `PATCH /api/v1/users/bob {"disabled":true}`, `PATCH /api/v1/users/bob {"disabled":false}`,
		"DELETE /api/v1/users/bob",
	}, sent)
	require.Equal(t, exitUsage, h.run("", "users", "role", "bob", "boss").code)
	require.Contains(t, h.run("", "users", "--help").stdout, "bellhop users add anna editor")
}

func TestTokens(t *testing.T) {
	h := newFakeHub(t)
	const one = `{"id":"t1","name":"Grafana","by":"anna","role":"viewer","ends":"N1sD","created_at":"2026-01-01T00:00:00Z","expires_at":"2026-04-01T00:00:00Z"`
	h.answers("GET /api/v1/tokens", "application/json", `{"items":[`+one+`}]}`)
	h.answers("POST /api/v1/tokens", "application/json", one+`,"token":"bh_secret"}`)
	h.mux.HandleFunc("DELETE /api/v1/tokens/{token}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	h.answers("POST /api/v1/login-links", "application/json", `{"url":"https://b.example/login?code=x","expires_at":"2026-01-01T00:10:00Z"}`)
	require.Equal(t, said{stdout: `ID  NAME     OF    MAY     ENDS   EXPIRES           USED
t1  Grafana  anna  viewer  …N1sD  2026-04-01 00:00  never
`}, h.run("", "tokens"))
	require.Contains(t, h.run("", "tokens", "list", "--json").stdout, `"N1sD"`)
	require.Equal(t, said{stdout: "bh_secret\n", stderr: "Grafana may do what a viewer may, and expires: 2026-04-01 00:00. It is shown this once.\n"},
		h.run("", "tokens", "add", "Grafana", "--days", "0"))
	require.JSONEq(t, `{"name":"Grafana","role":"viewer"}`, h.asked[len(h.asked)-1].body)
	require.Equal(t, said{stdout: "t1 opens nothing any more\n"}, h.run("", "tokens", "revoke", "t1"))
	require.Equal(t, said{stdout: "https://b.example/login?code=x\n"}, h.run("", "admin", "link"))
	require.Contains(t, h.run("", "admin", "link", "--help").stdout, "the making of the first")
}
