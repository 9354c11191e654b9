package server_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// accessFile says what everybody gets from every route. go test -run TestAccess
// -access writes it anew; read what has changed.
const accessFile = "testdata/access.txt"

var writeAccess = flag.Bool("access", false, "write "+accessFile+" anew")

// callers are the columns of the table.
var callers = []string{"anonymous", "disabled", "viewer", "editor", "admin", "token:viewer", "token:editor", "token:admin"}

// open are the routes that ask for no credential; webhooks and callbacks have
// their signatures.
var open = []string{
	"/healthz", "/readyz", "/static/", "/login", "/logout", "/join", "/login/openid", "/login/openid/back", "/in/{source}", "/d/{token}", "/chat/{system}/{path...}",
}

const longPassword = "a-password-that-is-long"

// gate knows how everybody comes in.
type gate struct {
	*running
	t       *testing.T
	cookies map[string]string // of accounts, by role
	tokens  map[string]string // by role
}

// newGate makes accounts of every role, and tokens.
func newGate(t *testing.T, r *running) *gate {
	g := &gate{running: r, t: t, cookies: map[string]string{}, tokens: map[string]string{}}
	for _, role := range append(hub.Roles(), "disabled") {
		name, given := string(role), role
		if !role.Known() {
			given = hub.Administrator
		}
		g.must(http.MethodPost, "/api/v1/users", map[string]any{"login": "the-" + name, "role": given, "password": longPassword}, nil)
	}
	for _, role := range append(hub.Roles(), "disabled") {
		g.enter(string(role))
	}
	var made struct{ Token string }
	require.Equal(t, http.StatusCreated, g.send("disabled", http.MethodPost, "/api/v1/tokens", `{"name":"x","role":"admin"}`, &made))
	g.tokens["disabled"] = made.Token
	g.must(http.MethodPatch, "/api/v1/users/the-disabled", map[string]any{"disabled": true}, nil)
	for _, role := range hub.Roles() {
		require.Equal(t, http.StatusCreated, g.send("admin", http.MethodPost, "/api/v1/tokens", `{"name":"x","role":"`+string(role)+`"}`, &made))
		g.tokens[string(role)] = made.Token
	}
	return g
}

// must asks as the admin token does.
func (g *gate) must(method, path string, body, into any) {
	g.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(g.t, err)
	status, answer := g.ask(method, path, string(text), "Content-Type", "application/json")
	require.Less(g.t, status, 300, answer)
	if into != nil {
		require.NoError(g.t, json.Unmarshal([]byte(answer), into))
	}
}

// enter signs an account in.
func (g *gate) enter(name string) {
	g.t.Helper()
	status, header := g.request("anonymous", http.MethodPost, "/login", url.Values{"login": {"the-" + name}, "password": {longPassword}}.Encode(), nil)
	require.Equal(g.t, http.StatusSeeOther, status)
	cookie, err := http.ParseSetCookie(header.Get("Set-Cookie"))
	require.NoError(g.t, err)
	g.cookies[name] = cookie.Value
}

// send sends JSON to the API.
func (g *gate) send(caller, method, path, body string, into any) int {
	g.t.Helper()
	status, _ := g.request(caller, method, path, body, into)
	return status
}

// request asks as a caller. What goes on and on is not waited for.
func (g *gate) request(caller, method, path, body string, into any) (int, http.Header) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, g.url+path, strings.NewReader(body))
	require.NoError(g.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/in/") {
		req.Header.Set("Content-Type", "application/json")
	}
	if role, isToken := strings.CutPrefix(caller, "token:"); isToken || caller == "disabled" && g.tokens[caller] != "" {
		req.Header.Set("Authorization", "Bearer "+g.tokens[role])
	} else if caller != "anonymous" {
		req.AddCookie(&http.Cookie{Name: "bellhop_session", Value: g.cookies[caller]})
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	require.NoError(g.t, err, "%s %s", method, path)
	defer resp.Body.Close()
	if into != nil {
		text, err := io.ReadAll(resp.Body)
		require.NoError(g.t, err)
		require.NoError(g.t, json.Unmarshal(text, into), "%s", text)
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		_, err := io.Copy(io.Discard, resp.Body) // or a backup would still be made when the next asks for one
		require.NoError(g.t, err)
	}
	return resp.StatusCode, resp.Header
}

