package hub

import (
	"fmt"
	"strings"
	"time"
)

// The bounds of how often a digest may come.
const (
	LeastRhythm = time.Minute
	MostRhythm  = 24 * time.Hour
)

// Rhythm is when digests come: every quarter of an hour, or every day at nine.
type Rhythm struct {
	every time.Duration // 0: daily
	at    time.Duration // since midnight
}

// ParseRhythm reads "15m" (1m to 24h) or "daily@09:00".
func ParseRhythm(text string) (Rhythm, error) {
	if at, daily := strings.CutPrefix(text, "daily@"); daily {
		clock, err := parseClock(at)
		if err != nil {
			return Rhythm{}, fmt.Errorf("%q: %w", text, err)
		}
		return Rhythm{at: clock}, nil
	}
	every, err := time.ParseDuration(text)
	if err != nil || every < LeastRhythm || every > MostRhythm || every%time.Second != 0 {
		return Rhythm{}, fmt.Errorf("%q: want a time such as 15m or 4h, from 1m to 24h, or daily@09:00", text)
	}
	return Rhythm{every: every}, nil
}

// Next is the first time after t at which a digest comes to a chat of the zone.
// An interval goes by the clock: 15m is at :00, :15, :30 and :45, 4h at 00:00,
// 04:00 and so on.
func (r Rhythm) Next(t time.Time, zone *time.Location) time.Time {
	if r.every == 0 {
		return r.nextDay(t, zone)
	}
	next := t.Add(r.every - r.past(t, zone)).In(zone)
	if r.past(next, zone) == 0 {
		return next
	}
	// The clocks were changed meanwhile.
	_, before := t.In(zone).Zone()
	_, after := next.Zone()
	moved := next.Add(time.Duration(before-after) * time.Second)
	if moved.After(t) && r.past(moved, zone) == 0 {
		return moved
	}
	return next
}

// past is how long before t the clocks showed a time of the rhythm.
func (r Rhythm) past(t time.Time, zone *time.Location) time.Duration {
	wall := reading(t, zone)
	if MostRhythm%r.every == 0 {
		return wall.Sub(midnight(wall)) % r.every
	}
	return wall.Sub(time.Unix(0, 0)) % r.every
}

func (r Rhythm) nextDay(t time.Time, zone *time.Location) time.Time {
	today := midnight(reading(t, zone))
	for day := -1; ; day++ {
		if next := showing(today.AddDate(0, 0, day).Add(r.at), zone); next.After(t) {
			return next
		}
	}
}
