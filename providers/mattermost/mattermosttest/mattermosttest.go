// Package mattermosttest is a look-alike of a Mattermost server, as far as
// Bellhop uses it: who is who, teams, channels and threads; making, patching,
// deleting and whispering posts with the checks that Mattermost makes; the
// websocket with its queues; slash commands, buttons, dialogs and outgoing
// webhooks. Stage puts people on it.
package mattermosttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// The channels of a new server.
const (
	TownSquare = "townsquaretownsquaretown01"
	Support    = "supportsupportsupportsup02"
	Staff      = "staffstaffstaffstaffstaf03" // private
	Elsewhere  = "elsewhereelsewhereelsewh04" // which the bot is not in
	Archived   = "archivedarchivedarchived05"
	direct     = "directdirectdirectdirect06"
)

const (
	team = "acmeacmeacmeacmeacmeacme01"
	bot  = "bellhopbellhopbellhopbell1"
)

// Server is the look-alike. Its zero value is no use; New makes one.
type Server struct {
	providertest.Recorder
	token    string
	mux      *http.ServeMux
	channels []*model.Channel

	mu        sync.Mutex
	events    int
	others    map[string]*model.Post // that are not the bot's
	forbidden map[string]bool        // permissions that the bot lacks
	files     map[string]file        // that were uploaded
	closed    bool                   // for edits
	outside   []*model.Channel       // that the bot is not in
	moderated map[string]bool        // channels in which the bot may not post
	version   string
	key       *ecdsa.PrivateKey // signs trigger ids
	people    []*model.User
	admins    map[string]bool // who run channels
	reactions map[string][]*model.Reaction
	conns     map[string]*conn
	hooks     map[string]*commandHook
	shown     []*Shown
	more      chan struct{} // closed when shown grows
	dials     int           // of the websocket
	sinces    int           // reads of posts since a moment
}

var _ providertest.Platform = (*Server)(nil)

// New makes a server whose bot has token.
func New(token string) *Server {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	s := &Server{
		token: token, mux: http.NewServeMux(), others: map[string]*model.Post{}, forbidden: map[string]bool{}, files: map[string]file{}, moderated: map[string]bool{},
		version: Newest, key: key, admins: map[string]bool{}, reactions: map[string][]*model.Reaction{},
		conns: map[string]*conn{}, hooks: map[string]*commandHook{}, more: make(chan struct{}),
	}
	s.channels = []*model.Channel{
		{Id: TownSquare, TeamId: team, Type: model.ChannelTypeOpen, Name: "town-square", DisplayName: "Town Square"},
		{Id: Support, TeamId: team, Type: model.ChannelTypeOpen, Name: "support", DisplayName: "Support"},
		{Id: Staff, TeamId: team, Type: model.ChannelTypePrivate, Name: "staff", DisplayName: "Staff"},
		{Id: Archived, TeamId: team, Type: model.ChannelTypeOpen, Name: "old", DisplayName: "Old room", DeleteAt: 1_700_000_000_000},
		{Id: direct, Type: model.ChannelTypeDirect, Name: bot + "__" + "alicealicealicealicealice1"},
	}
	s.outside = []*model.Channel{{Id: Elsewhere, TeamId: team, Type: model.ChannelTypeOpen, Name: "elsewhere", DisplayName: "Elsewhere"}}
	s.mux.HandleFunc("GET /api/v4/users/me", s.me)
	s.mux.HandleFunc("GET /api/v4/users/me/teams", s.teams)
	s.mux.HandleFunc("GET /api/v4/users/me/channels", s.list)
	s.mux.HandleFunc("POST /api/v4/posts", s.post)
	s.mux.HandleFunc("POST /api/v4/files", s.upload)
	s.mux.HandleFunc("GET /api/v4/posts/{id}", s.get)
	s.mux.HandleFunc("GET /api/v4/posts/{id}/thread", s.thread)
	s.mux.HandleFunc("PUT /api/v4/posts/{id}/patch", s.patch)
	s.mux.HandleFunc("DELETE /api/v4/posts/{id}", s.remove)
	s.listening()
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "api.context.404.app_error", "Sorry, we could not find the page.")
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	s.mu.Lock()
	w.Header().Set(model.HeaderVersionId, s.version)
	w.Header().Set("Date", s.clock().Format(http.TimeFormat))
	s.mu.Unlock()
	s.mux.ServeHTTP(w, r)
}

