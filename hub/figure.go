package hub

import (
	"context"
	"slices"
	"time"
)

// How long figures are kept.
const (
	KeepFigureHours = 35 * 24 * time.Hour
	KeepFigureDays  = 400 * 24 * time.Hour
)

// Figure is what happened in an hour, or in several. What did not happen is in no
// map.
type Figure struct {
	At         time.Time            // when it begins
	Events     map[Source]int64     // that were decided about for the first time
	Deliveries map[System]Delivered // by what they are now, in the hour in which they became it
	Took       Took                 // those that were sent
}

// Delivered counts deliveries by how they stand. What is queued is in none.
type Delivered struct {
	Sent   int64 `json:"sent"`
	Failed int64 `json:"failed"` // another attempt will follow
	Dead   int64 `json:"dead"`
}

// All is how many deliveries there are in d.
func (d Delivered) All() int64 { return d.Sent + d.Failed + d.Dead }

// Plus is the sum of both.
func (d Delivered) Plus(other Delivered) Delivered {
	return Delivered{d.Sent + other.Sent, d.Failed + other.Failed, d.Dead + other.Dead}
}

// Add adds what happened in another figure.
func (f *Figure) Add(other Figure) {
	if f.Events == nil {
		f.Events, f.Deliveries = map[Source]int64{}, map[System]Delivered{}
	}
	for source, n := range other.Events {
		f.Events[source] += n
	}
	for system, d := range other.Deliveries {
		f.Deliveries[system] = f.Deliveries[system].Plus(d)
	}
	for i, n := range other.Took {
		f.Took[i] += n
	}
}

// EventCount is how many events there were, from all sources.
func (f Figure) EventCount() (n int64) {
	for _, count := range f.Events {
		n += count
	}
	return n
}

// Delivered is what was delivered, to all systems.
func (f Figure) Delivered() (all Delivered) {
	for _, d := range f.Deliveries {
		all = all.Plus(d)
	}
	return all
}

// tookUpTo are the ends of the buckets of Took; the last has none. They are in
// the database: a change of them needs a migration.
func tookUpTo() []time.Duration {
	const ms, s, m = time.Millisecond, time.Second, time.Minute
	return []time.Duration{
		50 * ms, 100 * ms, 200 * ms, 300 * ms, 500 * ms, 700 * ms, s, 1500 * ms, 2 * s, 3 * s, 5 * s, 7 * s,
		10 * s, 15 * s, 20 * s, 30 * s, 45 * s, m, 2 * m, 5 * m, 15 * m, time.Hour, 6 * time.Hour,
	}
}

// Took counts deliveries by how long they took from when they were queued until
// the platform had them.
type Took [24]int64

// TookBucket is where a duration is counted in Took.
func TookBucket(d time.Duration) int {
	i, _ := slices.BinarySearch(tookUpTo(), d)
	return i
}

// Count is how many there are.
func (t Took) Count() (n int64) {
	for _, count := range t {
		n += count
	}
	return n
}

// Within is the time within which a part of them, 0 to 1, was sent, about: a
// bucket is taken to be filled evenly. Of none it is 0.
func (t Took) Within(part float64) time.Duration {
	ends := tookUpTo()
	left := part * float64(t.Count())
	var begin time.Duration
	for i, n := range t {
		if n > 0 && left <= float64(n) {
			if i == len(ends) {
				return begin // longer than that is all that is known
			}
			return begin + time.Duration(left/float64(n)*float64(ends[i]-begin))
		}
		left -= float64(n)
		if i < len(ends) {
			begin = ends[i]
		}
	}
	return 0
}

// FiredDay is how often a subscription led to a new message on a day, in UTC.
type FiredDay struct {
	Day   time.Time
	Count int64
}

// FigureStore keeps figures. They are written with what they count, by the
// stores of traces and deliveries.
type FigureStore interface {
	// Figures lists the hours that have one of Since and later, and before Until, the
	// first first. Hours in which nothing happened are left out.
	Figures(ctx context.Context, since, until time.Time) ([]Figure, error)
	// Fired lists the days on which each of ids fired, the first first, from the day
	// of since on and before until.
	Fired(ctx context.Context, ids []SubscriptionID, since, until time.Time) (map[SubscriptionID][]FiredDay, error)
	// PruneFigures deletes hours and days that began before a time, and says how
	// many rows.
	PruneFigures(ctx context.Context, hours, days time.Time) (int64, error)
}
