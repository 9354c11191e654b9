package slacktest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const socketPath = "/link"

// Of Socket Mode: https://docs.slack.dev/apis/events-api/using-socket-mode
const (
	ticketLasts   = 30 * time.Second
	pingEvery     = 5 * time.Second
	largestAnswer = 20 * 1024 // a larger one is dropped without a word
	mostTimeouts  = 3         // that an event is told again after
)

// line is the connections of an app in Socket Mode, and what was told over them
// and is not acknowledged. An acknowledgement counts on the connection that the
// envelope came over.
type line struct {
	s *Workspace

	mu      sync.Mutex
	tickets map[string]time.Time
	links   []*tie
	waiting []*envelope // events, oldest first
	changed chan struct{}
	opened  int
}

// tie is one connection.
type tie struct {
	conn  *websocket.Conn
	write sync.Mutex
	gone  chan struct{}
	sent  map[string]*envelope
}

// envelope is one thing that is told.
type envelope struct {
	id       string
	kind     string
	payload  any
	accepts  bool
	attempts int
	timeouts int
	on       *tie // that it was told over, nil for none
	told     time.Time
	acked    chan struct{}
	answer   json.RawMessage
}

func newLine(s *Workspace) *line {
	return &line{s: s, tickets: map[string]time.Time{}, changed: make(chan struct{})}
}

// change wakes those who wait. l.mu is held.
func (l *line) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// open: https://docs.slack.dev/reference/methods/apps.connections.open
func (l *line) open(w http.ResponseWriter, r *http.Request) {
	app := l.s.install()
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if app.AppToken == "" || bearer != app.AppToken {
		refuse(w, "invalid_auth")
		return
	}
	ticket := l.s.next("ticket")
	l.mu.Lock()
	l.tickets[ticket] = time.Now()
	l.mu.Unlock()
	answer(w, map[string]any{"ok": true, "url": "ws" + strings.TrimPrefix(app.URL, "http") + socketPath + "?ticket=" + ticket})
}

func (l *line) serve(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	l.mu.Lock()
	made, ok := l.tickets[ticket]
	delete(l.tickets, ticket) // it is good for once
	l.mu.Unlock()
	if !ok || time.Since(made) > ticketLasts {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	k := &tie{conn: conn, gone: make(chan struct{}), sent: map[string]*envelope{}}
	l.welcome(k)
	go l.push(k)
	l.read(k)
}

func (l *line) welcome(k *tie) {
	l.mu.Lock()
	l.links = append(l.links, k)
	l.opened++
	n := len(l.links)
	l.change()
	l.mu.Unlock()
	_ = k.send(map[string]any{
		"type": "hello", "num_connections": n, "connection_info": map[string]any{"app_id": "A0BELLHOP1"},
		"debug_info": map[string]any{"host": "applink-1", "approximate_connection_time": 18060},
	})
}

func (k *tie) send(v any) error {
	k.write.Lock()
	defer k.write.Unlock()
	return k.conn.WriteJSON(v)
}

// read takes acknowledgements until the connection breaks.
func (l *line) read(k *tie) {
	defer l.drop(k)
	for {
		_, raw, err := k.conn.ReadMessage()
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if len(raw) >= largestAnswer || json.Unmarshal(raw, &ack) != nil {
			continue
		}
		l.acknowledge(k, ack.EnvelopeID, ack.Payload)
	}
}

func (l *line) acknowledge(k *tie, id string, payload json.RawMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := k.sent[id]
	if e == nil {
		return
	}
	delete(k.sent, id)
	if e.accepts {
		e.answer = payload
	}
	for i, w := range l.waiting {
		if w == e {
			l.waiting = append(l.waiting[:i:i], l.waiting[i+1:]...)
			break
		}
	}
	close(e.acked)
	l.change()
}

// drop forgets a connection. What was told over it and not acknowledged is told
// over another.
func (l *line) drop(k *tie) {
	_ = k.conn.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	close(k.gone)
	for i, other := range l.links {
		if other == k {
			l.links = append(l.links[:i:i], l.links[i+1:]...)
			break
		}
	}
	for _, e := range l.waiting {
		if e.on == k {
			e.on = nil
		}
	}
	l.change()
}

// push tells events over k while it is the newest connection.
func (l *line) push(k *tie) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	check := time.NewTicker(100 * time.Millisecond)
	defer check.Stop()
	for {
		due, changed := l.due(k)
		if due != nil {
			if k.send(due) != nil {
				return
			}
			continue
		}
		select {
		case <-changed:
		case <-check.C:
		case <-ping.C:
			_ = k.conn.WriteControl(websocket.PingMessage, []byte("Ping from applink"), time.Now().Add(time.Second))
		case <-k.gone:
			return
		}
	}
}

