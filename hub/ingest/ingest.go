package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/secret"
)

// Defaults of a Config.
const (
	DefaultMaxBody     = 1 << 20
	DefaultMaxInFlight = 256
)

// ErrTooLarge is what a Publisher answers to an event that is larger than the
// bus takes. The sender is told 413: trying again would not help.
var ErrTooLarge = errors.New("the event is larger than the bus takes")

// Publisher stores events. It returns when e is as durable as configured;
// duplicate says that an event with this id was there already, which is as
// good. After an error nothing is acknowledged.
type Publisher interface {
	Publish(ctx context.Context, e *hub.Event) (seq uint64, duplicate bool, err error)
}

// Source is a sender of webhooks, as configured.
type Source struct {
	Name hub.Source
	Kind string // one of Kinds
	// URL is the address of a forum, which goes into every link. Left empty,
	// the sender's own word is taken, though signatures do not cover it.
	URL string
	// Secrets may each sign: the current one and, while it is being rotated,
	// the previous one.
	Secrets []secret.Value
	// SignatureHeader, of a sender of CloudEvents or JSON, names the header that
	// HMAC-SHA256 of the body comes in.
	SignatureHeader string
	// Mapping says what to take from a body, of any kind but a forum.
	Mapping config.Mapping
	// Decode overrides the Decoder that Kind names.
	Decode Decoder
}

// Config is what a Handler needs.
type Config struct {
	Sources     []Source
	MaxBody     int64 // bytes; DefaultMaxBody if 0
	MaxInFlight int   // requests at once; DefaultMaxInFlight if 0
	Publish     Publisher
	Log         *slog.Logger     // slog.Default() if nil
	Now         func() time.Time // time.Now if nil
	// Due, if set, is how many messages could be sent and are not yet. While there are
	// many, senders are slowed down.
	Due func() int
	// Observe, if set, hears how each request was answered. The source is
	// empty where the path names none that is configured.
	Observe func(source hub.Source, status int, took time.Duration)
}

// Handler answers POST /in/{source}. It reads the path's wildcard, so it has
// to be registered on a pattern that has one of that name.
type Handler struct {
	sources atomic.Pointer[map[string]*source] // as configured now
	maxBody int64
	slots   chan struct{} // one is held per request in flight
	publish Publisher
	log     *slog.Logger
	now     func() time.Time
	due     func() int
	observe func(source hub.Source, status int, took time.Duration)
}

// New makes a Handler, or says of every source what is wrong with it.
func New(c Config) (*Handler, error) {
	if c.MaxBody < 0 || c.MaxInFlight < 0 {
		return nil, errors.New("ingest: MaxBody and MaxInFlight must not be negative")
	}
	h := &Handler{
		maxBody: cmp.Or(c.MaxBody, DefaultMaxBody),
		slots:   make(chan struct{}, cmp.Or(c.MaxInFlight, DefaultMaxInFlight)),
		publish: c.Publish,
		log:     cmp.Or(c.Log, slog.Default()),
		now:     time.Now,
		due:     func() int { return 0 },
		observe: func(hub.Source, int, time.Duration) {},
	}
	if c.Now != nil {
		h.now = c.Now
	}
	if c.Due != nil {
		h.due = c.Due
	}
	if c.Observe != nil {
		h.observe = c.Observe
	}
	var missing error
	if h.publish == nil {
		missing = errors.New("ingest: there is no Publisher")
	}
	if err := errors.Join(missing, h.SetSources(c.Sources)); err != nil {
		return nil, err
	}
	return h, nil
}

// SetSources takes in which sources are configured now, in place of those before.
// A request that is in hand is judged by those that there were when it came. If
// something is wrong with one of them, which the error says, those before stay.
func (h *Handler) SetSources(sources []Source) error {
	now, errs := map[string]*source{}, []error(nil)
	for _, c := range sources {
		s, err := h.open(c)
		if err == nil && now[string(c.Name)] != nil {
			err = errors.New("there are two sources of this name")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("sources.%s: %w", c.Name, err))
			continue
		}
		now[string(c.Name)] = s
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	h.sources.Store(&now)
	return nil
}

// Check says what is wrong with a source, before it is one.
func (c Source) Check() error {
	_, err := (&Handler{log: slog.Default()}).open(c)
	return err
}

// source is the one of a name, nil if there is none.
func (h *Handler) source(name string) *source { return (*h.sources.Load())[name] }

func (h *Handler) open(c Source) (*source, error) {
	if !hub.ValidName(string(c.Name)) {
		return nil, errors.New("the name must be 1 to 32 of a-z, 0-9, _ and -")
	}
	s := &source{name: c.Name, decode: c.Decode, log: h.log}
	for _, key := range c.Secrets {
		if !key.Empty() {
			s.secrets = append(s.secrets, key)
		}
	}
	if len(s.secrets) == 0 {
		return nil, errors.New("secret: one is required, without it anybody could send")
	}
	if s.decode == nil {
		var err error
		if s.decode, err = newDecoder(&c); err != nil {
			return nil, err
		}
	}
	if c.URL != "" {
		url, err := siteURL(c.URL)
		if err != nil {
			return nil, fmt.Errorf("url: %w", err)
		}
		s.url = url
	}
	return s, nil
}

// newDecoder makes the built-in decoder of a source's kind.
func newDecoder(c *Source) (Decoder, error) {
	sender := sender{mapping: c.Mapping, signatureHeader: c.SignatureHeader}
	switch c.Kind {
	case config.KindDiscourse:
		return Discourse{}, nil
	case config.KindCloudEvents:
		return &CloudEvents{sender}, nil
	case config.KindStandardWebhooks:
		return &StandardWebhooks{sender}, nil
	case config.KindJSON:
		if c.Mapping.Title.IsZero() {
			return nil, errors.New("mapping.title: is required, without it an event would say nothing")
		}
		return &JSON{sender}, nil
	}
	return nil, fmt.Errorf("kind: %q is not known", c.Kind)
}

// Kinds lists the kinds of source that need no Decoder of their own.
func Kinds() []string {
	return []string{config.KindCloudEvents, config.KindDiscourse, config.KindJSON, config.KindStandardWebhooks}
}
