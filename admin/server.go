// Package admin answers the REST API under /api/v1 and the login page, and
// guards the other pages. Whoever shows the admin token, as a bearer token or
// once on the login page, may do everything; an account and its tokens may do
// what its role allows; nobody else may do anything.
//
// What it refuses to do: decide which events match (package rules does) and
// know where things are stored: it is given stores.
package admin

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"golang.org/x/time/rate"
)

// API is the source of the events that the API itself publishes for its
// callers, besides the configured ones.
const API hub.Source = "api"

// Events is the log of events.
type Events interface {
	// Publish returns when e is as durable as configured; dup says that an event
	// with this id was there already.
	Publish(ctx context.Context, e *hub.Event) (seq uint64, dup bool, err error)
	// Event is a hub.Error with CodeNotFound for one that is not there.
	Event(ctx context.Context, id hub.EventID) (*hub.Event, error)
	// Events pages, newest first. An empty source or typ selects all; typ is a
	// pattern of hub.EventType.Match.
	Events(ctx context.Context, source hub.Source, typ string, page hub.Page) (events []hub.Event, next string, err error)
	// SearchEvents pages, newest first. A page may be short, even empty, and still
	// have a next.
	SearchEvents(ctx context.Context, q hub.EventQuery) (events []hub.Event, next string, err error)
	// EventNear is Event for an old one, of which it is known when it was stored.
	EventNear(ctx context.Context, id hub.EventID, at time.Time) (*hub.Event, error)
	// NewerEvents are those after a place that it told, oldest first, at most limit:
	// of more the newest. last is where to go on. A place of 0 is the end.
	NewerEvents(ctx context.Context, after uint64, limit int) (events []hub.Event, last uint64, err error)
}

// Notifier queues a message for a chat.
type Notifier interface {
	// Notify returns when n is stored. One with the same id is sent once.
	Notify(ctx context.Context, n hub.Notification) error
}

// DeadLetters are the notifications that were given up.
type DeadLetters interface {
	// SearchDead pages, newest first. A page may be short, even empty, and still
	// have a next.
	SearchDead(ctx context.Context, q hub.DeadQuery) (letters []hub.DeadLetter, next string, err error)
	// DeadLetter is the last about a notification, a hub.Error with CodeNotFound if
	// there is none.
	DeadLetter(ctx context.Context, id hub.NotificationID) (*hub.DeadLetter, error)
	// EachDead visits all that q selects, the oldest first, each with the number by
	// which DeadAt finds it. It ends with the first error of visit.
	EachDead(ctx context.Context, q hub.DeadQuery, visit func(seq uint64, d *hub.DeadLetter) error) error
	// DeadAt is nil for a letter that is gone.
	DeadAt(ctx context.Context, seq uint64) (*hub.DeadLetter, error)
	// Notify queues notifications, each chat's in the order given.
	Notify(ctx context.Context, ns []hub.Notification) error
}

// Announcements know what the messages say by now that told of something.
type Announcements interface {
	// FindAnnouncements reads those of notifications that are known to it and to the
	// delivery log, in no order.
	FindAnnouncements(ctx context.Context, ids []hub.NotificationID) ([]hub.Announcement, error)
}

