package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/hub/route"
)

// metrics are what Prometheus reads. Labels are bounded: names from the
// configuration and status codes, never chats or events.
type metrics struct {
	registry *prometheus.Registry
	webhooks *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		webhooks: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bellhop_webhook_seconds", Help: "How long webhooks took to answer, by source and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 2.5},
		}, []string{"source", "status"}),
	}
	m.registry.MustRegister(m.webhooks, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(source hub.Source, status int, took time.Duration) {
	m.webhooks.WithLabelValues(string(source), strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) router(r *route.Router) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "bellhop_events_routed_total", Help: "Events held against the subscriptions.",
	}, func() float64 { return float64(r.Routed()) }))
}

// waiting counts the events that wait for a forum's API.
func (m *metrics) waiting(r *route.Router, forums []hub.Source) {
	for _, source := range forums {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "bellhop_events_waiting", Help: "Events of a forum that wait until its API answers.",
			ConstLabels: prometheus.Labels{"source": string(source)},
		}, func() float64 { return float64(r.Waiting(source)) }))
	}
}

func (m *metrics) workers(workers []*deliver.Worker) {
	for _, w := range workers {
		c := w.Counts()
		for outcome, n := range map[string]func() uint64{
			"sent": c.Sent.Load, "retried": c.Retried.Load, "waited": c.Waited.Load, "dead": c.Dead.Load,
		} {
			m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
				Name: "bellhop_notifications_total", Help: "Attempts at notifications by how they ended.",
				ConstLabels: prometheus.Labels{"system": string(w.System()), "outcome": outcome},
			}, func() float64 { return float64(n()) }))
		}
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "bellhop_system_paused", Help: "1 while a system takes no messages.",
			ConstLabels: prometheus.Labels{"system": string(w.System())},
		}, func() float64 {
			if state, _ := w.State(); state == "paused" {
				return 1
			}
			return 0
		}))
	}
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
