// Package apps is where commands from chat are answered: the contract of an
// app, and the host that stands between people and apps. It parses what was
// typed, knows who may do what, asks for what is missing, checks every value
// and hands the command to its app, which gives one reply.
//
// It knows no platform and no app. Apps know neither the bus nor the database:
// what they need they are given.
package apps

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// App answers commands of one namespace.
type App interface {
	// Name is the namespace: "discourse". It is a hub.ValidName and never changes.
	Name() string
	// Functions are what it can do, in the order in which help shows them. They
	// never change.
	Functions() []Function
}

// Function is one thing that an app can do: a verb of its namespace.
type Function struct {
	Name    string   // a-z, 0-9 and -: "watch"
	Aliases []string // other names that people type
	Summary string   // what it does, in a short sentence: for help; one without is for buttons alone
	Detail  string   // CommonMark, more of it: for "help watch"
	Example []string // lines without the namespace: "watch support tag:bug"
	Level   hub.Level
	// Form is what it needs to know. Its Title is the dialog's.
	Form hub.Form

	// Do carries out a command whose Encoded fits Form: what is required is there,
	// and every value is one that its field takes. ctx ends when nobody waits for
	// the reply any longer, a minute later. What an error says goes to the asker if
	// it is a hub.Error, else to the log.
	Do func(ctx context.Context, c *hub.Command) (hub.Reply, error)
	// Lookup lists options of a dynamic field that match query, the best first. It
	// is nil where no field is dynamic.
	Lookup func(ctx context.Context, c *hub.Command, field, query string) ([]hub.Option, error)
	// Refresh is the form as it is with the values of Encoded. Nil is Form with
	// these values.
	Refresh func(ctx context.Context, c *hub.Command) (hub.Form, error)
	// Cancel is told that the form was closed. It may be nil.
	Cancel func(ctx context.Context, c *hub.Command)
}

// Runner is an App with work of its own between commands. Each hub runs it: what
// it does must bear to be done twice.
type Runner interface {
	// Run works until ctx ends.
	Run(ctx context.Context)
}
