package hub

import (
	"context"
	"time"
)

// TokenID identifies a token to people; nobody comes in with it.
type TokenID string

// Token lets a program use the API. Only a digest of it is stored.
type Token struct {
	ID   TokenID `json:"id"`
	Name string  `json:"name"`
	// Account made it and is asked for what it may still do; empty is that the admin
	// token made it.
	Account AccountID `json:"account,omitempty"`
	// Role is what it may do. It is never more than its account may.
	Role      Role      `json:"role"`
	Digest    string    `json:"-"`
	Ends      string    `json:"ends"` // its last four characters
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // zero: never
	UsedAt    time.Time `json:"used_at,omitzero"`    // zero: never
}

// TokenStore keeps tokens.
type TokenStore interface {
	// CreateToken gives t an id if it has none.
	CreateToken(ctx context.Context, t *Token) error
	// FindToken returns nil for one that is unknown or expired at now.
	FindToken(ctx context.Context, digest string, now time.Time) (*Token, error)
	// GetToken is CodeNotFound for one that is not there.
	GetToken(ctx context.Context, id TokenID) (*Token, error)
	// UseToken notes when a token was used last.
	UseToken(ctx context.Context, id TokenID, at time.Time) error
	// ListTokens are those of an account or, with all, of everybody: the newest
	// first, at most 500. Those that have expired are among them.
	ListTokens(ctx context.Context, account AccountID, all bool) ([]Token, error)
	DeleteToken(ctx context.Context, id TokenID) error
}

// Tries are the tries to sign in that failed, in a row, under one key: a name or
// an address.
type Tries struct {
	Failed int
	Last   time.Time
}

// TryStore counts tries to sign in, so that guessing is slow.
type TryStore interface {
	// Try counts one more try under each key, unless wait says of any of them that it
	// has to wait; then none is counted, and blocked is for how long. Tries that are
	// older than forget are none. It holds for tries at the same time, too.
	Try(ctx context.Context, keys []string, now time.Time, forget time.Duration, wait func(key string, t Tries) time.Duration) (tries []Tries, blocked time.Duration, err error)
	// Succeed takes back what Try has counted last under keys, and all of clears.
	Succeed(ctx context.Context, keys, clears []string) error
	// PruneTries deletes what is older, and of the rest all but the newest most.
	PruneTries(ctx context.Context, before time.Time, most int) error
}
