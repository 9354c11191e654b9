package hub

import (
	"fmt"
	"strings"
	"time"
)

// Hours are a part of every day, such as from 22:00 to 07:00. The zero value is
// none.
type Hours struct {
	from, to time.Duration // since midnight
}

// ParseHours reads "22:00-07:00". What ends before it begins ends the next day.
func ParseHours(text string) (Hours, error) {
	before, after, found := strings.Cut(text, "-")
	if !found {
		return Hours{}, fmt.Errorf("%q are no hours: want from and to, such as 22:00-07:00", text)
	}
	from, err := parseClock(before)
	if err != nil {
		return Hours{}, fmt.Errorf("%q: %w", text, err)
	}
	to, err := parseClock(after)
	if err != nil {
		return Hours{}, fmt.Errorf("%q: %w", text, err)
	}
	if from == to {
		return Hours{}, fmt.Errorf("%q ends when it begins: a whole day would never end", text)
	}
	return Hours{from, to}, nil
}

// of are the hours that begin on a day. They are none on a day whose clocks jump
// over them.
func (h Hours) of(day time.Time, zone *time.Location) Silence {
	end := day.Add(h.to)
	if h.to <= h.from {
		end = end.AddDate(0, 0, 1)
	}
	return Silence{showing(day.Add(h.from), zone), showing(end, zone)}
}

// last are the hours that began last, at t or before.
func (h Hours) last(t time.Time, zone *time.Location) Silence {
	today := midnight(reading(t, zone))
	for day := 1; ; day-- {
		if s := h.of(today.AddDate(0, 0, day), zone); !s.From.After(t) && s.Until.After(s.From) {
			return s
		}
	}
}

// next are those that begin first after t.
func (h Hours) next(t time.Time, zone *time.Location) Silence {
	today := midnight(reading(t, zone))
	for day := -1; ; day++ {
		if s := h.of(today.AddDate(0, 0, day), zone); s.From.After(t) && s.Until.After(s.From) {
			return s
		}
	}
}
