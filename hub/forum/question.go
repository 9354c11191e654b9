package forum

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// tries is how often a forum is asked the same, if what it tells becomes old
// while it does.
const tries = 3

// errUnsteady is that it became old each time.
var errUnsteady = errors.New("what was asked of it had changed each time that it told")

// question is one that a forum is asked just now. What comes in meanwhile may
// make the answer old before it is there.
type question struct{ old bool }

// flight makes sure that a forum is asked a question once at a time.
type flight struct {
	mu    sync.Mutex
	calls map[string]*call
}

// call is a question that somebody asks and others wait for. The rest is to be
// read when done is closed.
type call struct {
	done  chan struct{}
	v     any
	err   error
	ended bool // who asked did not give up
}

// do runs ask, or waits for who does already. A caller that gives up takes
// nobody's answer away, and waits no longer.
func (f *flight) do(ctx context.Context, key string, ask func() (any, error)) (any, error) {
	for {
		c, mine := f.join(key)
		if mine {
			defer f.leave(key, c)
			c.v, c.err = ask()
			c.ended = c.err == nil || ctx.Err() == nil
			return c.v, c.err
		}
		select {
		case <-c.done:
			if c.ended {
				return c.v, c.err
			}
		case <-ctx.Done():
			return nil, waits(ctx.Err())
		}
	}
}

// join finds who asks already; mine is that nobody does, so that the caller must.
func (f *flight) join(key string) (c *call, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.calls[key]; c != nil {
		return c, false
	}
	if f.calls == nil {
		f.calls = map[string]*call{}
	}
	c = &call{done: make(chan struct{})}
	f.calls[key] = c
	return c, true
}

func (f *flight) leave(key string, c *call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.calls, key)
	close(c.done)
}

// trouble is how asking a forum went last.
type trouble struct {
	at  time.Time
	err error
}

// answered notes how asking a forum went. Who gave up knows nothing of it.
func (s *State) answered(ctx context.Context, source hub.Source, err error) {
	if ctx.Err() != nil {
		return
	}
	if gone(err) {
		err = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubles[source] = trouble{s.now(), err}
}

// Trouble is when the forum was asked last and how it went; a zero time is
// never.
func (s *State) Trouble(source hub.Source) (at time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.troubles[source]
	return t.at, t.err
}
