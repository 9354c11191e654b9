package forum

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// API is what a forum can be asked; a *discourse.Client is one.
type API interface {
	// HasKey reports whether it may ask for what not everyone sees.
	HasKey() bool
	Topic(ctx context.Context, id string) (*hub.Topic, error)
	// Visible reports whether reader may see a topic; "" is an anonymous visitor.
	Visible(ctx context.Context, topic, reader string) (bool, error)
	Site(ctx context.Context) (hub.Taxonomy, error)
	// SiteFor is Site as far as reader may see it.
	SiteFor(ctx context.Context, reader string) (hub.Taxonomy, error)
	GroupMembers(ctx context.Context, name string) ([]string, error)
}

var _ API = (*discourse.Client)(nil)

// Source is a forum as configured.
type Source struct {
	Name hub.Source
	URL  string
	API  API // nil: it cannot be asked
	// Check is that the forum is asked who may see a topic before it is told of.
	Check  bool
	ReadAs string        // the reader who must be able to see it; "" is an anonymous visitor
	Delay  time.Duration // of rows that name none
	// Unlisted is that rows hear of unlisted topics unless they say otherwise.
	Unlisted bool
}

// asks reports whether the forum's API can be asked with a key.
func (s *Source) asks() bool { return s.API != nil && s.API.HasKey() }

// Waits says why an event must wait: its forum does not answer. After, if set, is how
// long the forum asks us to leave it alone.
type Waits struct {
	After time.Duration
	Err   error
}

func (w *Waits) Error() string { return "the forum's API does not answer: " + w.Err.Error() }

func (w *Waits) Unwrap() error { return w.Err }

// waits turns an error of the API that is not "no such thing" into Waits: also
// a refused key, since whoever mends it expects nothing to be lost meanwhile.
func waits(err error) error {
	if err == nil {
		return nil
	}
	w := &Waits{Err: err}
	if away, ok := errors.AsType[*discourse.AwayError](err); ok {
		w.After = away.After
	}
	return w
}

func gone(err error) bool { return errors.Is(err, discourse.ErrNotFound) }

// ReaderName is a reader in words.
func ReaderName(reader string) string {
	if reader == "" {
		return "an anonymous visitor"
	}
	return fmt.Sprintf("%q", reader)
}
