package hub

import (
	"context"
	"time"
)

// SourceStatus is a configured source and how it is.
type SourceStatus struct {
	Source     Source    `json:"source"`
	Kind       string    `json:"kind"` // discourse, cloudevents, standard_webhooks, json, feed
	URL        string    `json:"url,omitempty"`
	State      string    `json:"state"` // ok, error, unknown
	Reason     string    `json:"reason,omitempty"`
	API        bool      `json:"api"`                  // the hub can ask it
	Visibility string    `json:"visibility,omitempty"` // check or trust_webhook, of a forum
	ReadAs     string    `json:"read_as,omitempty"`    // empty: an anonymous visitor
	Delay      string    `json:"delay,omitempty"`
	Waiting    int       `json:"waiting"` // events that wait for its API
	CheckedAt  time.Time `json:"checked_at,omitzero"`

	// Address is where its sender sends to, empty for a source that is asked; without
	// public_url it begins with a slash.
	Address     string    `json:"address,omitempty"`
	LastEventAt time.Time `json:"last_event_at,omitzero"`
	// PingedAt is when a forum's webhook was last tried or saved there.
	PingedAt time.Time `json:"pinged_at,omitzero"`
	Managed  string    `json:"managed,omitempty"` // ManagedByFile or ManagedHere
	Version  int64     `json:"version,omitempty"` // of its section, if it was made here

	Hours   []int      `json:"hours,omitempty"`   // events in each of the last 24 hours, the newest last
	Refused []Refusals `json:"refused,omitempty"` // in the last 24 hours
	// QuietSince is set of a source that is silent against its habit.
	QuietSince time.Time `json:"quiet_since,omitzero"`
	NextAt     time.Time `json:"next_at,omitzero"` // of a feed: when it is asked again
	// HeldUntil is until when a forum wants no requests, since there were too many.
	HeldUntil time.Time `json:"held_until,omitzero"`
	PerMinute int       `json:"per_minute,omitempty"` // requests that the hub makes to a forum's API at most
	// Places is what is known of how a forum is ordered.
	Places *PlaceCounts `json:"places,omitempty"`
	// Secret tells that what comes is proved by a secret.
	Secret bool `json:"secret,omitempty"`
}

// Total is how many events came in the last 24 hours.
func (s SourceStatus) Total() (n int) {
	for _, h := range s.Hours {
		n += h
	}
	return n
}

// PlaceCounts is how much is known of how a forum is ordered.
type PlaceCounts struct {
	Categories int       `json:"categories"`
	Restricted int       `json:"restricted"` // categories that not everybody may read
	Tags       int       `json:"tags"`
	Groups     int       `json:"groups"`
	Complete   bool      `json:"complete"`    // the forum's API has told all of it
	At         time.Time `json:"at,omitzero"` // when it was last asked for or told
}

// FeedState is what a poller remembers of a feed between two polls.
type FeedState struct {
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Seen         []string  `json:"seen,omitempty"` // digests of entries, newest last
	CheckedAt    time.Time `json:"checked_at,omitzero"`
	Error        string    `json:"error,omitempty"` // of the last poll, in words
}

// FeedStore keeps the state of feeds. One that is not known is nil.
type FeedStore interface {
	FindFeed(ctx context.Context, source Source) (*FeedState, error)
	PutFeed(ctx context.Context, source Source, s FeedState) error
}
