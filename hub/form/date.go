package form

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// dateForms are the ways to write a day that mean the same everywhere. 11/12/2026
// is two days, so that it is none of them.
var dateForms = []string{
	time.DateOnly, "2006-1-2", "2006/1/2", "2006/01/02", "2.1.2006", "02.01.2006",
	"2 Jan 2006", "2 January 2006", "2. January 2006", "Jan 2, 2006", "January 2, 2006", "Jan 2 2006", "January 2 2006",
}

var (
	inDays   = regexp.MustCompile(`\A(?:in )?([0-9]{1,4}) ?(d|days?|w|weeks?)\z`)
	duration = regexp.MustCompile(`\A(?:in )?(?:([0-9]{1,3}) ?(?:d|days?))? ?(?:([0-9]{1,4}) ?(?:h|hours?))? ?(?:([0-9]{1,5}) ?(?:m|min|minutes?))?\z`)
	clock    = regexp.MustCompile(`\A([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?\z`)
)

// checkDate reads a day.
func checkDate(text string, now time.Time) (value, wrong string) {
	day, ok := day(plainWords(text), now)
	if !ok {
		return "", fmt.Sprintf(`"%s" is no date, such as 2026-11-21, today or tomorrow.`, short(text))
	}
	return day.Format(time.DateOnly), ""
}

// plainWords is a text with single spaces and small letters.
func plainWords(text string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(text, unicode.IsSpace), " "))
}

// day reads a day in words or numbers. It is noon there, which every day has.
func day(text string, now time.Time) (time.Time, bool) {
	year, month, today := now.Date()
	noon := func(days int) (time.Time, bool) {
		t := time.Date(year, month, today+days, 12, 0, 0, 0, now.Location())
		return t, t.Year() >= 1 && t.Year() <= 9999
	}
	switch text {
	case "today":
		return noon(0)
	case "tomorrow":
		return noon(1)
	case "yesterday":
		return noon(-1)
	}
	if days := weekday(strings.TrimPrefix(text, "next "), now.Weekday()); days > 0 {
		return noon(days)
	}
	if m := inDays.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		if m[2][0] == 'w' {
			n *= 7
		}
		return noon(n)
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil && t.Year() >= 1 {
			return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, now.Location()), true
		}
	}
	return time.Time{}, false
}

// weekday is in how many days a day of the week is next, 1 to 7; 0 if text is
// none.
func weekday(text string, today time.Weekday) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if text == name || text == name[:3] {
			return (int(d-today)+6)%7 + 1
		}
	}
	return 0
}

// checkDatetime reads a time: RFC 3339, a day and a time of day, a time of day,
// which is the next there is, or how long from now.
func checkDatetime(text string, now time.Time) (value, wrong string) {
	t, ok := moment(strings.TrimSpace(text), now)
	if ok {
		if value = t.Format(time.RFC3339); len(value) > len("2026-11-21T15:30:00+01:00") || t.Year() < 1 {
			ok = false
		}
	}
	switch _, isDay := day(plainWords(text), now); {
	case ok:
		return value, ""
	case isDay:
		return "", fmt.Sprintf(`"%s" lacks a time of day, such as 15:30.`, short(text))
	}
	return "", fmt.Sprintf(`"%s" is no time, such as 2026-11-21 15:30, 15:30, tomorrow 9:00 or 2h.`, short(text))
}

func moment(text string, now time.Time) (time.Time, bool) {
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(form, strings.ToUpper(text)); err == nil {
			return t, true
		}
	}
	text = plainWords(text)
	if text == "now" {
		return now, true
	}
	if after, ok := wait(text); ok {
		return now.Add(after), true
	}
	if at, ok := timeOn(text, now, now); ok {
		if !at.After(now) {
			at, ok = timeOn(text, now.AddDate(0, 0, 1), now)
		}
		return at, ok
	}
	sep := strings.LastIndexAny(text, " t")
	if sep < 0 {
		return time.Time{}, false
	}
	on := strings.TrimSuffix(strings.TrimSuffix(text[:sep], " at"), ",")
	d, ok := day(on, now)
	if !ok {
		return time.Time{}, false
	}
	return timeOn(text[sep+1:], d, now)
}

// wait reads how long from now.
func wait(text string) (time.Duration, bool) {
	m := duration.FindStringSubmatch(text)
	if m == nil || m[1]+m[2]+m[3] == "" {
		return 0, false
	}
	var sum time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		n, _ := strconv.Atoi(m[i+1]) // empty is 0
		sum += time.Duration(n) * unit
	}
	return sum, true
}

// timeOn reads a time of day on a day, in the zone of now.
func timeOn(text string, on, now time.Time) (time.Time, bool) {
	m := clock.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	hour, _ := strconv.Atoi(m[1])
	minute, _ := strconv.Atoi(m[2])
	second, _ := strconv.Atoi(m[3])
	year, month, d := on.Date()
	return time.Date(year, month, d, hour, minute, second, 0, now.Location()), true
}
