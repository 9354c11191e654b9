package server

import (
	"net/http"
	"runtime"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
)

// metrics are what Prometheus reads. Labels are bounded: names from the
// configuration, faults, status codes and routes; never chats, events or rows.
type metrics struct {
	registry *prometheus.Registry
	intake   *intake
	sources  sync.Map        // by name: true
	appNames map[string]bool // before the first command

	notifications *notifications

	webhooks  *prometheus.HistogramVec
	rejected  *prometheus.CounterVec
	received  *prometheus.CounterVec
	decisions *prometheus.CounterVec
	queued    *prometheus.CounterVec
	attempts  *prometheus.HistogramVec
	posts     *prometheus.HistogramVec
	requests  *prometheus.HistogramVec
	commands  *prometheus.HistogramVec
	apps      *prometheus.HistogramVec
}

// newMetrics makes metrics of what happens in this process.
func newMetrics(c *config.Config, version string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), appNames: map[string]bool{}, notifications: newNotifications(), intake: newIntake()}
	m.sources.Store(apiSource, true)
	m.knowSources(c.Sources)
	m.webhooks = histogram("bellhop_webhook_seconds", "How long webhooks took to answer, by source and status.",
		[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5}, "source", "status")
	m.rejected = counter("bellhop_webhooks_rejected_total", "Webhooks that were not taken, by source and reason.", "source", "reason")
	m.received = counter("bellhop_events_received_total", "Events that came in, by source, the first segment of their type, and what became of them.", "source", "family", "result")
	m.decisions = counter("bellhop_decisions_total", "Decisions about events, by source and outcome. In a flood those beyond the ones that are kept are not counted.", "source", "outcome")
	m.queued = counter("bellhop_notifications_queued_total", "Notifications that events owed to chats of a system.", "system")
	m.posts = histogram("bellhop_event_to_post_seconds", "From an event's arrival to its message on the platform, by system; a row's delay is part of it.",
		[]float64{.005, .025, .1, .5, 1, 5, 15, 30, 60, 300, 1800, 7200}, "system")
	m.attempts = histogram("bellhop_attempt_seconds", "How long calls to send, edit or retract a message took, by system and outcome.",
		[]float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}, "system", "outcome")
	m.requests = histogram("bellhop_http_request_seconds", "How long requests took to answer, by method, route and status; webhooks not included.",
		[]float64{.005, .025, .1, .5, 2.5, 10}, "method", "route", "status")
	m.commands = histogram("bellhop_command_seconds", "How long commands took from when the hub was told until their reply was ready to be shown, by app and outcome.", commandSeconds, "app", "outcome")
	m.apps = histogram("bellhop_command_app_seconds", "How long apps worked on their part of commands, by app.", commandSeconds, "app")
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "bellhop_build_info", Help: "1, with the version of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.webhooks, m.rejected, m.received, m.decisions, m.notifications, m.queued, m.attempts, m.posts, m.requests, m.commands, m.apps, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// apiSource is the source of events that come through the API and name none.
const apiSource hub.Source = "api"

// elsewhere is the label of what is none of those that are known.
const elsewhere = "other"

// source is a label.
func (m *metrics) source(s hub.Source) string {
	if _, known := m.sources.Load(s); known {
		return string(s)
	}
	return elsewhere
}

// knowSources lets sources be labels. One that is removed stays one: its counts do.
func (m *metrics) knowSources(sources map[string]config.Source) {
	for name := range sources {
		m.sources.Store(hub.Source(name), true)
	}
}

// sourceNames are the sources that are labels.
func (m *metrics) sourceNames() []hub.Source {
	var names []hub.Source
	m.sources.Range(func(name, _ any) bool {
		names = append(names, name.(hub.Source))
		return true
	})
	slices.Sort(names)
	return names
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
