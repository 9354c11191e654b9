// Package server puts Bellhop together: it is the one place that knows every
// part. What runs depends on the role: everything in one process, the hub
// alone, or one system's worker alone.
//
// It decides nothing itself. Parts start in the order in which they need each
// other and stop in reverse: HTTP, workers, router, bus, database.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/route"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/all"
)

// Role says which parts a process runs.
type Role int

// The roles.
const (
	Everything Role = iota // hub and workers, embedded NATS unless a URL is set
	HubOnly                // ingest, router, API, pages and the console; needs nats.url
	WorkerOnly             // the worker of one system; needs nats.url and no database
)

// Options are what a Server is made from.
type Options struct {
	Config *config.Config
	Role   Role
	System hub.System // of a WorkerOnly
	// Listen is where a WorkerOnly answers /healthz, /readyz, /metrics and /version,
	// which need no credential: host:port; empty is nowhere.
	Listen  string
	Version string
	Log     *slog.Logger
	// LookEvery is how often is looked for what the operators should hear of; 0
	// is a default.
	LookEvery time.Duration
	// Apps answer commands beside the built-in ones.
	Apps []apps.App
	// Started, if set, is called once when everything has started.
	Started func(Ready)
}

// Ready is what can be known once a server has started.
type Ready struct {
	URL       string        // where it listens; empty for a worker that does not
	TokenFile string        // of an admin token made by us; empty if one was configured
	LoginCode func() string // makes a one-time code for /login?code=
}

// Server is a process of Bellhop.
type Server struct {
	Options
	console *lateStore // filled when the database is open
	metrics *metrics
	live    *live  // what is configured now
	fleet   *fleet // the systems that are served here
	// pictures brings the images of posts to platforms that cannot fetch them.
	pictures providers.Pictures

	store   *store.Store
	bus     *bus.Bus
	router  *route.Router
	forums  *forum.State
	outside atomic.Pointer[outside]
	chores  chan struct{} // what the leading hub does has changed
	menus   chan struct{} // there are other systems
	door    *ingest.Handler
	press   *press
	host    *apps.Host // nil in a worker
	auditor *auditor
	met     met
	samples samples
	flights *rooms
	admin   *admin.Server
	http    *http.Server
	// patterns are those of all routes, for the test of who may what.
	patterns []string
	token    *adminToken
}

