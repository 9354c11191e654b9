package bus

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Digest is one message that told of many notifications. It is kept so that its
// lines can be changed, and so that it is sent as it was meant after a crash.
type Digest struct {
	ID    hub.NotificationID `json:"id"`
	Ref   hub.MessageRef     `json:"ref,omitempty"` // empty until it is sent
	Why   DigestReason       `json:"why,omitempty"`
	Lines []DigestLine       `json:"lines"`
	// Alone is what it says where only one of its lines is left to be told: that
	// notification, as it is by now.
	Alone *hub.Notification `json:"alone,omitempty"`
}

// DigestReason is why messages were told together.
type DigestReason string

// The reasons.
const (
	DigestStorm   DigestReason = ""        // there were too many for the chat
	DigestRow     DigestReason = "row"     // their rows ask for it
	DigestSilence DigestReason = "silence" // they waited while the chat was to be left alone
)

// DigestLine is what a digest tells of a notification.
type DigestLine struct {
	Notification hub.NotificationID `json:"notification"`
	Seq          uint64             `json:"seq"` // in the stream, while it waits
	Again        int                `json:"again,omitempty"`
	Text         string             `json:"text"` // CommonMark, one line; empty is not shown
}

// digestsFor is how long digests are kept.
const digestsFor = 30 * 24 * time.Hour

// Digest finds a digest, nil if it is not known any more.
func (b *Bus) Digest(ctx context.Context, id hub.NotificationID) (*Digest, error) {
	d := new(Digest)
	found, err := b.load(ctx, bucketDigests, key(string(id)), d)
	if !found {
		return nil, err
	}
	return d, err
}

// PutDigest stores a digest.
func (b *Bus) PutDigest(ctx context.Context, d Digest) error {
	return b.save(ctx, bucketDigests, key(string(d.ID)), d)
}
