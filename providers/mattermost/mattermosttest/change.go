package mattermosttest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// Permissions that the bot's role has until Forbid takes them.
const (
	EditPost   = "edit_post"
	DeletePost = "delete_post"
	Whisper    = "create_post_ephemeral"
)

// Forbid takes a permission from the bot's role.
func (s *Server) Forbid(permission string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forbidden[permission] = true
}

// CloseEdits lets nobody edit the posts that are there, as PostEditTimeLimit
// does after a while.
func (s *Server) CloseEdits() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// Archive archives a channel.
func (s *Server) Archive(channel string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.channels {
		if c.Id == channel {
			archived := c.DeepCopy()
			archived.DeleteAt = 1_773_480_413_000
			s.channels[i] = archived
		}
	}
}

// Say makes a post as somebody else than the bot, below root if that is not
// empty, and returns its id.
func (s *Server) Say(channel, root string) string {
	return s.Post(&model.Post{ChannelId: channel, RootId: root, UserId: model.NewId(), Message: "hm"}).Id
}

// target is a post to be changed.
type target struct {
	post *model.Post
	ours bool
}

// find is the post with id as it stands, nil if there is none.
func (s *Server) find(id string) *target {
	s.mu.Lock()
	theirs := s.others[id]
	s.mu.Unlock()
	if theirs != nil {
		return &target{post: theirs}
	}
	sent := s.Sent()
	i := slices.IndexFunc(sent, func(o providertest.Sent) bool { return o.Ref == id && !o.Gone })
	if i < 0 {
		return nil
	}
	var p model.Post
	if err := json.Unmarshal(sent[i].Raw, &p); err != nil {
		panic(err) // accept or patch wrote it
	}
	p.Id, p.UserId, p.CreateAt, p.UpdateAt = id, bot, sent[i].At.UnixMilli(), sent[i].At.UnixMilli()
	return &target{post: &p, ours: true}
}

// begin plays the script and checks who asks.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) (step providertest.Step, failing, ok bool) {
	step, failing = s.Next()
	if failing && !step.AfterAccept {
		step.Answer(w, r)
		return step, failing, false
	}
	if !s.authorized(r) {
		expired(w)
		return step, failing, false
	}
	return step, failing, true
}

// patch answers for a post that is not there as for one that is not allowed, as
// the server does.
func (s *Server) patch(w http.ResponseWriter, r *http.Request) {
	step, failing, ok := s.begin(w, r)
	if !ok {
		return
	}
	var change model.PostPatch
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		refuse(w, http.StatusBadRequest, "api.context.invalid_body_param.app_error", "Invalid or missing post in request body.")
		return
	}
	t := s.find(r.PathValue("id"))
	switch {
	case t == nil || !s.allowed(t, EditPost):
		notPermitted(w)
		return
	case s.editsClosed() && change.Message != nil:
		refuse(w, http.StatusBadRequest, "api.post.update_post.permissions_time_limit.app_error", "Post edit is only allowed for 300 seconds.")
		return
	case s.archived(t):
		refuse(w, http.StatusBadRequest, "api.post.patch_post.can_not_update_post_in_deleted.error", "Can not update a post in a deleted channel.")
		return
	}
	p := t.post
	p.Patch(&change)
	s.attach(p)
	if status, id, words := unsound(p); id != "" {
		refuse(w, status, id, words)
		return
	}
	if !s.Edit(p.Id, visible(p), raw(p)) {
		notPermitted(w)
		return
	}
	p.UpdateAt = s.tick()
	if failing {
		step.Answer(w, r)
		return
	}
	write(w, http.StatusOK, p)
}

// remove takes the replies along with the post that starts their thread.
func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	step, failing, ok := s.begin(w, r)
	if !ok {
		return
	}
	id := r.PathValue("id")
	t := s.find(id)
	switch {
	case t == nil:
		notThere(w)
		return
	case !s.allowed(t, DeletePost):
		notPermitted(w)
		return
	case s.archived(t):
		refuse(w, http.StatusBadRequest, "api.post.delete_post.can_not_delete_post_in_deleted.error", "Can not delete a post in a deleted channel.")
		return
	}
	for _, p := range s.below(id) {
		s.lose(p.Id)
	}
	if !s.Retract(id) {
		notThere(w)
		return
	}
	if failing {
		step.Answer(w, r)
		return
	}
	write(w, http.StatusOK, map[string]string{"status": model.StatusOk})
}

// thread answers with a post and its replies, all at once.
func (s *Server) thread(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	t := s.find(id)
	if t == nil {
		notThere(w)
		return
	}
	list := model.NewPostList()
	for _, p := range append(s.below(id), t.post) {
		list.AddPost(p)
		list.AddOrder(p.Id)
	}
	list.HasNext = new(bool)
	s.answer(w, r, list)
}

// below is the replies to a post.
func (s *Server) below(id string) []*model.Post {
	var all []*model.Post
	for _, o := range s.Sent() {
		if o.Root == id && !o.Gone {
			all = append(all, s.find(o.Ref).post)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.others {
		if p.RootId == id {
			all = append(all, p)
		}
	}
	return all
}

// lose deletes a post, whoever wrote it.
func (s *Server) lose(id string) {
	s.Retract(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.others, id)
}

// Stands reports whether there is a post.
func (s *Server) Stands(id string) bool { return s.find(id) != nil }

func (s *Server) allowed(t *target, permission string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return t.ours && !s.forbidden[permission]
}

func (s *Server) editsClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *Server) archived(t *target) bool {
	channel := s.channel(t.post.ChannelId)
	return channel != nil && channel.DeleteAt != 0
}

// tick is the time of what happens next.
func (s *Server) tick() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events++
	return s.clock().UnixMilli()
}

// clock shows a millisecond more for each thing that happens. s.mu is held.
func (s *Server) clock() time.Time {
	return time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC).Add(time.Duration(s.events) * time.Millisecond)
}

// Pass lets time go by.
func (s *Server) Pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events += int(d / time.Millisecond)
}

func notPermitted(w http.ResponseWriter) {
	refuse(w, http.StatusForbidden, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
}

func notThere(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, "app.post.get.app_error", "Unable to get the post.")
}
