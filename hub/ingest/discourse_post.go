package ingest

import (
	"cmp"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// post is a post as PostSerializer and WebHookPostSerializer write it.
type post struct {
	ID           ident
	Name         string
	Username     string
	Avatar       string
	CreatedAt    moment
	UpdatedAt    moment
	DeletedAt    moment
	DeletedBy    *member
	UserDeleted  bool
	Cooked       string
	Number       whole
	Kind         whole
	ActionCode   string
	ReplyTo      whole
	Version      whole
	EditReason   string
	URL          string
	Hidden       bool
	ViaEmail     bool
	UserID       ident
	Admin        bool
	Moderator    bool
	Staff        bool
	TopicID      ident
	TopicSlug    string
	TopicTitle   string
	TopicPosts   whole
	PostsCount   whole
	Archetype    string
	CategoryID   ident
	CategorySlug string
}

// read reads a post, or nothing of what is none.
func (p *post) read(c *cursor) {
	if c.peek() != '{' {
		c.skip()
		return
	}
	c.object(func(key []byte) { p.set(string(key), c) })
}

func (p *post) set(key string, c *cursor) {
	switch key {
	case "id":
		p.ID = c.ident()
	case "name":
		p.Name = c.text()
	case "username":
		p.Username = c.text()
	case "avatar_template":
		p.Avatar = c.text()
	case "created_at":
		p.CreatedAt = c.moment()
	case "updated_at":
		p.UpdatedAt = c.moment()
	case "deleted_at":
		p.DeletedAt = c.moment()
	case "deleted_by":
		p.DeletedBy = c.member()
	case "user_deleted":
		p.UserDeleted = c.flag()
	case "cooked":
		p.Cooked = c.text()
	case "post_number":
		p.Number = c.whole()
	case "post_type":
		p.Kind = c.whole()
	case "action_code":
		p.ActionCode = c.text()
	case "reply_to_post_number":
		p.ReplyTo = c.whole()
	case "version":
		p.Version = c.whole()
	case "edit_reason":
		p.EditReason = c.text()
	case "post_url":
		p.URL = c.text()
	case "hidden":
		p.Hidden = c.flag()
	case "via_email":
		p.ViaEmail = c.flag()
	case "user_id":
		p.UserID = c.ident()
	case "admin":
		p.Admin = c.flag()
	case "moderator":
		p.Moderator = c.flag()
	case "staff":
		p.Staff = c.flag()
	case "topic_id":
		p.TopicID = c.ident()
	case "topic_slug":
		p.TopicSlug = c.text()
	case "topic_title":
		p.TopicTitle = c.text()
	case "topic_posts_count":
		p.TopicPosts = c.whole()
	case "posts_count":
		p.PostsCount = c.whole()
	case "topic_archetype":
		p.Archetype = c.text()
	case "category_id":
		p.CategoryID = c.ident()
	case "category_slug":
		p.CategorySlug = c.text()
	default:
		c.skip()
	}
}

// readLike reads {post, user}: the user is who liked.
func (w *webhook) readLike(c *cursor) {
	if c.peek() != '{' {
		c.skip()
		return
	}
	c.object(func(key []byte) {
		switch string(key) {
		case "post":
			w.post.read(c)
		case "user":
			w.liker = c.member()
		default:
			c.skip()
		}
	})
}

func (w *webhook) tellPost() *told {
	p := &w.post
	t := w.aboutPost(p, postEvent(w.root, w.name))
	switch t.kind {
	case hub.ForumPostCreated:
		t.at, t.key = p.CreatedAt.Time, []string{string(p.ID)}
	case hub.ForumPostEdited:
		t.at = p.UpdatedAt.Time
		if !t.at.IsZero() {
			t.key = []string{string(p.ID), strconv.Itoa(int(p.Version)), t.at.Format(time.RFC3339Nano)}
		}
	case hub.ForumPostDeleted:
		w.markDeleted(t, p)
	case hub.ForumPostLiked: // when is not told
		t.forum.Actor = w.site.person(w.liker)
	}
	return t
}

func postEvent(root, name string) hub.EventType {
	switch {
	case root == "post":
		return family(name, "post", "created", "edited", "destroyed", "recovered")
	case root == "like" && name == "post_liked":
		return hub.ForumPostLiked
	case root == "solved" && name == "accepted_solution":
		return hub.ForumTopicSolved
	case root == "solved" && name == "unaccepted_solution":
		return hub.ForumTopicUnsolved
	}
	return ""
}

// markDeleted trusts the event's name: older forums make the body before they
// delete, and an author's own deletion leaves no deleted_at.
func (w *webhook) markDeleted(t *told, p *post) {
	t.forum.Post.Deleted = true
	t.at = p.DeletedAt.Time
	if t.at.IsZero() && p.UserDeleted {
		t.at = p.UpdatedAt.Time
	}
	if p.DeletedBy != nil && p.DeletedBy.ID != p.UserID {
		t.forum.Actor = w.site.person(p.DeletedBy)
	}
}

// aboutPost tells of a post and what it says of its topic. Without their ids
// nobody could decide who may see it, so that is no event of kind.
func (w *webhook) aboutPost(p *post, kind hub.EventType) *told {
	if kind == "" {
		return &told{note: "no event of this name is known for a post"}
	}
	if p.ID == "" || p.TopicID == "" {
		return &told{note: "the post has no id or no topic_id"}
	}
	number := strconv.Itoa(int(p.Number))
	return &told{
		kind:    kind,
		subject: "topic/" + string(p.TopicID) + "/" + number,
		forum:   hub.Forum{Post: w.postOf(p, number), Topic: w.topicBy(p)},
	}
}

func (w *webhook) postOf(p *post, number string) *hub.Post {
	author := w.site.person(&member{
		ID: p.UserID, Username: p.Username, Name: p.Name, Avatar: p.Avatar,
		Admin: p.Admin, Moderator: p.Moderator, Staff: p.Staff,
	})
	if author == nil {
		author = &hub.Person{}
	}
	link := w.site.link(p.URL)
	if link == "" {
		link = w.site.topic(p.TopicSlug, p.TopicID, number)
	}
	return &hub.Post{
		ID: string(p.ID), Number: int(p.Number), Kind: postKind(p.Kind), ActionCode: p.ActionCode,
		Author: *author, HTML: p.Cooked, URL: link, ReplyTo: int(p.ReplyTo), Version: int(p.Version),
		EditReason: p.EditReason, Hidden: p.Hidden, ViaEmail: p.ViaEmail,
		Deleted:   p.UserDeleted || !p.DeletedAt.IsZero(),
		CreatedAt: p.CreatedAt.Time, UpdatedAt: p.UpdatedAt.Time,
		Groups: mentions(p.Cooked),
	}
}

// postKind names the numbers of Post.types; one that is not among them must not
// pass for a regular post.
func postKind(n whole) hub.PostKind {
	switch n {
	case 0, 1: // 0: not told
		return hub.PostRegular
	case 2:
		return hub.PostModerator
	case 3:
		return hub.PostSmallAction
	case 4:
		return hub.PostWhisper
	}
	return hub.PostKind("type_" + strconv.Itoa(int(n)))
}

// topicBy is what a post tells of its topic: no tags, no author, no flags.
func (w *webhook) topicBy(p *post) *hub.Topic {
	return &hub.Topic{
		ID: string(p.TopicID), Title: p.TopicTitle, Slug: p.TopicSlug,
		URL:       w.site.topic(p.TopicSlug, p.TopicID, ""),
		Archetype: p.Archetype, CategoryID: string(p.CategoryID), CategorySlug: p.CategorySlug,
		Posts: int(cmp.Or(p.TopicPosts, p.PostsCount)),
	}
}
