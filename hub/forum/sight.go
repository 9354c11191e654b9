package forum

import (
	"context"
	"errors"
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
	src := s.sources[source]
	if src == nil || src.API == nil {
		return false, nil // nobody to ask: it fails closed
	}
	key := sightKey{topicKey{source, topic}, reader}
	v, err, _ := s.flight.Do("sight "+string(source)+" "+topic+" "+reader, func() (any, error) {
		visible, err := src.API.Visible(ctx, topic, reader)
		s.answered(source, err)
		// A reader whom the forum does not know sees nothing; a row that names one
		// must not hold up the others.
		if refused, ok := errors.AsType[*discourse.RefusedError](err); ok && refused.Setting == "read_as" {
			s.log.Warn("a reader cannot be asked for: rows that read as such hear nothing", "source", source, "reader", reader, "err", err)
			visible, err = false, nil
		}
		if err != nil && !gone(err) {
			return false, waits(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.sights) >= maxSights {
			clear(s.sights)
		}
		s.sights[key] = sight{visible, s.now()}
		return visible, nil
	})
	if err != nil {
		return false, err
	}
	return v.(bool), nil
}

// forgetSights forgets who may see a topic.
func (s *State) forgetSights(key topicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.sights {
		if k.topicKey == key {
			delete(s.sights, k)
		}
	}
}

// forgetSource forgets who may see what on a forum: a permission has changed.
func (s *State) forgetSource(source hub.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.sights {
		if k.source == source {
			delete(s.sights, k)
		}
	}
}
