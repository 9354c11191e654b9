package hub

import (
	"slices"
	"time"
)

// Command says that a person wants something done. It is the same from a slash
// command, a mention, a button, a dialog and the API.
type Command struct {
	Command  Call           `json:"command"`
	Security Security       `json:"security,omitzero"`
	Context  CommandContext `json:"context"`
}

// CommandID identifies a command. It is made from what the platform gives, so
// that one that is told again is the same and runs once.
type CommandID string

// Call is what a command asks for, and of whom. One that a person typed has
// only Raw, from which the hub makes the rest.
type Call struct {
	ID        CommandID   `json:"id"`
	Namespace string      `json:"namespace,omitempty"` // the app: "discourse"
	Function  string      `json:"function,omitempty"`  // of the app: "watch"
	Kind      CommandKind `json:"kind"`
	Raw       string      `json:"raw,omitempty"`     // the line as typed, less what addressed us: "discourse watch support"
	Encoded   Values      `json:"encoded,omitempty"` // the fields of the function's form
	State     string      `json:"state,omitempty"`   // what the app gave its form or button to remember
}

// CommandKind is what is wanted of a function.
type CommandKind string

// The kinds. An empty one is KindSubmit.
const (
	KindSubmit CommandKind = "submit" // do it
	KindForm   CommandKind = "form"   // show the form, as it is with these values
	KindLookup CommandKind = "lookup" // the options of the field Lookup.Field that match Lookup.Query
	KindCancel CommandKind = "cancel" // the form was closed
)

// The keys of Encoded that a lookup and a refresh use. No field is named so.
const (
	LookupField = "_field" // which field's options are wanted, or which field has changed
	LookupQuery = "_query" // what was typed so far
)

// Security is what proves and carries a command. No app sees it.
type Security struct {
	// Token names the binding that was pressed or the form that was sent: the hub
	// made it, and refuses any other.
	Token string `json:"token,omitempty"`
	// TriggerID lets the platform open a dialog, for seconds.
	TriggerID string `json:"trigger_id,omitempty"`
}

// CommandContext is who gave a command, where and how.
type CommandContext struct {
	Source     CommandSource `json:"source"`
	System     System        `json:"system"`
	User       User          `json:"user"`
	Channel    Channel       `json:"channel"`
	Team       string        `json:"team,omitempty"`
	Post       MessageRef    `json:"post,omitempty"`        // that the command was typed in, or whose button was pressed
	ParentPost MessageRef    `json:"parent_post,omitempty"` // that Post answers
	RootPost   MessageRef    `json:"root_post,omitempty"`   // of the thread
	Event      EventID       `json:"event,omitempty"`       // that told of it
	App        string        `json:"app,omitempty"`         // that gave it, if no person did
	Role       Role          `json:"role,omitempty"`        // of who gave it through the API
}

// Chat is where the command was given.
func (c *CommandContext) Chat() Chat { return Chat{System: c.System, ID: c.Channel.ID} }

// CommandSource is the way a command came.
type CommandSource struct {
	ID string `json:"id"` // one of the From constants
	// Props are what the provider needs to answer. Nobody else reads them, and no
	// app sees them.
	Props map[string]string `json:"props,omitempty"`
}

// The ways commands come.
const (
	FromSlash    = "slash"    // a slash command that the platform knows
	FromMessage  = "message"  // a message: with a prefix, a mention, or an answer to a question
	FromButton   = "button"   //
	FromSelect   = "select"   //
	FromReaction = "reaction" // to one of our messages
	FromDialog   = "dialog"   // a form that was filled in
	FromAPI      = "api"      // POST /api/v1/commands
)

// User is a person or a bot as a platform knows them.
type User struct {
	ID   string `json:"id"`             // the platform's, opaque
	Name string `json:"name,omitempty"` // as it is written in a mention: "anna"
	Full string `json:"full,omitempty"` // as it is shown: "Anna Bauer"
	Bot  bool   `json:"bot,omitempty"`
}

// Called is the name to call a user by.
func (u User) Called() string {
	switch {
	case u.Full != "":
		return u.Full
	case u.Name != "":
		return u.Name
	}
	return u.ID
}

// Channel is a chat as whoever speaks there sees it.
type Channel struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`   // without a "#"
	Direct bool   `json:"direct,omitempty"` // only the user and we are there
}

// Values are the fields of a form by name. A bool is "true" or "false", a date
// "2026-11-21", a datetime RFC 3339.
type Values map[string][]string

// Get is the first value of a field, "" for none.
func (v Values) Get(name string) string {
	if len(v[name]) == 0 {
		return ""
	}
	return v[name][0]
}

// Has reports whether a field has a value that is not empty.
func (v Values) Has(name string) bool {
	return slices.ContainsFunc(v[name], func(s string) bool { return s != "" })
}

// Set gives a field values; none takes it away.
func (v Values) Set(name string, values ...string) {
	if len(values) == 0 {
		delete(v, name)
		return
	}
	v[name] = values
}

// Clone is a copy that shares nothing with v; never nil.
func (v Values) Clone() Values {
	c := make(Values, len(v))
	for name, values := range v {
		c[name] = slices.Clone(values)
	}
	return c
}

// CommandPatience is how long a platform waits for the answer to a request of
// its own before it tells the person that nobody answers: three seconds on
// Slack, less what the way takes.
const CommandPatience = 2500 * time.Millisecond

// MostPatience is how long a command may take in all.
const MostPatience = 90 * time.Second
