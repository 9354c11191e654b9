package admin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/stretchr/testify/require"
)

const token = "correct-horse-battery"

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is a server with its surroundings.
type world struct {
	*memory
	*graveyard
	commands *commands
	server   *admin.Server
	mux      *http.ServeMux
	now      time.Time
	log      bytes.Buffer
	schema   schemas
	sections *sections
}

func newWorld(change ...func(*admin.Deps)) *world {
	w := &world{commands: &commands{}, memory: &memory{sessions: map[string]hub.Session{}}, graveyard: &graveyard{}, sections: newSections(), mux: http.NewServeMux(), now: began}
	d := admin.Deps{
		Subscriptions: w.memory,
		Table:         table{memory: w.memory},
		Deliveries:    w.memory,
		Sessions:      w.memory,
		People:        w.memory,
		Audit:         w.memory,
		Events:        w.memory,
		Notifier:      w.memory,
		Dead:          w.graveyard,
		Announcements: w.memory,
		Activity:      w.memory,
		Foretell:      w.foretell,
		Explain:       w.explain,
		Decode:        w.decode,
		Trace:         w.trace,
		Figures:       w.memory,
		Taxonomy:      w.taxonomy,
		SourceList:    w.sources,
		Systems:       w.systems,
		Chats:         w.listChats,
		Changed:       w.noteChange,
		Resume:        w.resume,
		ChatSettings:  w.memory,
		RoomPages:     &doors{},
		Commands:      w.commands,
		Token:         secret.New(token),
		Sources:       func() []hub.Source { return []hub.Source{"meta"} },
		Version:       "1.2.3",
		Log:           slog.New(slog.NewTextHandler(&w.log, nil)),
		Now:           func() time.Time { return w.now },
		Rooms:         w.memory,
		Places:        w.memory,
		Settings:      w.memory,
		House:         w.memory,
		About:         w.about,
		Alert:         w.alert,
		Backup:        w.backup,
		Sections:      w.sections,
		Hold:          w.sections.hold,
		SetHold:       w.sections.setHold,
		Accounts:      w.memory,
		Tokens:        w.memory,
		Tries:         w.memory,
	}
	for _, f := range change {
		f(&d)
	}
	w.server = admin.New(d)
	w.server.Routes(w.mux)
	return w
}

func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.mux.ServeHTTP(rec, r)
	return rec
}

// answer is what a call gave.
type answer struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// call asks as the admin, headers in pairs after the body. The answer has to
// be one that openapi.json describes.
func (w *world) call(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := w.do(r)
	if w.schema == nil {
		w.schema = readSchemas(t, w)
	}
	w.schema.checkAnswer(t, r, rec)
	require.NotContains(t, rec.Body.String(), token)
	return answer{rec, t}
}

func (a answer) is(status int, want string) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.Code, a.Body)
	if want == "" {
		require.Empty(a.t, a.Body.String())
		return a
	}
	require.JSONEq(a.t, want, a.Body.String())
	return a
}

// refused checks a problem: its status, and per pair of words a field and a
// part of its detail, with "" for the detail as a whole.
func (a answer) refused(status int, fields ...string) {
	a.t.Helper()
	require.Equal(a.t, status, a.Code, a.Body)
	require.Equal(a.t, "application/problem+json", a.Header().Get("Content-Type"))
	var p struct {
		Type, Title, Detail string
		Status              int
		Errors              []struct{ Field, Detail string }
	}
	require.NoError(a.t, json.Unmarshal(a.Body.Bytes(), &p))
	require.Equal(a.t, "about:blank", p.Type)
	require.Equal(a.t, http.StatusText(status), p.Title)
	require.Equal(a.t, status, p.Status)
	told := map[string]string{"": p.Detail}
	for _, e := range p.Errors {
		told[e.Field] = e.Detail
	}
	named := 0
	for i := 0; i < len(fields); i += 2 {
		require.Contains(a.t, told[fields[i]], fields[i+1], a.Body)
		if fields[i] != "" {
			named++
		}
	}
	require.Len(a.t, p.Errors, named, a.Body)
}

func TestNothingWithoutACredential(t *testing.T) {
	w := newWorld()
	paths := []admin.Endpoint{{"GET", "/api/v1/"}, {"GET", "/api/v1/none"}, {"OPTIONS", "/api/v1/events"}, {"TRACE", "/api/v1/events"}}
	for _, e := range append(w.server.Endpoints(), paths...) {
		for name, set := range map[string]func(*http.Request){
			"none":         func(*http.Request) {},
			"wrong token":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer wrong") },
			"no token":     func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
			"prefix":       func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token[:8]) },
			"other scheme": func(r *http.Request) { r.Header.Set("Authorization", "Basic "+token) },
			"wrong cookie": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "bellhop_session", Value: token}) },
			"in the query": func(r *http.Request) { r.URL.RawQuery = "token=" + token },
		} {
			r := httptest.NewRequestWithContext(t.Context(), e.Method, e.Path, strings.NewReader("{}"))
			set(r)
			rec := w.do(r)
			answer{rec, t}.refused(http.StatusUnauthorized)
			require.Equal(t, `Bearer realm="bellhop"`, rec.Header().Get("WWW-Authenticate"), "%s %v", name, e)
		}
	}
	require.Zero(t, w.changes)
	require.NotContains(t, w.log.String(), token)
}

