package hub

import (
	"context"
	"time"
)

// Session is a browser that has shown a credential. Only a digest of its
// cookie is stored.
type Session struct {
	Digest    string
	Who       string // "admin"
	CreatedAt time.Time
	ExpiresAt time.Time
}

// SessionStore keeps sessions.
type SessionStore interface {
	CreateSession(ctx context.Context, s Session) error
	// FindSession returns nil for one that is unknown or expired at now.
	FindSession(ctx context.Context, digest string, now time.Time) (*Session, error)
	DeleteSession(ctx context.Context, digest string) error
	PruneSessions(ctx context.Context, now time.Time) error
}
