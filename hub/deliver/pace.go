package deliver

import (
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// turn reports whether the head of a lane may be sent by now. If not, the lane
// has been parked until it may: the platform's pace is no trouble, and nothing is
// stored or told of it.
func (w *Worker) turn(pt *partition, l *lane, chat string) bool {
	now, chat := w.Now(), w.group(chat)
	if l.turn.IsZero() || !w.pacer.Stands(chat, now) {
		at, taken := w.pacer.Turn(chat, now)
		if !taken {
			l.turn = time.Time{}
			pt.later(l, at.Sub(now))
			return false
		}
		l.turn = at
	}
	if wait := l.turn.Sub(now); wait > 0 {
		pt.later(l, wait)
		return false
	}
	l.turn = time.Time{}
	return pt.ours(l) // asked as late as can be: nothing is left to do but to send
}

// slowDown takes in that the platform refused a call for coming too early.
func (w *Worker) slowDown(chat hub.Chat, after time.Duration, err error) {
	if w.pacer.Refused(w.group(chat.ID), w.Now(), after) {
		w.Log.Warn("the platform asks the account to be slower", "system", w.system, "chat", chat.ID, "for", after, "err", err)
	}
}

// groupOf tells whose pace a chat shares.
func groupOf(p providers.Provider) func(chat string) string {
	if g, ok := providers.As[providers.Grouper](p); ok {
		return g.Group
	}
	return func(chat string) string { return chat }
}

// paceOf is the pace of an account. Without one it goes as fast as the platform
// answers, and still keeps still when it is refused.
func paceOf(c Config) providers.Limits {
	l := c.Provider.Describe().Limits
	if c.Unpaced {
		l.Chat, l.Account = nil, nil
	}
	return l
}
