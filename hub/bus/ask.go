package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go"
)

// ErrNobody says that no process serves what was asked for.
var ErrNobody = errors.New("nobody serves this at the moment")

// Handler answers a request. what is the last word of its subject. ctx ends
// when the serving is stopped.
type Handler = func(ctx context.Context, what string, body []byte) []byte

// maxAsked bounds the requests that one server of a subject answers at once.
const maxAsked = 256

// AskApp sends a command to an app, wherever it runs: command.<app>.<function>.
func (b *Bus) AskApp(ctx context.Context, app, function string, body []byte) ([]byte, error) {
	subject, err := commandSubject(app, function)
	if err != nil {
		return nil, err
	}
	return b.ask(ctx, subject, body)
}

// ServeApp answers the commands of an app until stop is called, which waits for
// those in hand. Of several that serve one app each command goes to one.
func (b *Bus) ServeApp(app string, h Handler) (stop func(), err error) {
	subject, err := commandSubject(app, "*")
	if err != nil {
		return nil, err
	}
	return b.serve(subject, "apps", h)
}

// AskHub asks any hub: command.hub.<what>.
func (b *Bus) AskHub(ctx context.Context, what string, body []byte) ([]byte, error) {
	return b.AskApp(ctx, hubApp, what, body)
}

// ServeHub answers what is asked of any hub until stop is called.
func (b *Bus) ServeHub(h Handler) (stop func(), err error) { return b.ServeApp(hubApp, h) }

// AskSystem asks the worker of a system that listens: query.<system>.<what>.
func (b *Bus) AskSystem(ctx context.Context, system hub.System, what string, body []byte) ([]byte, error) {
	subject, err := querySubject(system, what)
	if err != nil {
		return nil, err
	}
	return b.ask(ctx, subject, body)
}

// ServeSystem answers what is asked of a system until stop is called.
func (b *Bus) ServeSystem(system hub.System, h Handler) (stop func(), err error) {
	subject, err := querySubject(system, "*")
	if err != nil {
		return nil, err
	}
	return b.serve(subject, "workers", h)
}

func (b *Bus) ask(ctx context.Context, subject string, body []byte) ([]byte, error) {
	answer, err := b.nc.RequestWithContext(ctx, subject, body)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("%s: %w", subject, ErrNobody)
	case err != nil && ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", subject, ctx.Err())
	case err != nil:
		return nil, unavailable(subject, err)
	}
	return answer.Data, nil
}

func (b *Bus) serve(subject, queue string, h Handler) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &serving{b: b, h: h, ctx: ctx, slots: make(chan struct{}, maxAsked)}
	sub, err := b.nc.QueueSubscribe(subject, queue, s.take)
	if err == nil {
		err = b.nc.Flush() // whoever knows that we serve may ask now
	}
	if err != nil {
		cancel()
		return nil, unavailable("serve "+subject, err)
	}
	return func() {
		_ = sub.Unsubscribe()
		cancel()
		s.end()
	}, nil
}

// serving is one subject that is served.
type serving struct {
	b     *Bus
	h     Handler
	ctx   context.Context // ends with the serving
	slots chan struct{}

	mu    sync.Mutex
	ended bool
	hands sync.WaitGroup
}

// take starts on a request. It waits while there are too many in hand.
func (s *serving) take(m *nats.Msg) {
	select {
	case s.slots <- struct{}{}:
	case <-s.ctx.Done():
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.hands.Go(func() {
		defer func() { <-s.slots }()
		what := m.Subject[strings.LastIndexByte(m.Subject, '.')+1:]
		if err := m.Respond(s.h(s.ctx, what, m.Data)); err != nil && s.ctx.Err() == nil {
			s.b.log.Warn("an answer could not be given", "subject", m.Subject, "err", err)
		}
	})
}

func (s *serving) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.hands.Wait()
}
