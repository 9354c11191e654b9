package telegram

import (
	"slices"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// keptSelects is how many selects are remembered. Of others the hub is asked.
const keptSelects = 512

// selects are the options of the selects that were shown last, by token.
type selects struct {
	mu    sync.Mutex
	known map[string][]hub.Option
	order []string // oldest first
}

func (s *selects) keep(token string, options []hub.Option) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string][]hub.Option{}
	}
	if _, had := s.known[token]; !had {
		s.order = append(s.order, token)
	}
	s.known[token] = slices.Clone(options)
	if len(s.order) > keptSelects {
		delete(s.known, s.order[0])
		s.order = slices.Delete(s.order, 0, 1)
	}
}

func (s *selects) find(token string) []hub.Option {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[token]
}
