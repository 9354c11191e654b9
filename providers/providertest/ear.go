package providertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Ear is a providers.Ear that remembers what it was told. As the real one it
// takes each event and each command once.
type Ear struct {
	// Reply answers commands; nil is an OK that repeats the line.
	Reply func(c *hub.Command) (r hub.Reply, later bool)

	mu       sync.Mutex
	deaf     bool
	events   []hub.Event
	told     int // also what was told again
	commands []hub.Command
	replies  map[hub.CommandID]heardReply
	places   map[string][]byte
	changed  chan struct{}
}

type heardReply struct {
	reply hub.Reply
	later bool
}

var _ providers.Ear = (*Ear)(nil)

// NewEar makes one.
func NewEar() *Ear {
	return &Ear{replies: map[hub.CommandID]heardReply{}, places: map[string][]byte{}, changed: make(chan struct{})}
}

// ErrDeaf is what Hear says after Deafen.
var ErrDeaf = errors.New("the bus is away")

// Deafen makes Hear fail, as when the bus is away, or ends that.
func (e *Ear) Deafen(deaf bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.deaf = deaf
}

// Hear implements providers.Ear.
func (e *Ear) Hear(_ context.Context, ev *hub.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told++
	defer e.change()
	if e.deaf {
		return ErrDeaf
	}
	if !slices.ContainsFunc(e.events, func(had hub.Event) bool { return had.ID == ev.ID }) {
		e.events = append(e.events, *ev)
	}
	return nil
}

// Do implements providers.Ear.
func (e *Ear) Do(_ context.Context, c *hub.Command) (hub.Reply, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if had, again := e.replies[c.Command.ID]; again {
		return had.reply, had.later
	}
	answer := e.Reply
	if answer == nil {
		answer = func(c *hub.Command) (hub.Reply, bool) { return hub.Say("%s", c.Command.Raw), false }
	}
	r, later := answer(c)
	e.replies[c.Command.ID] = heardReply{r, later}
	e.commands = append(e.commands, *c)
	e.change()
	return r, later
}

// Place implements providers.Ear.
func (e *Ear) Place(_ context.Context, name string) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.places[name]), nil
}

// SetPlace implements providers.Ear.
func (e *Ear) SetPlace(_ context.Context, name string, value []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.places[name] = slices.Clone(value)
	e.change()
	return nil
}

// change wakes those who wait. e.mu is held.
func (e *Ear) change() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// Events are those that were heard, each once.
func (e *Ear) Events() []hub.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.events)
}

// Told is how often Hear was called.
func (e *Ear) Told() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.told
}

// Commands are those that were given, each once.
func (e *Ear) Commands() []hub.Command {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.commands)
}

// Until waits until is holds, looking again after each thing that is heard.
func (e *Ear) Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		e.mu.Lock()
		changed := e.changed
		e.mu.Unlock()
		if is() {
			return
		}
		select {
		case <-changed:
		case <-limit:
			require.FailNow(t, "the ear has not heard in 20 s: "+what)
		}
	}
}
