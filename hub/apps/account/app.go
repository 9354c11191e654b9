// Package account answers the commands of the namespace bellhop: who somebody
// is, what they may do, and which accounts on other systems are theirs.
//
// It refuses to know where people are kept and what else levels are good for: the
// host asks for them before it runs a function.
package account

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

// Name is the app's namespace.
const Name = "bellhop"

// People keeps who people are. Its methods are those of hub.PeopleStore.
type People interface {
	GetUser(ctx context.Context, system hub.System, user string) (*hub.ChatUser, error)
	SetLevel(ctx context.Context, system hub.System, user string, l hub.Level) (*hub.ChatUser, error)
	LevelOf(ctx context.Context, system hub.System, user string) (hub.Level, error)
	ListUsers(ctx context.Context, q hub.UserQuery) (users []hub.ChatUser, next string, err error)
	MakeLinkCode(ctx context.Context, system hub.System, user string, until time.Time) (code string, err error)
	Link(ctx context.Context, system hub.System, user, code string, now time.Time) (linked []hub.ChatUser, err error)
	Unlink(ctx context.Context, system hub.System, user string) error
	Linked(ctx context.Context, system hub.System, user string) ([]hub.ChatUser, error)
}

// Deps are what an App works with. People is needed.
type Deps struct {
	People People
	// Whispers reports whether a system can show an answer to one person in a chat
	// of many. Nil is that none can.
	Whispers func(ctx context.Context, system hub.System) bool
	// May is what the person may do who gave a command, where they gave it. Nil is
	// the level that People knows.
	May func(ctx context.Context, c *hub.Command) hub.Level
	// Type is how a line is typed where the command came from: "!bellhop whoami" for
	// "whoami". Nil is with /bellhop before it.
	Type func(c *hub.Command, line string) string
	// Systems are the configured ones as they are now. Where there are none any name
	// is taken.
	Systems func() []hub.System
	Log     *slog.Logger     // nil: silent
	Now     func() time.Time // nil: time.Now
}

// App answers the commands of the namespace bellhop. It is safe for concurrent
// use.
type App struct {
	Deps
	wrong tries
	// levels holds off one change of a level until the other is done: of two admins
	// who take each other's level away, one stays.
	levels sync.Mutex
}

var _ apps.App = (*App)(nil)

// New makes an App. It does no I/O.
func New(d Deps) *App {
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	if d.Whispers == nil {
		d.Whispers = func(context.Context, hub.System) bool { return false }
	}
	if d.Type == nil {
		d.Type = func(_ *hub.Command, line string) string { return "/" + Name + " " + line }
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Systems == nil {
		d.Systems = func() []hub.System { return nil }
	}
	a := &App{Deps: d}
	if a.May == nil {
		a.May = a.levelOf
	}
	return a
}

// levelOf is the level that People knows; who cannot be looked up may nothing.
func (a *App) levelOf(ctx context.Context, c *hub.Command) hub.Level {
	level, err := a.People.LevelOf(ctx, c.Context.System, c.Context.User.ID)
	if err != nil {
		a.Log.WarnContext(ctx, "the level of a person could not be looked up", "system", c.Context.System, "err", err)
		return hub.Guest
	}
	return level
}

// Name is the namespace.
func (a *App) Name() string { return Name }

// Functions are what it can do with the systems that there are.
func (a *App) Functions() []apps.Function { return a.list() }
