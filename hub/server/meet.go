package server

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// met is who spoke to us where a moment ago: the store has them, and is not asked
// again for each thing that they say.
type met struct {
	mu   sync.Mutex
	when map[string]time.Time
}

const (
	metFor  = 30 * time.Second // less than what the store takes for the same sight
	mostMet = 4096
)

// again reports whether a command's giver was met just now, as they are called
// now, and there.
func (m *met) again(at *hub.CommandContext, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen, ok := m.when[metKey(at)]
	return ok && now.Sub(seen) < metFor
}

// note is that they were stored.
func (m *met) note(at *hub.CommandContext, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.when == nil || len(m.when) >= mostMet {
		m.when = map[string]time.Time{}
	}
	m.when[metKey(at)] = now
}

func metKey(at *hub.CommandContext) string {
	u, c := &at.User, &at.Channel
	direct := ""
	if c.Direct {
		direct = "direct"
	}
	return strings.Join([]string{string(at.System), u.ID, u.Name, u.Full, at.Team, c.ID, c.Name, direct}, "\x00")
}

// meet remembers who spoke to us, and where.
func (s *Server) meet(ctx context.Context, c *hub.Command) {
	at, now := c.Context, time.Now()
	if at.Source.ID == hub.FromAPI || s.met.again(&at, now) {
		return
	}
	noted := s.store.SeeUser(ctx, at.System, at.User, now)
	if noted != nil {
		s.Log.Warn("who spoke could not be noted", "err", noted)
	}
	if at.Channel.ID == "" {
		return
	}
	first, err := s.store.SeeChat(ctx, hub.KnownChat{
		Chat: at.Chat(), Name: at.Channel.Name, Team: at.Team, Direct: at.Channel.Direct, FirstBy: at.User.Called(), FirstAt: now, LastAt: now,
	})
	if err != nil {
		s.Log.Warn("where somebody spoke could not be noted", "err", err)
	}
	if first {
		s.Log.Info("a chat has become known", "system", at.System, "chat", at.Channel.ID, "name", at.Channel.Name, "by", at.User.Called())
	}
	if noted == nil && err == nil {
		s.met.note(&at, now)
	}
}
