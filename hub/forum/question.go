package forum

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/singleflight"

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
type flight struct{ group singleflight.Group }

// do runs ask, or waits for who does already. A caller that gives up takes
// nobody's answer away.
func (f *flight) do(ctx context.Context, key string, ask func() (any, error)) (any, error) {
	for {
		asked := false
		v, err, _ := f.group.Do(key, func() (any, error) {
			asked = true
			v, err := ask()
			if err != nil && ctx.Err() != nil {
				return nil, &gaveUp{err}
			}
			return v, err
		})
		left, ok := errors.AsType[*gaveUp](err)
		if !ok {
			return v, err
		}
		if asked || ctx.Err() != nil {
			return nil, left.err
		}
	}
}

// gaveUp is the error of who was asking and did not want to wait any longer.
type gaveUp struct{ err error }

func (g *gaveUp) Error() string { return g.err.Error() }

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
