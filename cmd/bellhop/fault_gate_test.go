package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// What a call to a platform is for.
const (
	callSend   = "send"
	callEdit   = "edit"
	callDelete = "delete"
	callOther  = "other" // it writes nothing
)

// call is a request to a platform, as its gate saw it.
type call struct {
	act  string
	chat string // empty of one that writes nothing
	mark string // of the post that it tells of
	nth  int    // how many there have been with its act, chat and mark, from 1
	at   time.Time
	via  string // the host that was called: each of several workers may have its own
}

// answer plays a fault. accept is the platform as it is without.
type answer func(w http.ResponseWriter, r *http.Request, accept http.Handler)

// gate stands before a look-alike. It notes every call and answers those that
// its trouble has an answer for; all others go through.
type gate struct {
	name   string
	behind providertest.Platform

	mu      sync.Mutex
	trouble func(call) answer
	calls   []call
	counts  map[call]int   // of calls that are alike
	more    chan struct{}  // closed when calls grows
	posting map[string]int // calls at this moment that write, by chat
	crowded []call         // that began while another wrote to their chat
}

func newGate(name string, behind providertest.Platform) *gate {
	return &gate{name: name, behind: behind, counts: map[call]int{}, more: make(chan struct{}), posting: map[string]int{}}
}

// has sets the trouble from now on; nil is none.
func (g *gate) has(trouble func(call) answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.trouble = trouble
}

// seen are the calls so far that match, and what is closed at the next call.
func (g *gate) seen(match func(call) bool) ([]call, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.calls), func(c call) bool { return !match(c) }), g.more
}

// await waits for a call that matches.
func (g *gate) await(t *testing.T, match func(call) bool) {
	t.Helper()
	late := time.After(patience)
	for {
		calls, more := g.seen(match)
		if len(calls) > 0 {
			return
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("%s was not called", g.name)
		}
	}
}

// of are the calls about a post in a chat.
func (g *gate) of(chat, mark string) []call {
	calls, _ := g.seen(func(c call) bool { return c.chat == chat && c.mark == mark })
	return calls
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c := g.read(r, body)
	defer g.end(c)
	if play := g.begin(c, r.Host); play != nil {
		play(w, r, g.behind)
		return
	}
	g.behind.ServeHTTP(w, r)
}

func (g *gate) begin(c call, via string) answer {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counts[c]++
	c.nth, c.at, c.via = g.counts[c], time.Now(), via
	g.calls = append(g.calls, c)
	if g.posting[c.chat]++; g.posting[c.chat] > 1 && c.act != callOther {
		g.crowded = append(g.crowded, c)
	}
	close(g.more)
	g.more = make(chan struct{})
	if g.trouble == nil {
		return nil
	}
	return g.trouble(c)
}

func (g *gate) end(c call) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.posting[c.chat]--
}

// oneAtATime requires that no chat ever had two calls at once that write.
func (g *gate) oneAtATime(t *testing.T) { t.Helper(); g.crowdedAtMost(t, 0) }

// crowdedAtMost requires that hardly any chat ever had two calls at once that write.
func (g *gate) crowdedAtMost(t *testing.T, most int) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	require.LessOrEqual(t, len(g.crowded), most, "%s: calls that began while another wrote to their chat: %v", g.name, g.crowded)
}

var markShape = regexp.MustCompile(`mark-(\d{8})`)

// read says what a request is about.
func (g *gate) read(r *http.Request, body []byte) call {
	c := call{act: callOther}
	if m := markShape.FindSubmatch(body); m != nil {
		c.mark = string(m[1])
	}
	switch g.name {
	case "slack", "telegram":
		form := r.Clone(r.Context())
		form.Body = io.NopCloser(bytes.NewReader(body))
		c.act = map[string]string{
			"chat.postMessage": callSend, "chat.update": callEdit, "chat.delete": callDelete,
			"sendMessage": callSend, "editMessageText": callEdit, "deleteMessage": callDelete,
		}[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
		c.act = cmp.Or(c.act, callOther)
		c.chat = cmp.Or(form.FormValue("channel"), form.FormValue("chat_id"))
	case "mattermost":
		g.readPost(&c, r, body)
	case "matrix":
		readEvent(&c, r, body)
	}
	return c
}

// readPost reads a call of Mattermost, where a change names a post alone.
func (g *gate) readPost(c *call, r *http.Request, body []byte) {
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v4/posts")
	c.act = map[string]string{http.MethodPost: callSend, http.MethodPut: callEdit, http.MethodDelete: callDelete}[r.Method]
	if !ok || c.act == "" {
		c.act = callOther
		return
	}
	var post struct {
		Channel string `json:"channel_id"`
	}
	_ = json.Unmarshal(body, &post)
	c.chat = post.Channel
	ref, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, s := range g.behind.Sent() {
		if s.Ref == ref {
			c.chat = s.Chat
		}
	}
}

// readEvent reads a call of Matrix, where an edit is a message that replaces one.
func readEvent(c *call, r *http.Request, body []byte) {
	path, ok := strings.CutPrefix(r.URL.Path, "/_matrix/client/v3/rooms/")
	room, rest, _ := strings.Cut(path, "/")
	switch {
	case ok && strings.HasPrefix(rest, "redact/"):
		c.act, c.chat = callDelete, room
	case ok && strings.HasPrefix(rest, "send/") && bytes.Contains(body, []byte(`"m.replace"`)):
		c.act, c.chat = callEdit, room
	case ok && strings.HasPrefix(rest, "send/"):
		c.act, c.chat = callSend, room
	}
}

// says is an answer that is not the normal one, and accepts nothing.
func says(step providertest.Step) answer {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) { step.Answer(w, r) }
}

// saysJSON is an answer of the platform's API.
func saysJSON(status int, body string, header ...string) answer {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return says(providertest.Step{Status: status, Header: h, Body: body})
}

// resets ends the connection as a machine does that knows nothing of it.
func resets(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// loses accepts the call, and the answer is lost on the way.
func loses(w http.ResponseWriter, r *http.Request, accept http.Handler) {
	accept.ServeHTTP(httptest.NewRecorder(), r)
	resets(w, r, accept)
}

// halves promises a long answer and goes away in the middle of it.
func halves(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "500")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, `{"ok":true,"resu`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// slows accepts the call and gives the answer a few bytes at a time.
func slows(w http.ResponseWriter, r *http.Request, accept http.Handler) {
	full := httptest.NewRecorder()
	accept.ServeHTTP(full, r)
	for key, values := range full.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(full.Code)
	for part := range slices.Chunk(full.Body.Bytes(), 16) {
		_, _ = w.Write(part)
		_ = http.NewResponseController(w).Flush()
		<-time.After(10 * time.Millisecond)
	}
}

// hangs says nothing until somebody has had enough: the caller, or release.
func hangs(release <-chan struct{}) answer {
	return func(w http.ResponseWriter, r *http.Request, accept http.Handler) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
		resets(w, r, accept)
	}
}

// holds accepts the call and says so when it is released.
func holds(release <-chan struct{}) answer {
	return func(w http.ResponseWriter, r *http.Request, accept http.Handler) {
		select {
		case <-release:
			accept.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// takes accepts the call after some time.
func takes(d time.Duration) answer {
	return func(w http.ResponseWriter, r *http.Request, accept http.Handler) {
		<-time.After(d)
		accept.ServeHTTP(w, r)
	}
}
