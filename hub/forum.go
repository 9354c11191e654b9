package hub

import (
	"context"
	"encoding/json"
	"time"
)

// The event types of a forum.
const (
	ForumTopicCreated         EventType = "forum.topic.created"
	ForumTopicEdited          EventType = "forum.topic.edited"
	ForumTopicDeleted         EventType = "forum.topic.deleted"
	ForumTopicRecovered       EventType = "forum.topic.recovered"
	ForumTopicClosed          EventType = "forum.topic.closed"
	ForumTopicOpened          EventType = "forum.topic.opened"
	ForumTopicArchived        EventType = "forum.topic.archived"
	ForumTopicUnarchived      EventType = "forum.topic.unarchived"
	ForumTopicPinned          EventType = "forum.topic.pinned"
	ForumTopicUnpinned        EventType = "forum.topic.unpinned"
	ForumTopicListed          EventType = "forum.topic.listed"
	ForumTopicUnlisted        EventType = "forum.topic.unlisted"
	ForumTopicStatus          EventType = "forum.topic.status" // a plugin's topic_*_status_updated
	ForumTopicTagsChanged     EventType = "forum.topic.tags_changed"
	ForumTopicCategoryChanged EventType = "forum.topic.category_changed"
	ForumTopicSolved          EventType = "forum.topic.solved"
	ForumTopicUnsolved        EventType = "forum.topic.unsolved"
	ForumTopicAssigned        EventType = "forum.topic.assigned"
	ForumTopicUnassigned      EventType = "forum.topic.unassigned"
	ForumTopicVoted           EventType = "forum.topic.voted"
	ForumTopicUnvoted         EventType = "forum.topic.unvoted"

	ForumPostCreated   EventType = "forum.post.created"
	ForumPostEdited    EventType = "forum.post.edited"
	ForumPostDeleted   EventType = "forum.post.deleted"
	ForumPostRecovered EventType = "forum.post.recovered"
	ForumPostLiked     EventType = "forum.post.liked"

	ForumCategoryCreated EventType = "forum.category.created"
	ForumCategoryUpdated EventType = "forum.category.updated"
	ForumCategoryDeleted EventType = "forum.category.deleted"
	ForumTagCreated      EventType = "forum.tag.created"
	ForumTagUpdated      EventType = "forum.tag.updated"
	ForumTagDeleted      EventType = "forum.tag.deleted"
	ForumGroupCreated    EventType = "forum.group.created"
	ForumGroupUpdated    EventType = "forum.group.updated"
	ForumGroupDeleted    EventType = "forum.group.deleted"
)

// Forum is the data of every forum.* event: the objects that the event is
// about, each as far as the source told it. What has no shape of its own here
// is in Object.
type Forum struct {
	Site     string         `json:"site"`               // base URL, no trailing slash
	Event    string         `json:"event"`              // the forum's own name: "post_created"
	Topic    *Topic         `json:"topic,omitempty"`    // also of a post, as far as the post says
	Post     *Post          `json:"post,omitempty"`     //
	Category *ForumCategory `json:"category,omitempty"` // of category events
	Tag      *ForumTag      `json:"tag,omitempty"`      // of tag events
	Actor    *Person        `json:"actor,omitempty"`    // who did it, if that is not the author
	// Before is where the topic stood, of forum.topic.category_changed and
	// forum.topic.tags_changed.
	Before *Place `json:"before,omitempty"`
	// Object is what the forum said of anything else (a user, a group, a
	// review, a notification, a chat message), without personal data.
	Object json.RawMessage `json:"object,omitempty"`
}

// Place is where a topic stands on its forum.
type Place struct {
	CategoryID string   `json:"category_id,omitempty"`
	Tags       []string `json:"tags,omitzero"` // nil: not known; empty: none
}

// Person is a member of a forum or a chat.
type Person struct {
	ID       string `json:"id,omitempty"`
	Username string `json:"username,omitempty"`
	Name     string `json:"name,omitempty"`
	URL      string `json:"url,omitempty"`
	Avatar   string `json:"avatar,omitempty"` // absolute URL of a square picture
	Staff    bool   `json:"staff,omitempty"`
	Bot      bool   `json:"bot,omitempty"`
}

// Archetypes of a topic.
const (
	ArchetypeRegular = "regular"
	ArchetypePM      = "private_message"
)

