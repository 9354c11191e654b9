package deliver

import (
	"maps"
	"slices"
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
