package providers

import (
	"context"

	"github.com/bellhop-chat/bellhop/hub"
)

// ChatInfo is a chat as its platform shows it to people.
type ChatInfo struct {
	hub.Chat
	Name string `json:"name"`           // "#support"
	Note string `json:"note,omitempty"` // what a picker should add: "private", "not a member"
}

// ChatLister is a provider that can list the chats its account may post to.
type ChatLister interface {
	// Chats lists chats whose name contains query, the best first, at most 100.
	Chats(ctx context.Context, query string) ([]ChatInfo, error)
}

// Inspector is a provider that can ask what its account may do in a chat.
type Inspector interface {
	// Inspect asks the platform about a chat. It posts and changes nothing. That
	// there is no such chat, or that we are not in it, is an answer and no error: an
	// error, always an *Error, is that the platform could not be asked. Each answer
	// that is not the one hoped for has a reason, and a no the step that mends it.
	// It does not set State and At.
	Inspect(ctx context.Context, chat hub.Chat) (hub.Preflight, error)
}

// Named is a provider that knows what its account is called on the platform.
type Named interface {
	// Account is that name, empty before the platform has said it. It does no I/O.
	Account() string
}

// Editor is a provider whose platform lets us change what we sent.
// Describe().Can says which of the two it can (Edits, Deletes). Both are safe to
// repeat, and every error they return is an *Error; one with FaultRejected says
// that the message can no longer be changed: it is gone, or too old.
type Editor interface {
	// Edit makes the message at ref say p.Message. p.Key names this change: the
	// same for each attempt at it. p.Root is not looked at: a message stays in its
	// thread. A message that says so already is no error.
	Edit(ctx context.Context, p Post, ref hub.MessageRef) (hub.Receipt, error)
	// Retract takes the message at ref back. One that is gone is no error.
	Retract(ctx context.Context, at hub.Chat, ref hub.MessageRef) error
}

// Grouper is a provider of whose chats some are parts of one, whose pace they share.
type Grouper interface {
	// Group is the id of what a chat is a part of, or its own. It does no I/O.
	Group(chat string) string
}

// Runner is a provider with work of its own between sends, such as keeping a
// cache fresh. Run returns when ctx ends.
type Runner interface {
	Run(ctx context.Context) error
}

// Introducer is a provider that can say whose its credentials are.
type Introducer interface {
	// Introduce proves the credentials as Check does, and tells what the platform
	// said of them. Its error is that of Check.
	Introduce(ctx context.Context) (Introduction, error)
}

// Introduction is who we are on a platform.
type Introduction struct {
	Account string // as people see it: "@bellhop"
	Place   string // where: "Acme (acme.slack.com)"
	// Missing are permissions that the account lacks and something needs. Posting
	// works all the same.
	Missing []hub.Lack
	May     []string // what it can do, in words
}

// Wrapper is a provider around another one.
type Wrapper interface {
	Unwrap() Provider
}

// As finds the first provider in p's chain of wrappers that is a T. A wrapper
// that embeds Provider hides the optional methods of what it wraps: ask As,
// never p.(T).
func As[T any](p Provider) (T, bool) {
	for {
		if t, ok := p.(T); ok {
			return t, true
		}
		w, ok := p.(Wrapper)
		if !ok {
			var none T
			return none, false
		}
		p = w.Unwrap()
	}
}
