package mattermosttest

import (
	"io"
	"net/http"
	"slices"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// UploadFile is a permission that the bot's role has until Forbid takes it.
const UploadFile = "upload_file"

// file is one that was uploaded. A file belongs to one post.
type file struct{ channel, post string }

// upload is a file as the body of a request:
// https://developers.mattermost.com/api-documentation/#/operations/UploadFile
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	step, scripted := s.NextUpload()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	channel, name := r.URL.Query().Get("channel_id"), r.URL.Query().Get("filename")
	s.mu.Lock()
	forbidden := s.forbidden[UploadFile]
	s.mu.Unlock()
	switch {
	case !s.authorized(r):
		expired(w)
		return
	case forbidden || s.channel(channel) == nil:
		notPermitted(w)
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil || len(data) == 0 || name == "" {
		refuse(w, http.StatusBadRequest, "api.file.upload_file.read_request.app_error", "Unable to upload the file.")
		return
	}
	id := model.NewId()
	s.mu.Lock()
	s.files[id] = file{channel: channel}
	s.mu.Unlock()
	s.Keep(providertest.Upload{ID: id, Name: name, Type: r.Header.Get("Content-Type"), Data: data})
	if scripted {
		step.Answer(w, r)
		return
	}
	write(w, http.StatusCreated, &model.FileUploadResponse{FileInfos: []*model.FileInfo{{Id: id, Name: name, ChannelId: channel}}})
}

// attach gives p those of its files that may be its own; others it loses without
// a word, as on the server:
// https://github.com/mattermost/mattermost/blob/master/server/channels/app/post.go
func (s *Server) attach(p *model.Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.FileIds = slices.DeleteFunc(slices.Clone(p.FileIds), func(id string) bool {
		f, known := s.files[id]
		return !known || f.channel != p.ChannelId || f.post != "" && f.post != p.Id
	})
	for _, id := range p.FileIds {
		s.files[id] = file{p.ChannelId, p.Id}
	}
	if len(p.FileIds) == 0 {
		p.FileIds = nil
	}
}

// get answers with a post.
func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	t := s.find(r.PathValue("id"))
	if t == nil {
		notThere(w)
		return
	}
	s.answer(w, r, t.post)
}
