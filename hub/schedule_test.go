package hub_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := hub.FindZone(name)
	require.NoError(t, err)
	return z
}

// at is a time in RFC 3339, which says on which side of a change of clocks it is.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return parsed
}

func same(t *testing.T, want, got time.Time, about string) {
	t.Helper()
	require.True(t, want.Equal(got), "%s: want %s, got %s", about, want.UTC(), got.UTC())
}

// In Berlin the clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back
// to 02:00 on 2026-10-25.
func TestRhythmNext(t *testing.T) {
	for _, c := range []struct{ rhythm, zone, after, want string }{
		{"15m", "UTC", "2026-01-10T09:05:00Z", "2026-01-10T09:15:00Z"},
		{"15m", "UTC", "2026-01-10T09:15:00Z", "2026-01-10T09:30:00Z"}, // after, not at
		{"15m", "UTC", "2026-01-10T23:59:59Z", "2026-01-11T00:00:00Z"},
		{"1m", "UTC", "2026-01-10T09:05:30Z", "2026-01-10T09:06:00Z"},
		{"1h", "Asia/Kathmandu", "2026-01-10T09:05:00+05:45", "2026-01-10T10:00:00+05:45"},
		{"4h", "Europe/Berlin", "2026-01-10T09:05:00+01:00", "2026-01-10T12:00:00+01:00"},
		{"24h", "Europe/Berlin", "2026-01-10T09:05:00+01:00", "2026-01-11T00:00:00+01:00"},
		{"24h", "Europe/Berlin", "2026-07-10T00:00:00+02:00", "2026-07-11T00:00:00+02:00"},
		{"7m", "UTC", "1970-01-01T00:06:59Z", "1970-01-01T00:07:00Z"},
		// the clocks go forward
		{"15m", "Europe/Berlin", "2026-03-29T01:50:00+01:00", "2026-03-29T03:00:00+02:00"},
		{"2h", "Europe/Berlin", "2026-03-29T00:10:00+01:00", "2026-03-29T03:00:00+02:00"}, // there is no 02:00
		{"4h", "Europe/Berlin", "2026-03-29T00:10:00+01:00", "2026-03-29T04:00:00+02:00"},
		{"24h", "Europe/Berlin", "2026-03-29T00:10:00+01:00", "2026-03-30T00:00:00+02:00"},
		// and back
		{"15m", "Europe/Berlin", "2026-10-25T02:50:00+02:00", "2026-10-25T02:00:00+01:00"},
		{"15m", "Europe/Berlin", "2026-10-25T02:50:00+01:00", "2026-10-25T03:00:00+01:00"},
		{"4h", "Europe/Berlin", "2026-10-25T00:10:00+02:00", "2026-10-25T04:00:00+01:00"},
		{"24h", "Europe/Berlin", "2026-10-25T00:10:00+02:00", "2026-10-26T00:00:00+01:00"},
		// every day
		{"daily@09:00", "Europe/Berlin", "2026-01-10T08:59:59+01:00", "2026-01-10T09:00:00+01:00"},
		{"daily@09:00", "Europe/Berlin", "2026-01-10T09:00:00+01:00", "2026-01-11T09:00:00+01:00"},
		{"daily@00:00", "Europe/Berlin", "2026-01-10T23:59:00+01:00", "2026-01-11T00:00:00+01:00"},
		{"daily@09:00", "America/New_York", "2026-01-10T13:59:00Z", "2026-01-10T14:00:00Z"},
		{"daily@09:00", "Pacific/Kiritimati", "2026-01-10T18:59:00Z", "2026-01-10T19:00:00Z"}, // where it is tomorrow
		{"daily@09:00", "Europe/Berlin", "2026-03-28T10:00:00+01:00", "2026-03-29T09:00:00+02:00"},
		{"daily@09:00", "Europe/Berlin", "2026-10-24T10:00:00+02:00", "2026-10-25T09:00:00+01:00"},
		{"daily@02:30", "Europe/Berlin", "2026-03-29T00:00:00+01:00", "2026-03-29T03:00:00+02:00"}, // jumped over
		{"daily@02:30", "Europe/Berlin", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"},
		{"daily@02:30", "Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+02:00"}, // the first of two
		{"daily@02:30", "Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"},
		{"daily@00:30", "America/Havana", "2026-03-07T12:00:00-05:00", "2026-03-08T01:00:00-04:00"}, // clocks jump at midnight
	} {
		r, err := hub.ParseRhythm(c.rhythm)
		require.NoError(t, err)
		got := r.Next(at(t, c.after), zone(t, c.zone))
		same(t, at(t, c.want), got, c.rhythm+" "+c.zone+" after "+c.after)
	}
}

// TestRhythmGoesOn holds that digests come as often as they should through both
// changes of the clocks.
func TestRhythmGoesOn(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for rhythm, most := range map[string]time.Duration{"1m": time.Minute, "15m": 15 * time.Minute, "4h": 5 * time.Hour, "24h": 25 * time.Hour, "7h": 8 * time.Hour, "daily@02:30": 25 * time.Hour} {
		r, err := hub.ParseRhythm(rhythm)
		require.NoError(t, err)
		for _, from := range []string{"2026-03-27T00:00:00+01:00", "2026-10-23T00:00:00+02:00"} {
			begin := at(t, from)
			for now := begin; now.Sub(begin) < 4*24*time.Hour; {
				next := r.Next(now, berlin)
				require.Positive(t, next.Sub(now), "%s after %s", rhythm, now)
				require.LessOrEqual(t, next.Sub(now), most, "%s after %s", rhythm, now)
				now = next
			}
		}
	}
}

func schedule(t *testing.T, quiet, zoneName string, more ...hub.Silence) hub.Schedule {
	t.Helper()
	c := hub.ChatSettings{Quiet: quiet, Zone: zoneName, Past: more}
	s, err := c.Schedule(time.UTC)
	require.NoError(t, err)
	return s
}

func TestQuietHours(t *testing.T) {
	for _, c := range []struct{ quiet, at, until string }{
		{"22:00-07:00", "2026-01-10T21:59:59+01:00", ""},
		{"22:00-07:00", "2026-01-10T22:00:00+01:00", "2026-01-11T07:00:00+01:00"},
		{"22:00-07:00", "2026-01-11T00:00:00+01:00", "2026-01-11T07:00:00+01:00"},
		{"22:00-07:00", "2026-01-11T06:59:59+01:00", "2026-01-11T07:00:00+01:00"},
		{"22:00-07:00", "2026-01-11T07:00:00+01:00", ""},
		{"12:30-13:30", "2026-01-10T13:00:00+01:00", "2026-01-10T13:30:00+01:00"},
		{"12:30-13:30", "2026-01-10T00:00:00+01:00", ""},
		{"00:00-06:00", "2026-01-10T00:00:00+01:00", "2026-01-10T06:00:00+01:00"},
		{"18:00-00:00", "2026-01-10T23:59:00+01:00", "2026-01-11T00:00:00+01:00"},
		// the clocks go forward in the night, and back
		{"22:00-07:00", "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"},
		{"22:00-07:00", "2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"},
		{"22:00-02:30", "2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"},
		{"22:00-02:30", "2026-03-29T03:00:00+02:00", ""},
		{"02:15-02:45", "2026-03-29T03:00:00+02:00", ""}, // not there that day
		{"02:30-06:00", "2026-03-29T03:00:00+02:00", "2026-03-29T06:00:00+02:00"},
		{"22:00-02:30", "2026-10-25T02:29:00+02:00", "2026-10-25T02:30:00+02:00"},
		{"22:00-02:30", "2026-10-25T02:15:00+01:00", ""}, // it ended the first time
		{"02:30-06:00", "2026-10-25T02:29:59+02:00", ""},
		{"02:30-06:00", "2026-10-25T02:00:00+01:00", "2026-10-25T06:00:00+01:00"},
		{"03:00-02:00", "2026-03-28T12:00:00+01:00", "2026-03-30T02:00:00+02:00"}, // the hour between is jumped over
	} {
		s := schedule(t, c.quiet, "Europe/Berlin")
		got := s.Silent(at(t, c.at))
		if c.until == "" {
			require.Zero(t, got, "%s at %s", c.quiet, c.at)
			require.True(t, s.Next(at(t, c.at)).After(at(t, c.at)), "%s at %s", c.quiet, c.at)
			continue
		}
		same(t, at(t, c.until), got, c.quiet+" at "+c.at)
	}
	s := schedule(t, "22:00-07:00", "Europe/Berlin")
	same(t, at(t, "2026-01-10T22:00:00+01:00"), s.Next(at(t, "2026-01-10T12:00:00+01:00")), "the next night")
	same(t, at(t, "2026-01-11T22:00:00+01:00"), s.Next(at(t, "2026-01-10T22:00:00+01:00")), "the one after")
}

func TestSilencesJoin(t *testing.T) {
	early := hub.Silence{From: at(t, "2026-01-10T20:00:00Z"), Until: at(t, "2026-01-10T23:00:00Z")}
	late := hub.Silence{From: at(t, "2026-01-11T06:30:00Z"), Until: at(t, "2026-01-11T09:00:00Z")}
	s := schedule(t, "22:00-07:00", "UTC", late, early)
	same(t, late.Until, s.Silent(at(t, "2026-01-10T20:30:00Z")), "from one into the next")
	require.Equal(t, 13*time.Hour, s.Silence(at(t, "2026-01-10T12:00:00Z"), at(t, "2026-01-11T12:00:00Z")))
	require.Equal(t, 30*time.Minute, s.Silence(at(t, "2026-01-10T19:00:00Z"), at(t, "2026-01-10T20:30:00Z")))
	require.Equal(t, 15*time.Minute, s.Silence(at(t, "2026-01-10T21:00:00Z"), at(t, "2026-01-10T21:15:00Z")))
	require.Zero(t, s.Silence(at(t, "2026-01-10T12:00:00Z"), at(t, "2026-01-10T19:00:00Z")))
	month := at(t, "2026-02-10T12:00:00Z")
	require.Equal(t, 13*time.Hour+30*9*time.Hour, s.Silence(at(t, "2026-01-10T12:00:00Z"), month))

	var never hub.Schedule
	require.Zero(t, never.Silent(month))
	require.Zero(t, never.Next(month))
	require.Equal(t, time.UTC, never.Zone())
}

func TestSnoozeAndResume(t *testing.T) {
	now := at(t, "2026-01-10T12:00:00Z")
	var c hub.ChatSettings
	require.False(t, c.Says(now))
	require.ErrorContains(t, c.Snooze(now, now), "has passed")
	require.ErrorContains(t, c.Snooze(now.Add(31*24*time.Hour), now), "longer than 30 days")
	require.NoError(t, c.Snooze(now.Add(2*time.Hour), now))
	require.True(t, c.Says(now))

	later := now.Add(time.Hour)
	require.NoError(t, c.Snooze(later.Add(3*time.Hour), later)) // longer
	c.Resume(later.Add(time.Hour))
	require.False(t, c.Says(now))
	s, err := c.Schedule(time.UTC)
	require.NoError(t, err)
	require.Zero(t, s.Silent(later.Add(time.Hour)), "it has ended")
	require.Equal(t, 2*time.Hour, s.Silence(now, now.Add(24*time.Hour)), "what waited for it is no older")

	for i := range 30 { // what is kept is bounded
		from := later.Add(time.Duration(i+2) * time.Hour)
		require.NoError(t, c.Snooze(from.Add(time.Minute), from))
	}
	require.Len(t, c.Past, 8)
	c.Resume(later.AddDate(0, 3, 0))
	require.Len(t, c.Past, 1, "what was long ago is forgotten")
}

func TestSetQuiet(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	evening := at(t, "2026-01-10T22:30:00+01:00")
	var c hub.ChatSettings
	require.NoError(t, c.SetQuiet("22:00-07:00", "", berlin, evening.Add(-3*time.Hour)))
	require.Empty(t, c.Past)
	s, _ := c.Schedule(berlin)
	require.False(t, s.Silent(evening).IsZero(), "in the zone that is configured")
	require.NoError(t, c.SetQuiet("23:00-07:00", "Europe/Berlin", berlin, evening))
	s, _ = c.Schedule(time.UTC)
	require.Zero(t, s.Silent(evening), "the new hours have not begun")
	require.Equal(t, 30*time.Minute, s.Silence(evening.Add(-6*time.Hour), evening))

	for _, bad := range [][3]string{
		{"22:00", "", "quiet"},
		{"22-7", "", "quiet"},
		{"22:00-24:00", "", "quiet"},
		{"22:00-22:00", "", "quiet"},
		{"22:00-07:00-08:00", "", "quiet"},
		{"", "Berlin", "zone"},
		{"", "Local", "zone"},
		{"", "../UTC", "zone"},
		{"", "CEST", "zone"},
	} {
		before := c
		var e *hub.Error
		require.ErrorAs(t, c.SetQuiet(bad[0], bad[1], berlin, evening), &e, bad)
		require.Contains(t, e.Fields, bad[2])
		require.Len(t, e.Fields, 1)
		require.Equal(t, before, c)
	}
	broken := hub.ChatSettings{Quiet: "22:00-07:00", Zone: "Mars/Olympus", Snoozed: hub.Silence{From: evening, Until: evening.Add(time.Hour)}}
	s, err := broken.Schedule(berlin)
	require.ErrorContains(t, err, "not valid")
	same(t, evening.Add(time.Hour), s.Silent(evening), "what can be read of it holds")
}

func FuzzParseRhythm(f *testing.F) {
	for _, s := range []string{"15m", "24h", "1m1s", "daily@09:00", "daily@24:00", "daily@", "daily@-1:00", "", "9223372036854775807ns", "1.5h"} {
		f.Add(s, int64(1_770_000_000))
	}
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		r, err := hub.ParseRhythm(text)
		if err != nil || unix < 0 || unix > 4e9 {
			return
		}
		now := time.Unix(unix, 0)
		next := r.Next(now, berlin)
		require.True(t, next.After(now))
		require.LessOrEqual(t, next.Sub(now), 26*time.Hour)
		require.Equal(t, strings.TrimSpace(text), text)
	})
}

