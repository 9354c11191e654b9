// Package matrixtest is a look-alike of a Matrix homeserver for tests: the part
// of the client API that posting and listening take, with one account, and with
// people who say things in its rooms.
package matrixtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

var _ providertest.Platform = (*Platform)(nil)

// Room is a room on the homeserver.
type Room struct {
	ID        string // "!general:example.org"
	Alias     string // "#general:example.org"
	Name      string
	Encrypted bool
	Space     bool
	Replaced  string   // the room that came after it
	Members   []string // others in it, which name a room without a name
}

// Platform is a homeserver.
type Platform struct {
	providertest.Recorder
	token  string
	userID string
	mux    *http.ServeMux

	mu      sync.Mutex
	rooms   map[string]Room
	aliases map[string]string
	left    map[string]bool
	threads map[string]string // event to the root of its thread
	posted  int
	edits   map[string]string // edit or reaction by transaction
	others  map[string]bool   // events of somebody else
	media   media

	log        []entry // everything that happened, in order
	oldest     int     // the first position that tokens may name
	names      map[string]string
	direct     map[string][]string // m.direct of the account
	directAt   int
	asked      map[string]int
	syncSteps  []providertest.Step
	reactSteps []providertest.Step
	changed    chan struct{} // closed when there is something new
	cut        chan struct{} // closed when every connection breaks
}

// New makes a Platform with one account, which is in one room: "General",
// !general:<server> with the alias #general:<server>, on the account's server.
func New(token, userID string) *Platform {
	p := &Platform{
		token: token, userID: userID, mux: http.NewServeMux(),
		rooms: map[string]Room{}, aliases: map[string]string{}, left: map[string]bool{}, threads: map[string]string{},
		edits: map[string]string{}, others: map[string]bool{}, names: map[string]string{}, asked: map[string]int{},
		changed: make(chan struct{}), cut: make(chan struct{}),
	}
	_, server, _ := strings.Cut(userID, ":")
	p.AddRoom(Room{ID: "!general:" + server, Alias: "#general:" + server, Name: "General"})
	const v3 = "/_matrix/client/v3"
	p.handle("GET "+v3+"/account/whoami", p.whoami)
	p.handle("GET "+v3+"/sync", p.sync)
	p.handle("GET "+v3+"/directory/room/{alias}", p.resolve)
	p.handle("GET "+v3+"/rooms/{room}/state/{type}/{key...}", p.state)
	p.handle("GET "+v3+"/rooms/{room}/messages", p.messages)
	p.handle("GET "+v3+"/rooms/{room}/joined_members", p.joinedMembers)
	p.handle("GET "+v3+"/rooms/{room}/event/{event}", p.event)
	p.handle("POST "+v3+"/rooms/{room}/join", p.join)
	p.handle("GET "+v3+"/user/{user}/account_data/{type}", p.accountData)
	p.handle("GET "+v3+"/profile/{user}/displayname", p.profile)
	p.handle("PUT "+v3+"/rooms/{room}/send/{type}/{txn}", p.send)
	p.handle("PUT "+v3+"/rooms/{room}/redact/{event}/{txn}", p.redact)
	p.handle("GET /_matrix/client/v1/media/config", p.mediaConfig)
	p.handle("POST /_matrix/media/v3/upload", p.upload)
	p.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "M_UNRECOGNIZED", "Unrecognized request")
	})
	return p
}

// ServeHTTP implements http.Handler.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	cut := p.cut
	p.mu.Unlock()
	p.mux.ServeHTTP(&breakable{w, cut}, r)
}

// breakable is an answer whose connection may break before it is written: what
// was asked is done then, and nobody hears of it.
type breakable struct {
	http.ResponseWriter
	cut <-chan struct{}
}

// WriteHeader implements http.ResponseWriter.
func (b *breakable) WriteHeader(status int) {
	select {
	case <-b.cut:
		panic(http.ErrAbortHandler)
	default:
		b.ResponseWriter.WriteHeader(status)
	}
}

// Unwrap is for http.ResponseController.
func (b *breakable) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// Break breaks every connection on which somebody waits for an answer.
func (p *Platform) Break() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.cut)
	p.cut = make(chan struct{})
}

// AddRoom makes a room, with the account in it. An alias that is taken moves
// to it.
func (p *Platform) AddRoom(r Room) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, had := p.rooms[r.ID]
	p.rooms[r.ID] = r
	if r.Alias != "" {
		p.aliases[r.Alias] = r.ID
	}
	if !had {
		p.member(r.ID, p.userID, p.userID, "join")
	}
}

// Kick takes the account out of a room.
func (p *Platform) Kick(room string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.member(room, "@founder:example.org", p.userID, "leave")
}

func (p *Platform) handle(pattern string, then http.HandlerFunc) {
	p.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		switch token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); {
		case !ok:
			refuse(w, http.StatusUnauthorized, "M_MISSING_TOKEN", "Missing access token")
		case token != p.token:
			refuse(w, http.StatusUnauthorized, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
		default:
			then(w, r)
		}
	})
}

func (p *Platform) whoami(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"user_id": p.userID, "device_id": "BELLHOP"})
}

func (p *Platform) resolve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	alias := r.PathValue("alias")
	room, ok := p.aliases[alias]
	if !ok {
		refuse(w, http.StatusNotFound, "M_NOT_FOUND", "Room alias "+alias+" not found.")
		return
	}
	answer(w, http.StatusOK, map[string]any{"room_id": room, "servers": []string{"example.org"}})
}