func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, ourselves())
}

func (s *Server) teams(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, []*model.Team{{Id: team, Name: "acme", DisplayName: "Acme"}})
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	all := slices.Clone(s.channels)
	s.mu.Unlock()
	s.answer(w, r, all)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, v any) {
	if !s.authorized(r) {
		expired(w)
		return
	}
	write(w, http.StatusOK, v)
}

func (s *Server) authorized(r *http.Request) bool {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(kind, "bearer") && token == s.token
}

func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	step, scripted, ok := s.begin(w, r)
	if !ok {
		return
	}
	var p model.Post
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		refuse(w, http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Invalid or missing post in request body.")
		return
	}
	if status, id, words := s.problem(&p); id != "" {
		refuse(w, status, id, words)
		return
	}
	s.attach(&p)
	s.accept(&p)
	if scripted {
		step.Answer(w, r)
		return
	}
	write(w, http.StatusCreated, &p)
}

// problem checks a new post as the server does.
func (s *Server) problem(p *model.Post) (status int, id, words string) {
	channel := s.channel(p.ChannelId)
	switch {
	case channel == nil || s.isModerated(p.ChannelId):
		return http.StatusForbidden, "api.context.permissions.app_error", "You do not have the appropriate permissions."
	case channel.DeleteAt != 0:
		return http.StatusBadRequest, "api.post.create_post.can_not_post_to_deleted.error", "Can not post to deleted channel."
	case p.RootId != "" && !s.known(p.RootId, p.ChannelId):
		return http.StatusBadRequest, "api.post.create_post.root_id.app_error", "Invalid RootId parameter."
	}
	p.Id, p.UserId, p.CreateAt, p.UpdateAt = model.NewId(), bot, 1, 1
	return unsound(p)
}

// channel is one that the bot is in, nil if it is in none with that id.
func (s *Server) channel(id string) *model.Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.channels, func(c *model.Channel) bool { return c.Id == id })
	if i < 0 {
		return nil
	}
	return s.channels[i]
}

// unsound checks what a post says as the server does.
func unsound(p *model.Post) (status int, id, words string) {
	if err := p.IsValid(model.PostMessageMaxRunesV2); err != nil {
		return err.StatusCode, err.Id, "Post is not valid."
	}
	for _, a := range p.Attachments() {
		if err := a.IsValid(); err != nil {
			return http.StatusBadRequest, "api.post.attachment.app_error", err.Error()
		}
	}
	if problem := badActions(p); problem != "" {
		return http.StatusBadRequest, "api.post.attachment.app_error", problem
	}
	return 0, "", ""
}

func (s *Server) known(ref, channel string) bool {
	return slices.ContainsFunc(s.Sent(), func(o providertest.Sent) bool { return o.Ref == ref && o.Chat == channel && !o.Gone })
}

// accept keeps a post, or answers with the one that had its pending id before.
func (s *Server) accept(p *model.Post) {
	p.CreateAt = s.tick()
	kept := s.RecordOnce(providertest.Sent{
		Chat: p.ChannelId, Key: p.PendingPostId, Text: visible(p), Root: p.RootId, Ref: p.Id, Raw: raw(p), At: time.UnixMilli(p.CreateAt),
	})
	isNew := p.Id == kept.Ref
	p.Id = kept.Ref
	if isNew {
		p.AddProp(model.PostPropsFromBot, "true")
		s.told(p, "@bellhop")
		s.show(&Shown{channel: p.ChannelId, post: p})
	}
}

// raw is what a post says, without what differs from one time to the next.
func raw(p *model.Post) json.RawMessage {
	said := map[string]any{"channel_id": p.ChannelId, "root_id": p.RootId, "message": p.Message, "props": p.Props}
	if len(p.FileIds) > 0 {
		said["file_ids"] = p.FileIds
	}
	raw, err := json.Marshal(said)
	if err != nil {
		panic(err) // it was JSON a moment ago
	}
	return raw
}

func expired(w http.ResponseWriter) {
	refuse(w, http.StatusUnauthorized, "api.context.session_expired.app_error", "Invalid or expired session, please login again.")
}

func refuse(w http.ResponseWriter, status int, id, words string) {
	write(w, status, map[string]any{"id": id, "message": words, "detailed_error": "", "request_id": "r1", "status_code": status})
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
