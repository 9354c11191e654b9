package mattermost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/mattermost/mattermost/server/public/model"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Edit implements providers.Editor. The text, the attachments and the file are
// replaced, even by nothing: https://developers.mattermost.com/api-documentation/#/operations/PatchPost
func (c *Client) Edit(ctx context.Context, p providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	if err := known(opEdit, ref); err != nil {
		return hub.Receipt{}, err
	}
	pic, err := c.redrawn(ctx, p, ref)
	if err != nil {
		return hub.Receipt{}, err
	}
	return c.publish(pic, func(pic illustrated, form providers.Form) (hub.Receipt, *providers.Failed) {
		return c.patch(ctx, p, ref, pic, form)
	})
}

// patch makes one attempt.
func (c *Client) patch(ctx context.Context, p providers.Post, ref hub.MessageRef, pic illustrated, form providers.Form) (hub.Receipt, *providers.Failed) {
	post := c.write(pic.message, form)
	if post == nil {
		return hub.Receipt{}, empty(opEdit)
	}
	post = c.dressed(post, p.Message.Actions, p.To.ID, string(p.Root), form)
	attached(post, pic)
	props := post.GetProps()
	if props == nil { // which would leave the old ones
		props = model.StringInterface{}
	}
	patched, resp, err := c.api.PatchPost(ctx, string(ref), &model.PostPatch{Message: &post.Message, Props: &props, FileIds: pic.files()})
	if err == nil && patched.Id == "" {
		err = errNoAnswer
	}
	if err != nil {
		return hub.Receipt{}, c.failed(opEdit, resp, err)
	}
	return c.receipt(patched, patched.UpdateAt), nil
}

// Retract implements providers.Editor. A post that starts a thread takes its
// replies with it, so one that people have replied to is refused: what they
// wrote is not ours to delete. Older servers answer for a post that is gone as
// for one that the bot may not delete:
// https://github.com/mattermost/mattermost/blob/master/server/channels/api4/post.go
func (c *Client) Retract(ctx context.Context, _ hub.Chat, ref hub.MessageRef) error {
	if err := known(opRetract, ref); err != nil {
		return err
	}
	if err := c.alone(ctx, ref); err != nil {
		return err
	}
	resp, err := c.erase(ctx, ref)
	if err == nil || gone(resp, err) {
		return nil
	}
	return c.judge(opRetract, resp, err)
}

// errReplies is of a post that people have replied to.
var errReplies = &providers.Error{
	Fault: hub.FaultRejected, Op: opRetract, Err: errors.New("people have replied to it, and Mattermost would delete their replies as well"),
}

// alone refuses a post with replies that are not the bot's own, or with more
// than are worth reading. What the server refuses to tell it does not hold up:
// whether the post can go is for the deletion to say.
func (c *Client) alone(ctx context.Context, ref hub.MessageRef) error {
	thread, resp, err := c.api.GetPostThreadWithOpts(ctx, string(ref), "", model.GetPostsOptions{SkipFetchThreads: true, PerPage: replies})
	if err != nil {
		judged := c.judge(opThread, resp, err)
		if judged.Fault == hub.FaultRejected || judged.Fault == hub.FaultChatGone {
			return nil
		}
		return judged
	}
	root := thread.Posts[string(ref)]
	if root == nil {
		return nil
	}
	if thread.HasNext != nil && *thread.HasNext {
		return errReplies
	}
	for _, p := range thread.Posts {
		if p.RootId == root.Id && p.UserId != root.UserId {
			return errReplies
		}
	}
	return nil
}

// replies is how many replies are read at once.
const replies = 200

// gone reports whether the API, and not a proxy before it, knows no such post.
func gone(resp *model.Response, err error) bool {
	said, ok := errors.AsType[*model.AppError](err)
	return ok && resp != nil && resp.StatusCode == http.StatusNotFound && said.Id != "" && said.Id != noAPI
}

// erase reads the answer, which the library's own call does not: the page of a
// proxy is none.
func (c *Client) erase(ctx context.Context, ref hub.MessageRef) (*model.Response, error) {
	answer, err := c.api.DoAPIDelete(ctx, "/posts/"+string(ref))
	resp := model.BuildResponse(answer)
	if err != nil {
		return resp, err
	}
	defer answer.Body.Close()
	var said struct {
		Status string `json:"status"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return resp, err
	}
	if said.Status != model.StatusOk {
		return resp, errNoAnswer
	}
	return resp, nil
}

// known refuses what cannot be a post's id: it could make the call another one.
func known(op string, ref hub.MessageRef) error {
	if model.IsValidId(string(ref)) {
		return nil
	}
	return &providers.Error{
		Fault: hub.FaultRejected, Op: op,
		Err: fmt.Errorf("%q is no post's id", clip(string(ref))),
	}
}
