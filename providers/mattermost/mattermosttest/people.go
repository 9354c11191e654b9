package mattermosttest

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/mattermost/mattermost/server/public/model"
)

// Versions that a server may have.
const (
	Newest = "11.10.0.11.10.0.0123456789abcdef.true"
	Old    = "9.5.0.9.5.0.0123456789abcdef.false" // dialogs of texts and fixed selects
)

// SetVersion makes the server another.
func (s *Server) SetVersion(version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
}

// Bot is our account's id.
func (s *Server) Bot() string { return bot }

func ourselves() *model.User { return &model.User{Id: bot, Username: "bellhop", IsBot: true} }

// id makes a stable id of a name.
func id(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}

// Person is the user called name, who is made and is in every channel; an admin
// runs them.
func (s *Server) Person(name string, admin bool) string {
	who := &model.User{Id: id("user", name), Username: name, FirstName: strings.ToUpper(name[:1]) + name[1:], Roles: model.SystemUserRoleId}
	s.mu.Lock()
	defer s.mu.Unlock()
	if admin {
		s.admins[who.Id] = true
	}
	if s.user(who.Id) == nil {
		s.people = append(s.people, who)
	}
	return who.Id
}

// user finds one. s.mu is held.
func (s *Server) user(id string) *model.User {
	if id == bot {
		return ourselves()
	}
	i := slices.IndexFunc(s.people, func(u *model.User) bool { return u.Id == id })
	if i < 0 {
		return nil
	}
	return s.people[i]
}

// Channel is the public channel called name, which is made with the bot in it.
func (s *Server) Channel(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		if c.Name == name {
			return c.Id
		}
	}
	made := &model.Channel{Id: id("channel", name), TeamId: team, Type: model.ChannelTypeOpen, Name: name, DisplayName: name}
	s.channels = append(s.channels, made)
	return made.Id
}

// Direct is the channel of a person and the bot.
func (s *Server) Direct(person string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := model.GetDMNameFromIds(bot, person)
	for _, c := range s.channels {
		if c.Name == name {
			return c.Id
		}
	}
	made := &model.Channel{Id: id("direct", name), Type: model.ChannelTypeDirect, Name: name}
	s.channels = append(s.channels, made)
	return made.Id
}

// listening serves what a bot that listens asks for.
func (s *Server) listening() {
	for pattern, serve := range map[string]http.HandlerFunc{
		"POST /api/v4/users/ids":                   s.usersByID,
		"GET /api/v4/users/{id}":                   s.oneUser,
		"GET /api/v4/channels/{id}":                s.oneChannel,
		"GET /api/v4/channels/{id}/members/{user}": s.channelMember,
		"GET /api/v4/teams/{id}/members/{user}":    s.teamMember,
		"GET /api/v4/channels/{id}/posts":          s.channelPosts,
		"POST /api/v4/channels/direct":             s.makeDirect,
		"POST /api/v4/posts/ephemeral":             s.whisper,
		"POST /api/v4/actions/dialogs/open":        s.openDialog,
		"GET /api/v4/config/client":                s.clientConfig,
		"GET /api/v4/websocket":                    s.websocket,
		"POST /hooks/commands/{id}":                s.commandWebhook,
		"POST /api/v4/roles/names":                 s.rolesByName,
	} {
		s.mux.HandleFunc(pattern, serve)
	}
}

func (s *Server) usersByID(w http.ResponseWriter, r *http.Request) {
	var ids []string
	if json.NewDecoder(r.Body).Decode(&ids) != nil || len(ids) == 0 {
		refuse(w, http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Invalid or missing user_ids.")
		return
	}
	found := []*model.User{}
	s.mu.Lock()
	for _, id := range ids {
		if u := s.user(id); u != nil {
			found = append(found, u)
		}
	}
	s.mu.Unlock()
	s.answer(w, r, found)
}

func (s *Server) oneUser(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	u := s.user(r.PathValue("id"))
	s.mu.Unlock()
	if u == nil {
		refuse(w, http.StatusNotFound, "app.user.missing_account.const", "Unable to find the user.")
		return
	}
	s.answer(w, r, u)
}

func (s *Server) oneChannel(w http.ResponseWriter, r *http.Request) {
	c := s.seenChannel(r.PathValue("id"))
	if c == nil {
		refuse(w, http.StatusNotFound, "app.channel.get.existing.app_error", "Unable to find the existing channel.")
		return
	}
	s.answer(w, r, c)
}

func (s *Server) channelMember(w http.ResponseWriter, r *http.Request) {
	channel, user := r.PathValue("id"), r.PathValue("user")
	s.mu.Lock()
	known, admin := s.user(user) != nil, s.admins[user]
	s.mu.Unlock()
	if s.channel(channel) == nil || !known {
		refuse(w, http.StatusNotFound, "app.channel.get_member.missing.app_error", "No channel member found for that user ID and channel ID.")
		return
	}
	role := model.ChannelUserRoleId
	if s.isModerated(channel) {
		role = moderatedRole
	}
	s.answer(w, r, &model.ChannelMember{ChannelId: channel, UserId: user, Roles: role, SchemeUser: true, SchemeAdmin: admin})
}

func (s *Server) teamMember(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, &model.TeamMember{TeamId: r.PathValue("id"), UserId: r.PathValue("user"), Roles: model.TeamUserRoleId, SchemeUser: true})
}

