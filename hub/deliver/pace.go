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
	now := w.Now()
	if l.turn.IsZero() || !w.pacer.Stands(chat, now) {
		l.turn = w.pacer.Turn(chat, now)
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
	if w.pacer.Refused(chat.ID, w.Now(), after) {
		w.Log.Warn("the platform asks the account to be slower", "system", w.system, "chat", chat.ID, "for", after, "err", err)
	}
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
