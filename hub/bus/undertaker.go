package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/nats-io/nats.go/jetstream"
)

// deadAfter is how long an owner may not be heard of. It is longer than a lease:
// an owner that is buried has stopped posting before.
const deadAfter = 3 * time.Second

// undertaker notes since when owners of partitions have not moved, by its own
// clock, whatever the server's says.
type undertaker struct {
	mu    sync.Mutex
	still map[string]stillness // by consumer
}

type stillness struct {
	since     time.Time
	delivered uint64
}

// dead notes what a consumer looks like and reports whether its owner is gone:
// no pull waits, and nothing was delivered for three seconds.
func (u *undertaker) dead(name string, waiting int, delivered uint64, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.still == nil {
		u.still = map[string]stillness{}
	}
	s, known := u.still[name]
	switch {
	case waiting > 0:
		delete(u.still, name)
		return false
	case !known || s.delivered != delivered:
		u.still[name] = stillness{now, delivered}
		return false
	}
	return now.Sub(s.since) >= deadAfter
}

func (u *undertaker) forget(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.still, name)
}

// Burial is what BuryDead found.
type Burial struct {
	Freed     int // partitions that can be claimed at once
	Suspected int // partitions whose owner was not heard of at this moment
}

// BuryDead frees partitions of system whose owner has vanished. Call it about
// every half second while Claim says ErrOwned, more often while somebody is
// suspected, and not otherwise: it looks at every consumer of the queue. The
// consumer's own inactivity threshold does not serve, as one with messages
// pending lives on for their AckWait. What the vanished said of the system is
// forgotten with them.
func (b *Bus) BuryDead(ctx context.Context, system hub.System) (found Burial, err error) {
	prefix, err := notifyPrefix(system)
	if err != nil {
		return found, err
	}
	s, err := b.js.Stream(ctx, streamNotify)
	if err != nil {
		return found, fmt.Errorf("look for vanished owners: %w", err)
	}
	list := s.ListConsumers(ctx)
	dead, alive := map[string]string{}, map[string]bool{} // owners by consumer, and those heard of
	for info := range list.Info() {
		owner, ours := info.Config.Metadata[metaClaim]
		if !ours || !strings.HasPrefix(info.Config.FilterSubject, prefix) {
			continue
		}
		switch {
		case b.undertaker.dead(info.Name, info.NumWaiting, info.Delivered.Consumer, time.Now()):
			dead[info.Name] = owner
			continue
		case info.NumWaiting == 0:
			found.Suspected++
		}
		alive[owner] = true
	}
	if err := list.Err(); err != nil {
		return found, fmt.Errorf("look for vanished owners: %w", err)
	}
	for name, owner := range dead {
		b.log.Info("the owner of a partition has vanished, freeing it", "system", system, "consumer", name)
		if err := b.js.DeleteConsumer(ctx, streamNotify, name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return found, fmt.Errorf("free partition: %w", err)
		}
		b.undertaker.forget(name)
		found.Freed++
		if !alive[owner] {
			alive[owner] = true // once
			if err := b.forgetWorker(ctx, system, owner); err != nil {
				b.log.Warn("what a vanished worker said is believed for another minute", "system", system, "err", err)
			}
		}
	}
	return found, nil
}
