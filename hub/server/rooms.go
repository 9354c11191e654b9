package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/listen"
	"github.com/bellhop-chat/bellhop/providers"
)

// rooms are the chats that subscriptions name, and what platforms say that our
// accounts may do there. Workers are asked, wherever they run; what they say is
// kept on the bus, so that every hub knows it.
type rooms struct {
	s      *Server
	doubts chan hub.Chat // a message could not be sent there
	rounds sync.WaitGroup

	mu    sync.Mutex
	ctx   context.Context // of rounds; nil before Run and after its end
	known map[hub.Chat]hub.Preflight
	list  []hub.Room // without what is known of them; nil: to be read
	read  time.Time
}

func newRooms(s *Server) *rooms {
	return &rooms{s: s, doubts: make(chan hub.Chat, 64), known: map[hub.Chat]hub.Preflight{}}
}

// roomsFor is how long the list of chats is used again, unless rows change.
const roomsFor = 30 * time.Second

// Rooms lists the chats of all subscriptions, by system and chat.
func (r *rooms) Rooms(ctx context.Context) ([]hub.Room, error) {
	r.mu.Lock()
	list := r.list
	if time.Since(r.read) > roomsFor {
		list = nil
	}
	r.mu.Unlock()
	if list == nil {
		var err error
		if list, err = r.load(ctx); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(list)
	for i := range all {
		p, told := r.known[all[i].Chat]
		if !told || time.Since(latest(p.At, p.TriedAt)) > bus.PreflightsFor {
			continue
		}
		all[i].Preflight, all[i].Name = &p, p.Name
	}
	return all, nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (r *rooms) load(ctx context.Context) ([]hub.Room, error) {
	began := time.Now()
	rows, err := r.s.store.SubscribedChats(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]hub.Room, len(rows))
	for i, row := range rows {
		list[i] = hub.Room{Chat: row.Chat, Rows: row.Rows}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list, r.read = list, began
	return list, nil
}

// Run keeps what is known up to date until ctx ends, and waits for the rounds
// that go on.
func (r *rooms) Run(ctx context.Context) error {
	r.mu.Lock()
	r.ctx = ctx
	r.mu.Unlock()
	defer r.s.bus.OnChange(subscriptionsChanged, func([]string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.list = nil
	})()
	r.rounds.Go(func() { r.clear(ctx) })
	for ctx.Err() == nil {
		if err := r.s.bus.FollowPreflights(ctx, r.learn); err != nil && ctx.Err() == nil {
			r.s.Log.Warn("what platforms say of chats cannot be followed, will try again", "err", err)
			pause(ctx, time.Second)
		}
	}
	r.mu.Lock()
	r.ctx = nil
	r.mu.Unlock()
	r.rounds.Wait()
	return nil
}

func (r *rooms) learn(p hub.Preflight) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known[p.Chat] = p
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Preflight is what is known of a chat; its platform is asked where nothing is,
// or when fresh is wanted.
func (r *rooms) Preflight(ctx context.Context, chat hub.Chat, fresh bool) (hub.Preflight, error) {
	if !fresh {
		p, err := r.s.bus.Preflight(ctx, chat)
		if err != nil {
			return hub.Preflight{}, err
		}
		if p != nil {
			return *p, nil
		}
	}
	p, _ := r.inspect(ctx, chat)
	return p, nil
}

// inspect asks about a chat and keeps what is said. Where the platform cannot be
// asked, what it said before stays, with the reason: nothing is decided by it.
func (r *rooms) inspect(ctx context.Context, chat hub.Chat) (hub.Preflight, error) {
	p, err := r.ask(ctx, chat)
	if err != nil {
		r.mu.Lock()
		before, told := r.known[chat]
		r.mu.Unlock()
		p = hub.Unasked(chat, reasonOf(err), time.Now().UTC())
		if told && !before.At.IsZero() && time.Since(before.At) < bus.PreflightsFor {
			before.Error, before.TriedAt = p.Error, p.TriedAt
			p = before
		}
	}
	if ctx.Err() != nil {
		return p, err
	}
	r.learn(p)
	if put := r.s.bus.PutPreflight(ctx, &p); put != nil {
		r.s.Log.Warn("what a platform said of a chat is not kept", "system", chat.System, "chat", chat.ID, "err", put)
	}
	return p, err
}

// reasonOf is why a platform could not be asked, in its worker's own words.
func reasonOf(err error) string {
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// ask asks the worker of a chat's system.
func (r *rooms) ask(ctx context.Context, chat hub.Chat) (hub.Preflight, error) {
	var got hub.Inspected
	if err := r.s.askWorker(ctx, chat.System, hub.AskInspect, chat, &got); err != nil {
		return hub.Preflight{}, err
	}
	if got.Fault != "" || got.Preflight.State == "" {
		return hub.Preflight{}, &providers.Error{
			Fault: got.Fault, Op: "inspect", After: time.Duration(got.AfterMS) * time.Millisecond, Err: errors.New(cmp.Or(got.Message, "its worker does not know how")),
		}
	}
	return got.Preflight, nil
}

// askWorker asks a worker of a system, wherever it runs, about its platform.
func (s *Server) askWorker(ctx context.Context, system hub.System, what string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, listen.LookTime)
	defer cancel()
	said, err := s.bus.AskSystem(ctx, system, what, body)
	if errors.Is(err, bus.ErrNobody) {
		return hub.Errorf(hub.CodeUnavailable, "no worker of %s answers: is `bellhop worker %s` running?", system, system)
	}
	if err != nil {
		return hub.Errorf(hub.CodeUnavailable, "the worker of %s did not answer in time: %s", system, err)
	}
	return json.Unmarshal(said, answer)
}

// How chats are asked about by themselves.
const (
	firstRepeat = 20 * time.Second // after a hub began to lead
	repeatEvery = time.Minute
	repeatAfter = 20 * time.Hour // so that what is known never fades
	retryAfter  = time.Hour      // a platform that could not be asked
	doubtAfter  = 5 * time.Minute
)

// repeat asks about chats of which nothing is known, or of which it is old, on
// the hub that leads.
func (r *rooms) repeat(ctx context.Context) {
	pause(ctx, firstRepeat)
	for ctx.Err() == nil {
		all, err := r.Rooms(ctx)
		if err != nil && ctx.Err() == nil {
			r.s.Log.Warn("the chats of subscriptions cannot be listed, will try again", "err", err)
		}
		down := map[hub.System]bool{} // that cannot be asked now
		for _, room := range all {
			if ctx.Err() != nil || down[room.System] || !isDue(room.Preflight, time.Now()) {
				continue
			}
			if _, err := r.inspect(ctx, room.Chat); err != nil {
				down[room.System] = true
			}
		}
		pause(ctx, repeatEvery)
	}
}

func isDue(p *hub.Preflight, now time.Time) bool {
	return p == nil || now.Sub(p.At) > repeatAfter && now.Sub(p.TriedAt) > retryAfter
}

// doubt has a chat asked about soon, since a message could not be sent there. It
// does not wait.
func (r *rooms) doubt(outcomes []hub.Outcome) {
	for _, o := range outcomes {
		if o.Status == hub.StatusSent || o.Fault == hub.FaultRateLimited || o.Fault == hub.FaultStale {
			continue
		}
		select {
		case r.doubts <- o.Chat:
		default: // there are many already
		}
	}
}

// clear asks about the chats that are in doubt.
func (r *rooms) clear(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case chat := <-r.doubts:
			r.mu.Lock()
			p := r.known[chat]
			r.mu.Unlock()
			if time.Since(latest(p.At, p.TriedAt)) > doubtAfter {
				_, _ = r.inspect(ctx, chat)
			}
		}
	}
}

