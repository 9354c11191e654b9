// Package catchup asks a forum for what was posted while the hub could not hear
// of it, and feeds it through the same door as webhooks.
//
// A forum does not send again what met a refused connection or a timeout. So
// when a hub begins to route, and every now and then, it asks for the webhooks
// that the forum noted as failed and for the posts since the last event that came
// in. What came in after all has the same id and is dropped at the door.
//
// The door remembers ids for a day. Of what is older, only what was posted while
// nothing came in at all is fed: anything else might be told twice.
//
// What it refuses to do: announce what is older than the first event ever seen
// of a forum, but for a few minutes. A new source begins with what comes.
package catchup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// Forum is what is asked; a *discourse.Client is one.
type Forum interface {
	PostsSince(ctx context.Context, since time.Time, limit int) (posts []json.RawMessage, more bool, err error)
	FailedDeliveries(ctx context.Context, address string, since time.Time) ([]discourse.Redelivery, error)
	Topic(ctx context.Context, id string) (*hub.Topic, error)
	Post(ctx context.Context, id string) (*discourse.Post, error)
	Site(ctx context.Context) (hub.Taxonomy, error)
}

var _ Forum = (*discourse.Client)(nil)

// Door takes in what a webhook would have brought; an *ingest.Handler is one.
type Door interface {
	// Decode says what a webhook would bring, and takes in nothing.
	Decode(source hub.Source, header http.Header, body []byte) ([]*hub.Event, error)
	// Accept takes in a webhook as the events known, or by their own ids if that
	// is nil.
	Accept(ctx context.Context, source hub.Source, header http.Header, body []byte, known []hub.EventID) (ids []hub.EventID, duplicates int, err error)
}

// Config is what a Catcher works with.
type Config struct {
	Source hub.Source
	Site   string // base URL of the forum
	Forum  Forum
	Door   Door
	// Newest is when the last event of the source came in, a zero time for never.
	Newest func(ctx context.Context) (time.Time, error)
	Every  time.Duration // how often to look again; 0 is 15 minutes
	Log    *slog.Logger
	Now    func() time.Time
}

// Catcher catches up with one forum.
type Catcher struct {
	Config

	mu     sync.Mutex
	opened time.Time // since when the door may have let in what we do not know of
	empty  time.Time // when the source was last seen to have no event yet
	since  time.Time // up to where all is known to be in
	looked bool      // since is the begin of a look of ours, not when an event came in
}

// Bounds of catching up.
const (
	overlap   = 5 * time.Minute // before the last event: webhooks come in any order
	remembers = 24 * time.Hour  // how long the door surely drops what it has had
	reach     = 7 * 24 * time.Hour
	page      = 500         // posts that are asked for at once
	again     = time.Minute // after a forum that did not answer
)

