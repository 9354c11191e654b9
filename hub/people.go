package hub

import (
	"context"
	"time"
)

// Level is what a person may do. Each may do what those below it may.
type Level string

// The levels, lowest first.
const (
	Guest    Level = "guest"    // nothing
	Member   Level = "user"     // read: status, why, help
	Operator Level = "operator" // change what chats hear
	Admin    Level = "admin"    // everything, also who may do what
)

// Levels lists every level, the lowest first.
func Levels() []Level { return []Level{Guest, Member, Operator, Admin} }

// rank is a level's place among them; -1 for none.
func (l Level) rank() int {
	for i, known := range Levels() {
		if l == known {
			return i
		}
	}
	return -1
}

// Known reports whether l is one of Levels.
func (l Level) Known() bool { return l.rank() >= 0 }

// May reports whether a person with level l may do what needs level need. An
// unknown level may nothing.
func (l Level) May(need Level) bool { return l.Known() && l.rank() >= need.rank() }

// ChatUser is a user of a system as Bellhop knows them.
type ChatUser struct {
	System System `json:"system"`
	User
	// Level is what this user was given. What the person may do is LevelOf.
	Level Level `json:"level"`
	// Account is shared by what is linked: the same person on several systems. Their
	// level is the highest of all. Empty is that nothing is linked.
	Account string `json:"account,omitempty"`
}

// KnownChat is a chat in which somebody has spoken to us.
type KnownChat struct {
	Chat
	Name    string    `json:"name,omitempty"`
	Team    string    `json:"team,omitempty"`
	Direct  bool      `json:"direct,omitempty"`
	FirstBy string    `json:"first_by,omitempty"` // whom we heard there first
	FirstAt time.Time `json:"first_at"`
	LastAt  time.Time `json:"last_at"`
}

// PeopleStore keeps who people are and what they may do.
type PeopleStore interface {
	// SeeUser notes a user as they are called now. A new one is a Member. It is
	// called for every command: it writes only what is new, and that somebody was
	// seen once a minute. A name that is empty was not told, and the known one stays.
	SeeUser(ctx context.Context, system System, u User, at time.Time) error
	// GetUser is a hub.Error with CodeNotFound for one that was never seen or set.
	GetUser(ctx context.Context, system System, user string) (*ChatUser, error)
	// SetLevel gives a user a level; one that was never seen is made.
	SetLevel(ctx context.Context, system System, user string, l Level) (*ChatUser, error)
	// LevelOf is the highest level of what is linked with a user: Member for one
	// that is not known.
	LevelOf(ctx context.Context, system System, user string) (Level, error)
	// ListUsers pages, those seen last first. Who is seen while pages are turned
	// moves to the front.
	ListUsers(ctx context.Context, q UserQuery) (users []ChatUser, next string, err error)
	// MakeLinkCode makes a one-time code that links another user with this one, in
	// place of the one before.
	MakeLinkCode(ctx context.Context, system System, user string, until time.Time) (code string, err error)
	// Link makes user the same person as whoever made the code. An unknown, used or
	// old code is a hub.Error with CodeInvalid. So is a user's own, which stays good.
	//
	// The code must come from the side with the higher level, else it is
	// CodeForbidden: who gives a code that a stranger made must not raise the
	// stranger to their own level.
	Link(ctx context.Context, system System, user, code string, now time.Time) (linked []ChatUser, err error)
	// Unlink makes a user a person of their own again. One that nothing is linked
	// with stays as they are.
	Unlink(ctx context.Context, system System, user string) error
	// Linked are all users of the person that a user is, themselves included, by
	// system. One that is not known is a hub.Error with CodeNotFound.
	Linked(ctx context.Context, system System, user string) ([]ChatUser, error)

	// SeeChat notes a chat; first is that it was not known. It is as cheap as
	// SeeUser.
	SeeChat(ctx context.Context, c KnownChat) (first bool, err error)
	// ListKnownChats are those of a system, by name; no system is every one.
	ListKnownChats(ctx context.Context, system System) ([]KnownChat, error)
}

// UserQuery selects users; a zero field selects all.
type UserQuery struct {
	System System
	Level  Level  // that was given to the user themselves
	Text   string // a part of the name or id, in any case
	Page   Page
}
