package alert

import (
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// Quiet are the sources that are silent against their habit, and since when that
// is known, by what a Watcher remembers. Those that nobody was told of yet are
// not among them.
func Quiet(remembered []byte) map[hub.Source]time.Time {
	all := map[hub.Source]time.Time{}
	m, err := decodeMemory(remembered)
	if err != nil {
		return all
	}
	for key, matter := range m.Matters {
		if source, ok := strings.CutPrefix(key, "source "); ok && matter.Open {
			all[hub.Source(source)] = matter.Since
		}
	}
	return all
}
