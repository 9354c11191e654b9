package matrix

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

var _ providers.Listener = (*Client)(nil)

// Pauses after a call that failed: each twice the one before, give or take a
// quarter, so that the listeners of many accounts do not come back at once.
const (
	firstPause = 250 * time.Millisecond
	maxPause   = time.Minute
	// mostRefusals is how often a token is refused until it is given up.
	mostRefusals = 3
)

// The names of what is kept.
const (
	placeSync      = "sync"
	placeEncrypted = "encrypted"
)

// place is how far the listener has come, of one account: the token of another
// would be refused, or tell what is not ours.
type place struct {
	User  string `json:"user"`
	Since string `json:"since"`
}

// listening is one call of Listen.
type listening struct {
	c         *Client
	ear       providers.Ear
	log       *slog.Logger
	atlas     *atlas
	reactions *reactions
	invites   map[string]int // failed attempts to join, by room; of one goroutine
	deaf      *deafNotes
	name      string // what our account is called
	refused   int    // how often the token at hand was
}

// Listen implements providers.Listener, by /sync. The token of a sync is stored
// when everything in it was heard: what was not is told again by the homeserver,
// to whoever listens next. Without a token nothing is heard of what was said
// before. It also adds the reactions that people tap below answers.
func (c *Client) Listen(ctx context.Context, ear providers.Ear) error {
	ctx, stop := context.WithCancel(ctx)
	var tapping sync.WaitGroup
	defer tapping.Wait()
	defer stop()
	tapping.Go(func() { c.tapAll(ctx) })
	l := &listening{
		c: c, ear: ear, log: c.log, atlas: newAtlas(), reactions: newReactions(),
		invites: map[string]int{}, deaf: newDeafNotes(),
	}
	since := ""
	err := l.persist(ctx, "reading where it was", func() (err error) {
		since, err = l.begin(ctx)
		return err
	})
	for err == nil {
		since, err = l.next(ctx, since)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// begin reads what was kept, and asks what no sync tells.
func (l *listening) begin(ctx context.Context) (since string, err error) {
	kept, err := l.ear.Place(ctx, placeSync)
	if err != nil {
		return "", err
	}
	var at place
	if json.Unmarshal(kept, &at) == nil && at.User == l.c.cfg.UserID {
		since = at.Since
	}
	if kept, err = l.ear.Place(ctx, placeEncrypted); err != nil {
		return "", err
	}
	l.deaf.restore(kept)
	if l.name, err = l.c.ownName(ctx); err != nil {
		return "", err
	}
	direct, err := l.c.directRooms(ctx)
	if err == nil && len(direct) > 0 {
		l.atlas.setDirect(direct)
	}
	return since, err
}

// next makes one sync and hears all of it. It returns the token to go on from.
func (l *listening) next(ctx context.Context, since string) (string, error) {
	var b *batch
	err := l.persist(ctx, "sync", func() (err error) {
		b, err = l.c.sync(ctx, since)
		return err
	})
	if err != nil && since != "" && providers.FaultOf(err) == hub.FaultRejected {
		return l.anew(ctx, since, err)
	}
	if err != nil {
		return since, err
	}
	l.refused = 0
	// A batch that fails in part is taken again as a whole: what was heard already
	// is known by its ids.
	err = l.persist(ctx, "hearing a sync", func() error { return l.take(ctx, b, since) })
	if err != nil {
		return since, err
	}
	if b.Next == since {
		return since, nil
	}
	kept, _ := json.Marshal(place{User: l.c.cfg.UserID, Since: b.Next})
	if err := l.ear.SetPlace(ctx, placeSync, kept); err != nil && ctx.Err() == nil {
		l.log.WarnContext(ctx, "how far the listener has come is not stored, what follows may be told again", "err", err)
	}
	return b.Next, nil
}

// anew is the token to go on from after one was refused: none, if it is refused
// for good. The homeserver knows it no longer then, and there is no other way on.
func (l *listening) anew(ctx context.Context, since string, refusal error) (string, error) {
	if l.refused++; l.refused < mostRefusals {
		hub.Wait(ctx, jitter(firstPause<<l.refused))
		return since, ctx.Err()
	}
	l.refused = 0
	l.log.ErrorContext(ctx, "starting to listen anew: the homeserver refuses to go on where it was, what was said since then is not heard", "err", refusal)
	return "", nil
}

// persist does something until it succeeds, ctx ends, or a person must mend what
// is wrong.
func (l *listening) persist(ctx context.Context, what string, do func() error) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := do()
		if err == nil {
			return nil
		}
		switch providers.FaultOf(err) {
		case hub.FaultUnauthorized, hub.FaultRejected:
			return err
		}
		wait := max(jitter(pause), providers.AfterOf(err))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.log.WarnContext(ctx, "the listener tries again", "op", what, "after", wait, "err", err)
		if !hub.Wait(ctx, wait) {
			return ctx.Err()
		}
	}
}

func jitter(pause time.Duration) time.Duration {
	return pause*3/4 + time.Duration(rand.Int64N(int64(pause/2)))
}

// hear tells the ear, again until it has taken it.
func (l *listening) hear(ctx context.Context, e *hub.Event) error {
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		err := l.ear.Hear(ctx, e)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		l.log.WarnContext(ctx, "an event is not taken, it is told again", "event", e.ID, "err", err)
		if !hub.Wait(ctx, jitter(pause)) {
			return ctx.Err()
		}
	}
}
