// Package consoletest is people at the console's pages: it does over HTTP what
// the pages' script does when they type, press and fill in, and reads what the
// pages would show them.
package consoletest

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/console"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// patience is how long an answer is waited for.
const patience = 20 * time.Second

// personHeader says who asks, in place of a login.
const personHeader = "X-Console-Person"

// Stage is the pages of a console with people at them. It implements
// providertest.Stage. Of the console nobody is an admin: it ranks nobody.
type Stage struct {
	base   string
	client *http.Client
	as     func(r *http.Request, person string)
	who    string // who everybody is; empty: themselves
	cut    func()
}

var _ providertest.Stage = (*Stage)(nil)

// New serves the pages of c until the test ends. Who listens to c is up to the
// test: commands get an answer only while c.Listen runs.
func New(t testing.TB, c *console.Client) *Stage {
	t.Helper()
	mux := http.NewServeMux()
	guard := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			name := r.Header.Get(personHeader)
			if name == "" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), personKey{}, name)))
		})
	}
	c.Routes(mux, guard, func(ctx context.Context) hub.User {
		name, _ := ctx.Value(personKey{}).(string)
		return hub.User{ID: id(name), Name: id(name), Full: name}
	}, nil)
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections() // streams have no end
		server.Close()
	})
	return &Stage{
		base: server.URL, client: server.Client(), cut: server.CloseClientConnections,
		as: func(r *http.Request, person string) { r.Header.Set(personHeader, person) },
	}
}

// At is people at the pages of a Bellhop that runs at base. They have one login,
// that of who, which token proves.
func At(base, token, who string) *Stage {
	wires := &wires{open: map[net.Conn]bool{}}
	return &Stage{
		base: base, client: &http.Client{Transport: &http.Transport{DialContext: wires.dial}}, who: who, cut: wires.cut,
		as: func(r *http.Request, _ string) { r.Header.Set("Authorization", "Bearer "+token) },
	}
}

// wires are connections that can be cut.
type wires struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

func (l *wires) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open[c] = true
	}
	return c, err
}

func (l *wires) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		_ = c.Close()
	}
	clear(l.open)
}

type personKey struct{}

func id(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), ".")) }

// Chat implements providertest.Stage: a room is there when somebody speaks in it.
func (s *Stage) Chat(t testing.TB, name string) string {
	t.Helper()
	return strings.ToLower(name)
}

// Person implements providertest.Stage.
func (s *Stage) Person(t testing.TB, name string, _ bool) string {
	t.Helper()
	return cmp.Or(s.who, id(name))
}

// Command implements providertest.Stage: the line is typed with a slash.
func (s *Stage) Command(t testing.TB, chat, person, line string) providertest.Seen {
	t.Helper()
	after := s.newest(t, chat, person)
	return s.outcome(t, chat, person, after, s.say(t, chat, person, "/"+line))
}

// Bare implements providertest.Stage: there is no such thing here.
func (s *Stage) Bare(t testing.TB, _, _, _ string) (providertest.Seen, bool) {
	t.Helper()
	return providertest.Seen{}, false
}

// Mention implements providertest.Stage.
func (s *Stage) Mention(t testing.TB, chat, person, line string) providertest.Seen {
	t.Helper()
	return s.Answer(t, chat, person, "@bellhop "+line)
}

// Say implements providertest.Stage.
func (s *Stage) Say(t testing.TB, chat, person, text string) {
	t.Helper()
	require.Empty(t, s.say(t, chat, person, text).Error)
}

// Answer implements providertest.Stage.
func (s *Stage) Answer(t testing.TB, chat, person, text string) providertest.Seen {
	t.Helper()
	after := s.newest(t, chat, person)
	told := s.say(t, chat, person, text)
	require.Empty(t, told.Error)
	return s.await(t, chat, person, after)
}

// Press implements providertest.Stage.
func (s *Stage) Press(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	t.Helper()
	after := s.newest(t, chat, person)
	return s.outcome(t, chat, person, after, s.press(t, chat, person, under, label))
}

// PressTwice implements providertest.Stage: in two tabs at once, since the script
// of one page does not let a button be pressed while it works.
func (s *Stage) PressTwice(t testing.TB, chat, person string, under providertest.Seen, label string) providertest.Seen {
	t.Helper()
	after := s.newest(t, chat, person)
	first := make(chan told, 1)
	go func() { first <- s.press(t, chat, person, under, label) }()
	second := s.press(t, chat, person, under, label)
	one := <-first
	if len(one.Posts) == 0 && one.Dialog == "" && !one.Later {
		one = second
	}
	return s.outcome(t, chat, person, after, one)
}

