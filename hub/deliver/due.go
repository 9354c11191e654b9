package deliver

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// dueOfOne is how many messages of one chat count as due at most: a flood in one room
// is no overload.
const dueOfOne = 500

// Due is about how many messages wait for nothing but their turn, each chat's up to
// 500: not those of a chat or a system that is paused, which the platform has asked to
// wait, or that are set aside. It looks at each chat that has any.
func (w *Worker) Due() (n int) {
	w.mu.Lock()
	owned := slices.Collect(maps.Keys(w.owned))
	w.mu.Unlock()
	for _, pt := range owned {
		n += pt.due()
	}
	return n
}

func (pt *partition) due() (n int) {
	pt.mu.Lock()
	defer pt.mu.Unlock()
	for _, l := range pt.lanes {
		if !l.parked {
			n += min(len(l.seqs), dueOfOne)
		}
	}
	return n
}

// Dues is what workers tell the hubs while many of their messages are due: who they
// are, and how many.
const Dues = "due"

const (
	// DuesEvery is how often they do.
	DuesEvery = 500 * time.Millisecond
	// manyDue is from how many on: a hub minds thousands.
	manyDue = 100
)

// tellDue tells the hubs how many messages are due, while they are many, and once
// when they are no more.
func (w *Worker) tellDue(ctx context.Context) {
	for many := false; ctx.Err() == nil; {
		hub.Wait(ctx, DuesEvery)
		n := w.Due()
		if n >= manyDue || many {
			w.Bus.Changed(Dues, w.owner, strconv.Itoa(n))
		}
		many = n >= manyDue
	}
}
