package pane

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/web"
)

// zoneCookie holds the time zone that the browser is in, an IANA name. A script
// keeps it.
const zoneCookie = "bellhop_zone"

// Clock writes times for one reader: in their zone, the whole time on hover.
type Clock struct {
	words *web.Words
	zone  *time.Location
	now   time.Time
}

func (p *Pane) clock(r *http.Request, words *web.Words) Clock {
	chosen := cmp.Or(admin.CallerOf(r.Context()).Settings().Zone, cookie(r, zoneCookie))
	zone, err := time.LoadLocation(chosen) // "" is UTC
	if err != nil || zone == time.Local {
		zone = time.UTC
	}
	return Clock{words, zone, p.Now()}
}

// Ago is how long ago t was, in words: "40 s ago", "yesterday at 10:00".
func (c Clock) Ago(t time.Time) template.HTML { return c.mark(t, c.ago(t)) }

// Time is the time of day of t, with the day if that is another than today.
func (c Clock) Time(t time.Time) template.HTML {
	local := t.In(c.zone)
	if c.isToday(t) {
		return c.mark(t, local.Format("15:04:05"))
	}
	return c.mark(t, c.day(t)+" "+local.Format("15:04"))
}

// Zone is the name of the reader's zone.
func (c Clock) Zone() string { return c.zone.String() }

func (c Clock) mark(t time.Time, text string) template.HTML {
	if t.IsZero() {
		return template.HTML(template.HTMLEscapeString(c.words.Say("time.never"))) //nolint:gosec // escaped
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, //nolint:gosec // escaped
		t.UTC().Format(time.RFC3339), template.HTMLEscapeString(c.Whole(t)), template.HTMLEscapeString(text)))
}

// Whole is t with its day and zone.
func (c Clock) Whole(t time.Time) string {
	local := t.In(c.zone)
	return c.words.Say("time.whole", "Day", local.Day(), "Month", c.month(local), "Year", local.Format("2006"), "Clock", local.Format("15:04:05"), "Zone", local.Format("MST"))
}

func (c Clock) month(local time.Time) string {
	return c.words.Say("month." + local.Format("Jan"))
}

func (c Clock) isToday(t time.Time) bool { return c.daysAgo(t) == 0 }

// daysAgo counts midnights of the reader's zone.
func (c Clock) daysAgo(t time.Time) int {
	midnight := func(t time.Time) time.Time {
		y, m, d := t.In(c.zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(midnight(c.now).Sub(midnight(t)) / (24 * time.Hour))
}

func (c Clock) ago(t time.Time) string {
	past := c.now.Sub(t)
	switch {
	case past < -time.Second:
		return c.until(-past, t)
	case past < 5*time.Second:
		return c.words.Say("time.now")
	case past < time.Minute:
		return c.words.Say("time.seconds", "Count", int(past/time.Second))
	case past < time.Hour:
		return c.words.Say("time.minutes", "Count", int(past/time.Minute))
	case past < 12*time.Hour && c.isToday(t):
		return c.words.Say("time.hours", "Count", int(past/time.Hour))
	}
	return c.day(t)
}

func (c Clock) until(left time.Duration, t time.Time) string {
	switch {
	case left < time.Minute:
		return c.words.Say("time.inSeconds", "Count", int(left/time.Second)+1)
	case left < time.Hour:
		return c.words.Say("time.inMinutes", "Count", int(left/time.Minute)+1)
	}
	return c.day(t) + " " + t.In(c.zone).Format("15:04")
}

// day is the day of t: "today", "yesterday", "9 March" or "9 March 2025".
func (c Clock) day(t time.Time) string {
	local := t.In(c.zone)
	switch n := c.daysAgo(t); {
	case n == 0:
		return c.words.Say("time.today")
	case n == 1:
		return c.words.Say("time.yesterday")
	case local.Year() == c.now.In(c.zone).Year():
		return c.words.Say("time.day", "Day", local.Day(), "Month", c.month(local))
	}
	return c.words.Say("time.dayYear", "Day", local.Day(), "Month", c.month(local), "Year", local.Format("2006"))
}
