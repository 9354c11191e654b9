// Package slacktest is a look-alike of Slack's Web API, as far as Bellhop uses
// it: auth.test, conversations.list, and chat.postMessage, chat.update and
// chat.delete with the checks that Slack makes of a message. Its methods live
// under /api/.
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
}

// The channels of a new workspace.
const (
	General  = "C0GENERAL1" // #general
	Support  = "C0SUPPORT1" // #support
	Staff    = "C0STAFF001" // #staff, private
	Random   = "C0RANDOM01" // #random, which the bot is not in
	Archived = "C0OLDROOM1" // #old-room
)

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
}

var _ providertest.Platform = (*Workspace)(nil)

// New makes a workspace whose bot has token.
func New(token string) *Workspace {
	return &Workspace{
		token:  token,
		scopes: "channels:read,groups:read,chat:write",
		clock:  time.Unix(1_773_480_413, 0),
		others: map[string]bool{},
		hidden: map[string]bool{},
		channels: []Channel{
			{ID: General, Name: "general", IsMember: true},
			{ID: Support, Name: "support", IsMember: true},
			{ID: Staff, Name: "staff", IsMember: true, IsPrivate: true},
			{ID: Random, Name: "random"},
			{ID: Archived, Name: "old-room", IsMember: true, IsArchived: true},
		},
	}
}

// Grant sets the token's scopes, separated by commas.
func (s *Workspace) Grant(scopes string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes = scopes
}

// ServeHTTP implements http.Handler.
func (s *Workspace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
		"team_id": "T0ACME0001", "user_id": "U0BELLHOP1", "bot_id": "B0BELLHOP1",
	})
}

// list gives two channels a page, so that whoever forgets the cursor is seen.
func (s *Workspace) list(w http.ResponseWriter, r *http.Request) {
	const page = 2
	types := r.PostForm.Get("types")
	all := slices.DeleteFunc(slices.Clone(s.channels), func(c Channel) bool {
		return c.IsArchived && r.PostForm.Get("exclude_archived") == "true" ||
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
