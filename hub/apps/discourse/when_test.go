package discourse

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bellhop-chat/bellhop/hub"
)

func FuzzWhen(f *testing.F) {
	for _, s := range []string{"2h", "90m topic", "until 09:00", "until 2026-01-20 08:00", "1h 30 min", "until 2026-01-20T08:00:00+01:00", "for 3 days [topic]", "999999w999999w"} {
		f.Add(s)
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	now := time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC) // the clocks are set forward that night
	f.Fuzz(func(t *testing.T, s string) {
		when, _ := snoozeOf(s)
		at, err := parseWhen(when, now, zone)
		if err != nil {
			if !utf8.ValidString(err.Error()) {
				t.Fatalf("%q: %q", s, err)
			}
			return
		}
		if d := at.Sub(now); d < leastSnooze || d > hub.MostSnooze {
			t.Fatalf("%q is %s", s, d)
		}
	})
}
