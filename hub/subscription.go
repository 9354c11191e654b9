package hub

import (
	"context"
	"time"
)

// Chat is a place in a system where messages go: a channel, a group or a
// person. Its ID is opaque outside the system's provider.
type Chat struct {
	System System `json:"system"`
	ID     string `json:"chat"`
}

// Mode is what a subscription asks for.
type Mode string

// The modes, strongest first.
const (
	Mute   Mode = "mute"   // nothing
	Thread Mode = "thread" // first posts; replies go into the thread of the topic's first message
	Watch  Mode = "watch"  // first posts and replies
	Follow Mode = "follow" // first posts only
)

// Modes lists every mode in the order of precedence.
func Modes() []Mode { return []Mode{Mute, Thread, Watch, Follow} }

// FilterType is the closed list of what a filter looks at.
type FilterType string

// The filter types.
const (
	FilterCategory FilterType = "category"
	FilterTag      FilterType = "tag"
	FilterTopic    FilterType = "topic"
	FilterAuthor   FilterType = "author"
	FilterGroup    FilterType = "group"
	FilterKind     FilterType = "kind"
	FilterText     FilterType = "text"
)

// FilterTypes lists every filter type.
func FilterTypes() []FilterType {
	return []FilterType{FilterCategory, FilterTag, FilterTopic, FilterAuthor, FilterGroup, FilterKind, FilterText}
}

// How a group filter takes its groups.
const (
	AsMention = "mention" // the post mentions the group
	AsMessage = "message" // the private message is shared with the group
)

// Filter narrows a subscription. Any is a union, All an intersection, None an
// exclusion; all that are given must hold.
type Filter struct {
	Type FilterType `json:"type"`
	Any  []string   `json:"any,omitempty"`
	All  []string   `json:"all,omitempty"`
	None []string   `json:"none,omitempty"`
	As   string     `json:"as,omitempty"` // of a group filter: mention (default) or message
}

// Subscription is a row: what of which source goes to which chat, and how.
type Subscription struct {
	ID      SubscriptionID `json:"id"`
	Chat                   // "system", "chat"
	Source  Source         `json:"source,omitempty"` // empty: every source
	Mode    Mode           `json:"mode"`
	Filters []Filter       `json:"filters"`
	Options Options        `json:"options,omitzero"`
	Enabled bool           `json:"enabled"`

	CreatedBy   string    `json:"created_by,omitempty"`
	CreatedAt   time.Time `json:"created_at,omitzero"`
	UpdatedAt   time.Time `json:"updated_at,omitzero"`
	LastFiredAt time.Time `json:"last_fired_at,omitzero"`
	// Error is why the row cannot do its work, in words for its owner.
	Error string `json:"error,omitempty"`
}

// Style is how much of a post a notification shows.
type Style string

// The styles.
const (
	StyleCompact Style = "compact" // one line
	StyleNormal  Style = "normal"  // title, facts and an excerpt
	StyleFull    Style = "full"    // as much of the post as the platform takes
)

// DefaultExcerpt is how many characters of a post a notification shows.
const DefaultExcerpt = 400

// Threading is where a reply goes.
type Threading string

// The threadings. The empty one is ThreadReplies in mode thread, else
// ThreadFlat.
const (
	ThreadReplies Threading = "thread" // into the thread of the topic's first message
	ThreadFlat    Threading = "flat"   // into the chat
	ThreadBoth    Threading = "both"   // into the thread and, where the platform can, into the chat too
)

// MaxDelay bounds how long a row may wait before it sends.
const MaxDelay = time.Hour

// Options refine what a subscription hears and how its notifications look. The
// zero value is the default of each.
type Options struct {
	Style    Style     `json:"style,omitempty"`
	Excerpt  int       `json:"excerpt,omitempty"`  // characters; 0 is DefaultExcerpt
	Unlisted bool      `json:"unlisted,omitempty"` // also topics that the forum does not list
	Thread   Threading `json:"thread,omitempty"`
	// Delay is how long to wait before sending, so that edits and deletions
	// meanwhile merge into the one message: "20s", "0s". Empty is the source's.
	Delay string `json:"delay,omitempty"`
	// MaxAge is how long what the row owes is worth sending: "30m", "24h". Empty is
	// the configured one.
	MaxAge string `json:"max_age,omitempty"`
	// Digest is when what the row owes is told, in one message: "15m" or
	// "daily@09:00", see ParseRhythm. Empty is at once, one by one.
	Digest string `json:"digest,omitempty"`
	// Buttons is "off" for messages without Mute topic and Snooze under them. Empty
	// is "on".
	Buttons string `json:"buttons,omitempty"`
	// ReadAs is the forum user who must be able to see what is sent. Empty is
	// the source's reader.
	ReadAs string `json:"read_as,omitempty"`
}

// DelayOr is the row's delay, or the source's where the row has none.
func (o Options) DelayOr(source time.Duration) time.Duration {
	if o.Delay == "" {
		return source
	}
	if d, err := time.ParseDuration(o.Delay); err == nil && d >= 0 {
		return min(d, MaxDelay)
	}
	return source
}

// The bounds of a row's MaxAge.
const (
	LeastMaxAge = time.Minute
	MostMaxAge  = 30 * 24 * time.Hour
)

// MaxAgeOr is how long what the row owes is worth sending, or the configured
// time where the row says nothing; 0 is for ever.
func (o Options) MaxAgeOr(configured time.Duration) time.Duration {
	if o.MaxAge == "" {
		return configured
	}
	if d, err := time.ParseDuration(o.MaxAge); err == nil && d > 0 {
		return min(max(d, LeastMaxAge), MostMaxAge)
	}
	return configured
}

// Page asks for a part of a list, newest first.
type Page struct {
	Limit  int    // 1 to 500
	Cursor string // where the last page ended, empty for the first
}

// SubscriptionQuery selects rows; a zero field selects all.
type SubscriptionQuery struct {
	System System
	Chat   string
	Source Source
	Mode   Mode
	Page   Page
}

// SubscriptionStore keeps the table of subscriptions. A missing row is an
// Error with CodeNotFound.
type SubscriptionStore interface {
	// CreateSubscription stores rows, giving each an id and times. All are stored or
	// none, and nobody reads a part of them.
	CreateSubscription(ctx context.Context, rows ...*Subscription) error
	GetSubscription(ctx context.Context, id SubscriptionID) (*Subscription, error)
	// UpdateSubscription replaces the row with s.ID and sets its UpdatedAt.
	UpdateSubscription(ctx context.Context, s *Subscription) error
	DeleteSubscription(ctx context.Context, id SubscriptionID) error
	// ListSubscriptions pages; next is "" on the last page.
	ListSubscriptions(ctx context.Context, q SubscriptionQuery) (rows []Subscription, next string, err error)
	// AllSubscriptions reads the whole table, oldest first, to compile it.
	AllSubscriptions(ctx context.Context) ([]Subscription, error)
	// MarkFired notes when rows last led to a notification.
	MarkFired(ctx context.Context, at map[SubscriptionID]time.Time) error
}
