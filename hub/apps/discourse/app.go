package discourse

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
const Name = "discourse"

// Site is a forum as configured.
type Site struct {
	Source hub.Source
	URL    string // base URL, where its links begin
}

// Forums tells what may be told of the forums; a *forum.State is one.
type Forums interface {
	// Shown is how a forum is ordered as far as the source's reader may see it:
	// a category, a tag or a group that is hidden from the reader is not in it.
	// Complete is that it is all the reader may see. It is nil for a source that is
	// no forum.
	Shown(ctx context.Context, source hub.Source) (*hub.Taxonomy, error)
	// Named finds a tag or a group by its name, as the forum spells it, also one that
	// the reader does not see: a forum shows most readers only tags that topics have.
	// Who knows such a name may use it; it is never suggested.
	Named(ctx context.Context, source hub.Source, kind hub.FilterType, name string) (spelled string, known bool, err error)
	// Visible reports whether a reader may see a topic; "" is the source's reader.
	// An error is that it is not known.
	Visible(ctx context.Context, source hub.Source, topic, reader string) (bool, error)
}

// Chats keeps what people have set for chats.
type Chats interface {
	// ChatSettings of a chat for which nothing was set have only its name.
	ChatSettings(ctx context.Context, chat hub.Chat) (hub.ChatSettings, error)
	// AllChatSettings are those of the chats of a system, of every one if it is
	// empty, for which something was set.
	AllChatSettings(ctx context.Context, system hub.System) ([]hub.ChatSettings, error)
	// ChangeChat may call change more than once. Its error ends it.
	ChangeChat(ctx context.Context, chat hub.Chat, change func(*hub.ChatSettings) error) (hub.ChatSettings, error)
}

// Told is what one of our messages told of.
type Told struct {
	Source hub.Source `json:"source"`
	Topic  string     `json:"topic"`
	Title  string     `json:"title,omitempty"` // of the topic, as the chat was told it
}

// History is what has happened, and what became of it.
type History interface {
	// Posted lists the events that told of a new post, the newest first; none if they
	// are not kept. The first post of a topic may have two.
	Posted(ctx context.Context, source hub.Source, post Post) ([]hub.Event, error)
	// Newest lists events that told of new posts of a source, of all if it is empty,
	// the newest first, about n. Posts are as they are by now; what was deleted or
	// hidden is not among them.
	Newest(ctx context.Context, source hub.Source, n int) ([]hub.Event, error)
	// Explain says what would become of an event in a chat as things stand.
	Explain(ctx context.Context, e *hub.Event, chat hub.Chat) (*hub.Explanation, error)
	// FindTrace is nil for an event whose decision is not kept.
	FindTrace(ctx context.Context, event hub.EventID) (*hub.Trace, error)
	// Announcements lists those of a post, or of all posts of a topic where post is
	// 0, oldest first.
	Announcements(ctx context.Context, source hub.Source, topic string, post int) ([]hub.Announcement, error)
	// FindDeliveries reads those of ids that are known, in no order.
	FindDeliveries(ctx context.Context, ids []hub.NotificationID) ([]hub.Delivery, error)
	// Told is what a message of ours in a chat told of, nil if that is not known.
	Told(ctx context.Context, chat hub.Chat, ref hub.MessageRef) (*Told, error)
}

// Deps are what an App works with. Each is needed, save where it says so.
type Deps struct {
	Subscriptions hub.SubscriptionStore
	Sites         func() []Site // the configured forums, as they are now
	Forums        Forums
	Chats         Chats
	History       History
	// Notify queues a message for a chat and notes it in the delivery log. One with
	// the same id is sent once.
	Notify func(ctx context.Context, n hub.Notification) error
	// Changed is called after each write to the table of subscriptions with the
	// rows that were written or deleted. May be nil.
	Changed func(ids ...hub.SubscriptionID)
	// May is what the person may do who gave a command. Nil is everything.
	May func(ctx context.Context, c *hub.Command) hub.Level
	// Type is how a line is typed where the command came from: "!discourse status"
	// for "status". Nil is with /discourse before it.
	Type func(c *hub.Command, line string) string
	// Zone is where chats are of which nobody has said so; nil is UTC.
	Zone *time.Location
	Log  *slog.Logger     // nil: silent
	Now  func() time.Time // nil: time.Now
}

// App answers the commands of the namespace discourse. It is safe for
// concurrent use.
type App struct {
	Deps
	// changes holds off one change until the other is done: each reads the rows of a
	// chat before it writes.
	changes sync.Mutex
}

var (
	_ apps.App    = (*App)(nil)
	_ apps.Runner = (*App)(nil)
)

// New makes an App. It does no I/O.
func New(d Deps) *App {
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	d.Zone = cmp.Or(d.Zone, time.UTC)
	if d.Changed == nil {
		d.Changed = func(...hub.SubscriptionID) {}
	}
	if d.May == nil {
		d.May = func(context.Context, *hub.Command) hub.Level { return hub.Admin }
	}
	if d.Type == nil {
		d.Type = func(_ *hub.Command, line string) string { return "/" + Name + " " + line }
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Sites == nil {
		d.Sites = func() []Site { return nil }
	}
	return &App{Deps: d}
}

// Name is the namespace.
func (a *App) Name() string { return Name }

// Functions are what it can do with the forums that there are. Those without a
// Summary are for buttons.
func (a *App) Functions() []apps.Function { return a.list() }