// due is the next event to tell over k, as it is told.
func (l *line) due(k *tie) (map[string]any, <-chan struct{}) {
	within := l.s.install().AckWithin
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.links) == 0 || l.links[len(l.links)-1] != k {
		return nil, l.changed
	}
	for _, e := range l.waiting {
		if e.on != nil && time.Since(e.told) > within && e.timeouts < mostTimeouts {
			delete(e.on.sent, e.id)
			e.timeouts++
			e.on = nil
		}
		if e.on == nil {
			e.on, e.told = k, time.Now()
			e.attempts++
			k.sent[e.id] = e
			return e.native(), l.changed
		}
	}
	return nil, l.changed
}

// native is an envelope as Slack sends it. l.mu is held, or nobody else has it.
func (e *envelope) native() map[string]any {
	v := map[string]any{"envelope_id": e.id, "type": e.kind, "payload": e.payload, "accepts_response_payload": e.accepts}
	if e.kind == "events_api" {
		v["retry_attempt"] = e.attempts - 1
		v["retry_reason"] = ""
		if e.attempts > 1 {
			v["retry_reason"] = "timeout"
		}
	}
	return v
}

// tell has an event told.
func (l *line) tell(payload any) {
	e := &envelope{id: l.s.next("e"), kind: "events_api", payload: payload, acked: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, e)
	l.change()
}

// ask tells what a person did, once, over the newest connection. A person who
// finds the app away tries it again while ctx lasts.
func (l *line) ask(ctx context.Context, kind string, payload any) ([]byte, error) {
	e := &envelope{id: l.s.next("e"), kind: kind, payload: payload, accepts: true, acked: make(chan struct{}), attempts: 1}
	for {
		l.mu.Lock()
		var k *tie
		if n := len(l.links); n > 0 {
			k = l.links[n-1]
			e.on = k
			k.sent[e.id] = e
		}
		changed := l.changed
		told := e.native()
		l.mu.Unlock()
		if k != nil {
			if k.send(told) != nil {
				return nil, errRefused
			}
			select {
			case <-e.acked:
				return e.answer, nil
			case <-k.gone:
				return nil, errRefused
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Cut breaks all connections, without a word of farewell.
func (s *Workspace) Cut() {
	s.line.mu.Lock()
	links := append([]*tie(nil), s.line.links...)
	s.line.mu.Unlock()
	for _, k := range links {
		_ = k.conn.NetConn().Close()
	}
}

// Refresh tells the app to connect anew, as Slack does now and then.
func (s *Workspace) Refresh() {
	s.line.mu.Lock()
	links := append([]*tie(nil), s.line.links...)
	s.line.mu.Unlock()
	for _, k := range links {
		_ = k.send(map[string]any{"type": "disconnect", "reason": "refresh_requested", "debug_info": map[string]any{"host": "applink-1"}})
	}
}

// Opened waits until n connections were opened in all.
func (s *Workspace) Opened(ctx context.Context, n int) bool {
	l := s.line
	return l.until(ctx, func() bool { return l.opened >= n && len(l.links) > 0 })
}

// Settled waits until every event was acknowledged.
func (s *Workspace) Settled(ctx context.Context) bool {
	l := s.line
	return l.until(ctx, func() bool { return len(l.waiting) == 0 })
}

func (l *line) until(ctx context.Context, is func() bool) bool {
	for {
		l.mu.Lock()
		done, changed := is(), l.changed
		l.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}
