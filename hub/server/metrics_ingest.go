package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/ingest"
)

// observe notes how a webhook was answered.
func (m *metrics) observe(source hub.Source, status int, took time.Duration) {
	m.webhooks.WithLabelValues(string(source), strconv.Itoa(status)).Observe(took.Seconds())
	if reason := rejection(status); reason != "" {
		m.rejected.WithLabelValues(string(source), reason).Inc()
		if m.isSource(source) {
			m.intake.refused(source, reason)
		}
	}
}

// rejection is why a webhook was answered with a status; empty if it was taken.
func rejection(status int) string {
	switch {
	case status < http.StatusBadRequest:
		return ""
	case status == http.StatusUnauthorized:
		return "signature"
	case status == http.StatusRequestEntityTooLarge:
		return "too_large"
	case status == http.StatusNotFound:
		return "unknown_source"
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return "unavailable"
	}
	return "invalid"
}

// publisher counts what comes in through p.
func (m *metrics) publisher(p ingest.Publisher) ingest.Publisher { return countedPublisher{p, m} }

type countedPublisher struct {
	ingest.Publisher
	m *metrics
}

func (p countedPublisher) Publish(ctx context.Context, e *hub.Event) (seq uint64, duplicate bool, err error) {
	seq, duplicate, err = p.Publisher.Publish(ctx, e)
	p.m.came(e, duplicate, err)
	return seq, duplicate, err
}

// countedEvents counts what comes in through the API.
type countedEvents struct {
	events
	m *metrics
}

func (c countedEvents) Publish(ctx context.Context, e *hub.Event) (seq uint64, duplicate bool, err error) {
	seq, duplicate, err = c.events.Publish(ctx, e)
	c.m.came(e, duplicate, err)
	return seq, duplicate, err
}

// came notes what became of an event that came in.
func (m *metrics) came(e *hub.Event, duplicate bool, err error) {
	result := "stored"
	switch {
	case errors.Is(err, ingest.ErrTooLarge), hub.CodeOf(err) == hub.CodeInvalid:
		result = "refused"
	case err != nil:
		result = "failed"
	case duplicate:
		result = "duplicate"
	}
	m.received.WithLabelValues(m.source(e.Source), family(e.Type), result).Inc()
}

// isSource reports whether a name is that of a source.
func (m *metrics) isSource(name hub.Source) bool {
	_, known := m.sources.Load(name)
	return known
}

// family is a label: a type that is refused may begin with anything.
func family(t hub.EventType) string {
	if t.Valid() {
		return t.Family()
	}
	return "invalid"
}
