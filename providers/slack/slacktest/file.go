package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// uploadPath is where the bytes of files go.
const uploadPath = "/upload/v1/"

// file is one on its way into the workspace.
type file struct {
	id, name string
	length   int
	data     []byte // nil until they came
	done     bool   // the upload was completed
}

// Settle makes the workspace refuse so many messages with a file before it shows
// it, as Slack does while it still looks at the file.
func (s *Workspace) Settle(refusals int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsettled = refusals
}

// getUploadURL: https://docs.slack.dev/reference/methods/files.getUploadURLExternal
func (s *Workspace) getUploadURL(w http.ResponseWriter, r *http.Request) {
	step, scripted := s.NextUpload()
	if scripted && !step.AfterAccept {
		step.Answer(w, r)
		return
	}
	length, _ := strconv.Atoi(r.PostForm.Get("length"))
	switch {
	case !s.granted("files:write"):
		refuse(w, "missing_scope")
		return
	case r.PostForm.Get("filename") == "" || length <= 0:
		refuse(w, "invalid_arguments")
		return
	}
	s.mu.Lock()
	f := &file{id: fmt.Sprintf("F0FILE%04d", len(s.files)+1), name: r.PostForm.Get("filename"), length: length}
	s.files[f.id] = f
	s.mu.Unlock()
	if scripted {
		step.Answer(w, r)
		return
	}
	answer(w, map[string]any{"ok": true, "upload_url": "http://" + r.Host + uploadPath + f.id, "file_id": f.id})
}

// takeBytes is the address that an upload was given. It asks for no token, and
// must not be shown one.
func (s *Workspace) takeBytes(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(io.LimitReader(r.Body, 64<<20))
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[strings.TrimPrefix(r.URL.Path, uploadPath)]
	if err != nil || f == nil || f.data != nil || len(data) != f.length || r.Header.Get("Authorization") != "" {
		http.Error(w, "bad upload", http.StatusBadRequest)
		return
	}
	f.data = data
	_, _ = fmt.Fprintf(w, "OK - %d", len(data))
}

// completeUpload: https://docs.slack.dev/reference/methods/files.completeUploadExternal
func (s *Workspace) completeUpload(w http.ResponseWriter, r *http.Request) {
	var asked []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	if json.Unmarshal([]byte(r.PostForm.Get("files")), &asked) != nil || len(asked) != 1 {
		refuse(w, "invalid_arguments")
		return
	}
	s.mu.Lock()
	f := s.files[asked[0].ID]
	known := f != nil && f.data != nil && !f.done
	if known {
		f.done = true
	}
	s.mu.Unlock()
	if !known {
		refuse(w, "file_not_found")
		return
	}
	s.Keep(providertest.Upload{ID: f.id, Name: f.name, Type: http.DetectContentType(f.data), Data: f.data})
	answer(w, map[string]any{"ok": true, "files": []map[string]any{{"id": f.id, "title": asked[0].Title}}})
}

// deleteFile: https://docs.slack.dev/reference/methods/files.delete
func (s *Workspace) deleteFile(w http.ResponseWriter, r *http.Request) {
	if !s.Discard(r.PostForm.Get("file")) {
		refuse(w, "file_not_found")
		return
	}
	answer(w, map[string]any{"ok": true})
}

// slackFile: https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
type slackFile struct {
	ID  string `json:"id,omitempty"`
	URL string `json:"url,omitempty"`
}

// fileProblem is what Slack says of a file that it does not show.
func (s *Workspace) fileProblem(f *slackFile) string {
	i := slices.IndexFunc(s.Uploads(), func(u providertest.Upload) bool { return u.ID == f.ID && !u.Gone })
	if i < 0 || f.URL != "" || !slices.Contains([]string{"image/png", "image/jpeg", "image/gif"}, s.Uploads()[i].Type) {
		return "invalid slack file"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsettled > 0 {
		s.unsettled--
		return "invalid slack file"
	}
	return ""
}
