package matrix

import (
	"context"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// mostAbreast is how many events of a room are told at once.
const mostAbreast = 16

// abreast tells the events of a room. Each takes as long as a disk, so that what
// people say is told beside what others say there: of one person it is told in
// its order, since it may be an answer and then a command. Anything else, such
// as a change of what was said before, waits for all before it.
type abreast struct {
	l     *listening
	user  string // our account, whose own messages nobody answers
	slots chan struct{}
	lanes map[string]chan struct{} // closed when what was last told of a person is

	all sync.WaitGroup
	mu  sync.Mutex
	err error
}

func newAbreast(l *listening) *abreast {
	return &abreast{l: l, user: l.c.cfg.UserID, slots: make(chan struct{}, mostAbreast), lanes: map[string]chan struct{}{}}
}

// tell tells an event of sender, or begins to.
func (a *abreast) tell(ctx context.Context, sender string, e *hub.Event) error {
	if e.Type != hub.ChatMessagePosted && e.Type != hub.ChatReactionAdded {
		if err := a.wait(); err != nil {
			return err
		}
		return a.l.hear(ctx, e)
	}
	var before chan struct{}
	told := make(chan struct{})
	if sender != a.user {
		before, a.lanes[sender] = a.lanes[sender], told
	}
	a.slots <- struct{}{}
	a.all.Go(func() {
		defer func() { close(told); <-a.slots }()
		if before != nil {
			<-before
		}
		if err := a.l.hear(ctx, e); err != nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.err = err
		}
	})
	return nil
}

// wait returns when all was told, with what kept it from being told.
func (a *abreast) wait() error {
	a.all.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}
