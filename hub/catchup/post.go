package catchup

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// post brings up to date what a post says of itself, so that an older edit does
// not undo a newer one. Of a post that is gone there is nothing to tell but
// that, and of one that is there anything else.
func (p *present) post(ctx context.Context, event string, value object) (keep bool, err error) {
	now, err := p.findPost(ctx, value["id"])
	if err != nil {
		return false, err
	}
	gone := now == nil || now.Deleted
	switch {
	case event == "post_destroyed":
		return gone, nil
	case gone: // an author deletes by an edit that says so
		return saysDeleted(value) && event != "post_recovered", nil
	}
	if saysDeleted(value) {
		value["deleted_at"], value["user_deleted"] = encode(nil), encode(false)
	}
	if isTrue(value["hidden"]) != now.Hidden {
		value["hidden"] = encode(now.Hidden)
	}
	set(value, "cooked", now.HTML)
	setNumber(value, "post_type", now.Type)
	setNumber(value, "version", now.Version)
	setTime(value, "updated_at", now.UpdatedAt)
	if now.TopicID != "" && setID(value, "topic_id", now.TopicID) { // who may see it is another question there
		setNumber(value, "post_number", now.Number)
		delete(value, "post_url")
	}
	return true, nil
}

// findPost asks for a post, nil if there is none.
func (p *present) findPost(ctx context.Context, raw json.RawMessage) (*discourse.Post, error) {
	id := idOf(raw)
	if now, ok := p.posts[id]; ok {
		return now, nil
	}
	now, err := p.forum.Post(ctx, id)
	if errors.Is(err, discourse.ErrNotFound) {
		now, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	if p.posts == nil {
		p.posts = map[string]*discourse.Post{}
	}
	p.posts[id] = now
	return now, nil
}

// saysDeleted reports whether a post was told as deleted, by staff or by its
// author.
func saysDeleted(post object) bool { return isText(post["deleted_at"]) || isTrue(post["user_deleted"]) }

// setNumber changes a number that was told.
func setNumber(o object, key string, now int) {
	if raw, told := o[key]; told && now != 0 && idOf(raw) != strconv.Itoa(now) {
		o[key] = encode(now)
	}
}

// setTime changes a point in time that was told.
func setTime(o object, key string, now time.Time) {
	raw, told := o[key]
	if !told || now.IsZero() {
		return
	}
	if was, err := time.Parse(time.RFC3339, textOf(raw)); err != nil || !was.Equal(now) {
		o[key] = encode(now)
	}
}
