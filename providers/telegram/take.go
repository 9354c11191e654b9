package telegram

import (
	"context"
	"errors"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// errNotShown is that a command was carried out, and its answer is to be shown
// again.
var errNotShown = errors.New("the answer was not shown")

// take does all that an update asks for. After an error it is to be taken again,
// which repeats nothing: ids are made from Telegram's own.
func (c *Client) take(ctx context.Context, ear providers.Ear, me identity, raw []byte) error {
	u, err := readUpdate(raw)
	if err != nil {
		return c.hearAll(ctx, ear, unreadable(c, u))
	}
	if u.Press == nil {
		return c.hearAll(ctx, ear, c.events(u, me))
	}
	err = c.press(ctx, ear, u.Press)
	switch fault := providers.FaultOf(err); {
	case err == nil:
		return nil
	case fault == hub.FaultTemporary, fault == hub.FaultRateLimited:
		return errors.Join(errNotShown, err)
	default:
		c.log.WarnContext(ctx, "answer not shown", "fault", string(fault), "err", err)
		return nil
	}
}

// unreadable is the signal of an update that is not as documented.
func unreadable(c *Client, u *update) []hub.Event {
	t := teller{c: c, u: u}
	t.unsupported(u.kind, "it is not as Telegram documents it")
	return t.told
}

func (c *Client) hearAll(ctx context.Context, ear providers.Ear, all []hub.Event) error {
	for i := range all {
		if err := ear.Hear(ctx, &all[i]); err != nil {
			return err
		}
	}
	return nil
}

// Bounds on the pause before something is tried again.
const (
	shortestPause = 200 * time.Millisecond
	longestPause  = 30 * time.Second
)

// pause waits before the next attempt: longer each time, or as long as Telegram
// asks for. It is false when ctx has ended.
func pause(ctx context.Context, attempt int, err error) bool {
	wait := min(shortestPause<<min(attempt, 10), longestPause)
	if asked := providers.AfterOf(err); asked > 0 {
		wait = asked
	}
	return hub.Wait(ctx, wait)
}
