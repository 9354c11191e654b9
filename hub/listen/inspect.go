package listen

import (
	"context"
	"encoding/json"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// Bounds of what is asked about chats: how long one question may take, and how
// long it may wait for its turn. What would wait longer is told when to come back.
const (
	lookTime = 20 * time.Second
	lookWait = 8 * time.Second
)

// LookTime is how long whoever asks about chats should wait for the answer.
const LookTime = lookTime + lookWait + 2*time.Second

// Listed are the chats of a system, or why they cannot be listed.
type Listed struct {
	Chats []providers.ChatInfo `json:"chats"`
	hub.Taken
}

func (l *Listener) chats(ctx context.Context, body []byte) Listed {
	var q hub.ChatQuery
	if err := json.Unmarshal(body, &q); err != nil {
		return Listed{Taken: hub.TakenOr(hub.Errorf(hub.CodeInvalid, "%s", err))}
	}
	lister, ok := providers.As[providers.ChatLister](l.Provider)
	if !ok {
		return Listed{Taken: hub.TakenOr(hub.Errorf(hub.CodeInvalid, "%s cannot list its chats: name one by its id", l.system))}
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	chats, err := lister.Chats(ctx, q.Text)
	if err != nil {
		return Listed{Taken: hub.TakenOr(hub.Errorf(hub.CodeUnavailable, "the chats of %s cannot be listed: %s", l.system, err))}
	}
	return Listed{Chats: chats}
}

// inspect asks the platform about a chat, at the platform's pace.
func (l *Listener) inspect(ctx context.Context, body []byte) hub.Inspected {
	var chat hub.Chat
	if err := json.Unmarshal(body, &chat); err != nil {
		return hub.Inspected{Fault: hub.FaultRejected, Message: err.Error()}
	}
	chat.System = l.system
	inspector, ok := providers.As[providers.Inspector](l.Provider)
	if !ok {
		return hub.Inspected{Fault: hub.FaultRejected, Message: "this kind of system cannot say what its account may do in a chat"}
	}
	if wait, ok := l.turn(ctx); !ok {
		return hub.Inspected{Fault: hub.FaultRateLimited, AfterMS: wait.Milliseconds(), Message: "more was to be asked than the platform takes"}
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	p, err := inspector.Inspect(ctx, chat)
	if err != nil {
		after := providers.AfterOf(err)
		if providers.FaultOf(err) == hub.FaultRateLimited {
			l.looks.Refused("", time.Now(), max(after, time.Second))
		}
		return hub.Inspected{Fault: providers.FaultOf(err), AfterMS: after.Milliseconds(), Message: err.Error()}
	}
	p.At = time.Now().UTC()
	p.Judge()
	return hub.Inspected{Preflight: p}
}

// turn waits until a question may be asked. It is false where that would take too
// long, and says how long.
func (l *Listener) turn(ctx context.Context) (wait time.Duration, ok bool) {
	for {
		now := time.Now()
		at, taken := l.looks.Turn("", now)
		if wait = at.Sub(now); wait > lookWait {
			return wait, false
		}
		if !hub.Wait(ctx, wait) {
			return wait, false
		}
		if taken && l.looks.Stands("", time.Now()) {
			return 0, true
		}
	}
}