// operation is a route: where it is, and which role it says that it needs.
type operation struct {
	method, path string
	need         hub.Role
}

// operations lists every route there is.
func (g *gate) operations() (all []operation) {
	var document struct {
		Paths map[string]map[string]struct {
			Need hub.Role `json:"x-role"`
		}
	}
	status, body := g.ask(http.MethodGet, "/api/v1/openapi.json", "")
	require.Equal(g.t, http.StatusOK, status)
	require.NoError(g.t, json.Unmarshal([]byte(body), &document))
	for path, methods := range document.Paths {
		for method, one := range methods {
			require.True(g.t, one.Need.Known(), "%s %s says no role", method, path)
			all = append(all, operation{strings.ToUpper(method), path, one.Need})
		}
	}
	for _, pattern := range g.server.Patterns() {
		method, path, found := strings.Cut(pattern, " ")
		if !found {
			method, path = http.MethodGet, pattern
			if strings.HasPrefix(path, "/in/") {
				method = http.MethodPost
			}
		}
		all = append(all, operation{method: method, path: path})
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	return all
}

// names fill the wildcards of paths; most name nothing that is there, so that
// nothing is changed.
var names = strings.NewReplacer(
	"{source}", "meta", "{system}", "console", "{chat}", "general", "{room}", "general", "{path...}", "nothing", "{$}", "",
	"/static/", "/static/theme.js",
)

// filled is the address of a route.
func (o operation) filled() string {
	path := o.path
	if path == "/api/v1/" {
		return "/api/v1/nothing"
	}
	path = names.Replace(path)
	for {
		begin := strings.IndexByte(path, '{')
		if begin < 0 {
			return path
		}
		end := strings.IndexByte(path, '}')
		path = path[:begin] + "none" + path[end+1:]
	}
}

// body is what a route is sent: nothing that it could want.
func (o operation) body() string {
	if strings.HasPrefix(o.path, "/api/") && o.method != http.MethodGet && o.method != http.MethodDelete {
		return "{}"
	}
	return ""
}

// mostUnready is how often somebody asks again whether a hub is ready that says
// that it is not, seconds after it was asked: the machine may have stood still.
const mostUnready = 5

// TestAccess asks for every route as everybody. A route that is in no line of the
// table fails, so that nobody forgets to think of who may use it.
func TestAccess(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	g := newGate(t, w.running)
	var lines []string
	seen := map[string]bool{}
	for _, o := range g.operations() {
		line := fmt.Sprintf("%-6s %-48s", o.method, o.path)
		require.False(t, seen[line], "%s is there twice", line)
		seen[line] = true
		statuses := map[string]int{}
		for _, caller := range callers {
			status, header := g.request(caller, o.method, o.filled(), o.body(), nil)
			for n := 0; o.path == "/readyz" && status == http.StatusServiceUnavailable && n < mostUnready; n++ {
				status, header = g.request(caller, o.method, o.filled(), o.body(), nil)
			}
			if g.cookies[caller] != "" && header.Get("Set-Cookie") != "" && caller != "disabled" {
				g.enter(caller) // it has signed out
			}
			statuses[caller] = status
			line += " " + strconv.Itoa(status)
		}
		if strings.Contains(o.path, "sessions") {
			g.enter("admin") // whose token has signed it out
		}
		if strings.HasSuffix(o.path, "/pause") {
			w.ask(http.MethodPost, "/api/v1/systems/console/resume", "") // an editor may not end an admin's pause
		}
		lines = append(lines, line)
		requireGuarded(t, o, statuses)
	}
	head := "# What everybody gets from every route: " + strings.Join(callers, ", ") + ".\n# A disabled account asks with a token that it made. Bodies are empty and names are those of nothing, so\n" +
		"# that 404, 409, 415 and 422 tell that a caller came as far as to the work itself.\n"
	got := head + strings.Join(lines, "\n") + "\n"
	if *writeAccess {
		require.NoError(t, os.WriteFile(accessFile, []byte(got), 0o600))
	}
	want, err := os.ReadFile(accessFile)
	require.NoError(t, err)
	require.Equal(t, strings.Split(string(want), "\n"), strings.Split(got, "\n"), "look at each line that differs, then write the table anew: go test ./hub/server -run TestAccess -access")
}

// requireGuarded holds a route to what it says of itself, whatever the table
// says.
func requireGuarded(t *testing.T, o operation, statuses map[string]int) {
	t.Helper()
	for _, caller := range []string{"anonymous", "disabled"} {
		if !slices.Contains(open, o.path) {
			require.Equal(t, http.StatusUnauthorized, statuses[caller], "%s %s lets %s in", o.method, o.path, caller)
		}
	}
	for _, caller := range callers {
		require.Less(t, statuses[caller], http.StatusInternalServerError, "%s %s fails for %s", o.method, o.path, caller)
	}
	if o.need == "" {
		return
	}
	for _, role := range hub.Roles() {
		for _, caller := range []string{string(role), "token:" + string(role)} {
			status := statuses[caller]
			require.NotEqual(t, http.StatusUnauthorized, status, "%s %s does not know %s", o.method, o.path, caller)
			if !role.May(o.need) {
				require.Equal(t, http.StatusForbidden, status, "%s %s is for %s, not for %s", o.method, o.path, o.need, caller)
			} else if caller == string(role) {
				require.NotEqual(t, http.StatusForbidden, status, "%s %s is for %s", o.method, o.path, caller)
			}
		}
	}
}

// TestRolesGiveLevels runs commands as accounts, through the API and in the
// console.
func TestRolesGiveLevels(t *testing.T) {
	w := newTown(t, nil, "", consolePlace)
	g := newGate(t, w.running)
	run := func(caller, line string) string {
		var reply struct {
			Data struct{ Outcome string }
		}
		body, err := json.Marshal(map[string]string{"line": line, "system": "console", "chat": "general"})
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, g.send(caller, http.MethodPost, "/api/v1/commands", string(body), &reply))
		return reply.Data.Outcome
	}
	for caller, want := range map[string][3]string{
		"viewer": {hub.OutcomeOK, hub.OutcomeRefused, hub.OutcomeRefused}, "token:viewer": {hub.OutcomeOK, hub.OutcomeRefused, hub.OutcomeRefused},
		"editor": {hub.OutcomeOK, hub.OutcomeCreated, hub.OutcomeRefused}, "token:editor": {hub.OutcomeOK, hub.OutcomeUnchanged, hub.OutcomeRefused},
		"admin": {hub.OutcomeOK, hub.OutcomeUnchanged, hub.OutcomeOK},
	} {
		require.Equal(t, want[0], run(caller, "discourse status"), caller)
		if got := run(caller, "discourse watch all"); want[1] == hub.OutcomeRefused {
			require.Equal(t, want[1], got, caller)
		} else {
			require.Contains(t, []string{hub.OutcomeCreated, hub.OutcomeUnchanged}, got, caller)
		}
		require.Equal(t, want[2], run(caller, "bellhop people"), caller)
	}
	// A viewer speaks in the console, and is refused there, too.
	status, _ := g.request("viewer", http.MethodPost, "/console/general/messages", url.Values{"text": {"/discourse mute all"}, "id": {"t1"}}.Encode(), nil)
	require.Less(t, status, 400)
	require.Eventually(t, func() bool {
		var page struct{ Items []hub.AuditEntry }
		w.get("/api/v1/audit?action=discourse.mute", &page)
		return len(page.Items) == 1 && page.Items[0].Outcome == hub.OutcomeRefused && page.Items[0].Who != "admin"
	}, 20*time.Second, 50*time.Millisecond)
}

func TestAnswersProtectBrowsers(t *testing.T) {
	r := start(t, t.TempDir(), "[providers.console]\nkind = \"console\"\n")
	for _, path := range []string{"/healthz", "/login", "/api/v1/systems", "/static/pane.css", "/nowhere", "/console"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+path, nil)
		require.NoError(t, err)
		resp, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			require.Equal(t, want, resp.Header.Get(header), "%s %s", path, header)
		}
		require.Contains(t, resp.Header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Empty(t, resp.Header.Get("Strict-Transport-Security"), "over http it would be no use")
	}
}
