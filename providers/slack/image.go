package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

const (
	opUpload   = "files.getUploadURLExternal"
	opBytes    = "upload_url"
	opComplete = "files.completeUploadExternal"
	opDiscard  = "files.delete"

	// fileScheme stands before the id of a file where else the address of an image
	// is.
	fileScheme = "slack-file:"
)

// terms are what Slack shows of a file, and how fast it takes files: tier 4.
// https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
// https://docs.slack.dev/reference/methods/files.getUploadURLExternal
func terms() upload.Terms {
	return upload.Terms{
		Types: []string{"image/png", "image/jpeg", "image/gif"},
		Pace:  providers.Rate{Calls: 100, Per: time.Minute, Burst: 20},
	}
}

// illustrated is a message whose image is a file of Slack's, and what is known of
// that.
type illustrated struct {
	message hub.Message // with the file
	linked  hub.Message // with the image's address, as if nothing was uploaded
	key     string      // of the upload; empty: there is none
	file    string
	note    string
}

// illustrate uploads the image of a message. There is an error only where ctx has
// ended.
func (c *Client) illustrate(ctx context.Context, op string, m hub.Message) (illustrated, error) {
	m, image := providers.Illustrated(m, c.images)
	if image == nil {
		return illustrated{message: m, linked: m}, nil
	}
	id, err := c.album.Upload(ctx, image.URL, image, func(ctx context.Context, f providers.File) (string, error) {
		return c.upload(ctx, f, image.Alt)
	})
	switch {
	case ctx.Err() != nil:
		return illustrated{}, &providers.Error{Fault: hub.FaultTemporary, Op: op, Err: fmt.Errorf("stopped at its image: %w", ctx.Err())}
	case err != nil:
		return illustrated{message: m, linked: m, note: upload.Note(err)}, nil
	}
	shown := *image
	shown.URL = fileScheme + id
	return illustrated{message: providers.WithImage(m, &shown), linked: m, key: image.URL, file: id}, nil
}

// settle is how long Slack is given, after each refusal, to look at a file that
// it has taken. It does so in its own time, has no call that waits for it, and
// refuses a block with a file that it has not looked at:
// https://github.com/slackapi/node-slack-sdk/issues/1865#issuecomment-2275000351
var settle = []time.Duration{300 * time.Millisecond, 700 * time.Millisecond, 1500 * time.Millisecond}

// say makes an attempt at a message with its file, and at one with the image's
// address where Slack does not show that file.
func (c *Client) say(ctx context.Context, pic illustrated, attempt func(hub.Message, providers.Form) (hub.Receipt, *providers.Failed)) (hub.Receipt, error) {
	if pic.file == "" {
		r, err := simplify(pic.linked, attempt)
		return noted(r, err, pic.note)
	}
	for tries := 0; ; tries++ {
		r, failed := attempt(pic.message, providers.Whole)
		switch {
		case failed == nil:
			c.shelf.shows(r.Ref, pic.key, pic.file)
			return r, nil
		case failed.Instead == providers.PlainWords: // it is not the file
			r, err := simplify(pic.linked, attempt)
			return noted(r, err, "")
		case failed.Instead != providers.Imageless:
			return hub.Receipt{}, failed.Err
		case tries < len(settle):
			if !hub.Wait(ctx, settle[tries]) {
				return hub.Receipt{}, &providers.Error{Fault: hub.FaultTemporary, Op: failed.Err.Op, Err: fmt.Errorf("stopped at its image: %w", ctx.Err())}
			}
			continue
		}
		why := errors.New("slack does not show it: " + failed.Said)
		c.album.Spoiled(pic.key, why)
		r, err := simplify(pic.linked, attempt)
		return noted(r, err, upload.Note(why))
	}
}

func simplify(m hub.Message, attempt func(hub.Message, providers.Form) (hub.Receipt, *providers.Failed)) (hub.Receipt, error) {
	return providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) { return attempt(m, form) })
}

func noted(r hub.Receipt, err error, note string) (hub.Receipt, error) {
	if err == nil {
		r.Note = providers.Join("; ", note, r.Note)
	}
	return r, err
}