func (s *Server) makeDirect(w http.ResponseWriter, r *http.Request) {
	var ids []string
	if json.NewDecoder(r.Body).Decode(&ids) != nil || len(ids) != 2 || !slices.Contains(ids, bot) {
		refuse(w, http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Invalid or missing user_ids.")
		return
	}
	other := ids[0]
	if other == bot {
		other = ids[1]
	}
	s.answer(w, r, s.channel(s.Direct(other)))
}

// clientConfig publishes the key that signs trigger ids.
func (s *Server) clientConfig(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("format") != "old" { // servers before 11 know no other
		refuse(w, http.StatusNotImplemented, "api.config.client.old_format.app_error", "New format for the client configuration is not supported yet.")
		return
	}
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		panic(err)
	}
	s.answer(w, r, map[string]string{"AsymmetricSigningPublicKey": base64.StdEncoding.EncodeToString(der), "SiteName": "Acme"})
}

// channelPosts tells the posts since a moment, or before another.
// https://developers.mattermost.com/api-documentation/#/operations/GetPostsForChannel
func (s *Server) channelPosts(w http.ResponseWriter, r *http.Request) {
	channel, q := r.PathValue("id"), r.URL.Query()
	s.mu.Lock()
	closed := s.forbidden[channel]
	s.mu.Unlock()
	if closed || s.channel(channel) == nil {
		notPermitted(w)
		return
	}
	posts := s.postsIn(channel)
	most := 1000
	if q.Has("since") {
		since, err := strconv.ParseInt(q.Get("since"), 10, 64)
		if err != nil {
			refuse(w, http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Invalid or missing since.")
			return
		}
		s.mu.Lock()
		s.sinces++
		s.mu.Unlock()
		posts = slices.DeleteFunc(posts, func(p *model.Post) bool { return p.UpdateAt <= since })
		// The server orders what it has found, and not what it looks for: of more than
		// it tells it gives those that its index has first, which were changed first.
		// https://github.com/mattermost/mattermost/blob/master/server/channels/store/sqlstore/post_store.go
		slices.SortStableFunc(posts, func(a, b *model.Post) int { return cmp.Compare(a.UpdateAt, b.UpdateAt) })
		posts = posts[:min(len(posts), most)]
		slices.SortFunc(posts, func(a, b *model.Post) int { return cmp.Compare(b.CreateAt, a.CreateAt) })
	} else {
		most, _ = strconv.Atoi(q.Get("per_page"))
		at := slices.IndexFunc(posts, func(p *model.Post) bool { return p.Id == q.Get("before") })
		posts = slices.DeleteFunc(posts[at+1:], func(p *model.Post) bool { return p.DeleteAt > 0 })
	}
	list := model.NewPostList()
	for _, p := range posts[:min(len(posts), most)] {
		list.AddPost(p)
		list.AddOrder(p.Id)
	}
	s.answer(w, r, list)
}

// postsIn is a channel's posts as clients get them, the newest first.
func (s *Server) postsIn(channel string) []*model.Post {
	var all []*model.Post
	for _, o := range s.Sent() {
		if o.Chat == channel && !o.Gone {
			p := s.find(o.Ref).post
			p.AddProp(model.PostPropsFromBot, "true")
			all = append(all, p)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.others {
		if p.ChannelId == channel {
			all = append(all, p.Clone())
		}
	}
	for _, p := range all {
		p.StripActionIntegrations()
		p.Metadata = &model.PostMetadata{Reactions: s.reactions[p.Id]}
		for _, r := range s.reactions[p.Id] {
			p.UpdateAt = max(p.UpdateAt, r.CreateAt)
		}
	}
	slices.SortFunc(all, func(a, b *model.Post) int { return int(b.CreateAt - a.CreateAt) })
	return all
}

// Sinces is how often posts since a moment were asked for.
func (s *Server) Sinces() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sinces
}
