// Package providers is the contract between Bellhop and the platforms where
// people talk: what a provider must be able to do, how it says what went
// wrong, and how a neutral message becomes a platform's markup.
//
// A provider translates, and nothing else. It holds no rules, asks no
// permissions, keeps no queue, never sleeps and never retries: pacing and
// retry belong to package hub/deliver. A provider is done when the suite in
// providertest is green for it and someone has read its golden renderings.
package providers

import (
	"context"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Provider posts messages through one account of one chat system.
//
// It is safe for concurrent use. Constructing one does no I/O.
type Provider interface {
	// Describe tells fixed facts of the platform and the account. It does no I/O
	// and always answers the same.
	Describe() Description
	// Check proves the credentials without posting anything. Its error names the
	// configuration key to mend where that is the trouble.
	Check(ctx context.Context) error
	// Send makes one attempt to post. It returns when the platform has answered
	// or ctx has ended, and every error it returns is an *Error. Where the platform
	// refuses the looks of a message, it goes there at once without its image, or as
	// plain words, and the receipt's note says so: Simplify.
	Send(ctx context.Context, p Post) (hub.Receipt, error)
}

// Post is one message on its way to one chat.
type Post struct {
	// Key is the same for each attempt at the same message: 1 to 40 letters and
	// digits. A provider whose platform can deduplicate passes it on.
	Key     string
	To      hub.Chat
	Message hub.Message
	// Root is the message in whose thread this one belongs; empty for none.
	Root hub.MessageRef
}

// Description is what a provider says of itself. The pane, the README and the
// contract suite read it.
type Description struct {
	Kind   string     // "slack"
	ID     hub.System // "slack-acme", from the configuration
	Limits Limits
	Can    hub.Features
}

// Limits are a platform's bounds on one message and on how fast they come.
type Limits struct {
	Text int  // the longest text of one message
	Unit Unit // what Text counts
	// Chat and Account are the rates at which calls for one chat, and all calls of
	// the account, may come; each of them holds. None is that none is known.
	Chat    []Rate
	Account []Rate
	// Inspect is the rate at which an Inspector may be asked; none is that no limit
	// is known.
	Inspect []Rate
	// Learned is that servers differ: the pace of the account is what the server
	// asks for when it refuses a call for coming too early.
	Learned bool
}

// Rate is so many calls in some time, of which Burst may come at once.
type Rate struct {
	Calls int
	Per   time.Duration
	Burst int
}

// Unit is what a platform counts when it limits a text.
type Unit string

// The units.
const (
	Bytes      Unit = "bytes"        // UTF-8
	Characters Unit = "characters"   // Unicode code points
	UTF16      Unit = "UTF-16 units" // as JavaScript and Telegram count
)
