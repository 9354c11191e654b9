package alert

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// unservedAfter is how long a system may be without a word before that is told:
// workers are started anew, and platforms take their time to answer.
const unservedAfter = 5 * time.Minute

func (w *Watcher) systems(ctx context.Context, now time.Time) error {
	all, err := w.Facts.Systems(ctx)
	if err != nil {
		return err
	}
	var errs []error
	own := w.System(ctx)
	for _, s := range all {
		n := news{
			key: "system " + string(s.System), state: s.State, reason: s.Reason, deaf: s.System == own,
			bad:    (s.State == hub.SystemPaused || s.State == hub.SystemUnknown) && s.Hold == nil, // who has paused it knows
			begins: func(m *matter) string { return paused(s, m, w.backlog(ctx, s.System)) },
			ends:   func(m *matter) string { return resumed(s, m, now, w.backlog(ctx, s.System)) },
		}
		if s.State == hub.SystemUnknown {
			n.after = unservedAfter
		}
		errs = append(errs, w.turn(ctx, now, n), w.chats(ctx, now, s))
	}
	return errors.Join(errs...)
}

// chatsWellFor is for how long no chat must be paused before that is told: a worker
// that has just begun, or that has another part of the chats, knows of none.
const chatsWellFor = 5 * time.Minute

// chats tells of the chats of a system that are paused: again when there are
// others, and not for each that takes messages again.
func (w *Watcher) chats(ctx context.Context, now time.Time, s hub.SystemStatus) error {
	if s.State == hub.SystemUnknown { // nothing is known of its chats, either
		return nil
	}
	key := "chats " + string(s.System)
	var told []string
	m := w.mem.Matters[key]
	if m != nil && m.Open {
		told = strings.Fields(m.As)
	}
	state := slices.Clone(told)
	for _, c := range s.PausedChats {
		if name := hub.Digest(c.Chat); !slices.Contains(state, name) {
			state = append(state, name)
		}
	}
	switch {
	case len(told) == 0:
	case len(s.PausedChats) > 0:
		m.Changed = now.UTC()
	case now.Sub(m.Changed) < chatsWellFor:
		return nil
	}
	return w.turn(ctx, now, news{
		key: key, bad: len(s.PausedChats) > 0, state: strings.Join(state, " "),
		begins: func(*matter) string { return shut(s) },
		ends:   func(*matter) string { return open(s) },
	})
}

// backlog is how many messages wait for a system, -1 if that is not known.
func (w *Watcher) backlog(ctx context.Context, system hub.System) int64 {
	n, err := w.Facts.Backlog(ctx, system)
	if err != nil {
		return -1
	}
	return n
}

// wellAgain is how much more than the least there must be for a room not to be
// full any more, so that what wavers is told once.
const wellAgain = 1.2

func (w *Watcher) rooms(ctx context.Context, now time.Time) error {
	if w.DiskFree <= 0 {
		return nil
	}
	all, err := w.Facts.Rooms(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range all {
		if r.Size <= 0 {
			continue
		}
		key, percent, least := "room "+r.Name, 100*float64(r.Free)/float64(r.Size), float64(w.DiskFree)
		if m := w.mem.Matters[key]; m != nil && m.Open {
			least *= wellAgain
		}
		errs = append(errs, w.turn(ctx, now, news{
			key: key, bad: percent < least,
			begins: func(*matter) string { return full(r) },
			ends:   func(*matter) string { return roomy(r) },
		}))
	}
	return errors.Join(errs...)
}

// historyBack is how far back events are looked at where no habit is known.
const historyBack = 14 * 24 * time.Hour

// learn marks in the habits what came in while nobody watched.
func (w *Watcher) learn(ctx context.Context) error {
	if w.QuietAfter <= 0 {
		return nil
	}
	since := w.mem.At
	for _, s := range w.Sources() {
		if w.mem.Habits[s.Name] == nil {
			since = w.began.Add(-historyBack)
		}
	}
	seen, newest := map[hub.Source][]time.Time{}, map[hub.Source]int64{}
	came, err := w.Facts.History(ctx, since, func(source hub.Source, at time.Time) {
		if n := slotOf(at); newest[source] != n { // one of each slot is enough
			newest[source] = n
			seen[source] = append(seen[source], at)
		}
	})
	if err != nil {
		return err
	}
	habits := map[hub.Source]*habit{}
	for _, s := range w.Sources() {
		h := w.mem.Habits[s.Name]
		if h == nil {
			h = newHabit(came)
		}
		for _, at := range seen[s.Name] {
			h.mark(at)
		}
		habits[s.Name] = h
	}
	w.mem.Habits = habits
	return nil
}

func (w *Watcher) sources(ctx context.Context, now time.Time) error {
	if w.QuietAfter <= 0 {
		return nil
	}
	var errs []error
	for _, s := range w.Sources() {
		if w.mem.Habits[s.Name] == nil { // it was made meanwhile
			w.mem.Habits[s.Name] = newHabit(now)
		}
		errs = append(errs, w.source(ctx, now, s))
	}
	return errors.Join(errs...)
}

// source tells that a source has gone quiet, or that it is heard again. A
// silence begins when we began to listen, at the earliest.
func (w *Watcher) source(ctx context.Context, now time.Time, s Source) error {
	last, err := w.Facts.LastEvent(ctx, s.Name)
	if err != nil {
		return err
	}
	h, key := w.mem.Habits[s.Name], "source "+string(s.Name)
	h.advance(now)
	if !last.IsZero() && !last.After(now) {
		h.mark(last)
	}
	bad := h.quiet(later(last, w.began), now, int64(w.QuietAfter/slot))
	if m := w.mem.Matters[key]; m != nil && m.Open { // until something comes
		bad = !last.After(m.Told)
	}
	return w.turn(ctx, now, news{
		key: key, bad: bad, reason: sinceWhen(last),
		begins: func(*matter) string { return quiet(s, last, now) },
		ends:   func(m *matter) string { return heard(s, m, last) },
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// deadEvery is how often dead letters are told of at most.
const deadEvery = time.Hour

// deadLetters tells of messages that were given up: of the first at once, of
// those within the hour after it together.
func (w *Watcher) deadLetters(ctx context.Context, now time.Time) error {
	if now.Sub(w.mem.DeadTold) < deadEvery {
		return nil
	}
	letters, more, err := w.Facts.DeadLetters(ctx, w.mem.Counted)
	if err != nil || len(letters) == 0 {
		return err
	}
	newest := w.mem.Counted
	for _, l := range letters {
		newest = later(newest, l.At)
	}
	if err := w.say(ctx, givenUp(letters, more)); err != nil {
		return err
	}
	w.mem.Counted, w.mem.DeadTold, w.dirty = newest.UTC(), now.UTC(), true
	return nil
}
