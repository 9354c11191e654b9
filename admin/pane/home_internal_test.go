package pane

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

// aDay is a day with quiet hours, a peak and trouble at its end.
func aDay() []hub.Figure {
	begin := time.Date(2026, 3, 11, 10, 0, 0, 0, time.UTC)
	hours := make([]hub.Figure, homeHours)
	for i := range hours {
		hours[i].At = begin.Add(time.Duration(i) * time.Hour)
		n := int64(40 - (i-4)*(i-4))
		if n <= 0 {
			continue
		}
		hours[i].Events = map[hub.Source]int64{"meta": n, "ci": 1}
		hours[i].Deliveries = map[hub.System]hub.Delivered{"slack": {Sent: 2 * n}}
	}
	hours[22].Events = map[hub.Source]int64{"meta": 1}
	hours[23].Deliveries = map[hub.System]hub.Delivered{"slack": {Sent: 30}, "mattermost": {Failed: 4, Dead: 9}}
	return hours
}

func chartIn(t *testing.T, language, zone string, hours []hub.Figure) (homeChart, string) {
	t.Helper()
	words := web.WordsIn(language)
	at, err := time.LoadLocation(zone)
	require.NoError(t, err)
	chart := chartOf(words, Clock{words, at, time.Date(2026, 3, 12, 9, 42, 0, 0, time.UTC)}, hours)
	var b bytes.Buffer
	require.NoError(t, web.Fragment(&b, words, "home-chart", chart))
	return chart, b.String()
}

func TestChart(t *testing.T) {
	for name, c := range map[string]struct {
		language, zone string
		hours          []hub.Figure
	}{"day": {"en", "UTC", aDay()}, "day-de": {"de", "Europe/Berlin", aDay()}, "none": {"en", "UTC", make([]hub.Figure, homeHours)}} {
		_, got := chartIn(t, c.language, c.zone, c.hours)
		golden := "testdata/chart-" + name + ".html"
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), got, name)
	}
}

func TestChartSaysItsNumbers(t *testing.T) {
	chart, _ := chartIn(t, "en", "America/New_York", aDay())
	require.Equal(t, []string{"yesterday 06:00", "12:00", "18:00", "00:00", "Now"}, chart.Axis)
	require.Contains(t, chart.Says, "since yesterday 06:00: ")
	require.Contains(t, chart.Says, "13 not sent. Most between 10:00 and 11:00.")
	require.Equal(t, []string{"80", "60", "40", "20", "0"}, chart.Scale)
	_, empty := chartIn(t, "en", "UTC", nil)
	require.NotContains(t, empty, "<rect")
}

func TestScale(t *testing.T) {
	for most, top := range map[int64]int64{0: 4, 1: 4, 4: 4, 5: 8, 9: 12, 13: 20, 21: 40, 80: 80, 81: 120, 121: 200, 999: 1200, 123456: 200000} {
		require.Equal(t, top, scaleTop(most), most)
		require.Zero(t, top%4)
	}
}

func TestLasting(t *testing.T) {
	en, de := web.WordsIn("en"), web.WordsIn("de")
	for d, want := range map[time.Duration]string{
		0: "0 ms", 40 * time.Millisecond: "40 ms", 1234 * time.Millisecond: "1.2 s", 42 * time.Second: "42 s", 150 * time.Second: "2 min", 5 * time.Hour: "5 h",
	} {
		require.Equal(t, want, homeLasting(en, d))
	}
	require.Equal(t, "1,2 s", homeLasting(de, 1234*time.Millisecond))
}

// What somebody should look at comes first, in one sentence.
func TestHomeSaysTheWorst(t *testing.T) {
	words := web.WordsIn("en")
	s := homeState{sources: []hub.SourceStatus{{Source: "meta", State: "ok"}}, systems: []hub.SystemStatus{{System: "slack", Kind: "slack", State: hub.SystemOK}}}
	require.Equal(t, "Nothing arrived in the last 24 hours. Nothing needs you.", string(homeSentence(words, &s)))
	s.day.Events = map[hub.Source]int64{"meta": 3}
	require.Equal(t, "Events arrive and go out. Nothing needs you.", string(homeSentence(words, &s)))
	s.week.Deliveries = map[hub.System]hub.Delivered{"slack": {Dead: 3}}
	require.Contains(t, string(homeSentence(words, &s)), `<a href="/activity/dead">3 messages</a> were given up`)
	s.systems[0].PausedChats = []hub.PausedChat{{Chat: "C1", Reason: "the bot is not in it"}}
	require.Contains(t, string(homeSentence(words, &s)), "A chat of <a")
	s.sources[0].State, s.sources[0].Reason = "error", "its API says <no>"
	require.Contains(t, string(homeSentence(words, &s)), "its API says &lt;no&gt;")
	s.systems = append(s.systems, hub.SystemStatus{System: "mattermost", Kind: "mattermost", State: hub.SystemPaused, Reason: "it refuses the token"})
	require.Equal(t, `One system needs you. <a href="/systems#mattermost">mattermost</a>: it refuses the token`, string(homeSentence(words, &s)))

	tiles := homeStrip(words, &s)
	require.Equal(t, []string{"bad", "bad", "", "bad", ""}, []string{tiles[0].Lamp, tiles[1].Lamp, tiles[2].Lamp, tiles[3].Lamp, tiles[4].Lamp})
	s.waiting = 9
	require.Equal(t, "mattermost takes no messages", homeStrip(words, &s)[2].Detail)
}
