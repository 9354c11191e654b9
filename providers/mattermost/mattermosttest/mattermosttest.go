// Package mattermosttest is a look-alike of a Mattermost server's REST API, as
// far as Bellhop uses it: who am I, my teams and channels, and posting with the
// checks that Mattermost makes of a post.
package mattermosttest

import (
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

	mu    sync.Mutex
	posts int
}

var _ providertest.Platform = (*Server)(nil)

// New makes a server whose bot has token.
func New(token string) *Server {
	s := &Server{token: token, mux: http.NewServeMux(), channels: []*model.Channel{
		{Id: TownSquare, TeamId: team, Type: model.ChannelTypeOpen, Name: "town-square", DisplayName: "Town Square"},
		{Id: Support, TeamId: team, Type: model.ChannelTypeOpen, Name: "support", DisplayName: "Support"},
		{Id: Staff, TeamId: team, Type: model.ChannelTypePrivate, Name: "staff", DisplayName: "Staff"},
		{Id: Archived, TeamId: team, Type: model.ChannelTypeOpen, Name: "old", DisplayName: "Old room", DeleteAt: 1_700_000_000_000},
		{Id: direct, Type: model.ChannelTypeDirect, Name: bot + "__alice"},
	}}
	s.mux.HandleFunc("GET /api/v4/users/me", s.me)
	s.mux.HandleFunc("GET /api/v4/users/me/teams", s.teams)
	s.mux.HandleFunc("GET /api/v4/users/me/channels", s.list)
	s.mux.HandleFunc("POST /api/v4/posts", s.post)
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "api.context.404.app_error", "Sorry, we could not find the page.")
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	s.mux.ServeHTTP(w, r)
}

func (s *Server) me(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, &model.User{Id: bot, Username: "bellhop", IsBot: true})
}

func (s *Server) teams(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, []*model.Team{{Id: team, Name: "acme", DisplayName: "Acme"}})
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, s.channels)
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
	step, scripted := s.Next()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	if !s.authorized(r) {
		expired(w)
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
	s.accept(&p)
	if scripted {
		step.Answer(w, r)
		return
	}
	write(w, http.StatusCreated, &p)
}

// problem checks a post as the server does.
func (s *Server) problem(p *model.Post) (status int, id, words string) {
	i := slices.IndexFunc(s.channels, func(c *model.Channel) bool { return c.Id == p.ChannelId })
	switch {
	case i < 0:
		return http.StatusForbidden, "api.context.permissions.app_error", "You do not have the appropriate permissions."
	case s.channels[i].DeleteAt != 0:
		return http.StatusBadRequest, "api.post.create_post.can_not_post_to_deleted.error", "Can not post to deleted channel."
	case p.RootId != "" && !s.known(p.RootId, p.ChannelId):
		return http.StatusBadRequest, "api.post.create_post.root_id.app_error", "Invalid RootId parameter."
	}
	p.Id, p.UserId, p.CreateAt, p.UpdateAt = model.NewId(), bot, 1, 1
	if err := p.IsValid(model.PostMessageMaxRunesV2); err != nil {
		return err.StatusCode, err.Id, "Post is not valid."
	}
	for _, a := range p.Attachments() {
		if err := a.IsValid(); err != nil {
			return http.StatusBadRequest, "api.post.attachment.app_error", err.Error()
		}
	}
	return 0, "", ""
}

func (s *Server) known(ref, channel string) bool {
	return slices.ContainsFunc(s.Sent(), func(o providertest.Sent) bool { return o.Ref == ref && o.Chat == channel })
}

// accept keeps a post, or answers with the one that had its pending id before.
func (s *Server) accept(p *model.Post) {
	s.mu.Lock()
	s.posts++
	p.CreateAt = time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC).UnixMilli() + int64(s.posts)
	s.mu.Unlock()
	raw, err := json.Marshal(map[string]any{
		"channel_id": p.ChannelId, "root_id": p.RootId, "message": p.Message, "props": p.Props,
	})
	if err != nil {
		panic(err) // it was JSON a moment ago
	}
	kept := s.RecordOnce(providertest.Sent{
		Chat: p.ChannelId, Key: p.PendingPostId, Text: visible(p), Root: p.RootId, Ref: p.Id, Raw: raw,
	})
	p.Id = kept.Ref
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