// New makes a Server. It does no I/O.
func New(o Options) (*Server, error) {
	if o.Role != Everything && o.Config.NATS.URL.Empty() {
		return nil, errors.New("nats.url: is required where hub and workers are separate processes: they meet on NATS")
	}
	s := &Server{Options: o, console: &lateStore{}, metrics: newMetrics(o.Config, o.Version), chores: make(chan struct{}, 1), menus: make(chan struct{}, 1)}
	s.live, s.fleet = newLive(s), newFleet(s)
	s.pictures = s.newPictures()
	var p config.Problems
	for _, section := range sections(o.Config, o.Role, o.System) { // all that is wrong at once
		decode(all.Registry(nil), section, &p)
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	var errs []error
	for system, err := range s.fleet.set(s.wanted) {
		errs = append(errs, fmt.Errorf("providers.%s: %w", system, err))
	}
	return s, errors.Join(errs...)
}

// Run starts the server and blocks until ctx ends and everything has stopped,
// or until a part fails.
func (s *Server) Run(ctx context.Context) error {
	var stops stack
	defer stops.unwind()
	if err := s.open(ctx, &stops); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	var ready Ready
	if s.Role != WorkerOnly {
		ready.TokenFile, ready.LoginCode = s.token.file, s.admin.NewLoginCode
	}
	if s.http != nil {
		listener, err := s.listen(ctx)
		if err != nil {
			return err
		}
		ready.URL = "http://" + listener.Addr().String()
		s.serve(ctx, g, listener)
	}
	s.work(ctx, g)
	if s.Started != nil {
		s.Started(ready)
	}
	return g.Wait()
}

// open opens the database and the bus, and makes the parts that use them.
func (s *Server) open(ctx context.Context, stops *stack) error {
	c := s.Config
	if s.Role != WorkerOnly {
		db, err := store.Open(ctx, store.Config{URL: c.Database.URL.Reveal(), Dir: c.Server.DataDir, Log: s.Log})
		if err != nil {
			return err
		}
		stops.push(db.Close)
		s.store = db
		s.console.set(db)
	}
	b, err := bus.Open(ctx, s.busConfig())
	if err != nil {
		return err
	}
	stops.push(b.Close)
	s.bus = b
	if err := s.live.begin(ctx); err != nil {
		return err
	}
	for system, err := range s.fleet.set(s.wanted) {
		s.Log.Error("a system that was made here cannot be served", "system", system, "err", err)
	}
	if s.Role != WorkerOnly {
		return s.openHub(ctx)
	}
	s.metrics.due(s.fleet.due.now)
	if s.Listen != "" {
		s.http = s.newWorkerHTTP()
	}
	return nil
}

func (s *Server) busConfig() bus.Config {
	c := s.Config
	b := bus.Config{
		URL: c.NATS.URL.Reveal(), Credentials: c.NATS.Credentials, Dir: natsDir(c), Sync: c.NATS.Sync,
		Partitions: c.Deliver.Partitions, Log: s.Log,
		// An event may be twice as long as the webhook it came in.
		MaxPayload: min(max(4<<20, 2*int(c.Server.MaxBody)+64<<10), 32<<20),
	}
	if b.URL != "" {
		b.Replicas = c.NATS.Replicas
	}
	return b
}

func (s *Server) openHub(ctx context.Context) error {
	c := s.Config
	token, err := openToken(c)
	if err != nil {
		return err
	}
	s.token = token
	conf := s.conf()
	o, err := s.openOutside(conf, nil)
	if err != nil {
		return err
	}
	s.outside.Store(o)
	s.metrics.knowSources(conf.Sources)
	s.door, err = ingest.New(ingest.Config{
		Sources: doors(conf), MaxBody: int64(s.Config.Server.MaxBody), Publish: s.metrics.publisher(publisher{s.bus}), Log: s.Log, Observe: s.metrics.observe,
		Due: s.fleet.due.now,
	})
	if err != nil {
		return err
	}
	s.openCatchers(ctx, conf, o, s.door)
	s.forums = forum.New(s.store, o.forums, s.Log, time.Now)
	if s.press, err = s.openPress(ctx); err != nil {
		return err
	}
	s.flights = newRooms(s)
	s.router = route.New(route.Config{
		Actions: s.press.actions,
		Bus:     s.metrics.bus(s.bus), Subscriptions: s.store, Forums: s.forums, Deliveries: s.store, Announcements: s.store, Traces: s.metrics.traces(s.store),
		Delay: s.delay, Known: s.knows, MaxAge: c.Deliver.MaxAge, Leading: []func(context.Context){s.lead, s.watcher().Run, s.flights.repeat}, Log: s.Log,
	})
	s.metrics.router(s.router)
	s.metrics.due(s.fleet.due.now)
	s.metrics.waiting(s.router, s.forumNames)
	s.metrics.standing(standing{
		bus: s.bus, store: s.store, rules: s.router.Rows, systems: s.systems, heard: s.metrics.notifications.heard, newest: facts{s}.LastEvent, dir: c.Server.DataDir,
		sources: s.metrics.sourceNames,
	})
	s.auditor = &auditor{append: s.store.AppendAudit}
	if s.host, err = s.newHost(ctx); err != nil {
		return err
	}
	s.admin = s.newAdmin(ctx)
	s.http = s.newHTTP()
	api, err := apiRoutes(s.http.Handler, s.token.value.Reveal())
	if err != nil {
		return err
	}
	s.http.Handler = s.metrics.requestsOf(s.http.Handler, api)
	return nil
}

// work starts what runs in the background.
func (s *Server) work(ctx context.Context, g *errgroup.Group) {
	g.Go(func() error {
		s.fleet.run(ctx)
		return nil
	})
	s.live.follow(ctx, g)
	s.hear(ctx, g)
	if s.Role == WorkerOnly {
		return
	}
	reload := func(ids []string) {
		if err := s.router.Refresh(ctx, rowIDs(ids)...); err != nil && ctx.Err() == nil {
			s.Log.Error("the subscriptions could not be read again, the older table holds", "err", err)
		}
	}
	stop := s.bus.OnChange(subscriptionsChanged, reload)
	deaf := s.bus.OnChange(deliver.Dues, s.fleet.due.hear)
	g.Go(func() error {
		defer stop()
		defer deaf()
		return s.router.Run(ctx)
	})
	g.Go(func() error { return s.flights.Run(ctx) })
	g.Go(func() error { return s.metrics.intake.run(ctx, s.bus, s.Log) })
	g.Go(func() error { return s.keepLog(ctx) })
	g.Go(func() error { return s.housekeep(ctx) })
}

func rowIDs(ids []string) []hub.SubscriptionID {
	out := make([]hub.SubscriptionID, len(ids))
	for i, id := range ids {
		out[i] = hub.SubscriptionID(id)
	}
	return out
}

// subscriptionsChanged is what hubs tell each other after a change of the table.
const subscriptionsChanged = "subscriptions"

func (s *Server) listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	at, key := s.Config.Server.Listen, "server.listen"
	if s.Role == WorkerOnly {
		at, key = s.Listen, "--listen"
	}
	l, err := lc.Listen(ctx, "tcp", at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return l, nil
}

// serve answers HTTP until ctx ends: then it takes no new requests at once and
// lets those in hand finish, for five seconds.
func (s *Server) serve(ctx context.Context, g *errgroup.Group, l net.Listener) {
	requests, end := context.WithCancel(context.WithoutCancel(ctx))
	s.http.BaseContext = func(net.Listener) context.Context { return requests }
	g.Go(func() error {
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("http: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		defer end()
		err := s.http.Shutdown(last)
		if errors.Is(err, context.DeadlineExceeded) {
			s.Log.WarnContext(ctx, "requests that were still in hand are cut off")
			err = s.http.Close()
		}
		return err
	})
}

// stack closes what was opened, the last first.
type stack struct {
	mu    sync.Mutex
	stops []func() error
}

func (s *stack) push(stop func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stops = append(s.stops, stop)
}

func (s *stack) unwind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.stops) - 1; i >= 0; i-- {
		if err := s.stops[i](); err != nil {
			slog.Warn("a part did not stop cleanly", "err", err)
		}
	}
}
