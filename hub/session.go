package hub

import (
	"context"
	"time"
)

// Session is a browser that has shown a credential. Only a digest of its
// cookie is stored.
type Session struct {
	Digest  string
	Who     string    // "admin", or the login name that the account had
	Account AccountID // empty: the admin token opened it
	Agent   string    // what the browser calls itself
	Address string    // from where it was seen last
	// CreatedAt is when it began, ProvedAt when its credential was shown last, SeenAt
	// when it was used last.
	CreatedAt time.Time
	ProvedAt  time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// ID names a session to people; nobody comes in with it.
func (s *Session) ID() string { return Digest("session", s.Digest) }

// SessionStore keeps sessions.
type SessionStore interface {
	CreateSession(ctx context.Context, s Session) error
	// FindSession returns nil for one that is unknown or expired at now.
	FindSession(ctx context.Context, digest string, now time.Time) (*Session, error)
	// TouchSession notes that a session is used; one that is gone is fine.
	TouchSession(ctx context.Context, digest, address string, seen, expires time.Time) error
	// ProveSession notes that the credential of a session was shown again.
	ProveSession(ctx context.Context, digest string, at time.Time) error
	// ListSessions are those that have not expired at now, of an account or, with
	// all, of everybody: those seen last first, at most 500.
	ListSessions(ctx context.Context, account AccountID, all bool, now time.Time) ([]Session, error)
	DeleteSession(ctx context.Context, digest string) error
	// DeleteSessions ends those of an account, save one.
	DeleteSessions(ctx context.Context, account AccountID, but string) (int64, error)
	PruneSessions(ctx context.Context, now time.Time) error
}