// upload makes one attempt at an upload. The file is shared with nobody: those see
// it who see a message that shows it.
// https://docs.slack.dev/messaging/working-with-files#uploading_files
func (c *Client) upload(ctx context.Context, f providers.File, alt string) (string, error) {
	w, api := c.open()
	place, err := api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{
		FileName: f.Name, FileSize: len(f.Data), AltTxt: alt,
	})
	if err == nil && (place.FileID == "" || place.UploadURL == "") {
		err = errNoAnswer
	}
	if err != nil {
		return "", c.judge(opUpload, w, err)
	}
	if err := c.deposit(ctx, place.UploadURL, f); err != nil {
		return "", err
	}
	w, api = c.open()
	done, err := api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
		Files: []slack.FileSummary{{ID: place.FileID, Title: alt}},
	})
	if err == nil && (len(done.Files) != 1 || done.Files[0].ID != place.FileID) {
		err = errNoAnswer
	}
	if err != nil {
		return "", c.judge(opComplete, w, err)
	}
	return place.FileID, nil
}

// deposit brings the bytes to where Slack wants them. The address is a secret for
// one use: it needs no token, and stands in no error.
func (c *Client) deposit(ctx context.Context, address string, f providers.File) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return &providers.Error{Fault: hub.FaultTemporary, Op: opBytes, Err: errors.New("slack named no address to upload to")}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(f.Data))
	if err != nil {
		return &providers.Error{Fault: hub.FaultTemporary, Op: opBytes, Err: errors.New("slack named no address to upload to")}
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	w := &wire{http: c.http}
	resp, err := w.Do(req)
	if err != nil {
		return c.judge(opBytes, w, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // "OK - 1234"
	if resp.StatusCode != http.StatusOK {
		return c.judge(opBytes, w, slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status})
	}
	return nil
}

// discard deletes a file that no message shows any more. One that cannot be
// deleted is seen by nobody but the app.
func (c *Client) discard(ctx context.Context, gone string) {
	if gone == "" {
		return
	}
	w, api := c.open()
	if err := api.DeleteFileContext(ctx, gone); err != nil {
		c.log.WarnContext(ctx, "the image of a message that is gone could not be deleted", "system", c.system, "err", c.judge(opDiscard, w, err))
	}
}

// shelf knows which messages show which file. It forgets those that were posted
// longest ago, and everything when the worker stops: a file may then stay behind
// that nobody sees.
type shelf struct {
	mu    sync.Mutex
	files map[hub.MessageRef]shownFile
	order []hub.MessageRef
}

type shownFile struct{ key, file string }

// remembered is how many messages with files are known.
const remembered = 4096

// shows notes which file a message shows now.
func (s *shelf) shows(ref hub.MessageRef, key, file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = map[hub.MessageRef]shownFile{}
	}
	if _, known := s.files[ref]; !known {
		s.order = append(s.order, ref)
	}
	s.files[ref] = shownFile{key, file}
	for len(s.order) > remembered {
		delete(s.files, s.order[0])
		s.order = s.order[1:]
	}
}

// of is the file that a message shows; empty if none is known.
func (s *shelf) of(ref hub.MessageRef) shownFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[ref]
}

// drop notes that a message does not show a file any more, and reports whether no
// other message does either.
func (s *shelf) drop(ref hub.MessageRef, was shownFile) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[ref] == was {
		delete(s.files, ref)
		for i, o := range s.order {
			if o == ref {
				s.order = append(s.order[:i:i], s.order[i+1:]...)
				break
			}
		}
	}
	for _, f := range s.files {
		if f.file == was.file {
			return false
		}
	}
	return was.file != ""
}

// release deletes the file that a message showed, if no other does and it is not
// the one that it shows now.
func (c *Client) release(ctx context.Context, ref hub.MessageRef, was shownFile) {
	if was.file == "" || !c.shelf.drop(ref, was) {
		return
	}
	c.album.Forget(was.key)
	c.discard(ctx, was.file)
}

// fileOf is the id of the file that an image is.
func fileOf(image *hub.Image) (string, bool) {
	if image == nil {
		return "", false
	}
	return strings.CutPrefix(image.URL, fileScheme)
}
