package providers

import (
	"context"
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
)

// Ear is where a provider tells what it hears. It is safe for concurrent use.
type Ear interface {
	// Hear takes an event of the platform: chat.*, whose data is a hub.Chatter, or
	// hub.signal.unsupported, whose data is a hub.Signal, for what the provider
	// does not know. Its ID is made from the platform's own (hub.ChatterEvent), so
	// that telling it again does nothing; Source is filled in.
	//
	// When it returns nil the event is on the bus, and a command that was in it
	// (a message by a person that is ForUs, an answer to a question, a reaction to
	// a message with actions) has been taken and will be answered with Answer.
	// After an error the provider tells it again: it must not let the platform
	// forget it. Hear blocks while the bus or the hub is away, until ctx ends.
	Hear(ctx context.Context, e *hub.Event) error
	// Do runs a command that the platform waits for: a slash command, a button, a
	// dialog, a lookup. The ID is made from the platform's own (hub.CommandFor), so
	// that one which is told again runs once and gets the same reply. System is
	// filled in.
	//
	// It returns within hub.CommandPatience. later is that there is no reply yet:
	// the provider acknowledges, and Answer follows. Where no hub answers the
	// reply is an error in words.
	Do(ctx context.Context, c *hub.Command) (r hub.Reply, later bool)
	// Place is what SetPlace stored last under a name, of any worker of the system:
	// a since-token, an offset. It is nil if there is nothing.
	Place(ctx context.Context, name string) ([]byte, error)
	// SetPlace stores how far the provider has come.
	SetPlace(ctx context.Context, name string, value []byte) error
}

// Listener is a provider that hears what people say and do on its platform.
// Describe().Can.Listens says so.
type Listener interface {
	// Listen tells ear what it hears until ctx ends. Of the workers of a system one
	// listens at a time, and it alone. A connection that breaks is made anew, with
	// a pause that grows; what the platform still offers from before is not lost.
	// It returns nil when ctx has ended, and an *Error for what a person must mend:
	// it is called again later then.
	//
	// A provider that is only called by its platform waits for ctx to end.
	Listen(ctx context.Context, ear Ear) error
}

// Everywhere is a Listener that may listen in each process at once: what is told
// twice has the same ID.
type Everywhere interface {
	Listener
	// ListensEverywhere says so.
	ListensEverywhere()
}

// Called is a Listener that its platform calls over HTTP, at
// <public_url>/chat/<system>/<path>. The hub passes such requests on to the
// worker that listens, and its answer back.
type Called interface {
	// Receive answers a request. It checks the signature or secret itself, before
	// anything else: 401 if it is wrong or too old, 404 for a path that it does not
	// know. It answers within three seconds.
	Receive(ctx context.Context, path string, r *Request, ear Ear) Response
}

// Request is an HTTP request of a platform, whole.
type Request struct {
	Method string      `json:"method"`
	Query  string      `json:"query,omitempty"` // raw
	Header http.Header `json:"header"`
	Body   []byte      `json:"body,omitempty"`
}

// Response is the answer to one.
type Response struct {
	Status int         `json:"status"`
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body,omitempty"`
}

// Answerer shows replies to people who gave commands, later than the platform
// waits for them, or where it does not wait at all.
type Answerer interface {
	// Answer shows r to whoever gave c, natively: for them alone where the platform
	// can and r does not say Public. r is an OK, an Error, a Navigate or, if
	// Describe().Can.Dialogs, a Form. The receipt names the message, if one was
	// made. It is one attempt; every error is an *Error.
	Answer(ctx context.Context, c *hub.Command, r hub.Reply) (hub.Receipt, error)
}

// Ranker is a provider that can tell who runs a chat.
type Ranker interface {
	// RunsChat reports whether the platform calls user an admin (owner, moderator)
	// of chat.
	RunsChat(ctx context.Context, chat hub.Chat, user string) (bool, error)
}

// Menu is a provider whose platform offers people a list of commands while they
// type.
type Menu interface {
	// SetMenu says what is offered from now on: the namespaces, and the verbs that
	// may be given without one, the most useful first. It is called on the worker
	// that listens, before Listen and when the list changes. It is one attempt;
	// every error is an *Error.
	SetMenu(ctx context.Context, items []hub.MenuItem) error
}