// Deps are what a Server works with. Each is needed, save where it says so.
type Deps struct {
	Subscriptions hub.SubscriptionStore
	Table         hub.SubscriptionTable // the same, for people
	Deliveries    hub.DeliveryStore
	Sessions      hub.SessionStore
	Accounts      hub.AccountStore
	Tokens        hub.TokenStore
	Tries         hub.TryStore
	People        People
	Audit         Audit
	Settings      hub.SettingStore
	House         hub.HouseStore
	Events        Events
	Notifier      Notifier
	Dead          DeadLetters
	Announcements Announcements
	// Activity reads what became of many events at once.
	Activity hub.ActivityStore
	// Systems lists the configured systems.
	Systems func(ctx context.Context) ([]hub.SystemStatus, error)
	// Chats lists chats of a system whose name contains query.
	Chats func(ctx context.Context, system hub.System, query string) ([]providers.ChatInfo, error)
	// Resume asks the worker of a system to try at once whether it, or one of its
	// chats, takes messages again.
	Resume func(system hub.System, chat string)
	// Hold is the last that an operator did to pause a system, nil if nobody ever did;
	// SetHold pauses one, or ends that.
	Hold    func(ctx context.Context, system hub.System) (*hub.Hold, error)
	SetHold func(ctx context.Context, system hub.System, h hub.Hold) error
	// Sections are the sources and systems as they are configured.
	Sections Sections
	// ChatSettings keeps the quiet hours of chats, Zone is where those are of which
	// nobody has said so; nil is UTC.
	ChatSettings ChatSettings
	Zone         *time.Location
	// RoomPages keeps the pages about chats that need no account.
	RoomPages hub.RoomPageStore
	// Changed is called after each write to the table of subscriptions with the
	// rows that were written or deleted. May be nil.
	Changed func(ids ...hub.SubscriptionID)
	// Rehearse holds a row against the last events of its source, and against the
	// other rows of its chat. The messages are of the event with an id, or of the
	// newest that matches.
	Rehearse func(ctx context.Context, row hub.Subscription, others []hub.Subscription, shown hub.EventID) (*hub.Rehearsal, error)
	// Explain says what would become of an event as things stand.
	Explain func(ctx context.Context, e *hub.Event, q ExplainQuery) (*hub.Explanation, error)
	// Decode makes events of a webhook's body without a signature. Its error is for
	// who sent the body.
	Decode func(source hub.Source, header http.Header, body []byte) ([]*hub.Event, error)
	// Trace is the decision about an event as it was taken, nil if it is not kept.
	Trace func(ctx context.Context, id hub.EventID) (*hub.Trace, error)
	// Figures are counts of what happened.
	Figures Figures
	// Foretell says what it would do to hold an event against the rules again.
	Foretell func(ctx context.Context, e *hub.Event) (*hub.Replay, error)
	// Preview is a message as a system would be sent it, nil where that is not
	// known. May be nil.
	Preview func(ctx context.Context, system hub.System, m hub.Message) *hub.Rendered
	// Taxonomy is how a forum is ordered, nil for a source that is none.
	Taxonomy func(ctx context.Context, source hub.Source) (*hub.Taxonomy, error)
	// Commands runs what people would give in chat.
	Commands Commands
	// SourceList lists the configured sources and how they are.
	SourceList func(ctx context.Context) ([]hub.SourceStatus, error)

	// Rooms are the chats of subscriptions, Places is how forums are ordered.
	Rooms  Rooms
	Places Places
	// Given is what the configuration file defines of what can be set here.
	Given Given
	// About tells where things are and how much room there is.
	About func(ctx context.Context) (About, error)
	// Alert sends a message to a chat as alerts are sent.
	Alert func(ctx context.Context, to hub.Chat, m hub.Message) error
	// Backup gathers what a backup holds and returns it, to be written at any pace.
	Backup func(ctx context.Context) (Backup, error)

	// OpenID is where people sign in elsewhere; nil for nowhere.
	OpenID OpenID

	Token     secret.Value // empty: only accounts and a login code open
	TokenFile string       // where Token is kept, if the process made it; may be empty
	// Sources are those that are configured now.
	Sources   func() []hub.Source
	PublicURL string // how browsers reach the server; may be empty
	MaxBody   int64  // bytes; 0 is 1 MiB
	Version   string
	Log       *slog.Logger     // nil: silent
	Now       func() time.Time // nil: time.Now
}

// Server is the API and the login.
type Server struct {
	Deps
	api       http.Handler
	document  []byte // openapi.json
	origins   *http.CrossOriginProtection
	logins    *rate.Limiter
	codes     codes
	forums    forumCache
	chatNames nameCache
	replays   sync.Mutex // one bulk at a time: its count must hold
	retries   retries
	imports   sync.Mutex // one at a time: its plan must hold
	backups   sync.Mutex // one at a time: each needs the room of a copy
	set       settings
	gate      gate
}

// New makes a Server. It does no I/O.
func New(d Deps) *Server {
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	d.MaxBody = cmp.Or(d.MaxBody, 1<<20)
	if d.Changed == nil {
		d.Changed = func(...hub.SubscriptionID) {}
	}
	if d.Sources == nil {
		d.Sources = func() []hub.Source { return nil }
	}
	if d.Zone == nil {
		d.Zone = time.UTC
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	s := &Server{Deps: d, origins: origins(d.PublicURL), logins: rate.NewLimiter(rate.Every(time.Minute/loginsPerMinute), loginsPerMinute), gate: make(gate, gateWidth)}
	routes := s.routes()
	s.document = document(routes, d.Version)
	s.api = s.mount(routes)
	return s
}

// origins refuses what other sites make a browser send. A proxy may have
// changed the Host, so the public address counts as ours too.
func origins(publicURL string) *http.CrossOriginProtection {
	p := http.NewCrossOriginProtection()
	if u, err := url.Parse(publicURL); err == nil && u.Host != "" {
		_ = p.AddTrustedOrigin(u.Scheme + "://" + u.Host) // made of a scheme and a host, it is valid
	}
	return p
}

// Routes registers the API and the login.
func (s *Server) Routes(mux Mux) {
	mux.Handle("/api/v1/", s.authenticated(s.api, s.problem))
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /login": s.loginPage, "POST /login": s.login, "POST /logout": s.logout, "GET /join": s.joinPage, "POST /join": s.join,
		"GET /login/openid": s.startOpenID, "GET /login/openid/back": s.backFromOpenID,
	} {
		mux.Handle(pattern, h)
	}
	s.MountPages(mux, s.entryPages(), s.turnAway)
}

// Guard lets only those through who are logged in or show a token, whatever their
// role. A browser that asks for a page is sent to the login.
func (s *Server) Guard(h http.Handler) http.Handler {
	return s.authenticated(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := permit(r.Context(), hub.Viewer); err != nil {
			s.turnAway(w, r, err)
			return
		}
		h.ServeHTTP(w, r)
	}), s.turnAway)
}
