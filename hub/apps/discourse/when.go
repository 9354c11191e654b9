package discourse

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// leastSnooze is how long a snooze is at least: less is a typing mistake.
const leastSnooze = time.Minute

// howLong is how a snooze is written, for who has written it otherwise.
const howLong = "Say for how long, such as `2h`, `90m` or `1d`, or until when, such as `until 09:00`."

var (
	amount = regexp.MustCompile(`^(\d{1,6})\s*([a-z]+)\s*`)
	hour   = regexp.MustCompile(`^\d:\d\d$`)
)

var units = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

// snoozeOf parts what was typed behind snooze from the word that makes it about a
// topic alone.
func snoozeOf(text string) (when string, topic bool) {
	words := strings.Fields(text)
	if n := len(words); n > 0 {
		switch strings.ToLower(words[n-1]) {
		case "topic", "--topic", "—topic", "[topic]":
			return strings.Join(words[:n-1], " "), true
		}
	}
	return strings.Join(words, " "), false
}

// parseWhen reads until when a chat is to be left alone: "2h", "1 h 30 min",
// "until 09:00", "until 2026-01-10 09:00". An error is a sentence for who wrote it.
func parseWhen(text string, now time.Time, zone *time.Location) (time.Time, error) {
	text = strings.ToLower(oneLine(text))
	at, isUntil := strings.CutPrefix(text, "until ")
	at = strings.TrimSpace(at)
	if !isUntil {
		text = strings.TrimPrefix(text, "for ")
		if d, ok := parseSpan(text); ok {
			return inBounds(now.Add(d), now)
		}
		at = text
	}
	if hour.MatchString(at) {
		at = "0" + at
	}
	if t, err := time.ParseInLocation("2006-01-02 15:04", at, zone); err == nil {
		return inBounds(t, now)
	}
	if !strings.Contains(at, ":") { // for how long is not until when
		return time.Time{}, fmt.Errorf("I do not understand %s as a time. %s", typed(text), howLong)
	}
	t, err := hub.ParseSnooze(strings.ToUpper(at), now, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("I do not understand %s as a time. %s", typed(text), howLong)
	}
	return inBounds(t, now)
}

// parseSpan reads "2h", "90 minutes" and "1h30m".
func parseSpan(text string) (sum time.Duration, ok bool) {
	for text != "" {
		m := amount.FindStringSubmatch(text)
		if m == nil || units[m[2]] == 0 {
			return 0, false
		}
		n, err := strconv.ParseInt(m[1], 10, 32)
		if err != nil {
			return 0, false
		}
		sum += min(time.Duration(n), 100_000) * units[m[2]]
		sum = min(sum, 100_000*time.Hour)
		text, ok = text[len(m[0]):], true
	}
	return sum, ok
}

func inBounds(at, now time.Time) (time.Time, error) {
	switch left := at.Sub(now); {
	case left <= 0 && !at.Equal(now):
		return at, fmt.Errorf("That time has passed already. %s", howLong)
	case left < leastSnooze:
		return at, fmt.Errorf("A snooze is at least one minute long. %s", howLong)
	case left > hub.MostSnooze:
		return at, fmt.Errorf("A snooze is at most %d days long. To hear nothing for longer, remove the rules or mute everything.", hub.MostSnooze/(24*time.Hour))
	}
	return at, nil
}