// Bounds of a round.
const (
	mostInRound = 500
	roundFails  = 3               // in a row, after which it ends
	longestWait = 2 * time.Minute // that a platform may ask for
)

// Check begins a round for a system, unless one goes on, and tells how that
// stands. A paused system is tried, too.
func (r *rooms) Check(ctx context.Context, system hub.System) (hub.Check, error) {
	now := time.Now().UTC()
	last, err := r.Checked(ctx, system)
	if err != nil || last.Running(now) {
		return last, err
	}
	all, err := r.Rooms(ctx)
	if err != nil {
		return last, err
	}
	all = slices.DeleteFunc(all, func(room hub.Room) bool { return room.System != system })
	slices.SortStableFunc(all, func(a, b hub.Room) int { return askedAt(a).Compare(askedAt(b)) })
	c := hub.Check{System: system, Total: min(len(all), mostInRound), More: max(len(all)-mostInRound, 0), StartedAt: now, At: now}
	if err := r.s.bus.PutCheck(ctx, c); err != nil {
		return c, err
	}
	r.s.resume(system, "")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx == nil || r.ctx.Err() != nil {
		return c, hub.Errorf(hub.CodeUnavailable, "this hub is stopping")
	}
	running := r.ctx
	r.rounds.Go(func() { r.round(running, c, all[:c.Total]) })
	return c, nil
}

func askedAt(room hub.Room) time.Time {
	if room.Preflight == nil {
		return time.Time{}
	}
	return room.Preflight.At
}

// Checked is the last round for a system.
func (r *rooms) Checked(ctx context.Context, system hub.System) (hub.Check, error) {
	return r.s.bus.Check(ctx, system)
}

// round asks about chats, one after the other.
func (r *rooms) round(ctx context.Context, c hub.Check, chats []hub.Room) {
	told, fails := c.At, 0
	for i := 0; i < len(chats) && ctx.Err() == nil; i++ {
		p, err := r.inspect(ctx, chats[i].Chat)
		if wait := providers.AfterOf(err); providers.FaultOf(err) == hub.FaultRateLimited && err != nil && fails < roundFails {
			fails++
			pause(ctx, min(max(wait, time.Second), longestWait))
			i--
			continue
		}
		if fails++; err == nil {
			fails = 0
		}
		c.Done++
		if p.State == hub.PreflightBlocked {
			c.Blocked++
		}
		if c.At = time.Now().UTC(); c.At.Sub(told) > 500*time.Millisecond {
			told = c.At
			r.tell(ctx, c)
		}
		if err != nil && (fails >= roundFails || providers.FaultOf(err) == hub.FaultUnauthorized) {
			c.Error = reasonOf(err)
			break
		}
	}
	if ctx.Err() != nil {
		c.Error = "the hub was stopped"
	}
	c.At, c.EndedAt = time.Now().UTC(), time.Now().UTC()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	r.tell(last, c)
}

func (r *rooms) tell(ctx context.Context, c hub.Check) {
	if err := r.s.bus.PutCheck(ctx, c); err != nil {
		r.s.Log.Warn("how far a round of checks has come is not kept", "system", c.System, "err", err)
	}
}

// chats lists chats of a system, whose worker may be anywhere.
func (s *Server) chats(ctx context.Context, system hub.System, query string) ([]providers.ChatInfo, error) {
	var got listen.Listed
	if err := s.askWorker(ctx, system, hub.AskChats, hub.ChatQuery{Text: query}, &got); err != nil {
		return nil, err
	}
	return got.Chats, got.Err()
}
