package hub

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// intakeHours is for how many hours an Intake counts.
const intakeHours = 48

// Intake is how many events of a source came in, and what was refused at the
// door, by the hour.
type Intake struct {
	Source Source        `json:"source"`
	Events map[int64]int `json:"events,omitempty"` // by hours since 1970
	// Refused counts by hour and reason.
	Refused map[int64]map[string]int `json:"refused,omitempty"`
	Last    map[string]time.Time     `json:"last,omitempty"` // the newest refusal of each reason
}

// NewIntake is one that has counted nothing.
func NewIntake(source Source) *Intake {
	return &Intake{Source: source, Events: map[int64]int{}, Refused: map[int64]map[string]int{}, Last: map[string]time.Time{}}
}

func hourOf(t time.Time) int64 { return t.Unix() / int64(time.Hour/time.Second) }

// Came counts an event.
func (i *Intake) Came(at time.Time) {
	h := hourOf(at)
	if _, known := i.Events[h]; !known {
		i.forget(h)
	}
	i.Events[h]++
}

// Refuse counts a request that was turned away.
func (i *Intake) Refuse(at time.Time, reason string) {
	h := hourOf(at)
	if i.Refused[h] == nil {
		i.forget(h)
		i.Refused[h] = map[string]int{}
	}
	i.Refused[h][reason]++
	i.Last[reason] = at.UTC()
}

// forget drops what is too old at an hour.
func (i *Intake) forget(now int64) {
	old := func(h int64) bool { return h <= now-intakeHours }
	maps.DeleteFunc(i.Events, func(h int64, _ int) bool { return old(h) })
	maps.DeleteFunc(i.Refused, func(h int64, _ map[string]int) bool { return old(h) })
	maps.DeleteFunc(i.Last, func(_ string, at time.Time) bool { return old(hourOf(at)) })
}

// Add adds what another has counted of the same source.
func (i *Intake) Add(other *Intake) {
	for h, n := range other.Events {
		i.Events[h] += n
	}
	for h, reasons := range other.Refused {
		if i.Refused[h] == nil {
			i.Refused[h] = map[string]int{}
		}
		for reason, n := range reasons {
			i.Refused[h][reason] += n
		}
	}
	for reason, at := range other.Last {
		if at.After(i.Last[reason]) {
			i.Last[reason] = at
		}
	}
}

// Clone is a copy that shares nothing with i.
func (i *Intake) Clone() *Intake {
	c := NewIntake(i.Source)
	c.Add(i)
	return c
}

// Hours is how many events came in each of the last 24 hours, the last of which
// goes on.
func (i *Intake) Hours(now time.Time) []int {
	all := make([]int, 24)
	for h := range all {
		all[h] = i.Events[hourOf(now)-int64(len(all)-1-h)]
	}
	return all
}

// Refusals is what was refused in the last 24 hours, the most frequent reason
// first.
func (i *Intake) Refusals(now time.Time) []Refusals {
	counts := map[string]int{}
	for h, reasons := range i.Refused {
		if h <= hourOf(now)-24 {
			continue
		}
		for reason, n := range reasons {
			counts[reason] += n
		}
	}
	var all []Refusals
	for reason, n := range counts {
		all = append(all, Refusals{Reason: reason, Count: n, LastAt: i.Last[reason]})
	}
	slices.SortFunc(all, func(a, b Refusals) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Reason, b.Reason)
	})
	return all
}

// Refusals are requests to a source that were turned away for one reason.
type Refusals struct {
	Reason string    `json:"reason"` // signature, too_large, invalid, unavailable
	Count  int       `json:"count"`
	LastAt time.Time `json:"last_at,omitzero"`
}
