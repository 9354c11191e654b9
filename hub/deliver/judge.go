package deliver

import (
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// action is what follows an attempt.
type action int

const (
	done  action = iota // sent: acknowledge
	again               // wait, then try again; the attempt counts
	wait                // wait as the platform asks; the attempt does not count
	pause               // the whole system waits until its credentials work
	hold                // the chat is paused until it takes messages
	bury                // give up: to DEAD with the reason
)

// verdict is an action and how long to wait before it.
type verdict struct {
	do    action
	after time.Duration
}

// rests is how long a paused chat is left alone each time; the last repeats.
var rests = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// Bounds on how long a platform may make us wait.
const (
	minWait = time.Second
	maxWait = time.Hour
)

// patience is how often a message is tried, and how long to wait after each
// attempt that failed; the last wait repeats.
type patience struct {
	attempts int
	backoff  []time.Duration
}

// judge says what follows the attempt-th attempt (from 1) at a message, which
// ended with err. jitter in [0,1) spreads retries by ±20 %, so that what failed
// together does not come back together.
func judge(err error, attempt int, p patience, jitter float64) verdict {
	if err == nil {
		return verdict{do: done}
	}
	switch providers.FaultOf(err) {
	case hub.FaultRateLimited:
		return verdict{wait, min(max(providers.AfterOf(err), minWait), maxWait)}
	case hub.FaultUnauthorized:
		return verdict{do: pause}
	case hub.FaultChatGone: // people may let us in again, and want what was said meanwhile
		return verdict{do: hold}
	case hub.FaultRejected, hub.FaultStale:
		return verdict{do: bury}
	}
	if attempt >= p.attempts {
		return verdict{do: bury}
	}
	base := p.backoff[min(attempt, len(p.backoff))-1]
	return verdict{again, time.Duration(float64(base) * (0.8 + 0.4*jitter))}
}
