// Package catchup asks a forum for what was posted while the hub could not hear
// of it, and feeds it through the same door as webhooks.
//
// A forum does not send again what met a refused connection or a timeout. So
// when a hub begins to route, and every now and then, it asks for the webhooks
// that the forum noted as failed and for the posts since the last event that came
// in. What came in after all has the same id and is dropped at the door.
//
// What it refuses to do: announce what is older than the first event ever seen
// of a forum. A new source begins with what comes.
package catchup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// Forum is what is asked; a *discourse.Client is one.
type Forum interface {
	PostsSince(ctx context.Context, since time.Time, limit int) (posts []json.RawMessage, more bool, err error)
	FailedDeliveries(ctx context.Context, address string, since time.Time) ([]discourse.Redelivery, error)
}

var _ Forum = (*discourse.Client)(nil)

// Door takes in what a webhook would have brought.
type Door interface {
	Accept(ctx context.Context, source hub.Source, header http.Header, body []byte) (ids []hub.EventID, duplicates int, err error)
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
type Catcher struct{ Config }

// Bounds of catching up.
const (
	overlap   = 5 * time.Minute // before the last event: webhooks come in any order
	reach     = 7 * 24 * time.Hour
	mostPosts = 500
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
	return &Catcher{c}
}

// Run catches up at once and then every now and then, until ctx ends.
func (c *Catcher) Run(ctx context.Context) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	var since time.Time // up to where all is known to be in
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		began := c.Now()
		if since.IsZero() {
			newest, err := c.Newest(ctx)
			if err != nil {
				c.Log.Warn("the last event of a forum cannot be looked up, will try again", "source", c.Source, "err", err)
				wait.Reset(again)
				continue
			}
			since = newest
		}
		if since.IsZero() { // nothing has ever come in
			wait.Reset(c.Every)
			continue
		}
		missed, err := c.Once(ctx, later(since.Add(-overlap), began.Add(-reach)))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			c.Log.Warn("the forum could not be asked for what was missed, will try again", "source", c.Source, "err", err)
			wait.Reset(again)
			continue
		case missed > 0:
			c.Log.Info("events that had been missed came in", "source", c.Source, "events", missed)
		}
		since = began
		wait.Reset(c.Every)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Once asks for what was missed since a time, and says how many events came in
// that had not been there.
func (c *Catcher) Once(ctx context.Context, since time.Time) (missed int, err error) {
	missed, err = c.redeliver(ctx, since)
	if err != nil {
		return missed, err
	}
	posts, more, err := c.Forum.PostsSince(ctx, since, mostPosts)
	if err != nil {
		return missed, fmt.Errorf("posts since %s: %w", since.UTC().Format(time.RFC3339), err)
	}
	if more {
		c.Log.Warn("more was posted than is caught up with: the oldest are left out", "source", c.Source, "posts", mostPosts, "since", since)
	}
	for _, p := range posts {
		body, err := json.Marshal(map[string]json.RawMessage{"post": p})
		if err != nil {
			return missed, err
		}
		n, err := c.enter(ctx, c.header("post", "post_created"), body)
		missed += n
		if err != nil {
			return missed, err
		}
	}
	return missed, nil
}

// redeliver takes in what the forum noted as failed. A key that may not look at
// that is no trouble: posts tell the most.
func (c *Catcher) redeliver(ctx context.Context, since time.Time) (missed int, err error) {
	failed, err := c.Forum.FailedDeliveries(ctx, "/in/"+string(c.Source), since)
	refused, isRefused := errors.AsType[*discourse.RefusedError](err)
	if isRefused || errors.Is(err, discourse.ErrNotFound) {
		c.Log.Debug("the forum does not show us which webhooks failed", "source", c.Source, "err", refused)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("failed webhooks: %w", err)
	}
	for _, d := range failed {
		n, err := c.enter(ctx, d.Header, d.Body)
		missed += n
		if err != nil {
			return missed, err
		}
	}
	return missed, nil
}

// enter lets one webhook in. What is none is passed over: it would never be one.
func (c *Catcher) enter(ctx context.Context, header http.Header, body []byte) (int, error) {
	ids, duplicates, err := c.Door.Accept(ctx, c.Source, header, body)
	if hub.CodeOf(err) == hub.CodeInvalid {
		c.Log.Warn("what the forum told of a missed event cannot be read, it is passed over", "source", c.Source, "err", err)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("take in what was missed: %w", err)
	}
	return len(ids) - duplicates, nil
}

func (c *Catcher) header(root, event string) http.Header {
	h := http.Header{}
	h.Set("X-Discourse-Instance", c.Site)
	h.Set("X-Discourse-Event-Type", root)
	h.Set("X-Discourse-Event", event)
	return h
}