func FuzzParseHours(f *testing.F) {
	for _, s := range []string{"22:00-07:00", "00:00-23:59", "2:00-7:00", "-", "22:00-22:00", "22:00–07:00"} {
		f.Add(s, int64(1_774_745_000))
		f.Add(s, int64(1_792_886_400))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		c := hub.ChatSettings{Quiet: text, Zone: "Europe/Berlin"}
		s, err := c.Schedule(time.UTC)
		if err != nil || text == "" || unix < 0 || unix > 4e9 {
			return
		}
		now := time.Unix(unix, 0)
		if until := s.Silent(now); !until.IsZero() {
			require.True(t, until.After(now))
			require.Zero(t, s.Silent(until))
			require.Less(t, until.Sub(now), 50*time.Hour)
		} else {
			begins := s.Next(now)
			require.True(t, begins.After(now))
			require.NotZero(t, s.Silent(begins))
			require.Zero(t, s.Silent(begins.Add(-time.Nanosecond)))
		}
		require.LessOrEqual(t, s.Silence(now.Add(-48*time.Hour), now), 48*time.Hour)
	})
}

func TestParseSnooze(t *testing.T) {
	now := at(t, "2026-01-10T12:00:00+01:00")
	for text, want := range map[string]string{
		"2h": "2026-01-10T14:00:00+01:00", "90m": "2026-01-10T13:30:00+01:00", "3d": "2026-01-13T12:00:00+01:00",
		"09:00": "2026-01-11T09:00:00+01:00", "12:01": "2026-01-10T12:01:00+01:00", "2026-01-10T13:00:00Z": "2026-01-10T13:00:00Z",
	} {
		got, err := hub.ParseSnooze(text, now, zone(t, "Europe/Berlin"))
		require.NoError(t, err)
		same(t, at(t, want), got, text)
	}
	for _, text := range []string{"", "2", "0s", "-2h", "0d", "-1d", "70000d", "9:00", "24:00", "until 09:00", "tomorrow", "2026-01-10"} {
		_, err := hub.ParseSnooze(text, now, time.UTC)
		require.ErrorContains(t, err, "is no time", text)
	}
}

func FuzzParseSnooze(f *testing.F) {
	for _, s := range []string{"2h", "3d", "65535d", "09:00", "2026-01-10T09:00:00Z", "9999999h", "0000-01-01T00:00:00Z"} {
		f.Add(s)
	}
	now := time.Unix(1_774_745_000, 0)
	berlin := zone(f, "Europe/Berlin")
	f.Fuzz(func(t *testing.T, text string) {
		until, err := hub.ParseSnooze(text, now, berlin)
		var c hub.ChatSettings
		if err != nil || c.Snooze(until, now) != nil {
			require.Zero(t, c)
			return
		}
		s, err := c.Schedule(berlin)
		require.NoError(t, err)
		require.True(t, s.Silent(now).Equal(until))
	})
}
