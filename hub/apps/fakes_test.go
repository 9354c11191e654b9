package apps_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/apps"
)

// wire is NATS in memory, with one worker for all systems.
type wire struct {
	slow   chan struct{} // if set, showing an answer takes until it is closed
	mu     sync.Mutex
	served map[string]func(context.Context, string, []byte) []byte
	shown  chan hub.Answer // what people were shown later than they asked
	refs   int
	fault  hub.Fault
}

var errNobody = errors.New("nobody serves this")

func newWire() *wire {
	return &wire{served: map[string]func(context.Context, string, []byte) []byte{}, shown: make(chan hub.Answer, 100)}
}

func (w *wire) ServeApp(app string, h func(context.Context, string, []byte) []byte) (func(), error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.served[app] = h
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.served, app)
	}, nil
}

func (w *wire) ServeHub(h func(context.Context, string, []byte) []byte) (func(), error) {
	return w.ServeApp("hub", h)
}

func (w *wire) AskApp(ctx context.Context, app, function string, body []byte) ([]byte, error) {
	w.mu.Lock()
	h := w.served[app]
	w.mu.Unlock()
	if h == nil {
		return nil, errNobody
	}
	answer := make(chan []byte, 1)
	go func() { answer <- h(context.WithoutCancel(ctx), function, body) }()
	select {
	case a := <-answer:
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *wire) AskSystem(_ context.Context, _ hub.System, what string, body []byte) ([]byte, error) {
	if what != hub.AskAnswer {
		return nil, errNobody
	}
	var a hub.Answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.refs++
	shown := hub.Shown{Receipt: hub.Receipt{Ref: hub.MessageRef("ref" + strconv.Itoa(w.refs))}, Fault: w.fault}
	w.mu.Unlock()
	a.Command.Context.Post = shown.Receipt.Ref // for the test: where it is shown
	w.shown <- a
	if w.slow != nil {
		<-w.slow
	}
	return json.Marshal(shown)
}

// shelf is a bucket in memory.
type shelf struct {
	mu     sync.Mutex
	values map[string]kept
	last   uint64
	fail   error
}

type kept struct {
	value    []byte
	revision uint64
}

func newShelf() *shelf { return &shelf{values: map[string]kept{}} }

func (s *shelf) Get(_ context.Context, key string) ([]byte, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.values[key]
	return k.value, k.revision, s.fail
}

func (s *shelf) Put(_ context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail == nil {
		s.last++
		s.values[key] = kept{slices.Clone(value), s.last}
	}
	return s.fail
}

func (s *shelf) Swap(_ context.Context, key string, value []byte, revision uint64) (uint64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil || s.values[key].revision != revision {
		return 0, false, s.fail
	}
	s.last++
	s.values[key] = kept{slices.Clone(value), s.last}
	return s.last, true, nil
}

func (s *shelf) Delete(_ context.Context, key string, revision uint64) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil || revision > 0 && s.values[key].revision != revision {
		return false, s.fail
	}
	delete(s.values, key)
	return true, nil
}

func (s *shelf) Each(_ context.Context, visit func(string, []byte, uint64) error) error {
	s.mu.Lock()
	all := maps.Clone(s.values)
	s.mu.Unlock()
	for key, k := range all {
		if err := visit(key, k.value, k.revision); err != nil {
			return err
		}
	}
	return nil
}

// levels are people's by name.
type levels map[string]hub.Level

func (l levels) LevelOf(_ context.Context, c *hub.Command) (hub.Level, error) {
	if l["away"] != "" {
		return "", errors.New("the database is away")
	}
	if level, ok := l[c.Context.User.ID]; ok {
		return level, nil
	}
	return hub.Member, nil
}

// app is one of functions.
type app struct {
	name      string
	functions []apps.Function
}

func (a app) Name() string               { return a.name }
func (a app) Functions() []apps.Function { return a.functions }

