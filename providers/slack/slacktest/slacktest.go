// Package slacktest is a look-alike of Slack, as far as Bellhop uses it: the Web
// API under /api/, with the checks that Slack makes of messages and modals, and
// with Install also the other side: people who type, press and fill in things,
// told to the app by signed requests or over Socket Mode, and told again as Slack
// does. Stage lets a test play them.
package slacktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Channel is a channel of the workspace.
type Channel struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	IsPrivate  bool   `json:"is_private"`
	IsMember   bool   `json:"is_member"`
	IsArchived bool   `json:"is_archived"`
	IsReadOnly bool   `json:"is_read_only,omitempty"` // the app may not post there
	IsIM       bool   `json:"is_im,omitempty"`
	User       string `json:"user,omitempty"` // of a direct channel
	Creator    string `json:"creator,omitempty"`
}

// The channels of a new workspace.
const (
	General  = "C0GENERAL1" // #general
	Support  = "C0SUPPORT1" // #support
	Staff    = "C0STAFF001" // #staff, private
	Random   = "C0RANDOM01" // #random, which the bot is not in
	Archived = "C0OLDROOM1" // #old-room
)

// Self is the bot's user.
const Self = "U0BELLHOP1"

// Workspace is the look-alike. Its zero value is no use; New makes one.
type Workspace struct {
	providertest.Recorder
	token    string
	channels []Channel

	mu     sync.Mutex
	scopes string
	clock  time.Time
	others map[string]bool // refs of messages that are not the bot's
	hidden map[string]bool // hosts that Slack cannot reach
	closed bool            // for edits

	files     map[string]*file
	unsettled int // messages with a file that are still refused

	app    App
	users  []User
	serial int // of triggers, hooks, views and events

	triggers map[string]*trigger
	hooks    map[string]*hook
	views    map[string]*view
	feed     []shown
	more     chan struct{} // closed when the feed grows
	line     *line
}

var _ providertest.Platform = (*Workspace)(nil)

// New makes a workspace whose bot has token.
func New(token string) *Workspace {
	s := &Workspace{
		token:  token,
		scopes: "channels:read,groups:read,chat:write,commands,users:read,app_mentions:read,channels:history,groups:history,im:history,files:write",
		clock:  time.Unix(1_773_480_413, 0),
		others: map[string]bool{},
		hidden: map[string]bool{},
		files:  map[string]*file{},
		channels: []Channel{
			{ID: General, Name: "general", IsMember: true},
			{ID: Support, Name: "support", IsMember: true},
			{ID: Staff, Name: "staff", IsMember: true, IsPrivate: true},
			{ID: Random, Name: "random"},
			{ID: Archived, Name: "old-room", IsMember: true, IsArchived: true},
		},
		users:    []User{{ID: Self, Name: "bellhop", IsBot: true}},
		triggers: map[string]*trigger{},
		hooks:    map[string]*hook{},
		views:    map[string]*view{},
		more:     make(chan struct{}),
	}
	s.line = newLine(s)
	return s
}

// Put makes a channel, or another of the one with its id.
func (s *Workspace) Put(c Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.channels, func(o Channel) bool { return o.ID == c.ID })
	if i < 0 {
		s.channels = append(s.channels, c)
		return
	}
	s.channels[i] = c
}

// Grant sets the token's scopes, separated by commas.
func (s *Workspace) Grant(scopes string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = scopes
}

// ServeHTTP implements http.Handler.
func (s *Workspace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, hookPath):
		s.serveHook(w, r)
		return
	case strings.HasPrefix(r.URL.Path, uploadPath):
		s.takeBytes(w, r)
		return
	case r.URL.Path == socketPath:
		s.line.serve(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_form_data")
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	switch method {
	case "chat.postMessage":
		s.postMessage(w, r)
		return
	case "chat.update":
		s.update(w, r)
		return
	case "chat.delete":
		s.remove(w, r)
		return
	case "chat.postEphemeral":
		s.postEphemeral(w, r)
		return
	case "apps.connections.open":
		s.line.open(w, r)
		return
	}
	if !s.authorized(r) {
		refuse(w, "invalid_auth")
		return
	}
	switch method {
	case "auth.test":
		s.authTest(w)
	case "conversations.list":
		s.list(w, r)
	case "conversations.info":
		s.channelInfo(w, r)
	case "files.getUploadURLExternal":
		s.getUploadURL(w, r)
	case "files.completeUploadExternal":
		s.completeUpload(w, r)
	case "files.delete":
		s.deleteFile(w, r)
	case "users.info":
		s.userInfo(w, r)
	case "views.open", "views.push", "views.update":
		s.serveView(w, r, method)
	default:
		refuse(w, "unknown_method")
	}
}

func (s *Workspace) authorized(r *http.Request) bool {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return r.PostForm.Get("token") == s.token || bearer == s.token
}

// barred is why a call that writes is refused, whatever it writes.
func (s *Workspace) barred(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.authorized(r):
		return "invalid_auth"
	case !slices.Contains(strings.Split(s.scopes, ","), "chat:write"):
		return "missing_scope"
	default:
		return ""
	}
}

func (s *Workspace) authTest(w http.ResponseWriter) {
	s.mu.Lock()
	w.Header().Set("X-OAuth-Scopes", s.scopes)
	s.mu.Unlock()
	answer(w, map[string]any{
		"ok": true, "url": "https://acme.slack.com/", "team": "Acme", "user": "bellhop",
		"team_id": "T0ACME0001", "user_id": Self, "bot_id": "B0BELLHOP1",
	})
}

// list gives two channels a page, so that whoever forgets the cursor is seen.
func (s *Workspace) list(w http.ResponseWriter, r *http.Request) {
	const page = 2
	types := r.PostForm.Get("types")
	s.mu.Lock()
	all := slices.Clone(s.channels)
	s.mu.Unlock()
	all = slices.DeleteFunc(all, func(c Channel) bool {
		return c.IsIM || c.IsArchived && r.PostForm.Get("exclude_archived") == "true" ||
			c.IsPrivate && !strings.Contains(types, "private_channel")
	})
	from := 0
	_, _ = fmt.Sscanf(r.PostForm.Get("cursor"), "page:%d", &from)
	from = min(max(0, from), len(all))
	to, next := min(from+page, len(all)), ""
	if to < len(all) {
		next = fmt.Sprintf("page:%d", to)
	}
	answer(w, map[string]any{
		"ok": true, "channels": all[from:to], "response_metadata": map[string]any{"next_cursor": next},
	})
}

func refuse(w http.ResponseWriter, code string, details ...string) {
	body := map[string]any{"ok": false, "error": code}
	if len(details) > 0 {
		body["response_metadata"] = map[string]any{"messages": details}
	}
	answer(w, body)
}

func answer(w http.ResponseWriter, body map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(body)
}
