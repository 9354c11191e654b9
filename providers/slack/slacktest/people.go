package slacktest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// User is a person or a bot of the workspace.
type User struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	RealName string `json:"real_name,omitempty"`
	IsBot    bool   `json:"is_bot"`
	IsAdmin  bool   `json:"is_admin"`
	IsOwner  bool   `json:"is_owner"`
	Deleted  bool   `json:"deleted"`
}

// person is the id of a user called name, who is made if there is none.
func (s *Workspace) person(name string, admin bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.users, func(u User) bool { return u.Name == name }); i >= 0 {
		s.users[i].IsAdmin = s.users[i].IsAdmin || admin
		return s.users[i].ID
	}
	u := User{ID: made("U", name, len(s.users)), Name: name, RealName: name, IsAdmin: admin}
	s.users = append(s.users, u)
	s.channels = append(s.channels, Channel{ID: directID(u.ID), IsIM: true, User: u.ID, IsMember: true})
	return u.ID
}

// chat is the id of a channel called name, which is made if there is none.
func (s *Workspace) chat(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.channels, func(c Channel) bool { return c.Name == name }); i >= 0 {
		return s.channels[i].ID
	}
	c := Channel{ID: made("C", name, len(s.channels)), Name: name, IsMember: true, Creator: "U0FOUNDER1"}
	s.channels = append(s.channels, c)
	return c.ID
}

// Direct is the id of the direct channel of a person and the bot.
func (s *Workspace) Direct(person string) string { return directID(person) }

func directID(user string) string { return "D" + user[1:] }

// directOf is the direct channel of a user to whom something is sent.
// s.mu is held.
func (s *Workspace) directOf(channel string) string {
	if slices.ContainsFunc(s.users, func(u User) bool { return u.ID == channel && !u.IsBot }) {
		return directID(channel)
	}
	return channel
}

// made is an id as Slack makes them, that tells what it is of.
func made(kind, name string, n int) string {
	letters := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToUpper(r)
		}
		return -1
	}, name)
	return fmt.Sprintf("%s9%s%04d", kind, letters[:min(len(letters), 8)], n)
}

func (s *Workspace) userByID(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return s.users[i], true
}

func (s *Workspace) channelByID(id string) (Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.channels, func(c Channel) bool { return c.ID == id })
	if i < 0 {
		return Channel{}, false
	}
	return s.channels[i], true
}

// granted reports whether the token has a scope.
func (s *Workspace) granted(scope string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(strings.Split(s.scopes, ","), scope)
}

// userInfo: https://docs.slack.dev/reference/methods/users.info
func (s *Workspace) userInfo(w http.ResponseWriter, r *http.Request) {
	if !s.granted("users:read") {
		refuse(w, "missing_scope")
		return
	}
	u, ok := s.userByID(r.PostForm.Get("user"))
	if !ok {
		refuse(w, "user_not_found")
		return
	}
	answer(w, map[string]any{"ok": true, "user": u})
}

// channelInfo: https://docs.slack.dev/reference/methods/conversations.info
func (s *Workspace) channelInfo(w http.ResponseWriter, r *http.Request) {
	if !s.granted("channels:read") {
		refuse(w, "missing_scope")
		return
	}
	c, ok := s.channelByID(r.PostForm.Get("channel"))
	if !ok || c.IsPrivate && !c.IsMember {
		refuse(w, "channel_not_found")
		return
	}
	answer(w, map[string]any{"ok": true, "channel": c})
}