func TestEmptyTokenOpensNothing(t *testing.T) {
	w := newWorld(func(d *admin.Deps) { d.Token = secret.Value{} })
	for _, header := range []string{"Bearer", "Bearer ", "Bearer  "} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/systems", nil)
		r.Header.Set("Authorization", header)
		require.Equal(t, http.StatusUnauthorized, w.do(r).Code)
	}
	require.Equal(t, http.StatusUnauthorized, w.post(t, "/login", "token=").StatusCode)
}

func TestFailures(t *testing.T) {
	w := newWorld()
	for err, want := range map[error]int{
		errors.New("dial tcp: password s3cr3t refused"):                   http.StatusInternalServerError,
		hub.Errorf(hub.CodeInternal, "s3cr3t"):                            http.StatusInternalServerError,
		hub.Errorf(hub.CodeUnavailable, "the bus is away"):                http.StatusServiceUnavailable,
		hub.Errorf(hub.CodeConflict, "changed meanwhile"):                 http.StatusConflict,
		hub.Errorf(hub.CodeForbidden, "you may not"):                      http.StatusForbidden,
		hub.Errorf(hub.CodeInvalid, "cursor is none that this list gave"): http.StatusBadRequest,
	} {
		w.fail = err
		rec := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/deliveries", nil)
		r.Header.Set("Authorization", "bearer "+token)
		w.mux.ServeHTTP(rec, r)
		answer{rec, t}.refused(want)
		require.NotContains(t, rec.Body.String(), "s3cr3t")
		require.Equal(t, want == http.StatusServiceUnavailable, rec.Header().Get("Retry-After") != "")
	}
	require.Contains(t, w.log.String(), "s3cr3t", "what is not told outside is in the log")
}

func TestUnknownPathsAndMethods(t *testing.T) {
	w := newWorld()
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/api/v1/", http.StatusNotFound, ""},
		{"GET", "/api/v1/nothing", http.StatusNotFound, ""},
		{"GET", "/api/v1/events/a/b", http.StatusNotFound, ""},
		{"DELETE", "/api/v1/events", http.StatusMethodNotAllowed, "GET, HEAD, POST"},
		{"POST", "/api/v1/subscriptions/s1", http.StatusMethodNotAllowed, "DELETE, GET, HEAD, PATCH, PUT"},
		{"GET", "/api/v1/messages", http.StatusMethodNotAllowed, "POST"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		rec := w.do(r)
		answer{rec, t}.refused(c.status)
		require.Equal(t, c.allow, rec.Header().Get("Allow"))
	}
}

func TestQueriesAreChecked(t *testing.T) {
	w := newWorld()
	w.call(t, "GET", "/api/v1/deliveries?stauts=dead&limit=501", "").
		refused(http.StatusUnprocessableEntity, "stauts", "is not a parameter", "limit", `is "501", want 1 to 500`)
	w.call(t, "GET", "/api/v1/deliveries?status=lost&limit=0&chat=a&chat=b&since=yesterday", "").
		refused(http.StatusUnprocessableEntity, "status", "queued, failed, sent, dead", "limit", "1 to 500", "chat", "more than once",
			"since", `is "yesterday", want a time such as 2026-01-10T09:05:00Z`)
	w.call(t, "GET", "/api/v1/deliveries?status=dead,lost&status=sent&until=2026-01-10", "").
		refused(http.StatusUnprocessableEntity, "status", `is "lost": any of`, "until", "want a time")
	w.call(t, "GET", "/api/v1/dead?fault=tired&status=dead", "").
		refused(http.StatusUnprocessableEntity, "fault", "chat_gone", "status", "is not a parameter")
	w.call(t, "GET", "/api/v1/subscriptions?mode=loud&limit=x", "").
		refused(http.StatusUnprocessableEntity, "mode", "mute, thread, watch, follow", "limit", "1 to 500")
	w.call(t, "GET", "/api/v1/systems?a=%zz", "").refused(http.StatusBadRequest, "", "cannot be read")
	require.Nil(t, w.asked)
}

func TestBodiesAreChecked(t *testing.T) {
	w := newWorld(func(d *admin.Deps) { d.MaxBody = 1000 })
	for _, path := range []string{"/api/v1/events", "/api/v1/subscriptions", "/api/v1/messages"} {
		post := func(body string, headers ...string) answer { return w.call(t, "POST", path, body, headers...) }
		post("{}", "Content-Type", "text/html").refused(http.StatusUnsupportedMediaType, "", "application/json")
		post("{}", "Content-Type", "").refused(http.StatusUnsupportedMediaType)
		post(strings.Repeat(" ", 1001)).refused(http.StatusRequestEntityTooLarge, "", "1000 bytes")
		post("{").refused(http.StatusBadRequest, "", "the body")
		post("{} {}").refused(http.StatusBadRequest, "", "something follows")
		post("[]").refused(http.StatusBadRequest, "", "the body is not what is wanted")
		post(`{"colour": 1}`).refused(http.StatusUnprocessableEntity, "colour", "is not a field")
	}
	w.call(t, "POST", "/api/v1/messages", `{"text": 1}`).
		refused(http.StatusUnprocessableEntity, "text", "is of JSON type number, want string")
	require.Empty(t, w.events)
	require.Empty(t, w.notified)
	require.Empty(t, w.subscriptions)
}

// post sends a form, as the login page does.
func (w *world) post(t *testing.T, path, form string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r).Result()
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}
