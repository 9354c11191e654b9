package mattermosttest

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/mattermost/mattermost/server/public/model"
)

// moderatedRole is that of members of a channel in which they may not post.
const moderatedRole = "moderated_user"

// Leave takes the bot out of a channel, which it still can see if it is public.
func (s *Server) Leave(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	move(&s.channels, &s.outside, channel)
}

// Join takes the bot into a channel that it is not in.
func (s *Server) Join(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	move(&s.outside, &s.channels, channel)
}

func move(from, to *[]*model.Channel, id string) {
	i := slices.IndexFunc(*from, func(c *model.Channel) bool { return c.Id == id })
	if i >= 0 {
		*to = append(*to, (*from)[i])
		*from = slices.Delete(slices.Clone(*from), i, i+1)
	}
}

// Moderate keeps the bot from posting in a channel, or lets it post again.
func (s *Server) Moderate(channel string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moderated[channel] = on
}

func (s *Server) isModerated(channel string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moderated[channel]
}

// seenChannel is a channel of which the bot knows, nil if there is none.
func (s *Server) seenChannel(id string) *model.Channel {
	if c := s.channel(id); c != nil {
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.outside, func(c *model.Channel) bool { return c.Id == id && c.Type == model.ChannelTypeOpen })
	if i < 0 {
		return nil
	}
	return s.outside[i]
}

// rolesByName tells what roles permit, without what the bot was forbidden:
// https://developers.mattermost.com/api-documentation/#/operations/GetRolesByNames
func (s *Server) rolesByName(w http.ResponseWriter, r *http.Request) {
	var names []string
	if json.NewDecoder(r.Body).Decode(&names) != nil || len(names) == 0 {
		refuse(w, http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Invalid or missing rolenames.")
		return
	}
	roles := []*model.Role{}
	s.mu.Lock()
	for _, name := range names {
		role := &model.Role{Id: id("role", name), Name: name}
		for _, p := range []*model.Permission{model.PermissionCreatePost, model.PermissionEditPost, model.PermissionDeletePost} {
			reads := name == moderatedRole && p == model.PermissionCreatePost
			if (name == model.ChannelUserRoleId || name == moderatedRole) && !reads && !s.forbidden[p.Id] {
				role.Permissions = append(role.Permissions, p.Id)
			}
		}
		roles = append(roles, role)
	}
	s.mu.Unlock()
	s.answer(w, r, roles)
}
