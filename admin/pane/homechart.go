package pane

import (
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// The chart's drawing board: 24 hours of 40 units.
const (
	chartHigh = 152.0
	chartStep = 40
	barWide   = 13
)

// homeChart is the chart of the last hours, with what it says in words.
type homeChart struct {
	Says                       string // for who cannot see it
	Events, Deliveries, Failed int64
	Scale                      []string // from the top
	Bars                       []chartBars
	Axis                       []string
}

// chartBars are those of one hour: events, deliveries, and of these what was not
// sent.
type chartBars struct{ A, B, X *chartBar }

// chartBar is a rectangle of the chart.
type chartBar struct {
	X    int
	Y, H string
}

func chartOf(words *web.Words, c Clock, hours []hub.Figure) homeChart {
	var chart homeChart
	var most, busiest int64
	var busy time.Time
	for _, f := range hours {
		d := f.Delivered()
		chart.Events += f.EventCount()
		chart.Deliveries += d.All()
		chart.Failed += d.Failed + d.Dead
		most = max(most, f.EventCount(), d.All())
		if both := f.EventCount() + d.All(); both > busiest {
			busiest, busy = both, f.At
		}
	}
	top := scaleTop(most)
	for i := range 5 {
		chart.Scale = append(chart.Scale, words.Number(top*int64(4-i)/4))
	}
	for i, f := range hours {
		at, d := chartStep*i+6, f.Delivered()
		chart.Bars = append(chart.Bars, chartBars{
			A: chartBarOf(at, f.EventCount(), top), B: chartBarOf(at+barWide+1, d.All(), top), X: chartBarOf(at+barWide+1, d.Failed+d.Dead, top),
		})
	}
	if len(hours) == 0 {
		return chart
	}
	chart.Axis = append(chart.Axis, c.day(hours[0].At)+" "+c.hour(hours[0].At))
	for i := len(hours) / 4; i < len(hours) && i > 0 && len(chart.Axis) < 4; i += len(hours) / 4 {
		chart.Axis = append(chart.Axis, c.hour(hours[i].At))
	}
	chart.Axis = append(chart.Axis, words.Say("home.now"))
	chart.Says = words.Say("home.chart", "Since", chart.Axis[0],
		"Events", words.Say("home.events", "Count", chart.Events), "Deliveries", words.Say("home.deliveries", "Count", chart.Deliveries),
		"Failed", words.Say("home.failed", "Count", chart.Failed))
	if busiest > 0 {
		chart.Says += " " + words.Say("home.busiest", "From", c.hour(busy), "To", c.hour(busy.Add(time.Hour)))
	}
	return chart
}

// hour is the time of day in the reader's zone.
func (c Clock) hour(t time.Time) string { return t.In(c.zone).Format("15:04") }

// chartBarOf is nil for nothing: an hour that had something always shows.
func chartBarOf(x int, n, top int64) *chartBar {
	if n <= 0 {
		return nil
	}
	high := max(chartHigh*float64(n)/float64(top), 1.5)
	return &chartBar{X: x, Y: fmt.Sprintf("%.1f", chartHigh-high), H: fmt.Sprintf("%.1f", high)}
}

// scaleTop is a round number at the top of a scale that has four parts.
func scaleTop(most int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, n := range []int64{4, 8, 12, 20} {
			if most <= n*unit {
				return n * unit
			}
		}
	}
}
