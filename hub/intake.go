package hub

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// intakeHours is for how many hours an Intake counts.
const intakeHours = 48

// Intake is what a source sent that was refused at the door, by the hour. What came
// in is counted by figures.
type Intake struct {
	Source Source `json:"source"`
	// Refused counts by hour since 1970 and reason.
	Refused map[int64]map[string]int `json:"refused,omitempty"`
	Last    map[string]time.Time     `json:"last,omitempty"` // the newest refusal of each reason
}

// NewIntake is one that has counted nothing.
func NewIntake(source Source) *Intake {
	return &Intake{Source: source, Refused: map[int64]map[string]int{}, Last: map[string]time.Time{}}
}

func hourOf(t time.Time) int64 { return t.Unix() / int64(time.Hour/time.Second) }

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
	maps.DeleteFunc(i.Refused, func(h int64, _ map[string]int) bool { return old(h) })
	maps.DeleteFunc(i.Last, func(_ string, at time.Time) bool { return old(hourOf(at)) })
}

// Add adds what another has counted of the same source.
func (i *Intake) Add(other *Intake) {
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
