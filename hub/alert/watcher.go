package alert

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Facts are what a Watcher looks at. Each is asked every few seconds and must
// be cheap; an error is logged, and asked again.
type Facts interface {
	// Systems lists the systems and how they are.
	Systems(ctx context.Context) ([]hub.SystemStatus, error)
	// Backlog is how many messages wait for a system.
	Backlog(ctx context.Context, system hub.System) (int64, error)
	// LastEvent is when the newest event of a source came in, zero if none is
	// known.
	LastEvent(ctx context.Context, source hub.Source) (time.Time, error)
	// History visits the events that came in since a time, newest first, as far
	// back as is cheap. It returns how far it has come.
	History(ctx context.Context, since time.Time, visit func(source hub.Source, at time.Time)) (time.Time, error)
	// DeadLetters lists what was given up after a time, newest first; more is that
	// there are others.
	DeadLetters(ctx context.Context, after time.Time) (letters []hub.DeadLetter, more bool, err error)
	// Rooms lists what may fill.
	Rooms(ctx context.Context) ([]Room, error)
}

// Room is something that may fill, such as a disk.
type Room struct {
	Name       string // that it goes by in Memory: "disk"
	What       string // in words: "the disk under ./data"
	Advice     string // how to make room, a sentence
	Free, Size int64  // bytes
}

// Source is a source and what to look at when it is quiet.
type Source struct {
	Name   hub.Source
	Advice string // a sentence
}

// Config is what a Watcher works with.
type Config struct {
	Facts  Facts
	Memory Memory
	// Say tells the operators. It returns when the message is sure to be sent;
	// after an error the same is said again.
	Say func(ctx context.Context, m hub.Message) error

	// System is that of the operators' chat by now; empty: there is none, Say only logs.
	System func(ctx context.Context) hub.System
	// Sources are those that may go quiet. It is asked at each look: they come and
	// go.
	Sources    func() []Source
	QuietAfter time.Duration // of the time in which a source usually sends; 0: no source is watched
	DiskFree   int           // percent, below which a room is full; 0: no room is watched
	Every      time.Duration // between two looks; default 15 s
	Log        *slog.Logger
}

// Watcher tells what needs the operators.
type Watcher struct {
	Config
	mem   *memory
	dirty bool            // something was told that is not remembered yet
	began time.Time       // before it nobody listened
	fails map[string]bool // what could not be looked at the last time
}

// lookEvery is short enough for a pause to be heard of at once.
const lookEvery = 15 * time.Second

// New makes a Watcher. Run does the work.
func New(c Config) *Watcher {
	if c.Every <= 0 {
		c.Every = lookEvery
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Watcher{Config: c, mem: newMemory(), fails: map[string]bool{}}
}

// Run looks and tells until ctx ends. It blocks. It may run again, but not
// twice at once.
func (w *Watcher) Run(ctx context.Context) {
	w.began, w.dirty = time.Now(), false
	tick := time.NewTicker(w.Every)
	defer tick.Stop()
	for begun := false; ctx.Err() == nil; {
		if !begun {
			begun = w.begin(ctx)
		}
		if begun {
			w.look(ctx)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// begin remembers what was told, and learns what came in since.
func (w *Watcher) begin(ctx context.Context) bool {
	data, err := w.Memory.Recall(ctx)
	if w.failed(ctx, "what was told before", err) {
		return false
	}
	if w.mem, err = decodeMemory(data); err != nil {
		w.Log.Warn("alerts begin anew", "err", err)
	}
	if w.mem.Counted.IsZero() {
		w.mem.Counted = w.began
	}
	if w.mem.At.IsZero() {
		w.mem.At = w.began
	}
	return !w.failed(ctx, "earlier events", w.learn(ctx))
}

// look holds the facts against what was told.
func (w *Watcher) look(ctx context.Context) {
	now := time.Now()
	for _, l := range []struct {
		what string
		at   func(context.Context, time.Time) error
	}{
		{"free space", w.rooms}, {"systems", w.systems}, {"sources", w.sources}, {"dead letters", w.deadLetters},
	} {
		w.failed(ctx, l.what, l.at(ctx, now))
	}
	if w.dirty || now.Sub(w.mem.At) >= rememberEvery {
		w.failed(ctx, "what was told", w.remember(ctx, now))
	}
}

func (w *Watcher) remember(ctx context.Context, now time.Time) error {
	before := w.mem.At
	w.mem.At = now.UTC()
	data, err := json.Marshal(w.mem)
	if err == nil {
		err = w.Memory.Remember(ctx, data)
	}
	if err != nil {
		w.mem.At = before
		return err
	}
	w.dirty = false
	return nil
}

// failed logs the first of several failures in a row.
func (w *Watcher) failed(ctx context.Context, what string, err error) bool {
	if err != nil && !w.fails[what] && ctx.Err() == nil {
		w.Log.Warn("the watch for alerts is interrupted, will try again", "what", what, "err", err)
	}
	w.fails[what] = err != nil
	return err != nil
}

// again is how soon after a trouble was told another one of the same matter is:
// what comes and goes is not told each time.
const again = 15 * time.Minute

// news is how a matter stands now.
type news struct {
	key    string
	bad    bool
	state  string        // the kind of trouble; another one is told again
	after  time.Duration // a state that lasts less is not told
	reason string        // why it is bad
	deaf   bool          // the operators' chat would not hear of it
	begins func(m *matter) string
	ends   func(m *matter) string
}

// turn brings what was told of a matter in line with how it stands.
func (w *Watcher) turn(ctx context.Context, now time.Time, n news) error {
	m := w.mem.Matters[n.key]
	switch {
	case m == nil && !n.bad:
		return nil
	case m == nil:
		m = &matter{}
		w.mem.Matters[n.key] = m
	}
	if n.bad {
		return w.worse(ctx, now, n, m)
	}
	return w.better(ctx, now, n, m)
}

func (w *Watcher) worse(ctx context.Context, now time.Time, n news, m *matter) error {
	if m.Since.IsZero() {
		m.Since, m.State, m.Changed = now.UTC(), n.state, now.UTC()
	}
	if m.State != n.state {
		m.State, m.Changed = n.state, now.UTC()
	}
	known := m.Open && m.As == n.state
	if known || now.Sub(m.Changed) < n.after || !m.Open && now.Sub(m.Told) < again {
		return nil
	}
	text := n.begins(m)
	if n.deaf {
		w.Log.Error("the operators' chat cannot hear that it is itself in trouble, it is told when that is over", "system", w.System(ctx), "alert", text)
	} else if err := w.say(ctx, text); err != nil {
		return err
	}
	m.Open, m.As, m.Reason, m.Told, w.dirty = true, n.state, n.reason, now.UTC(), true
	return nil
}

func (w *Watcher) better(ctx context.Context, now time.Time, n news, m *matter) error {
	if m.Open {
		if err := w.say(ctx, n.ends(m)); err != nil {
			return err
		}
		w.dirty = true
	}
	*m = matter{Told: m.Told}
	if now.Sub(m.Told) >= again {
		delete(w.mem.Matters, n.key)
	}
	return nil
}

func (w *Watcher) say(ctx context.Context, text string) error {
	if err := w.Say(ctx, hub.Message{Text: text}); err != nil {
		return err
	}
	if system := w.System(ctx); system == "" {
		w.Log.Warn("the operators should hear this, but no alerts chat is set", "alert", text)
	} else {
		w.Log.Warn("the operators are told", "system", system, "alert", text)
	}
	return nil
}
