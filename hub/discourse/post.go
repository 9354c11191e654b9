package discourse

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Post is a post as it is now, in what of it may have changed since it was
// written. Zero values are not told, save for the flags.
type Post struct {
	ID      string
	TopicID string // another than before if it was moved
	Number  int    // in its topic
	Type    int    // of Discourse's Post.types: 1 is a regular one
	HTML    string
	Version int // more by one with each edit that counts

	Hidden    bool
	Deleted   bool // by staff, or by its author, which leaves no deleted_at
	UpdatedAt time.Time
}

// post is what PostSerializer tells:
// https://github.com/discourse/discourse/blob/main/app/serializers/post_serializer.rb
type post struct {
	ID          ident  `json:"id"`
	TopicID     ident  `json:"topic_id"`
	Number      whole  `json:"post_number"`
	Type        whole  `json:"post_type"`
	Cooked      string `json:"cooked"`
	Version     whole  `json:"version"`
	Hidden      given  `json:"hidden"`
	DeletedAt   given  `json:"deleted_at"`
	UserDeleted given  `json:"user_deleted"`
	UpdatedAt   moment `json:"updated_at"`
}

// Post asks for a post as it is now. What was deleted is shown to staff only; to
// other users it is not there:
// https://github.com/discourse/discourse/blob/main/app/controllers/posts_controller.rb
func (c *Client) Post(ctx context.Context, id string) (*Post, error) {
	where := c.site.base + "/posts/" + segment(id)
	if !numeric(id) {
		return nil, &absent{where: where, status: http.StatusNotFound, message: "a post has a number"}
	}
	var p post
	if err := c.get(ctx, c.self(), "/posts/"+id+".json", &p); err != nil {
		return nil, err
	}
	if string(p.ID) != id {
		return nil, &AwayError{Err: fmt.Errorf("%s: the answer is not about this post", where)}
	}
	return &Post{
		ID: id, TopicID: string(p.TopicID), Number: int(p.Number), Type: int(p.Type), HTML: p.Cooked, Version: int(p.Version),
		Hidden: bool(p.Hidden), Deleted: bool(p.DeletedAt || p.UserDeleted), UpdatedAt: p.UpdatedAt.Time,
	}, nil
}

// numeric reports whether id is a number that a topic or a post may have.
func numeric(id string) bool {
	return id != "" && len(id) <= 18 && strings.Trim(id, "0123456789") == ""
}
