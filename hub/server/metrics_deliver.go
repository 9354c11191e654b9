package server

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/deliver"
	"github.com/bellhop-chat/bellhop/providers"
)

// The outcomes of attempts as labels.
const (
	outcomeSent    = "sent"
	outcomeRetried = "retried"
	outcomeWaited  = "waited"
	outcomeDead    = "dead"
)

// notifications counts how attempts ended: what the delivery log is told, and, of
// the workers in this process, what only they know. Most waits for a platform's
// pace are too short to be told.
type notifications struct {
	told *prometheus.CounterVec

	mu      sync.Mutex
	waited  map[hub.System]*atomic.Uint64 // of the workers in this process
	systems map[hub.System]bool           // that are labels
}

var notificationsTotal = describe("bellhop_notifications_total", "Attempts at notifications by how they ended.", "system", "outcome")

func newNotifications() *notifications {
	return &notifications{
		told:   counter("bellhop_notifications_total", "Attempts at notifications by how they ended.", "system", "outcome"),
		waited: map[hub.System]*atomic.Uint64{}, systems: map[hub.System]bool{},
	}
}

// Describe implements prometheus.Collector.
func (c *notifications) Describe(to chan<- *prometheus.Desc) { c.told.Describe(to) }

// Collect implements prometheus.Collector.
func (c *notifications) Collect(to chan<- prometheus.Metric) {
	c.told.Collect(to)
	c.mu.Lock()
	defer c.mu.Unlock()
	for system, n := range c.waited {
		to <- prometheus.MustNewConstMetric(notificationsTotal, prometheus.CounterValue, float64(n.Load()), string(system), outcomeWaited)
	}
}

// serves takes in a worker in this process, before there is anything to count. With
// apart, it is the process of that worker alone: hubs count what it tells them.
func (c *notifications) serves(w *deliver.Worker, apart bool) {
	c.mu.Lock()
	if apart {
		c.waited[w.System()] = &w.Counts().Paced
		c.mu.Unlock()
		return
	}
	c.waited[w.System()] = &w.Counts().Waited
	c.mu.Unlock()
	c.heard(w.System())
}

// ours reports whether the waits of a system are counted by a worker here.
func (c *notifications) ours(s hub.System) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waited[s] != nil
}

// mostSystems bounds the systems that are labels, of which some may be known only
// by what their workers tell.
const mostSystems = 100

// system is a label.
func (c *notifications) system(s hub.System) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.systems[s]:
	case len(c.systems) < mostSystems && hub.ValidName(string(s)):
		c.systems[s] = true
	default:
		return elsewhere
	}
	return string(s)
}

// heard makes the counters of a system be there before there is anything to
// count, so that the first of it is seen as an increase.
func (c *notifications) heard(s hub.System) {
	for _, outcome := range []string{outcomeSent, outcomeRetried, outcomeWaited, outcomeDead} {
		if outcome != outcomeWaited || !c.ours(s) {
			c.told.WithLabelValues(c.system(s), outcome)
		}
	}
}

// recorded counts how attempts ended, as the delivery log is told by all workers,
// wherever they are. It is told once, to one of several hubs.
func (c *notifications) recorded(outcomes []hub.Outcome) {
	for i := range outcomes {
		o := &outcomes[i]
		outcome := ""
		switch {
		case o.Status == hub.StatusSent:
			outcome = outcomeSent
		case o.Status == hub.StatusDead:
			outcome = outcomeDead
		case o.Fault == hub.FaultRateLimited && !c.ours(o.System):
			outcome = outcomeWaited
		case o.Fault != hub.FaultRateLimited && o.Fault != hub.FaultChatGone: // which pauses the chat
			outcome = outcomeRetried
		}
		if outcome != "" {
			c.heard(o.System)
			c.told.WithLabelValues(c.system(o.System), outcome).Inc()
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