// New makes a Catcher.
func New(c Config) *Catcher {
	if c.Every == 0 {
		c.Every = 15 * time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Catcher{Config: c}
}

// Begin looks up the last event that has come in, from where Run will go on. A
// hub calls it before it opens its door: a webhook that comes in earlier than
// Begin hides what was missed before it. Without Begin, Run does so itself.
func (c *Catcher) Begin(ctx context.Context) error {
	began := c.Now()
	newest, err := c.Newest(ctx)
	if err != nil {
		return fmt.Errorf("the last event of %s: %w", c.Source, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opened.IsZero() {
		c.opened = began
	}
	switch {
	case newest.IsZero():
		c.empty = began
	case c.since.IsZero():
		c.since = newest
	}
	return nil
}

// Run catches up at once and then every now and then, until ctx ends. One call
// at a time.
func (c *Catcher) Run(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	var l *look // that did not come to its end
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		began := c.Now()
		from, err := c.from(ctx, began)
		if err == nil && from.IsZero() { // nothing has ever come in
			wait.Reset(c.Every)
			continue
		}
		if err == nil {
			if l == nil {
				l = c.lookFrom(from)
			}
			err = l.on(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			pause := c.pause(err)
			c.Log.Warn("what was missed of a forum could not be caught up with, will try again", "source", c.Source, "retry_in", pause, "err", err)
			wait.Reset(pause)
			continue
		}
		if l.missed > 0 {
			c.Log.Info("events that had been missed came in", "source", c.Source, "events", l.missed)
		}
		l = nil
		c.mu.Lock()
		c.since, c.looked = began, true
		c.mu.Unlock()
		wait.Reset(c.Every)
	}
}

// pause is how long to wait after an error. A setting that somebody has to mend
// is not mended within the minute.
func (c *Catcher) pause(err error) time.Duration {
	if _, refused := errors.AsType[*discourse.RefusedError](err); refused {
		return max(again, c.Every)
	}
	if away, ok := errors.AsType[*discourse.AwayError](err); ok {
		return max(again, away.After)
	}
	return again
}

// from is since when to ask for what was missed, a zero time if nothing has ever
// come in.
func (c *Catcher) from(ctx context.Context, now time.Time) (time.Time, error) {
	c.mu.Lock()
	begun := !c.since.IsZero()
	c.mu.Unlock()
	if !begun {
		if err := c.Begin(ctx); err != nil {
			return time.Time{}, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return time.Time{}, nil
	}
	forgotten := now.Add(-remembers)
	from := c.since.Add(-overlap)
	if !c.looked && c.empty.IsZero() && from.After(forgotten) { // what was missed since the last look of the hub before
		from = later(from.Add(-c.Every), forgotten)
	}
	if from.Before(forgotten) { // what came in just before would come in again
		from = c.since
		if from.After(c.opened) {
			from = later(from, forgotten)
		}
	}
	return later(later(from, c.empty), now.Add(-reach)), nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// doubtful reports whether what was sent at some time may have come in without
// the door remembering it.
func (c *Catcher) doubtful(at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.opened.IsZero() && at.After(c.opened) && at.Before(c.Now().Add(-remembers))
}

// Once asks for what was missed since a time, and says how many events came in
// that had not been there.
func (c *Catcher) Once(ctx context.Context, since time.Time) (missed int, err error) {
	l := c.lookFrom(since)
	err = l.on(ctx)
	return l.missed, err
}

// enter lets one webhook in. What is none is passed over: it would never be one.
func (c *Catcher) enter(ctx context.Context, header http.Header, body []byte, known []hub.EventID) (int, error) {
	ids, duplicates, err := c.Door.Accept(ctx, c.Source, header, body, known)
	if hub.CodeOf(err) == hub.CodeInvalid {
		c.Log.Warn("what the forum told of a missed event cannot be read, it is passed over", "source", c.Source, "err", err)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("take in what was missed: %w", err)
	}
	return len(ids) - duplicates, nil
}

// known are the ids by which a webhook that was brought up to date may have come
// in after all, as it was; nil if it is as it was. Many events have nothing but
// their body to tell them from others, and by another they would be told again.
//
// A category is told again, as it is now: that it was closed must be heard, even
// if an earlier state of it came in.
func (c *Catcher) known(was, now discourse.Redelivery) []hub.EventID {
	if bytes.Equal(was.Body, now.Body) || was.Header.Get(headerRoot) == "category" {
		return nil
	}
	events, err := c.Door.Decode(c.Source, was.Header, was.Body)
	if err != nil { // so it never came in
		return nil
	}
	ids := make([]hub.EventID, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return ids
}

// The headers of a webhook that say what it is.
const (
	headerSite      = "X-Discourse-Instance"
	headerRoot      = "X-Discourse-Event-Type"
	headerEvent     = "X-Discourse-Event"
	headerSignature = "X-Discourse-Event-Signature"
)

func (c *Catcher) header(root, event string) http.Header {
	h := http.Header{}
	h.Set(headerSite, c.Site)
	h.Set(headerRoot, root)
	h.Set(headerEvent, event)
	return h
}
