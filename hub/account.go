package hub

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// AccountID identifies an account. It is made when the account is, and never
// used again.
type AccountID string

// Account is somebody who may come in: to the pane and the API. Whom a chat
// system knows is a ChatUser.
type Account struct {
	ID    AccountID `json:"id"`
	Login string    `json:"login"` // what they sign in with; one of its kind, in any case
	Full  string    `json:"full,omitempty"`
	Email string    `json:"email,omitempty"`
	Role  Role      `json:"role"`
	// Password is a digest that says how it was made; empty is that there is none.
	Password string `json:"-"`
	// Issuer and Subject are who they are at an OpenID provider; empty is nobody.
	Issuer   string          `json:"issuer,omitempty"`
	Subject  string          `json:"-"`
	Disabled bool            `json:"disabled,omitempty"`
	Settings AccountSettings `json:"settings,omitzero"`
	// Link is the digest of a one-time link by which they set a password, until
	// LinkUntil: an invitation, if there is none yet.
	Link      string    `json:"-"`
	LinkUntil time.Time `json:"link_until,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at,omitzero"` // zero: never
}

// AccountSettings are how somebody likes their pages. What is empty is as the
// browser has it.
type AccountSettings struct {
	Language string `json:"language,omitempty"`
	Theme    string `json:"theme,omitempty"` // light, dark, auto: as the reader's system has it
	Zone     string `json:"zone,omitempty"`  // an IANA name
	// NoKeys is that single keys are no shortcuts.
	NoKeys bool `json:"no_keys,omitempty"`
}

// Called is the name to call somebody by.
func (a *Account) Called() string {
	if a.Full != "" {
		return a.Full
	}
	return a.Login
}

// CanSignIn reports whether there is a way in for them.
func (a *Account) CanSignIn() bool {
	return !a.Disabled && (a.Password != "" || a.Subject != "")
}

// LongestLogin is how many bytes a login name may have.
const LongestLogin = 64

// ValidLogin reports whether a name may be signed in with: 1 to 64 bytes that
// are letters, digits or one of . _ - + @, so that it looks like nothing else.
func ValidLogin(login string) bool {
	if login == "" || len(login) > LongestLogin || !utf8.ValidString(login) {
		return false
	}
	return !strings.ContainsFunc(login, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-+@", r)
	})
}

// AccountQuery selects accounts; a zero field selects all.
type AccountQuery struct {
	Role Role
	Text string // a part of the login name, the full name or the address, in any case
	Page Page
}

// AccountStore keeps who may come in.
type AccountStore interface {
	// CreateAccount gives a an id if it has none. A login name that is taken is
	// CodeConflict; first makes it CodeConflict that there is any account.
	CreateAccount(ctx context.Context, a *Account, first bool) error
	// GetAccount is CodeNotFound for one that is not there.
	GetAccount(ctx context.Context, id AccountID) (*Account, error)
	// FindLogin, FindSubject and FindLink are nil for nobody. A link that is past
	// its time is still found.
	FindLogin(ctx context.Context, login string) (*Account, error)
	FindSubject(ctx context.Context, issuer, subject string) (*Account, error)
	FindLink(ctx context.Context, digest string) (*Account, error)
	// ListAccounts pages, by login name.
	ListAccounts(ctx context.Context, q AccountQuery) (accounts []Account, next string, err error)
	HasAccounts(ctx context.Context) (bool, error)
	// ChangeAccount changes an account by what change makes of it, which may be
	// called more than once. Unless mayEnd it is CodeConflict that nobody would be
	// left who can sign in and is an Administrator.
	ChangeAccount(ctx context.Context, id AccountID, mayEnd bool, change func(*Account) error) (before, after *Account, err error)
	// DeleteAccount deletes an account with its sessions and tokens. It is
	// CodeConflict for the last who can sign in and is an Administrator.
	DeleteAccount(ctx context.Context, id AccountID) (*Account, error)
	// SeeAccount notes that somebody was there.
	SeeAccount(ctx context.Context, id AccountID, at time.Time) error
}
