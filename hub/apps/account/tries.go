package account

import (
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// How many wrong codes a user may give in how long. They are counted in memory: a
// restart or a second hub gives somebody five more of 78 thousand million.
const (
	maxTries = 5
	triesFor = 10 * time.Minute
)

// tries counts who has given wrong codes lately.
type tries struct {
	mu    sync.Mutex
	users map[hub.Chat][]time.Time // a system and a user, in place of a chat
}

// take counts a try at a code before it is made, so that many at once are
// counted, too. Until is when the next may be made, zero for now.
func (t *tries) take(system hub.System, user string, now time.Time) (until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now)
	key := hub.Chat{System: system, ID: user}
	if had := t.users[key]; len(had) >= maxTries {
		return had[0].Add(triesFor)
	}
	if t.users == nil {
		t.users = map[hub.Chat][]time.Time{}
	}
	t.users[key] = append(t.users[key], now)
	return time.Time{}
}

// pardon takes back a try that was none: the code was good.
func (t *tries) pardon(system hub.System, user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := hub.Chat{System: system, ID: user}
	if had := t.users[key]; len(had) > 1 {
		t.users[key] = had[:len(had)-1]
	} else {
		delete(t.users, key)
	}
}

// forget lets go of what is too old to count.
func (t *tries) forget(now time.Time) {
	for key, had := range t.users {
		for len(had) > 0 && now.Sub(had[0]) >= triesFor {
			had = had[1:]
		}
		if t.users[key] = had; len(had) == 0 {
			delete(t.users, key)
		}
	}
}
