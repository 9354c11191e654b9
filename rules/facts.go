package rules

import "github.com/bellhop-chat/bellhop/hub"

// Facts are what an event says that a rule can ask for.
type Facts struct {
	Source hub.Source
	Type   hub.EventType
	// Also is the event's other type. A topic's creation arrives as two events
	// and is one: forum.topic.created beside forum.post.created.
	Also hub.EventType
	// Categories is the category of the topic and its ancestors, the nearest
	// first; empty if the event has none or does not tell.
	Categories []Category
	Tags       []string // nil: not known
	Topic      string
	Author     string   // username; empty: not told
	Staff, Bot bool     // the author is
	AuthorIn   []string // groups of the author; nil: not known
	Mentions   []string // groups mentioned in the post
	Private    bool     // a private message
	SharedWith []string // groups a private message is shared with; nil: not known
	Reply      bool     // about a post that is not its topic's first
	Unlisted   bool
	// Sensitive is an event about people or moderation (users, reviews, personal
	// notifications): "forum.*" is not enough to hear it.
	Sensitive bool
	Title     string
	Text      string // plain
	// Before is where the topic stood, of forum.topic.category_changed and
	// forum.topic.tags_changed; nil otherwise.
	Before *Before
	// Blind are readers, as Options.ReadAs names them ("" is the source's
	// reader), who may not see it: their rows are no candidates.
	Blind []string
}

// Category is how a category may be named.
type Category struct {
	ID   string
	Slug string
	Path string // "parent/child"; equal to Slug at the top
	// Restricted is that not everyone may read it: only rows that name it hear it.
	Restricted bool
}

// Before is where a topic stood before it was moved or tagged.
type Before struct {
	Categories []Category // as in Facts; empty: none or not known
	Tags       []string   // nil: not known
}

// isNews reports whether f is a new post, which a row without kind filter hears.
func (f *Facts) isNews() bool {
	return f.Type == hub.ForumPostCreated || f.Also == hub.ForumPostCreated
}

// isMove reports whether f tells that a topic stands elsewhere than it did.
func (f *Facts) isMove() bool {
	return f.Before != nil && (f.Type == hub.ForumTopicCategoryChanged || f.Type == hub.ForumTopicTagsChanged)
}

// hasPost reports whether f is about a post, which could mention a group.
func (f *Facts) hasPost() bool {
	return f.Mentions != nil || f.isNews() || f.Type.Match("forum.post.*") || f.Also.Match("forum.post.*")
}

// takenBy reports whether a pattern takes f's type, or its other type.
func (f *Facts) takenBy(pattern string) bool {
	return f.Type.Match(pattern) || f.Also != "" && f.Also.Match(pattern)
}
