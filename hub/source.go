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
