package ingest

import (
	"cmp"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// object is what the less usual bodies have in common, each some of it.
type object struct {
	ID         ident  `json:"id"`
	GroupID    ident  `json:"group_id"`
	UserID     ident  `json:"user_id"`
	TopicID    ident  `json:"topic_id"`
	TopicSlug  string `json:"topic_slug"`
	TopicTitle string `json:"topic_title"`
	TopicURL   string `json:"topic_url"`
	TopicTags  labels `json:"topic_tags"`
	CategoryID ident  `json:"category_id"`
	Slug       string `json:"slug"` // of a notification's topic
	CreatedAt  moment `json:"created_at"`
	GrantedAt  moment `json:"granted_at"`
	CreatedBy  ident  `json:"created_by_id"`
	GrantedBy  ident  `json:"granted_by_id"`
	VoterID    ident  `json:"voter_id"`
	Data       struct {
		TopicTitle string `json:"topic_title"`
	} `json:"data"`

	AssignedByID   ident  `json:"assigned_by_id"`
	AssignedBy     string `json:"assigned_by_username"`
	UnassignedByID ident  `json:"unassigned_by_id"`
	UnassignedBy   string `json:"unassigned_by_username"`

	Message struct {
		ID        ident   `json:"id"`
		ChannelID ident   `json:"chat_channel_id"`
		CreatedAt moment  `json:"created_at"`
		User      *member `json:"user"`
	} `json:"message"`
	Channel struct {
		ID ident `json:"id"`
	} `json:"channel"`
}

// tellObject reads what has no shape of its own in hub.Forum.
func (w *webhook) tellObject() (*told, error) {
	var o object
	if err := decode(w.value, &o); err != nil {
		return nil, err
	}
	t := w.aboutObject(&o)
	if t.kind == "" {
		if w.root != "ping" {
			t.note = "no event of this name and root key is known"
		}
		return t, nil
	}
	var err error
	t.forum.Object, err = stripped(w.value, false)
	return t, err
}

func (w *webhook) aboutObject(o *object) *told {
	switch w.root {
	case "assign":
		return w.aboutAssign(o)
	case "topic_voting":
		return w.aboutVote(o)
	case "group":
		kind := family(w.name, "group", "created", "updated", "destroyed")
		return &told{kind: kind, subject: subject("group", o.ID)}
	case "group_user":
		return aboutMembership(w.name, o)
	case "user_badge":
		return w.aboutBadge(o)
	case "reviewable":
		return w.aboutReview(o)
	case "notification":
		return w.aboutNotification(o)
	case "chat_message":
		return w.aboutChat(o)
	}
	return &told{}
}

// topicIn is the topic that an object names. Its archetype is not told, so
// whoever passes it on has to find out whether it is private.
func (w *webhook) topicIn(o *object) *hub.Topic {
	if o.TopicID == "" {
		return nil
	}
	slug := cmp.Or(o.TopicSlug, o.Slug)
	link := w.site.link(o.TopicURL)
	if link == "" && slug != "" { // a link without one would hide a better one that is known
		link = w.site.topic(slug, o.TopicID, "")
	}
	return &hub.Topic{
		ID: string(o.TopicID), Title: cmp.Or(o.TopicTitle, o.Data.TopicTitle), Slug: slug, URL: link,
		CategoryID: string(o.CategoryID), Tags: o.TopicTags,
	}
}

func (w *webhook) aboutAssign(o *object) *told {
	t := &told{subject: subject("topic", o.TopicID)}
	switch w.name {
	case "assigned":
		t.kind = hub.ForumTopicAssigned
		t.forum.Actor = w.site.person(&member{ID: o.AssignedByID, Username: o.AssignedBy})
	case "unassigned":
		t.kind = hub.ForumTopicUnassigned
		t.forum.Actor = w.site.person(&member{ID: o.UnassignedByID, Username: o.UnassignedBy})
	}
	return w.ofTopic(t, o)
}

func (w *webhook) aboutVote(o *object) *told {
	t := &told{subject: subject("topic", o.TopicID)}
	switch w.name {
	case "topic_upvote":
		t.kind = hub.ForumTopicVoted
	case "topic_unvote":
		t.kind = hub.ForumTopicUnvoted
	}
	t.forum.Actor = w.site.person(&member{ID: o.VoterID})
	return w.ofTopic(t, o)
}

// ofTopic completes an event that is nothing without a topic.
func (w *webhook) ofTopic(t *told, o *object) *told {
	if o.TopicID == "" {
		return &told{}
	}
	t.forum.Topic = w.topicIn(o)
	return t
}

func aboutMembership(name string, o *object) *told {
	t := &told{subject: subject("group", o.GroupID)}
	switch name {
	case "user_added_to_group":
		t.kind, t.at = "forum.group.user_added", o.CreatedAt.Time
	case "user_removed_from_group": // created_at is when the user was added
		t.kind = "forum.group.user_removed"
	}
	return t
}

func (w *webhook) aboutBadge(o *object) *told {
	t := &told{subject: subject("user", o.UserID)}
	switch w.name {
	case "user_badge_granted":
		t.kind, t.at = "forum.user.badge_granted", o.GrantedAt.Time
		t.forum.Actor = w.site.person(&member{ID: o.GrantedBy})
	case "user_badge_revoked":
		t.kind = "forum.user.badge_revoked"
	}
	return t
}

func (w *webhook) aboutReview(o *object) *told {
	t := &told{subject: subject("review", o.ID)}
	t.forum.Topic = w.topicIn(o)
	switch w.name {
	case "reviewable_created":
		t.kind, t.at = "forum.review.created", o.CreatedAt.Time
		t.forum.Actor = w.site.person(&member{ID: o.CreatedBy})
	case "reviewable_score_updated":
		t.kind = "forum.review.score_updated"
	case "reviewable_transitioned_to":
		t.kind = "forum.review.transitioned"
	}
	return t
}

func (w *webhook) aboutNotification(o *object) *told {
	t := &told{subject: subject("notification", o.ID), at: o.CreatedAt.Time}
	if w.name == "notification_created" {
		t.kind = "forum.notification.created"
	}
	t.forum.Topic = w.topicIn(o)
	return t
}

func (w *webhook) aboutChat(o *object) *told {
	t := &told{subject: subject("chat", cmp.Or(o.Channel.ID, o.Message.ChannelID), o.Message.ID)}
	switch verb, ok := strings.CutPrefix(w.name, "chat_message_"); {
	case !ok || !slices.Contains([]string{"created", "edited", "trashed", "restored"}, verb):
		return &told{}
	case verb == "created":
		t.at = o.Message.CreatedAt.Time // when a message was changed is not told
		fallthrough
	default:
		t.kind = hub.EventType("forum.chat.message_" + verb)
	}
	t.forum.Actor = w.site.person(o.Message.User)
	return t
}

// subject is "kind/id/id"; without all of its ids there is none.
func subject(kind string, ids ...ident) string {
	for _, id := range ids {
		if id == "" {
			return ""
		}
		kind += "/" + string(id)
	}
	return kind
}
