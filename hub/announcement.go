package hub

import (
	"context"
	"time"
)

// Announced is how a message that told a chat of a post stands.
type Announced string

// The states of an announcement.
const (
	AnnouncedLive      Announced = "live"
	AnnouncedStruck    Announced = "struck"    // what it told of was deleted or hidden
	AnnouncedRetracted Announced = "retracted" // taken back
	AnnouncedBuried    Announced = "buried"    // the topic of what it told of was deleted
)

// Announcement is a message that told a chat of something, kept so that it can
// be changed when that changes, and told once.
type Announcement struct {
	Notification NotificationID `json:"notification"`
	Chat                        // "system", "chat"
	Source       Source         `json:"source"`
	Topic        string         `json:"topic"`
	Post         int            `json:"post"` // number; 1 is the topic itself
	PostID       string         `json:"post_id,omitempty"`
	Event        EventID        `json:"event"`
	Subscription SubscriptionID `json:"subscription,omitempty"`
	Mode         Mode           `json:"mode,omitempty"`
	Options      Options        `json:"options,omitzero"`
	Message      Message        `json:"message"` // as last told
	State        Announced      `json:"state"`
	Update       NotificationID `json:"update,omitempty"` // that changed it last
	At           time.Time      `json:"at"`
	UpdatedAt    time.Time      `json:"updated_at"`
}

// AnnouncementStore keeps announcements.
type AnnouncementStore interface {
	// PutAnnouncements stores announcements whole, in place of those with the
	// same Notification. Of one that is given twice the last counts.
	PutAnnouncements(ctx context.Context, as []Announcement) error
	// Announcements lists those of a post, or of all posts of a topic where post
	// is 0, oldest first (by At, then Notification).
	Announcements(ctx context.Context, source Source, topic string, post int) ([]Announcement, error)
	// FindAnnouncements reads those of notifications that are known, in no order. Those
	// that share a row are known as long as the delivery log knows them.
	FindAnnouncements(ctx context.Context, ids []NotificationID) ([]Announcement, error)
	// AnnouncedTopics lists up to limit topics of a source of which any is stored, as
	// they are known, in the store's order of their ids, from the one after an id on.
	// Of a topic that is not known it lists nothing.
	AnnouncedTopics(ctx context.Context, source Source, after string, limit int) ([]Topic, error)
	// PruneAnnouncements deletes those last told before the time and says how many
	// rows that were: those that were put together and say the same may share one.
	PruneAnnouncements(ctx context.Context, before time.Time) (int64, error)
}