// inRoom finds a room that the account is in. To the account, one that it is
// not in and one that does not exist look alike.
func (p *Platform) inRoom(w http.ResponseWriter, id string) (Room, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	room, ok := p.rooms[id]
	if !ok || p.left[id] {
		refuse(w, http.StatusForbidden, "M_FORBIDDEN", fmt.Sprintf("User %s not in room %s", p.userID, id))
		return Room{}, false
	}
	return room, true
}

func (p *Platform) state(w http.ResponseWriter, r *http.Request) {
	room, ok := p.inRoom(w, r.PathValue("room"))
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ev, ok := p.stateOf(room.ID, r.PathValue("type"), r.PathValue("key"))
	switch {
	case ok && r.FormValue("format") == "event":
		answer(w, http.StatusOK, ev)
		return
	case ok:
		answer(w, http.StatusOK, ev.Content)
		return
	}
	refuse(w, http.StatusNotFound, "M_NOT_FOUND", "Event not found.")
}

// content is what of a message the look-alike reads.
type content struct {
	MsgType   string          `json:"msgtype"`
	Body      *string         `json:"body"`
	Format    string          `json:"format"`
	Formatted string          `json:"formatted_body"`
	Mentions  json.RawMessage `json:"m.mentions"`
	Relates   struct {
		Type    string `json:"rel_type"`
		EventID string `json:"event_id"`
	} `json:"m.relates_to"`
	New json.RawMessage `json:"m.new_content"`
}

// largest is the largest content that fits an event of 65,536 bytes with what
// servers add to it.
const largest = 65_536 - 3_000

var txnShape = regexp.MustCompile(`^[A-Za-z0-9_.~-]+$`)

func nowMillis() int64 { return time.Now().UnixMilli() }

func (p *Platform) send(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("type") == "m.reaction" {
		if room, ok := p.inRoom(w, r.PathValue("room")); ok {
			raw, _ := io.ReadAll(r.Body)
			p.react(w, r, room.ID, r.PathValue("txn"), raw)
		}
		return
	}
	step, scripted := p.Next()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	room, ok := p.inRoom(w, r.PathValue("room"))
	if !ok {
		return
	}
	if p.tooLow(room.ID, r.PathValue("type")) {
		refuse(w, http.StatusForbidden, "M_FORBIDDEN", "You don't have permission to post that to the room.")
		return
	}
	raw, err := io.ReadAll(r.Body)
	var c content
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	raw = plainJSON(raw)
	switch {
	case err != nil:
		refuse(w, http.StatusBadRequest, "M_NOT_JSON", "Content not JSON.")
	case len(raw) > largest:
		refuse(w, http.StatusRequestEntityTooLarge, "M_TOO_LARGE", "event too large")
	case r.PathValue("type") != "m.room.message" || c.MsgType == "" || c.Body == nil || !txnShape.MatchString(r.PathValue("txn")):
		refuse(w, http.StatusBadRequest, "M_BAD_JSON", "not a message")
	case c.Relates.Type == "m.thread" && p.threadOf(c.Relates.EventID) != "":
		refuse(w, http.StatusBadRequest, "M_UNKNOWN", "Cannot start threads from an event with a relation")
	default:
		ref := ""
		if c.Relates.Type == "m.replace" {
			ref = p.replace(room, r.PathValue("txn"), c, raw)
		} else {
			ref = p.accept(room, r.PathValue("txn"), c, raw)
		}
		if scripted {
			step.Answer(w, r)
			return
		}
		answer(w, http.StatusOK, map[string]any{"event_id": ref})
	}
}

func (p *Platform) threadOf(event string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.threads[event]
}

// accept records a message, once per transaction id and room.
func (p *Platform) accept(room Room, txn string, c content, raw json.RawMessage) (ref string) {
	p.mu.Lock()
	p.posted++
	ref = fmt.Sprintf("$event%d", p.posted)
	p.mu.Unlock()
	s := providertest.Sent{Chat: room.ID, Key: room.ID + "/" + txn, Text: *c.Body, Ref: ref, Raw: raw}
	if c.Relates.Type == "m.thread" {
		s.Root = c.Relates.EventID
	}
	kept := p.RecordOnce(s)
	p.mu.Lock()
	defer p.mu.Unlock()
	if kept.Ref == ref {
		p.add(room.ID, Event{Type: "m.room.message", ID: ref, Sender: p.userID, Content: raw, Stamp: nowMillis()})
	}
	if kept.Root != "" {
		p.threads[kept.Ref] = kept.Root
	}
	return kept.Ref
}

// plainJSON is raw as canonical JSON counts it, without the escapes of <, > and &
// that Go's encoder makes.
func plainJSON(raw []byte) []byte {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return raw
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return bytes.TrimSpace(b.Bytes())
}

var atRoom = regexp.MustCompile(`(?i)@room\b`)

// Pings lists what would notify people out of turn: mentions that are meant,
// and words that servers without m.mentions look for.
func Pings(s providertest.Sent) []string {
	var c content
	_ = json.Unmarshal(s.Raw, &c)
	var found []string
	if string(c.Mentions) != "{}" {
		found = append(found, "m.mentions "+string(c.Mentions))
	}
	found = append(found, atRoom.FindAllString(*c.Body, -1)...)
	return append(found, atRoom.FindAllString(stripped(c.Formatted), -1)...)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code, words string) {
	answer(w, status, map[string]any{"errcode": code, "error": words})
}
