package deliver

import "time"

// A breaker opens when most of the last attempts had no answer. Then the system
// is paused: what waits does not use up its attempts against a platform that is
// down, and the platform is asked by one message at a time until it answers.
const (
	breakerWindow = time.Minute
	breakerLeast  = 10 // attempts in the window, before that it is one chat's trouble
	breakerKeeps  = 20
	breakerOpens  = 70 // percent of them that failed
)

// breaker counts how the last attempts ended, over all chats. Its owner's lock
// guards it.
type breaker struct {
	ended []ending // the oldest first
}

type ending struct {
	at     time.Time
	failed bool
}

// note counts an attempt and reports whether the breaker opens. It begins anew
// then.
func (b *breaker) note(at time.Time, failed bool) (opens bool) {
	for len(b.ended) > 0 && (len(b.ended) >= breakerKeeps || at.Sub(b.ended[0].at) > breakerWindow) {
		b.ended = b.ended[1:]
	}
	b.ended = append(b.ended, ending{at, failed})
	failures := 0
	for _, e := range b.ended {
		if e.failed {
			failures++
		}
	}
	if !failed || len(b.ended) < breakerLeast || 100*failures < breakerOpens*len(b.ended) {
		return false
	}
	b.ended = nil
	return true
}
