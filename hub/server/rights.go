package server

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// rights tells what people may do: what Bellhop was told of them and, where the
// system's table says so, what the platform reports.
type rights struct {
	s *Server

	mu    sync.Mutex
	asked map[hub.Runs]reported
}

// reported is whether somebody runs a chat, and until when that is believed.
type reported struct {
	runs  bool
	until time.Time
}

// reportedFor is how long what a platform reported is believed.
const reportedFor = time.Minute

// LevelOf implements apps.Rights.
func (r *rights) LevelOf(ctx context.Context, c *hub.Command) (hub.Level, error) {
	system, user := c.Context.System, c.Context.User.ID
	switch {
	case c.Context.Source.ID == hub.FromAPI:
		return c.Context.Role.Level(), nil
	case r.s.kindOf(system) == consoleKind:
		return r.visitor(ctx, user)
	}
	level, err := r.s.store.LevelOf(ctx, system, user)
	if err != nil || level.May(hub.Operator) || level == hub.Guest {
		return level, err
	}
	section, ok := r.s.conf().Providers[string(system)]
	if !ok || !section.ChatAdmins() || c.Context.Channel.ID == "" || c.Context.Channel.Direct {
		return level, nil
	}
	runs, err := r.runsChat(ctx, system, hub.Runs{Chat: c.Context.Channel.ID, User: user})
	if err != nil {
		r.s.Log.Warn("whether somebody runs a chat could not be asked", "system", system, "chat", c.Context.Channel.ID, "err", err)
	}
	if runs {
		return hub.Operator, nil
	}
	return level, nil
}

// visitor is what somebody may do who looks at the console, by their role: the
// guard has said who they are.
func (r *rights) visitor(ctx context.Context, user string) (hub.Level, error) {
	if user == admin.Root {
		return hub.Admin, nil
	}
	a, err := r.s.store.GetAccount(ctx, hub.AccountID(user))
	switch {
	case hub.CodeOf(err) == hub.CodeNotFound:
		return hub.Guest, nil
	case err != nil:
		return "", err
	case a.Disabled:
		return hub.Guest, nil
	}
	return a.Role.Level(), nil
}

func (r *rights) runsChat(ctx context.Context, system hub.System, q hub.Runs) (bool, error) {
	key := hub.Runs{Chat: string(system) + " " + q.Chat, User: q.User}
	r.mu.Lock()
	had, ok := r.asked[key]
	r.mu.Unlock()
	if ok && time.Now().Before(had.until) {
		return had.runs, nil
	}
	body, err := json.Marshal(q)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, hub.CommandPatience)
	defer cancel()
	answer, err := r.s.bus.AskSystem(ctx, system, hub.AskRuns, body)
	if err != nil {
		return false, err
	}
	var taken hub.Taken
	if err := json.Unmarshal(answer, &taken); err != nil {
		return false, err
	}
	if taken.Err() != nil {
		return false, taken.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for k, v := range r.asked {
		if now.After(v.until) {
			delete(r.asked, k)
		}
	}
	if r.asked == nil {
		r.asked = map[hub.Runs]reported{}
	}
	r.asked[key] = reported{taken.Yes, now.Add(reportedFor)}
	return taken.Yes, nil
}