func (s *Stage) press(t testing.TB, chat, person string, under providertest.Seen, label string) told {
	t.Helper()
	at, ok := under.Native.(*message)
	if !ok {
		t.Errorf("there is no message to press %q under: %+v", label, under)
		return told{}
	}
	a, ok := at.actions[label]
	if !ok {
		t.Errorf("there is no button %q, but %q", label, under.Buttons)
		return told{}
	}
	return s.send(t, chat, person, "actions", url.Values{"post": {at.seq}, "token": {a.token}, "value": {a.value}})
}

// Cut implements providertest.Stage: every page loses its stream.
func (s *Stage) Cut(t testing.TB) {
	t.Helper()
	s.cut()
}

// told is what the pages' script is answered.
type told struct {
	Posts   []string          `json:"posts"`
	Later   bool              `json:"later"`
	Dialog  string            `json:"dialog"`
	Error   string            `json:"error"`
	Fields  map[string]string `json:"fields"`
	Options []hub.Option      `json:"options"`
}

func (s *Stage) say(t testing.TB, chat, person, text string) told {
	t.Helper()
	return s.send(t, chat, person, "messages", url.Values{"text": {text}})
}

// send posts what a person does to a room. Where the connection breaks they press
// again, and the page sends the same. It may be called by any goroutine.
func (s *Stage) send(t testing.TB, chat, person, what string, fields url.Values) told {
	t.Helper()
	fields.Set("id", rand.Text())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	path, body := "/console/"+url.PathEscape(chat)+"/"+what, fields.Encode()
	res, err := s.do(ctx, http.MethodPost, path, person, strings.NewReader(body))
	for err != nil && ctx.Err() == nil {
		res, err = s.do(ctx, http.MethodPost, path, person, strings.NewReader(body))
	}
	if err != nil {
		t.Errorf("the page could not send: %v", err)
		return told{}
	}
	defer res.Body.Close()
	var answer told
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Errorf("the page was answered %s with what is not JSON: %v", res.Status, err)
	}
	if res.StatusCode != http.StatusOK && answer.Error == "" {
		t.Errorf("the page was answered %s without a word", res.Status)
	}
	return answer
}

func (s *Stage) do(ctx context.Context, method, path, person string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.base+path, body)
	if err != nil {
		return nil, err
	}
	s.as(r, person)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return s.client.Do(r)
}

// outcome is what a person sees after something was sent.
func (s *Stage) outcome(t testing.TB, chat, person string, after int64, answer told) providertest.Seen {
	t.Helper()
	switch {
	case answer.Error != "":
		return providertest.Seen{Text: answer.Error, Private: true}
	case answer.Dialog != "":
		return openDialog(t, answer.Dialog)
	case answer.Later:
		return s.await(t, chat, person, after)
	}
	for _, post := range answer.Posts {
		if m := readMessage(parse(t, post)); m.bellhop {
			return m.seen()
		}
	}
	return providertest.Seen{}
}

// Shown implements providertest.Stage.
func (s *Stage) Shown(t testing.TB, chat, person string) providertest.Seen {
	t.Helper()
	last := providertest.Seen{}
	for n := range s.page(t, chat, person).Descendants() {
		if isArticle(n) {
			if m := readArticle(n); m.bellhop {
				last = m.seen()
			}
		}
	}
	return last
}

// newest is the number of what a person's page shows last.
func (s *Stage) newest(t testing.TB, chat, person string) int64 {
	t.Helper()
	var newest int64
	for n := range s.page(t, chat, person).Descendants() {
		newest = max(newest, number(attr(n, "data-rev")), number(attr(n, "data-after")))
	}
	return newest
}

// await is the next that Bellhop says in a room, by the page's stream. A
// stream that breaks is opened again, as browsers do.
func (s *Stage) await(t testing.TB, chat, person string, after int64) providertest.Seen {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		m := s.next(ctx, t, chat, person, &after)
		if m != nil {
			return m.seen()
		}
	}
	require.FailNow(t, fmt.Sprintf("Bellhop has said nothing to %s in #%s for %s", person, chat, patience))
	return providertest.Seen{}
}

// next reads one stream; it returns nil when that ends.
func (s *Stage) next(ctx context.Context, t testing.TB, chat, person string, after *int64) *message {
	t.Helper()
	res, err := s.do(ctx, http.MethodGet, fmt.Sprintf("/console/%s/events?after=%d", url.PathEscape(chat), *after), person, nil)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 16<<20)
	var event string
	var data strings.Builder
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			*after = number(value)
		case "event":
			event = value
		case "data":
			data.WriteString(value + "\n")
		case "":
			if event == "post" {
				if m := readMessage(parse(t, data.String())); m.bellhop {
					return m
				}
			}
			event = ""
			data.Reset()
		}
	}
	return nil
}

// page is a room as a person's browser loads it.
func (s *Stage) page(t testing.TB, chat, person string) *html.Node {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	res, err := s.do(ctx, http.MethodGet, "/console/"+url.PathEscape(chat), person, nil)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	page, err := html.Parse(res.Body)
	require.NoError(t, err)
	return page
}