// world is a host with all around it.
type world struct {
	*apps.Host
	wire     *wire
	bindings *shelf
	talks    *shelf
	commands *shelf
	levels   levels
	can      hub.Features
	mu       sync.Mutex
	audit    []hub.AuditEntry
	now      time.Time
	nth      int
	stop     func()
}

func start(t *testing.T, can hub.Features, all ...apps.App) *world {
	t.Helper()
	w := &world{
		wire: newWire(), bindings: newShelf(), talks: newShelf(), commands: newShelf(), levels: levels{"anna": hub.Operator, "root": hub.Admin, "guest": hub.Guest},
		can: can, now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
	}
	w.serve(t, all...)
	return w
}

// serve starts a host, as after a restart: with what was kept.
func (w *world) serve(t *testing.T, all ...apps.App) {
	t.Helper()
	var err error
	w.Host, err = apps.New(apps.Config{
		Wire: w.wire, Bindings: w.bindings, Talks: w.talks, Commands: w.commands, Rights: w.levels,
		Features: func(context.Context, hub.System) hub.Features { return w.can },
		Audit: func(_ context.Context, e hub.AuditEntry) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.audit = append(w.audit, e)
		},
		Default: all[0].Name(), Apps: all, Patience: 10 * time.Second, Log: slog.New(slog.DiscardHandler), Now: w.clock,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = w.Serve(ctx) }()
	w.stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(w.stop)
	require.Eventually(t, func() bool {
		w.wire.mu.Lock()
		defer w.wire.mu.Unlock()
		return w.wire.served["hub"] != nil
	}, 10*time.Second, time.Millisecond)
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) audited() []hub.AuditEntry {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.audit)
}

// command is a slash command that a person types.
func (w *world) command(who, line string) *hub.Command {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nth++
	return &hub.Command{
		Command:  hub.Call{ID: hub.CommandID("c" + strconv.Itoa(w.nth)), Kind: hub.KindSubmit, Raw: line},
		Security: hub.Security{TriggerID: "trigger"},
		Context: hub.CommandContext{
			Source: hub.CommandSource{ID: hub.FromSlash, Props: map[string]string{"response_url": "https://chat.example/r"}},
			System: "slack", User: hub.User{ID: who, Full: "Full " + who}, Channel: hub.Channel{ID: "C1"},
		},
	}
}

func (w *world) do(t *testing.T, c *hub.Command) hub.Reply {
	t.Helper()
	r, err := w.Run(t.Context(), c)
	require.NoError(t, err)
	return r
}

// says types a line and gives the answer.
func (w *world) says(t *testing.T, who, line string) hub.Reply {
	t.Helper()
	return w.do(t, w.command(who, line))
}

// press presses an action, chosen is of a select.
func (w *world) press(t *testing.T, who, token string, chosen ...string) hub.Reply {
	t.Helper()
	c := w.command(who, "")
	c.Context.Source.ID, c.Security.Token = hub.FromButton, token
	if len(chosen) > 0 {
		c.Command.Encoded = hub.Values{hub.ChosenValue: chosen}
	}
	return w.do(t, c)
}

// form does something with an open form.
func (w *world) form(t *testing.T, who string, kind hub.CommandKind, token string, values hub.Values) hub.Reply {
	t.Helper()
	c := w.command(who, "")
	c.Context.Source.ID, c.Security.Token, c.Command.Kind, c.Command.Encoded = hub.FromDialog, token, kind, values
	return w.do(t, c)
}

// message says something in the chat, and gives what is shown.
func (w *world) message(t *testing.T, who, text string, forUs bool) {
	t.Helper()
	c := w.command(who, text)
	c.Context.Source.ID, c.Security.TriggerID = hub.FromMessage, ""
	require.NoError(t, w.Heard(t.Context(), &hub.Heard{Command: *c, ForUs: forUs}))
}

func (w *world) shown(t *testing.T) hub.Reply {
	t.Helper()
	select {
	case a := <-w.wire.shown:
		return a.Reply
	case <-time.After(10 * time.Second):
		require.FailNow(t, "nothing was shown")
		return hub.Reply{}
	}
}
