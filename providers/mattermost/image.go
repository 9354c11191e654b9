package mattermost

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/upload"
)

const (
	opUpload = "files"
	opGet    = "posts/get"

	// propImage is the prop of a post that says which image its file is of, by a
	// digest: an edit then knows whether to upload another.
	propImage = "bellhop_image"
)

// illustrated is a message whose image is a file of the server's.
type illustrated struct {
	message hub.Message // as its post is written: without the image, or with its address
	linked  hub.Message // with the image's address, as if nothing was uploaded
	mark    string      // of the image; empty: there is no file
	file    string      // its id; empty: the post has it already
	note    string
}

// illustrate uploads the image of a post. key names the post, and what is to
// become of it: a file belongs to one post, and to the channel that it was
// uploaded to. There is an error only where ctx has ended.
func (c *Client) illustrate(ctx context.Context, op, key string, p providers.Post) (illustrated, error) {
	m, image := providers.Illustrated(p.Message, c.images)
	if image == nil {
		return illustrated{message: m, linked: m}, nil
	}
	id, err := c.album.Upload(ctx, key+" "+image.URL, image, func(ctx context.Context, f providers.File) (string, error) {
		return c.upload(ctx, p.To.ID, f)
	})
	switch {
	case ctx.Err() != nil:
		return illustrated{}, stopped(ctx, op)
	case err != nil:
		return illustrated{message: m, linked: m, note: upload.Note(err)}, nil
	}
	return illustrated{message: providers.WithImage(m, nil), linked: m, mark: markOf(image), file: id}, nil
}

func stopped(ctx context.Context, op string) *providers.Error {
	return &providers.Error{Fault: hub.FaultTemporary, Op: op, Err: fmt.Errorf("stopped at its image: %w", ctx.Err())}
}

func markOf(image *hub.Image) string { return hub.Digest(image.URL) }

// publish makes an attempt at a post with its file, and at one with the image's
// address where the server refuses the file.
func (c *Client) publish(pic illustrated, attempt func(illustrated, providers.Form) (hub.Receipt, *providers.Failed)) (hub.Receipt, error) {
	if pic.mark != "" {
		r, failed := attempt(pic, providers.Whole)
		if failed == nil {
			r.Note = providers.Join("; ", pic.note, r.Note)
			return r, nil
		}
		if failed.Instead == providers.Whole {
			return hub.Receipt{}, failed.Err
		}
		if failed.Instead == providers.Imageless {
			pic.note = upload.Note(errors.New("mattermost refuses it: " + failed.Said))
		}
		pic.message, pic.mark, pic.file = pic.linked, "", ""
	}
	r, err := providers.Simplify(func(form providers.Form) (hub.Receipt, *providers.Failed) { return attempt(pic, form) })
	if err == nil {
		r.Note = providers.Join("; ", pic.note, r.Note)
	}
	return r, err
}

// upload makes one attempt at an upload. How large a file may be is the server's
// MaxFileSize, 100 MiB unless it was changed.
// https://developers.mattermost.com/api-documentation/#/operations/UploadFile
func (c *Client) upload(ctx context.Context, channel string, f providers.File) (string, error) {
	made, resp, err := c.api.UploadFileAsRequestBody(ctx, f.Data, channel, f.Name)
	if err == nil && (made == nil || len(made.FileInfos) != 1 || !model.IsValidId(made.FileInfos[0].Id)) {
		err = errNoAnswer
	}
	if err != nil {
		return "", c.judge(opUpload, resp, err)
	}
	return made.FileInfos[0].Id, nil
}

// attached makes post one with the file of pic. A post that has it already keeps
// it.
func attached(post *model.Post, pic illustrated) {
	if pic.mark == "" {
		return
	}
	post.AddProp(propImage, pic.mark)
	if pic.file != "" {
		post.FileIds = model.StringArray{pic.file}
	}
}

// redrawn is illustrate for an edit: a post that has the file already keeps it.
func (c *Client) redrawn(ctx context.Context, p providers.Post, ref hub.MessageRef) (illustrated, error) {
	m, image := providers.Illustrated(p.Message, c.images)
	if image == nil {
		return illustrated{message: m, linked: m}, nil
	}
	post, resp, err := c.api.GetPost(ctx, string(ref), "")
	switch {
	case ctx.Err() != nil:
		return illustrated{}, stopped(ctx, opEdit)
	case err != nil && resp != nil && resp.StatusCode == http.StatusTooManyRequests:
		return illustrated{}, c.judge(opGet, resp, err)
	case err == nil && post != nil && len(post.FileIds) > 0 && post.GetProp(propImage) == markOf(image):
		return illustrated{message: providers.WithImage(m, nil), linked: m, mark: markOf(image)}, nil
	}
	return c.illustrate(ctx, opEdit, string(ref)+" "+p.Key, p)
}

// files are what of an edited post is attached to it: nil lets be what is there.
func (pic illustrated) files() *model.StringArray {
	switch {
	case pic.file != "":
		return &model.StringArray{pic.file}
	case pic.mark != "":
		return nil
	}
	return &model.StringArray{}
}
