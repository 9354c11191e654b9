package forum

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/discourse"
)

// How long an answer about who may see a topic holds. A change that the forum
// tells of ends it at once.
const (
	seenFor   = 10 * time.Minute
	unseenFor = 2 * time.Minute
	maxSights = 50_000
)

type sightKey struct {
	topicKey
	reader string
}

// sight is whether a reader may see a topic.
type sight struct {
	visible bool
	at      time.Time
}

// Seen says whether a reader may see a topic, as far as it is known without
// asking.
func (s *State) Seen(source hub.Source, topic, reader string) (visible, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.sights[sightKey{topicKey{source, topic}, reader}]
	if !ok || s.now().Sub(v.at) > holds(v.visible) {
		return false, false
	}
	return v.visible, true
}

func holds(visible bool) time.Duration {
	if visible {
		return seenFor
	}
	return unseenFor
}

// Look asks the forum whether a reader may see a topic, unless it is known.
// *Waits says that the forum does not answer.
func (s *State) Look(ctx context.Context, source hub.Source, topic, reader string) (bool, error) {
	if visible, known := s.Seen(source, topic, reader); known {
		return visible, nil
	}
	src := s.Source(source)
	if src == nil || src.API == nil {
		return false, nil // nobody to ask: it fails closed
	}
	key := sightKey{topicKey{source, topic}, reader}
	v, err := s.flight.do(ctx, fmt.Sprintf("sight %q %q %q", source, topic, reader), func() (any, error) {
		for range tries {
			q := s.beginLook(key)
			visible, err := src.API.Visible(ctx, topic, reader)
			s.answered(ctx, source, err)
			if err = s.judgeReader(readerKey{source, reader}, err); gone(err) {
				visible, err = false, nil
			}
			if s.endLook(key, q, visible, err) {
				return visible, waits(err)
			}
		}
		return false, waits(errUnsteady)
	})
	if err != nil {
		return false, err
	}
	return v.(bool), nil
}

func (s *State) beginLook(key sightKey) *question {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &question{}
	s.looks[key] = q
	return q
}

// endLook keeps an answer. It reports false if it is worth nothing, because
// something has changed since it was asked for.
func (s *State) endLook(key sightKey, q *question, visible bool, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.looks, key)
	if err != nil {
		return true
	}
	if q.old {
		return false
	}
	if len(s.sights) >= maxSights {
		clear(s.sights)
	}
	s.sights[key] = sight{visible, s.now()}
	return true
}

type readerKey struct {
	source hub.Source
	reader string
}

// judgeReader takes a reader whom the forum does not know for one who sees
// nothing: a row that names one must not hold up the others.
func (s *State) judgeReader(key readerKey, err error) error {
	refused, ok := errors.AsType[*discourse.RefusedError](err)
	strange := ok && refused.Setting == "read_as"
	if err != nil && !strange {
		return err
	}
	s.mu.Lock()
	was := s.strange[key]
	if strange {
		s.strange[key] = true
	} else {
		delete(s.strange, key)
	}
	s.mu.Unlock()
	if !strange {
		return nil
	}
	if !was {
		s.log.Warn("a reader cannot be asked for: rows that read as such hear nothing", "source", key.source, "reader", key.reader, "err", err)
	}
	return discourse.ErrNotFound
}

// forgetTopic forgets who may see a topic.
func (s *State) forgetTopic(key topicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetSights(func(k sightKey) bool { return k.topicKey == key })
}

// forgetSource forgets who may see what on a forum: a permission has changed.
func (s *State) forgetSource(source hub.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetSights(func(k sightKey) bool { return k.source == source })
	delete(s.shown, source)
}

// forgetSights forgets some of what is known, or just asked, of who may see
// what. mu is held.
func (s *State) forgetSights(of func(sightKey) bool) {
	maps.DeleteFunc(s.sights, func(k sightKey, _ sight) bool { return of(k) })
	for k, q := range s.looks {
		q.old = q.old || of(k)
	}
}
