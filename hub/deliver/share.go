package deliver

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// shares is what workers tell each other while they want partitions that others
// have: the system, who they are, and how many they have.
const shares = "shares"

// shareEvery is how often they do, and how often a worker gives one up at most.
const shareEvery = time.Second

// errGiven is that a partition was given up for another worker.
var errGiven = errors.New("the partition was given up for another worker")

// share tells the other workers how many partitions this one has, as long as it
// is refused some. Those that have two more than others give up one after the
// other, so that all workers of a system have as many within seconds.
func (w *Worker) share(ctx context.Context) {
	for ctx.Err() == nil {
		hub.Wait(ctx, shareEvery)
		if w.wants.Swap(false) {
			w.Bus.Changed(shares, string(w.system), w.owner, strconv.Itoa(w.Partitions()))
		}
	}
}

// Partitions is into how many parts of the chats the worker sends.
func (w *Worker) Partitions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.owned)
}

// onShare gives up a partition if another worker has too few.
func (w *Worker) onShare(ids []string) {
	if len(ids) != 3 || hub.System(ids[0]) != w.system || ids[1] == w.owner {
		return
	}
	theirs, err := strconv.Atoi(ids[2])
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.owned) < theirs+2 || time.Since(w.gave) < shareEvery {
		return
	}
	for pt := range w.owned {
		w.Log.Info("another worker gets a part of the chats", "system", w.system, "partition", pt.n)
		w.gave = time.Now()
		delete(w.owned, pt)
		pt.giveUp()
		return
	}
}
