package hub

import (
	"fmt"
	"time"
)

// What a clock on the wall shows is kept as a time in UTC that has nothing to do
// with UTC: a date and a time of day without a zone.

// reading is what the clocks of a zone show at t.
func reading(t time.Time, zone *time.Location) time.Time {
	t = t.In(zone)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	return time.Date(year, month, day, hour, minute, second, t.Nanosecond(), time.UTC)
}

// showing is when the clocks of a zone show wall. Where they do twice, since they
// are set back, it is the first time; where they never do, since they are set
// forward, it is when they jump over it.
func showing(wall time.Time, zone *time.Location) time.Time {
	year, month, day := wall.Date()
	hour, minute, second := wall.Clock()
	t := time.Date(year, month, day, hour, minute, second, wall.Nanosecond(), zone)
	begin, end := t.ZoneBounds()
	switch shown := reading(t, zone); {
	case shown.After(wall):
		return begin
	case shown.Before(wall):
		return end
	case begin.IsZero():
		return t
	}
	_, offset := begin.Add(-time.Second).Zone()
	if first := wall.Add(-time.Duration(offset) * time.Second).In(zone); first.Before(begin) {
		return first
	}
	return t
}

// midnight is the beginning of a day on the wall.
func midnight(wall time.Time) time.Time { return wall.Truncate(24 * time.Hour) }

// parseClock reads a time of day such as 07:30, as the time since midnight.
func parseClock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%q is no time of day: 00:00 to 23:59", text)
	}
	return t.Sub(midnight(t)), nil
}

// FindZone finds a time zone by its name, such as Europe/Berlin. The zone that the
// machine happens to be in has none.
func FindZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone: want a name such as Europe/Berlin, America/New_York or UTC", name)
	}
	return zone, nil
}

// OnClock is a time in words, with its date unless that is today or the next night.
func OnClock(at, now time.Time) string {
	layout := "15:04"
	if at.Sub(now) >= 24*time.Hour {
		layout = "2 January 15:04"
	}
	return at.Format(layout) + " " + at.Location().String()
}
