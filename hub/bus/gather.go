package bus

import "time"

const (
	gatherWindow = 20 * time.Millisecond // over which a pace is measured, at least
	gatherFast   = 500                   // events a second; while more come, they are gathered
)

// gatherer decides when a reader that gathers reads on. A batch costs it the
// same, and those it wakes, whether it holds one event or fifty. So while many
// come it reads once in a while; otherwise, and where a backlog waits, at once.
type gatherer struct {
	since time.Time // the window's begin
	came  int       // events in it
	fast  bool      // the last one was
}

// until is the time before which a reader that has read batch now, and gathers
// for d, is not to read on; zero for none.
func (g *gatherer) until(now time.Time, d time.Duration, batch []read) time.Time {
	g.came += len(batch)
	if age := now.Sub(g.since); age >= gatherWindow {
		g.fast = float64(g.came) > gatherFast*age.Seconds()
		g.since, g.came = now, 0
	}
	if !g.fast || len(batch) == 0 || batch[len(batch)-1].waiting >= tailBatch {
		return time.Time{}
	}
	return now.Add(d)
}
