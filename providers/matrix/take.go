package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"maunium.net/go/mautrix/id"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

const (
	// inStep is how many rooms are heard at once.
	inStep = 8
	// greeting is how long before our joining something was said that is still
	// heard: clients invite to a new direct room and say the first thing at once.
	greeting = 5 * time.Minute
)

// take hears a batch. Of the first, without a token before, only what rooms are
// and to which we are invited.
func (l *listening) take(ctx context.Context, b *batch, since string) error {
	for _, raw := range b.AccountData.Events {
		var n native
		if json.Unmarshal(raw, &n) == nil && n.Type == "m.direct" {
			l.atlas.setDirect(n.Content)
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	slots := make(chan struct{}, inStep)
	start := func(room string, r *roomBatch, left bool) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := l.room(ctx, room, r, since, left); err != nil {
				stop(err)
			}
		})
	}
	for room, r := range b.Rooms.Join {
		start(room, r, false)
	}
	for room, r := range b.Rooms.Leave {
		start(room, r, true)
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for room, invite := range b.Rooms.Invite {
		if err := l.invited(ctx, room, invite.State.Events); err != nil {
			return err
		}
	}
	return nil
}

// room hears what is new in one room.
func (l *listening) room(ctx context.Context, name string, r *roomBatch, since string, left bool) error {
	if r == nil {
		return nil
	}
	v := &visit{l: l, f: l.atlas.room(name)}
	if r.Summary.Joined != nil {
		v.f.joined, v.counted = *r.Summary.Joined, true
	}
	v.state(r.State.Events)
	if since == "" {
		v.f.whole = v.f.joined > 0 // a first sync tells all
		return nil
	}
	g := &gap{c: l.c, room: name, to: since}
	all := v.arrived(r.Timeline.Events)
	if v.fresh { // what was said before we joined may be older than the token
		g.to = ""
	}
	if !all && r.Timeline.Limited && r.Timeline.PrevBatch != "" {
		if err := v.missed(ctx, g.find(ctx, r.Timeline.PrevBatch, v.arrival)); err != nil {
			return err
		}
	}
	err := v.missed(ctx, g.each(ctx, func(state, events []json.RawMessage) error {
		v.state(state)
		return v.events(ctx, events)
	}))
	if err == nil {
		err = v.events(ctx, r.Timeline.Events)
	}
	if left || err != nil { // counted twice, members would be wrong
		l.atlas.forget(name)
	}
	return err
}

// missed drops the fault of a room that does not give what was missed there, and
// never will.
func (v *visit) missed(ctx context.Context, err error) error {
	switch providers.FaultOf(err) {
	case hub.FaultChatGone, hub.FaultRejected:
		v.l.log.WarnContext(ctx, "the homeserver does not give what was missed in a room", "chat", v.f.id, "err", err)
		return nil
	}
	return err
}

// visit is the hearing of one room in one batch.
type visit struct {
	l       *listening
	f       *facts
	counted bool // the batch says how many members there are

	// The oldest change of our own membership, if it is that we came: what was
	// said long before is not for us.
	fresh  bool
	from   string    // the event with which we came; empty if it is not seen
	joined time.Time // when
	inside bool      // from was passed
}

func (v *visit) state(events []json.RawMessage) {
	for _, raw := range events {
		if n, err := decode(raw); err == nil {
			v.learn(&n)
		}
	}
}

// learn takes what an event says of the room and of us.
func (v *visit) learn(n *native) {
	v.f.learn(n)
	if n.Type == "m.room.encryption" && n.StateKey != nil {
		v.l.c.rooms.learn(id.RoomID(v.f.id), true)
	}
}

// arrived looks through events for when we came, the newest first. It is true
// if there is nothing before them to be heard.
func (v *visit) arrived(events []json.RawMessage) bool {
	for i := len(events) - 1; i >= 0; i-- {
		if v.arrival(events[i]) {
			return true
		}
	}
	return false
}

// arrival notes when we came, from events that are looked at from the newest
// back. It is true for one before which there is nothing to be heard.
func (v *visit) arrival(raw json.RawMessage) bool {
	n, err := decode(raw)
	if err != nil {
		return false
	}
	if !n.of(v.l.c.cfg.UserID) {
		return v.fresh && v.tooOld(&n)
	}
	now, before := n.member()
	v.fresh = (now.Is == "join" || now.Is == "invite") && before.Is != "join"
	if !v.fresh {
		return false
	}
	if now.Is == "join" {
		v.joined = n.at(time.Now())
	}
	if before.Is == "invite" { // it was before, and so might be what is for us
		v.from = ""
		return false
	}
	v.from = n.ID
	return true
}

// tooOld reports whether something was said long before we joined.
func (v *visit) tooOld(n *native) bool {
	now := time.Now()
	joined := v.joined
	if joined.IsZero() {
		joined = now
	}
	return n.at(now).Before(joined.Add(-greeting))
}

// early reports whether an event is of before we came.
func (v *visit) early(n *native) bool {
	if !v.fresh || n.Type == "m.room.create" { // the room is new to us, too
		return false
	}
	v.inside = v.inside || v.from == "" || n.ID == v.from
	return !v.inside || v.tooOld(n)
}

func (v *visit) events(ctx context.Context, events []json.RawMessage) error {
	a := newAbreast(v.l)
	for _, raw := range events {
		if err := v.event(ctx, a, raw); err != nil {
			return errors.Join(err, a.wait())
		}
	}
	return a.wait()
}

// event hears one event, or begins to.
func (v *visit) event(ctx context.Context, a *abreast, raw json.RawMessage) error {
	n, err := decode(raw)
	if err != nil {
		return a.tell(ctx, n.Sender, v.unreadable(raw, err))
	}
	v.learn(&n)
	if n.Type == "m.room.member" && n.StateKey != nil && !v.counted {
		v.f.moved(n.member())
	}
	if v.early(&n) {
		return nil
	}
	if err := v.l.c.ask(ctx, v.f); err != nil {
		return err
	}
	if e := v.translate(&n); e != nil {
		if err := a.tell(ctx, n.Sender, e); err != nil {
			return err
		}
	}
	if n.Type == "m.room.encrypted" && n.Sender != v.l.c.cfg.UserID {
		v.l.tellDeaf(ctx, v.f.id)
	}
	return nil
}