// Topic is a thread of a forum. Zero values mean "not told", save for the
// flags of a topic event, which always tells them.
type Topic struct {
	ID           string    `json:"id"`
	Title        string    `json:"title,omitempty"` // plain text
	Slug         string    `json:"slug,omitempty"`
	URL          string    `json:"url,omitempty"`
	Archetype    string    `json:"archetype,omitempty"`
	CategoryID   string    `json:"category_id,omitempty"`
	CategorySlug string    `json:"category_slug,omitempty"` // not unique on a site
	Tags         []string  `json:"tags,omitzero"`           // nil: not told; empty: none
	Unlisted     bool      `json:"unlisted,omitempty"`
	Closed       bool      `json:"closed,omitempty"`
	Archived     bool      `json:"archived,omitempty"`
	Pinned       bool      `json:"pinned,omitempty"`
	Deleted      bool      `json:"deleted,omitempty"`
	Solved       int       `json:"solved,omitempty"` // number of the accepted post
	Groups       []string  `json:"groups,omitzero"`  // names that a private message is shared with; nil: not told
	Author       *Person   `json:"author,omitempty"`
	CreatedAt    time.Time `json:"created_at,omitzero"`
	Posts        int       `json:"posts,omitempty"`
}

// PostKind says what a post is in the life of a topic.
type PostKind string

// The kinds of post. Only a Regular one is announced.
const (
	PostRegular     PostKind = "regular"
	PostModerator   PostKind = "moderator_action"
	PostSmallAction PostKind = "small_action"
	PostWhisper     PostKind = "whisper"
)

// Post is one contribution to a topic.
type Post struct {
	ID         string    `json:"id"`
	Number     int       `json:"number"` // 1 is the topic's first post
	Kind       PostKind  `json:"kind"`
	ActionCode string    `json:"action_code,omitempty"`
	Author     Person    `json:"author"`
	HTML       string    `json:"html"` // as the forum renders it, not to be trusted
	URL        string    `json:"url,omitempty"`
	ReplyTo    int       `json:"reply_to,omitempty"` // number of the post answered
	Version    int       `json:"version,omitempty"`
	EditReason string    `json:"edit_reason,omitempty"`
	Hidden     bool      `json:"hidden,omitempty"`
	Deleted    bool      `json:"deleted,omitempty"`
	ViaEmail   bool      `json:"via_email,omitempty"`
	CreatedAt  time.Time `json:"created_at,omitzero"`
	UpdatedAt  time.Time `json:"updated_at,omitzero"`
	// Groups are the names mentioned in the post, outside quotes, code and oneboxes.
	Groups []string `json:"groups,omitempty"`
}

// ForumCategory is where topics are filed.
type ForumCategory struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Slug       string `json:"slug"`
	ParentID   string `json:"parent_id,omitempty"`
	Color      string `json:"color,omitempty"` // "#0088cc"
	URL        string `json:"url,omitempty"`
	Restricted bool   `json:"restricted,omitempty"` // not everyone may read it
}

// ForumTag is a label of topics.
type ForumTag struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// ForumGroup is a group of a forum's members.
type ForumGroup struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name"`
	// Members are usernames; nil: not told.
	Members []string `json:"members,omitzero"`
}

// Taxonomy is what the hub knows of how a forum is ordered.
type Taxonomy struct {
	Source     Source          `json:"source"`
	Categories []ForumCategory `json:"categories"`
	Tags       []ForumTag      `json:"tags"`
	Groups     []ForumGroup    `json:"groups"`
	// Complete is that the forum's API told all of it. Otherwise it is what
	// webhooks have told so far, and a name that is missing may still exist.
	Complete bool      `json:"complete"`
	At       time.Time `json:"at,omitzero"` // when it was last asked for or told
}

// ForumStore keeps what the hub has learned of its forums. What is not known
// is nil, not an error.
type ForumStore interface {
	PutCategory(ctx context.Context, source Source, c ForumCategory) error
	DeleteCategory(ctx context.Context, source Source, id string) error
	// Categories lists all that are known of a source, by name.
	Categories(ctx context.Context, source Source) ([]ForumCategory, error)
	// PutTag stores a tag by its name.
	PutTag(ctx context.Context, source Source, t ForumTag) error
	DeleteTag(ctx context.Context, source Source, name string) error
	// Tags lists all that are known of a source, by name.
	Tags(ctx context.Context, source Source) ([]ForumTag, error)
	// PutGroup stores a group by its name, without its members: they change
	// unseen, so that they are asked for and not kept.
	PutGroup(ctx context.Context, source Source, g ForumGroup) error
	DeleteGroup(ctx context.Context, source Source, name string) error
	// Groups lists all that are known of a source, by name.
	Groups(ctx context.Context, source Source) ([]ForumGroup, error)
	// PutTopics stores topics whole, in place of what was known of them.
	PutTopics(ctx context.Context, source Source, ts []Topic) error
	FindTopic(ctx context.Context, source Source, id string) (*Topic, error)
}
