package alert

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// lived makes a habit of days, in which something comes every so often between
// two hours, but for those days that calm names.
func lived(days int, every time.Duration, from, to int, calm ...int) *habit {
	begin := monday.AddDate(0, 0, -days)
	h := newHabit(begin)
	for d := range days {
		if contains(calm, d) {
			continue
		}
		day := begin.AddDate(0, 0, d)
		for at := day.Add(time.Duration(from) * time.Hour); at.Before(day.Add(time.Duration(to) * time.Hour)); at = at.Add(every) {
			h.mark(at)
		}
	}
	return h
}

func contains(list []int, n int) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}

func TestQuiet(t *testing.T) {
	const hour = int64(time.Hour / slot)
	for name, c := range map[string]struct {
		h         *habit
		last, now time.Duration // after Monday's midnight
		want      bool
	}{
		"busy all day, an hour":              {lived(14, time.Minute, 0, 24), 10 * time.Hour, 11*time.Hour + 10*time.Minute, true},
		"busy all day, less than an hour":    {lived(14, time.Minute, 0, 24), 10 * time.Hour, 10*time.Hour + 59*time.Minute, false},
		"the night is quiet":                 {lived(14, time.Minute, 8, 22), 22 * time.Hour, 31 * time.Hour, false},
		"after the night":                    {lived(14, time.Minute, 8, 22), -2 * time.Hour, 8*time.Hour + 55*time.Minute, false},
		"an hour of day after the night":     {lived(14, time.Minute, 8, 22), -2 * time.Hour, 9*time.Hour + 10*time.Minute, true},
		"one in half an hour, three hours":   {lived(14, 30*time.Minute, 0, 24), 10 * time.Hour, 13 * time.Hour, false},
		"one in half an hour, seven hours":   {lived(14, 30*time.Minute, 0, 24), 10 * time.Hour, 17 * time.Hour, true},
		"four a day, two days":               {lived(14, 6*time.Hour, 0, 24), 0, 48 * time.Hour, false},
		"four a day, four days":              {lived(14, 6*time.Hour, 0, 24), 0, 100 * time.Hour, true},
		"one a week is too few":              {lived(14, 7*24*time.Hour, 0, 24), 0, 10 * 24 * time.Hour, false},
		"two days are too few to know":       {lived(2, time.Minute, 0, 24), 10 * time.Hour, 20 * time.Hour, false},
		"three days":                         {lived(3, time.Minute, 0, 24), 10 * time.Hour, 12 * time.Hour, true},
		"three days, one of them calm":       {lived(3, time.Minute, 0, 24, 1), 10 * time.Hour, 12 * time.Hour, false},
		"two weeks, one outage":              {lived(14, time.Minute, 0, 24, 9), 10 * time.Hour, 12 * time.Hour, true},
		"two weeks, two calm days":           {lived(14, time.Minute, 0, 24, 9, 10), 10 * time.Hour, 12 * time.Hour, false},
		"Mondays are calm":                   {lived(14, time.Minute, 0, 24, 7), 10 * time.Hour, 12 * time.Hour, false},
		"Mondays are calm, Tuesdays are not": {lived(14, time.Minute, 0, 24, 7), 10 * time.Hour, 26 * time.Hour, true},
		"nothing ever":                       {newHabit(monday.AddDate(0, 0, -14)), 0, 24 * time.Hour, false},
		"the clock went back":                {lived(14, time.Minute, 0, 24), 10 * time.Hour, 9 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			now := monday.Add(c.now)
			c.h.advance(now)
			require.Equal(t, c.want, c.h.quiet(monday.Add(c.last), now, hour))
		})
	}
}

// TestHabitForgets holds the ring against a plain set.
func TestHabitForgets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	h, plain := newHabit(monday), map[int64]bool{}
	at := monday
	for range 5_000 {
		at = at.Add(time.Duration(r.Int64N(int64(40 * time.Minute))))
		if r.IntN(200) == 0 {
			at = at.Add(time.Duration(r.Int64N(int64(20 * 24 * time.Hour))))
		}
		h.mark(at)
		plain[slotOf(at)] = true
		from := h.Last - r.Int64N(slots)
		to := from + r.Int64N(h.Last-from+1)
		var want int64
		for s := from; s <= to; s++ {
			if plain[s] {
				want++
			}
		}
		require.Equal(t, want, h.busy(from, to))
	}
	h.mark(at.AddDate(0, -1, 0)) // far too old to be noted
	require.False(t, h.First > h.Last)
	require.Less(t, h.busy(h.Last-slots+1, h.Last), int64(5_000))
}

func TestMemoryIsBounded(t *testing.T) {
	data, err := json.Marshal(lived(14, time.Minute, 0, 24))
	require.NoError(t, err)
	require.Less(t, len(data), 1000)
}

func TestMemoryThatCannotBeRead(t *testing.T) {
	for text, problem := range map[string]string{
		"":                                     "",
		`{"v":1}`:                              "",
		`{"v":2}`:                              "is of version 2, this program knows 1",
		`{`:                                    "cannot be read",
		`{"v":1,"matters":null}`:               "is of version 1",
		`{"v":1,"habits":{"a":{},"b":null}}`:   "",
		`{"v":1,"matters":{"system a":null}}`:  "",
		`{"v":1,"habits":{"a":{"busy":"AA"}}}`: "cannot be read",
	} {
		m, err := decodeMemory([]byte(text))
		if problem == "" {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, problem, text)
		}
		require.NotNil(t, m.Matters, text)
		require.Empty(t, m.Matters, text)
		require.Empty(t, m.Habits, text)
	}
}
