package apps

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Wire is how requests go between hubs, apps and workers.
type Wire interface {
	AskApp(ctx context.Context, app, function string, body []byte) ([]byte, error)
	ServeApp(app string, h func(ctx context.Context, what string, body []byte) []byte) (stop func(), err error)
	ServeHub(h func(ctx context.Context, what string, body []byte) []byte) (stop func(), err error)
	AskSystem(ctx context.Context, system hub.System, what string, body []byte) ([]byte, error)
}

// Shelf keeps small values that all hubs share.
type Shelf interface {
	// Get is a value and its revision, 0 if there is none.
	Get(ctx context.Context, key string) (value []byte, revision uint64, err error)
	Put(ctx context.Context, key string, value []byte) error
	// Swap writes a value if the key has the revision, 0 for none.
	Swap(ctx context.Context, key string, value []byte, revision uint64) (now uint64, ok bool, err error)
	Delete(ctx context.Context, key string, revision uint64) (ok bool, err error)
	// Each visits all that is there.
	Each(ctx context.Context, visit func(key string, value []byte, revision uint64) error) error
}

// Rights tells what people may do.
type Rights interface {
	// LevelOf is what the one who gave c may do where they gave it.
	LevelOf(ctx context.Context, c *hub.Command) (hub.Level, error)
}

// Config is what a Host works with. Each is needed, save where it says so.
type Config struct {
	Wire     Wire
	Bindings Shelf // what buttons and open forms do
	Talks    Shelf // which question was asked of whom; for a quarter of an hour
	Commands Shelf // commands that were taken, and their replies
	Rights   Rights
	// Features are what a system can do.
	Features func(ctx context.Context, system hub.System) hub.Features
	// Meet is told of everyone who speaks to us, and where. It may be nil.
	Meet func(ctx context.Context, c *hub.Command)
	// Audit is told of every command when it has ended. It may be nil.
	Audit func(ctx context.Context, e hub.AuditEntry)
	// Took is told how long each command took, from when it was told until its
	// reply was ready to be shown, and AppTook for how long an app of this process
	// worked on its part. They may be nil.
	Took    func(app, outcome string, d time.Duration)
	AppTook func(app string, d time.Duration)
	// Press finds what a button under a notification does, whose token is not kept
	// with Bindings; ok is false for a token that is none of ours. It may be nil.
	Press func(ctx context.Context, c *hub.Command) (call hub.Call, ok bool)
	// Type is how a line is typed where a command came from: "!discourse status"
	// for "discourse status". It may be nil: as it is.
	Type func(c *hub.Command, line string) string
	// Zone is where people of a chat are, for dates and times. It may be nil: UTC.
	Zone func(ctx context.Context, chat hub.Chat) *time.Location
	// Default is the app whose functions may be named without it.
	Default string
	Apps    []App
	// Asked answers what workers ask that is no command; its error is that it does
	// not know what. It may be nil.
	Asked func(ctx context.Context, what string, body []byte) (answer any, err error)
	// Patience is how long an app may take; default a minute.
	Patience time.Duration
	Log      *slog.Logger
	Now      func() time.Time
}

// Host stands between people and apps.
type Host struct {
	Config
	apps map[string]*manifest

	work    sync.WaitGroup
	mu      sync.Mutex
	flights map[hub.CommandID]*flight // what runs here
	ended   bool
}

// manifest is an app by the names of its functions.
type manifest struct {
	app  App
	now  atomic.Pointer[listing]
	took func(app string, d time.Duration)
	log  *slog.Logger
}

// listing is what an app can do as things are.
type listing struct {
	functions []Function
	byName    map[string]*Function
}

func (m *manifest) functions() []Function { return m.now.Load().functions }

// find is a function by one of its names, nil if there is none.
func (m *manifest) find(name string) *Function { return m.now.Load().byName[name] }

// Refresh asks the apps again what they can do: what a form offers may depend on
// what is configured. An app whose functions are wrong keeps those that it had.
func (h *Host) Refresh() {
	for name, m := range h.apps {
		if err := m.refresh(); err != nil {
			h.Log.Error("what an app can do cannot be taken in", "app", name, "err", err)
		}
	}
}

// New makes a Host. An app whose name, functions or forms are wrong is a
// mistake in the program, which the error names.
func New(c Config) (*Host, error) {
	if c.Patience == 0 {
		c.Patience = time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Type == nil {
		c.Type = func(_ *hub.Command, line string) string { return line }
	}
	if c.Asked == nil {
		c.Asked = func(context.Context, string, []byte) (any, error) { return nil, errors.ErrUnsupported }
	}
	if c.Took == nil {
		c.Took = func(string, string, time.Duration) {}
	}
	if c.AppTook == nil {
		c.AppTook = func(string, time.Duration) {}
	}
	h := &Host{Config: c, apps: map[string]*manifest{}, flights: map[hub.CommandID]*flight{}}
	for _, app := range c.Apps {
		m, err := manifestOf(app)
		if err != nil {
			return nil, fmt.Errorf("app %q: %w", app.Name(), err)
		}
		if h.apps[app.Name()] != nil {
			return nil, fmt.Errorf("app %q is there twice", app.Name())
		}
		m.took = c.AppTook
		m.log = c.Log
		h.apps[app.Name()] = m
	}
	if h.apps[c.Default] == nil {
		return nil, fmt.Errorf("there is no app %q to be the default", c.Default)
	}
	return h, nil
}

// Serve serves commands until ctx ends and what is in hand has been answered. The
// bus may be away at first.
func (h *Host) Serve(ctx context.Context) error {
	var stops []func()
	defer func() {
		for _, stop := range slices.Backward(stops) {
			stop()
		}
		h.end()
	}()
	for name, m := range h.apps {
		stop, ok := h.insist(ctx, func() (func(), error) { return h.Wire.ServeApp(name, m.serve) })
		if !ok {
			return nil
		}
		stops = append(stops, stop)
	}
	stop, ok := h.insist(ctx, func() (func(), error) { return h.Wire.ServeHub(h.asked) })
	if !ok {
		return nil
	}
	stops = append(stops, stop)
	var own sync.WaitGroup
	defer own.Wait()
	for _, app := range h.Apps {
		if r, ok := app.(Runner); ok {
			own.Go(func() { r.Run(ctx) })
		}
	}
	h.sweep(ctx)
	return nil
}

// insist serves something as soon as the bus is there.
func (h *Host) insist(ctx context.Context, serve func() (func(), error)) (stop func(), ok bool) {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		stop, err := serve()
		if err == nil {
			return stop, true
		}
		h.Log.Warn("commands cannot be served yet", "err", err)
		if !hub.Wait(ctx, pause) {
			return nil, false
		}
	}
}

func (h *Host) end() {
	h.mu.Lock()
	h.ended = true
	h.mu.Unlock()
	h.work.Wait()
}

// Names are the namespaces, the default first.
func (h *Host) Names() []string {
	names := []string{h.Default}
	for _, app := range h.Apps {
		if app.Name() != h.Default {
			names = append(names, app.Name())
		}
	}
	return names
}

// Menu is what a platform may show of our commands: the namespaces, and the
// functions of the default one.
func (h *Host) Menu() []hub.MenuItem {
	var items []hub.MenuItem
	for _, name := range h.Names() {
		items = append(items, hub.MenuItem{Name: name, Summary: "Commands of " + name + "; " + name + " help lists them"})
	}
	for _, f := range h.apps[h.Default].functions() {
		if f.Summary != "" {
			items = append(items, hub.MenuItem{Name: f.Name, Summary: f.Summary})
		}
	}
	return items
}
