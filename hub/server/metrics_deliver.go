package server

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
)

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
	}
}

// provider measures the calls that a worker makes to p.
func (m *metrics) provider(p providers.Provider) providers.Provider {
	measured := measuredProvider{p, m.attempts.MustCurryWith(prometheus.Labels{"system": string(p.Describe().ID)})}
	if editor, ok := providers.As[providers.Editor](p); ok {
		return measuredEditor{measured, editor}
	}
	return measured
}

// ended measures how long events take to their messages.
func (m *metrics) ended(n *hub.Notification, o hub.Outcome) {
	if o.Status == hub.StatusSent && n.Act == hub.ActSend && !n.ReceivedAt.IsZero() {
		m.posts.WithLabelValues(string(n.System)).Observe(o.At.Sub(n.ReceivedAt).Seconds())
	}
}

type measuredProvider struct {
	providers.Provider
	attempts prometheus.ObserverVec // of its system
}

// Unwrap implements providers.Wrapper.
func (p measuredProvider) Unwrap() providers.Provider { return p.Provider }

func (p measuredProvider) Send(ctx context.Context, post providers.Post) (hub.Receipt, error) {
	began := time.Now()
	r, err := p.Provider.Send(ctx, post)
	p.note(began, err)
	return r, err
}

func (p measuredProvider) note(began time.Time, err error) {
	p.attempts.WithLabelValues(attemptOutcome(err)).Observe(time.Since(began).Seconds())
}

// attemptOutcome is how an attempt ended as a label: "sent", or a fault.
func attemptOutcome(err error) string {
	if err == nil {
		return "sent"
	}
	if fault := providers.FaultOf(err); slices.Contains(hub.Faults(), fault) {
		return string(fault)
	}
	return elsewhere
}

// measuredEditor is of a provider whose messages can be changed.
type measuredEditor struct {
	measuredProvider
	editor providers.Editor
}

var _ providers.Editor = measuredEditor{}

func (p measuredEditor) Edit(ctx context.Context, post providers.Post, ref hub.MessageRef) (hub.Receipt, error) {
	began := time.Now()
	r, err := p.editor.Edit(ctx, post, ref)
	p.note(began, err)
	return r, err
}

func (p measuredEditor) Retract(ctx context.Context, at hub.Chat, ref hub.MessageRef) error {
	began := time.Now()
	err := p.editor.Retract(ctx, at, ref)
	p.note(began, err)
	return err
}
