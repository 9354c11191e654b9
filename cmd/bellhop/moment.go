package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// moment is a time on the command line: one as the hub writes it, a day, a day
// with a time of the local zone, or how long ago it was, such as 2h or 3d.
type moment struct{ time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *moment) UnmarshalText(text []byte) error {
	t, err := parseMoment(string(text), time.Now())
	m.Time = t
	return err
}

func parseMoment(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 10_000 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: want 2h, 3d, 2026-01-10, '2026-01-10 09:05' or 2026-01-10T09:05:00Z", text)
}

// String is the time as the hub takes it, "" for none.
func (m moment) String() string {
	if m.IsZero() {
		return ""
	}
	return m.UTC().Format(time.RFC3339)
}

// local is a time as people read it, "-" for none.
func local(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}
