package main

import (
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

type figuresCmd struct {
	remote       `embed:""`
	Since        moment `placeholder:"TIME" help:"Then or later: 2h, 3d, 2026-01-10, '2026-01-10 09:05'. Else a day ago, or 30 days ago by day."`
	Until        moment `placeholder:"TIME" help:"Before."`
	By           string `enum:"hour,day" default:"hour" help:"What a line is: hour or day."`
	Subscription string `placeholder:"ID" help:"How often this subscription fired, by day."`
	JSON         bool   `name:"json" help:"Print JSON."`
}

func (figuresCmd) Help() string {
	return `How many events came in, and what became of the deliveries: each counts once, as it
stands now, in the hour in which it came to stand so. Typical is within how long half
of them were sent since they were queued, slow is for 95 %. Hours are kept for 35
days, what a subscription did for 400. Days are those of UTC.

  bellhop figures                                    the last day, by hour
  bellhop figures --by day --since 7d                the last week
  bellhop figures --subscription sr4ty2ykycbcvnnmh   how often a row fired
  bellhop figures --json | jq .all                   all of it together`
}

func (c *figuresCmd) Run(w *world) error {
	query := filled(url.Values{}, map[string]string{"since": c.Since.String(), "until": c.Until.String()})
	path := "/api/v1/figures"
	if c.Subscription != "" {
		path = "/api/v1/subscriptions/" + url.PathEscape(c.Subscription) + "/figures"
	} else {
		query.Set("by", c.By)
	}
	q := request{method: "GET", path: path + "?" + query.Encode()}
	if c.JSON {
		return c.show(w, q, true)
	}
	if c.Subscription != "" {
		var told firedAnswer
		if err := c.call(w, q.method, q.path, "", nil, &told); err != nil {
			return err
		}
		return printFired(w.stdout, told)
	}
	var told figuresAnswer
	if err := c.call(w, q.method, q.path, "", nil, &told); err != nil {
		return err
	}
	return printFigures(w.stdout, told, c.By == "day")
}

type figuresAnswer struct {
	Items []toldFigure
	All   toldFigure
}

type toldFigure struct {
	At         time.Time
	Events     map[hub.Source]int64
	Deliveries map[hub.System]hub.Delivered
	Latency    struct {
		P50 int64 `json:"p50_ms"`
		P95 int64 `json:"p95_ms"`
	}
}

type firedAnswer struct {
	Items []struct {
		Day   string
		Fired int64
	}
	All int64
}

func printFigures(out io.Writer, told figuresAnswer, days bool) error {
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHEN\tEVENTS\tSENT\tFAILED\tDEAD\tTYPICAL\tSLOW")
	line := func(when string, f toldFigure) {
		var events int64
		for _, n := range f.Events {
			events += n
		}
		var d hub.Delivered
		for _, of := range f.Deliveries {
			d = d.Plus(of)
		}
		_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\t%s\n", when, events, d.Sent, d.Failed, d.Dead, took(f.Latency.P50), took(f.Latency.P95))
	}
	for _, f := range told.Items {
		if days {
			line(f.At.UTC().Format(time.DateOnly), f)
		} else {
			line(f.At.Local().Format("2006-01-02 15:04"), f)
		}
	}
	line("all", told.All)
	if err := t.Flush(); err != nil {
		return err
	}
	for _, system := range slices.Sorted(maps.Keys(told.All.Deliveries)) {
		d := told.All.Deliveries[system]
		if _, err := fmt.Fprintf(out, "%s: %d sent, %d failed, %d dead\n", system, d.Sent, d.Failed, d.Dead); err != nil {
			return err
		}
	}
	return nil
}

// took is a time in milliseconds as people read it, "-" for none.
func took(ms int64) string {
	if ms == 0 {
		return "-"
	}
	d := time.Duration(ms) * time.Millisecond
	if d >= 10*time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

func printFired(out io.Writer, told firedAnswer) error {
	t := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "DAY\tFIRED")
	for _, d := range told.Items {
		_, _ = fmt.Fprintf(t, "%s\t%d\n", d.Day, d.Fired)
	}
	_, _ = fmt.Fprintf(t, "all\t%d\n", told.All)
	return t.Flush()
}
