package server

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/route"
)

func (m *metrics) router(r *route.Router) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "bellhop_events_routed_total", Help: "Events held against the subscriptions.",
	}, func() float64 { return float64(r.Routed()) }))
}

// due tells how many messages workers have to send.
func (m *metrics) due(now func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "bellhop_notifications_due", Help: "Messages that wait for nothing but their turn, up to 500 of each chat.",
	}, func() float64 { return float64(now()) }))
}

// waiting counts the events that wait for a forum's API.
func (m *metrics) waiting(r *route.Router, forums func() []hub.Source) {
	m.registry.MustRegister(waiting{r, forums})
}

// waiting is a prometheus.Collector of them.
type waiting struct {
	router *route.Router
	forums func() []hub.Source
}

var eventsWaiting = describe("bellhop_events_waiting", "Events of a forum that wait until its API answers.", "source")

// Describe implements prometheus.Collector.
func (waiting) Describe(to chan<- *prometheus.Desc) { to <- eventsWaiting }

// Collect implements prometheus.Collector.
func (w waiting) Collect(to chan<- prometheus.Metric) {
	for _, source := range w.forums() {
		to <- prometheus.MustNewConstMetric(eventsWaiting, prometheus.GaugeValue, float64(w.router.Waiting(source)), string(source))
	}
}

// bus counts what is queued through b.
func (m *metrics) bus(b route.Bus) route.Bus { return countedBus{b, m} }

type countedBus struct {
	route.Bus
	m *metrics
}

func (b countedBus) Notify(ctx context.Context, ns []hub.Notification) error {
	err := b.Bus.Notify(ctx, ns)
	if err != nil { // the same will be queued again
		return err
	}
	for i := range ns {
		b.m.queued.WithLabelValues(string(ns[i].System)).Inc()
	}
	return nil
}

// traces counts what is decided by what s is given to keep.
func (m *metrics) traces(s hub.TraceStore) hub.TraceStore { return countedTraces{s, m} }

type countedTraces struct {
	hub.TraceStore
	m *metrics
}

func (t countedTraces) PutTraces(ctx context.Context, ts []hub.Trace) error {
	err := t.TraceStore.PutTraces(ctx, ts)
	if err != nil { // they come again
		return err
	}
	for i := range ts {
		t.m.decisions.WithLabelValues(t.m.source(ts[i].Source), outcome(ts[i].Verdict)).Inc()
	}
	return nil
}

// outcome is a verdict as a label.
func outcome(v hub.Verdict) string {
	switch v {
	case hub.VerdictDecided:
		return "matched"
	case hub.VerdictNobody:
		return "unmatched"
	case hub.VerdictDropped:
		return "hidden"
	case hub.VerdictWaiting, hub.VerdictLearned:
		return string(v)
	}
	return elsewhere
}
