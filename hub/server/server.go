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
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
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
	"github.com/bellhop-chat/bellhop/hub/listen"
	"github.com/bellhop-chat/bellhop/hub/route"
	"github.com/bellhop-chat/bellhop/hub/store"
	"github.com/bellhop-chat/bellhop/providers"
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
	Config  *config.Config
	Role    Role
	System  hub.System // of a WorkerOnly
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
	URL       string        // where it listens; empty for a worker
	TokenFile string        // of an admin token made by us; empty if one was configured
	LoginCode func() string // makes a one-time code for /login?code=
}

// Server is a process of Bellhop.
type Server struct {
	Options
	providers []providers.Provider
	console   *lateStore // filled when the database is open
	metrics   *metrics

	store   *store.Store
	bus     *bus.Bus
	router  *route.Router
	forums  *forum.State
	outside *outside
	door    *ingest.Handler
	workers []*deliver.Worker
	ears    []*listen.Listener
	press   *press
	host    *apps.Host // nil in a worker
	auditor *auditor
	met     met
	admin   *admin.Server
	http    *http.Server
	token   *adminToken
}

// New makes a Server. It does no I/O.
func New(o Options) (*Server, error) {
	if o.Role != Everything && o.Config.NATS.URL.Empty() {
		return nil, errors.New("nats.url: is required where hub and workers are separate processes: they meet on NATS")
	}
	s := &Server{Options: o, console: &lateStore{}, metrics: newMetrics(o.Config, o.Version)}
	var err error
	s.providers, err = openProviders(o, s.console)
	return s, err
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
		listener, err := s.listen(ctx)
		if err != nil {
			return err
		}
		ready.URL = "http://" + listener.Addr().String()
		ready.TokenFile, ready.LoginCode = s.token.file, s.admin.NewLoginCode
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
	for _, p := range s.providers {
		s.workers = append(s.workers, deliver.New(deliver.Config{
			Bus: b, Provider: s.metrics.provider(p), Attempts: c.Deliver.Attempts, Backoff: c.Deliver.Backoff, Unpaced: s.unpaced(p), Storm: c.Deliver.Storm,
			Zone:    s.zone(),
			Observe: s.metrics.ended, Log: s.Log,
		}))
	}
	s.ears = s.listeners()
	s.metrics.notifications.workers(s.workers)
	if s.Role == WorkerOnly {
		return nil
	}
	return s.openHub(ctx)
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
	if s.outside, err = s.openOutside(); err != nil {
		return err
	}
	s.door, err = ingest.New(ingest.Config{
		Sources: s.sources(), MaxBody: int64(s.Config.Server.MaxBody), Publish: s.metrics.publisher(publisher{s.bus}), Log: s.Log, Observe: s.metrics.observe,
	})
	if err != nil {
		return err
	}
	s.openCatchers(ctx, s.outside, s.door)
	s.forums = forum.New(s.store, s.outside.forums, s.Log, time.Now)
	if s.press, err = s.openPress(ctx); err != nil {
		return err
	}
	s.router = route.New(route.Config{
		Actions: s.press.actions,
		Bus:     s.metrics.bus(s.bus), Subscriptions: s.store, Forums: s.forums, Deliveries: s.store, Announcements: s.store, Traces: s.metrics.traces(s.store),
		Delays: s.outside.delays, MaxAge: c.Deliver.MaxAge, Leading: append(s.leading(s.outside), s.watcher().Run), Log: s.Log,
	})
	s.metrics.router(s.router)
	s.metrics.waiting(s.router, slices.Sorted(maps.Keys(s.outside.clients)))
	s.metrics.standing(standing{
		bus: s.bus, store: s.store, rules: s.router.Rows, systems: s.systems, heard: s.metrics.notifications.heard, newest: facts{s}.LastEvent, dir: c.Server.DataDir,
		sources: slices.Sorted(maps.Keys(s.metrics.sources)),
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
	for _, w := range s.workers {
		g.Go(func() error { return w.Run(ctx) })
	}
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
	g.Go(func() error {
		defer stop()
		return s.router.Run(ctx)
	})
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
	l, err := lc.Listen(ctx, "tcp", s.Config.Server.Listen)
	if err != nil {
		return nil, fmt.Errorf("server.listen: %w", err)
	}
	return l, nil
}

// serve answers HTTP until ctx ends: then it takes no new requests at once and
// lets those in hand finish.
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
		return s.http.Shutdown(last)
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
