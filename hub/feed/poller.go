package feed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// DefaultEvery is how often a feed is asked for.
const DefaultEvery = 15 * time.Minute

// Bounds of waiting.
const (
	firstBackoff = time.Minute    // after the first failure, or a feed's own pace if that is less
	lastBackoff  = time.Hour      // after many
	mostPatience = 24 * time.Hour // however long a publisher wants to be left alone
)

// Publisher stores events. It returns when e is stored; duplicate says that it
// was there already. An error of the code invalid means that it never will be.
type Publisher interface {
	Publish(ctx context.Context, e *hub.Event) (seq uint64, duplicate bool, err error)
}

// Config is what a Poller needs.
type Config struct {
	Source  hub.Source
	URL     string
	Every   time.Duration // between two looks; DefaultEvery if 0
	HTTP    *http.Client  // http.DefaultClient if nil
	Publish Publisher
	Store   hub.FeedStore
	Log     *slog.Logger     // slog.Default() if nil
	Now     func() time.Time // time.Now if nil
}

// Poller polls one feed.
type Poller struct {
	Config
	client *http.Client // follows redirects, as HTTP need not
	mark   string       // says in a state that it is of this URL

	mu     sync.Mutex
	status hub.SourceStatus
}

// New makes a Poller. It does no I/O.
func New(c Config) *Poller {
	c.Every = cmp.Or(c.Every, DefaultEvery)
	c.HTTP = cmp.Or(c.HTTP, http.DefaultClient)
	c.Log = cmp.Or(c.Log, slog.Default())
	if c.Now == nil {
		c.Now = time.Now
	}
	client := *c.HTTP
	client.CheckRedirect = follow
	return &Poller{
		Config: c, client: &client, mark: "url:" + hub.Digest(c.URL),
		status: hub.SourceStatus{
			Source: c.Source, Kind: "feed", URL: withoutQuery(c.URL), State: "unknown", Reason: "it has not been read yet",
		},
	}
}

// Status is how the feed is, by what this Poller has seen of it.
func (p *Poller) Status() hub.SourceStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Run polls at once and then every now and then, until ctx ends, which is no
// error. It may be called again afterwards, but not twice at once.
func (p *Poller) Run(ctx context.Context) error {
	failures := 0
	for {
		err := p.poll(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to stop
		}
		p.tell(err)
		if err == nil {
			failures = 0
		} else {
			failures++
		}
		wait := p.wait(err, failures)
		p.mu.Lock()
		p.status.NextAt = p.Now().Add(wait).UTC()
		p.mu.Unlock()
		if !hub.Wait(ctx, wait) {
			return nil
		}
	}
}

// wait is how long to leave the feed alone after so many failures in a row. It
// varies, so that feeds of one server are not asked for all at once.
func (p *Poller) wait(err error, failures int) time.Duration {
	d := p.Every
	if err != nil {
		d = min(min(p.Every, firstBackoff)<<min(failures-1, 10), lastBackoff)
	}
	d += time.Duration(rand.Int64N(int64(d)/5+1)) - d/10
	if told, ok := errors.AsType[*statusError](err); ok {
		d = max(d, min(told.after, mostPatience))
	}
	return d
}

// tell notes how a poll went, and logs when that has changed.
func (p *Poller) tell(err error) {
	state, reason := "ok", ""
	if err != nil {
		state, reason = "error", err.Error()
	}
	p.mu.Lock()
	before := p.status
	p.status.State, p.status.Reason, p.status.CheckedAt = state, reason, p.Now().UTC()
	p.mu.Unlock()
	switch {
	case err != nil && before.Reason != reason:
		p.Log.Warn("a feed cannot be read, will try again", "source", p.Source, "err", err)
	case err == nil && before.State == "error":
		p.Log.Info("a feed can be read again", "source", p.Source)
	}
}

// poll reads the feed once and tells what is new. Its error is in words for the
// operator.
func (p *Poller) poll(ctx context.Context) error {
	state, err := p.Store.FindFeed(ctx, p.Source)
	if err != nil {
		return fmt.Errorf("what was seen of the feed cannot be looked up: %w", err)
	}
	was := p.memory(state)
	now, err := p.read(ctx, was)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	now.CheckedAt = p.Now().UTC()
	if err != nil {
		now.Error = err.Error()
	}
	if put := p.Store.PutFeed(ctx, p.Source, now.FeedState); put != nil {
		return errors.Join(err, fmt.Errorf("what was seen of the feed cannot be kept: %w", put))
	}
	return err
}

// read asks for the feed and publishes what is new. What it returns is to be
// remembered, also after an error.
func (p *Poller) read(ctx context.Context, was memory) (memory, error) {
	answer, err := p.fetch(ctx, was)
	if err != nil || answer == nil { // nil: nothing has changed
		return was, err
	}
	feed, err := parse(answer)
	if err != nil {
		return was, err
	}
	entries := feed.entries()
	if was.first {
		return was.after(p.mark, entries, answer), nil
	}
	fresh := was.unseen(entries)
	for i, e := range fresh {
		if err := p.publish(ctx, e); err != nil {
			// Without the validators: the document has to come again.
			return was.until(fresh[:i]), fmt.Errorf("a new entry could not be stored: %w", err)
		}
	}
	return was.after(p.mark, entries, answer), nil
}

func (p *Poller) publish(ctx context.Context, e *entry) error {
	event, err := e.event(p.Source, p.Now())
	if err != nil {
		return err
	}
	_, _, err = p.Publish.Publish(ctx, event)
	if hub.CodeOf(err) == hub.CodeInvalid {
		p.Log.Warn("an entry of a feed cannot be an event and is passed over", "source", p.Source, "event", event.ID, "err", err)
		return nil
	}
	return err
}

// withoutQuery is an address as it may be shown: the query often holds a token.
func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.RawQuery, u.Fragment, u.User = "", "", nil
	return u.String()
}
