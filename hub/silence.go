package hub

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Silence is a time in which a chat is left alone.
type Silence struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// holds reports whether t is in it.
func (s Silence) holds(t time.Time) bool { return !t.Before(s.From) && t.Before(s.Until) }

// ChatSettings are what people have set for a chat, whatever rows it has.
type ChatSettings struct {
	Chat            // "system", "chat"
	Quiet   string  `json:"quiet,omitempty"` // "22:00-07:00": hours of each day in which nothing is sent
	Zone    string  `json:"zone,omitempty"`  // "Europe/Berlin"; empty: the configured one
	Snoozed Silence `json:"snoozed,omitzero"`
	// Past are silences of which Quiet and Snoozed tell no more: what waited for
	// them is no older for it.
	Past []Silence `json:"past,omitempty"`
	// Ends is when rows of the chat end by themselves.
	Ends      map[SubscriptionID]time.Time `json:"ends,omitempty"`
	UpdatedAt time.Time                    `json:"updated_at,omitzero"`
}

// Bounds of what is kept of a chat.
const (
	MostSnooze = 30 * 24 * time.Hour
	mostPast   = 8
)

// Schedule is when a chat is left alone. otherwise is the zone of a chat that has
// none of its own. An error tells by field what is wrong.
func (c *ChatSettings) Schedule(otherwise *time.Location) (Schedule, error) {
	s, bad := Schedule{zone: otherwise, more: c.silences()}, map[string]string{}
	if c.Zone != "" {
		zone, err := FindZone(c.Zone)
		if err != nil {
			bad["zone"] = err.Error()
		} else {
			s.zone = zone
		}
	}
	if c.Quiet != "" {
		hours, err := ParseHours(c.Quiet)
		if err != nil {
			bad["quiet"] = err.Error()
		}
		s.hours = hours
	}
	if len(bad) > 0 {
		return Schedule{zone: otherwise, more: c.silences()}, &Error{Code: CodeInvalid, Message: "some of what was sent is not valid", Fields: bad}
	}
	return s, nil
}

// silences are those that are no hours of every day, in order.
func (c *ChatSettings) silences() []Silence {
	all := slices.Clone(c.Past)
	if c.Snoozed.Until.After(c.Snoozed.From) {
		all = append(all, c.Snoozed)
	}
	slices.SortFunc(all, func(a, b Silence) int { return cmp.Or(a.From.Compare(b.From), a.Until.Compare(b.Until)) })
	return all
}

// SetQuiet changes the hours and the zone. Hours that have begun end now, unless
// they are among the new ones.
func (c *ChatSettings) SetQuiet(quiet, zone string, otherwise *time.Location, now time.Time) error {
	before, _ := c.Schedule(otherwise)
	changed := ChatSettings{Quiet: quiet, Zone: zone}
	if _, err := changed.Schedule(otherwise); err != nil {
		return err
	}
	if before.hours != (Hours{}) {
		c.past(before.hours.last(now, before.zone), now)
	}
	c.Quiet, c.Zone, c.UpdatedAt = quiet, zone, now
	return nil
}

// Snooze leaves the chat alone from now on.
func (c *ChatSettings) Snooze(until, now time.Time) error {
	switch {
	case !until.After(now):
		return Errorf(CodeInvalid, "%s has passed: a snooze ends later than now", until.Format(time.RFC3339))
	case until.Sub(now) > MostSnooze:
		return Errorf(CodeInvalid, "until %s is longer than %d days; to hear nothing at all, switch the rows of the chat off", until.Format(time.RFC3339), MostSnooze/(24*time.Hour))
	}
	c.past(c.Snoozed, now)
	c.Snoozed, c.UpdatedAt = Silence{now, until}, now
	return nil
}

// Resume ends a snooze. Quiet hours go on.
func (c *ChatSettings) Resume(now time.Time) {
	c.past(c.Snoozed, now)
	c.Snoozed, c.UpdatedAt = Silence{}, now
}

// past keeps what has passed of a silence that is about to be forgotten.
func (c *ChatSettings) past(s Silence, now time.Time) {
	if s.Until.After(now) {
		s.Until = now
	}
	c.Past = slices.DeleteFunc(c.Past, func(old Silence) bool { return now.Sub(old.Until) > MostMaxAge })
	if s.Until.After(s.From) {
		c.Past = append(c.Past, s)
	}
	c.Past = c.Past[max(0, len(c.Past)-mostPast):]
}

// Says reports whether anything is set.
func (c *ChatSettings) Says(now time.Time) bool {
	return c.Quiet != "" || c.Zone != "" || c.Snoozed.Until.After(now)
}

// Schedule is when a chat is left alone. The zero value is never.
type Schedule struct {
	zone  *time.Location
	hours Hours
	more  []Silence // besides, in order of From
}

// NewSchedule is that of a chat for which nothing was set.
func NewSchedule(zone *time.Location) Schedule { return Schedule{zone: zone} }

// Zone is where the chat is, as far as its clocks are concerned.
func (s *Schedule) Zone() *time.Location {
	if s.zone == nil {
		return time.UTC
	}
	return s.zone
}

// Silent is until when a chat that is silent at t stays so, and the zero time for
// one that is not.
func (s *Schedule) Silent(t time.Time) (until time.Time) {
	for at := t; ; at = until {
		end := s.end(at)
		if end.IsZero() {
			return until
		}
		until = end
	}
}

// end is when a silence ends that t is in, zero if it is in none.
func (s *Schedule) end(t time.Time) (end time.Time) {
	if s.hours != (Hours{}) {
		if quiet := s.hours.last(t, s.Zone()); quiet.holds(t) {
			end = quiet.Until
		}
	}
	for _, one := range s.more {
		if one.holds(t) && one.Until.After(end) {
			end = one.Until
		}
	}
	return end
}

// Next is when the next silence after t begins, zero if none is known. t should
// not be in one.
func (s *Schedule) Next(t time.Time) (from time.Time) {
	if s.hours != (Hours{}) {
		from = s.hours.next(t, s.Zone()).From
	}
	for _, one := range s.more {
		if one.From.After(t) && (from.IsZero() || one.From.Before(from)) {
			from = one.From
		}
	}
	return from
}

// Silence is how much of the time between two times the chat was silent.
func (s *Schedule) Silence(from, to time.Time) (sum time.Duration) {
	if s.hours == (Hours{}) && len(s.more) == 0 {
		return 0
	}
	for at := from; !at.IsZero() && at.Before(to); at = s.Next(at) {
		if until := s.Silent(at); until.After(to) {
			return sum + to.Sub(at)
		} else if !until.IsZero() {
			sum, at = sum+until.Sub(at), until
		}
	}
	return sum
}

// ParseSnooze reads until when a chat of the zone is to be left alone: for how
// long ("2h", "90m", "3d"), a time of day of which the next is meant ("09:00"), or
// a time ("2026-01-10T09:00:00Z").
func ParseSnooze(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	if clock, err := parseClock(text); err == nil {
		return Rhythm{at: clock}.Next(now, zone), nil
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil && n > 0 {
			return now.Add(time.Duration(n) * 24 * time.Hour), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(d), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: want 2h, 3d, 09:00 or 2026-01-10T09:00:00Z", text)
}
