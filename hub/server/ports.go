package server

import (
	"context"
	"fmt"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/ingest"
)

// publisher is the bus as package ingest wants it.
type publisher struct{ bus *bus.Bus }

func (p publisher) Publish(ctx context.Context, e *hub.Event) (uint64, bool, error) {
	ack, err := p.bus.Publish(ctx, e)
	if hub.CodeOf(err) == hub.CodeInvalid { // all else was checked before: it is too large
		return 0, false, fmt.Errorf("%w: %w", ingest.ErrTooLarge, err)
	}
	return ack.Seq, ack.Duplicate, err
}

// events is the bus as package admin wants it.
type events struct{ bus *bus.Bus }

func (e events) Publish(ctx context.Context, ev *hub.Event) (uint64, bool, error) {
	ack, err := e.bus.Publish(ctx, ev)
	return ack.Seq, ack.Duplicate, err
}

func (e events) Event(ctx context.Context, id hub.EventID) (*hub.Event, error) {
	r, err := e.bus.Event(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.Event, nil
}

func (e events) Events(ctx context.Context, source hub.Source, typ string, page hub.Page) ([]hub.Event, string, error) {
	found, next, err := e.bus.Events(ctx, bus.EventQuery{Source: source, Type: typ, Page: page})
	return bare(found), next, err
}

func (e events) SearchEvents(ctx context.Context, q hub.EventQuery) ([]hub.Event, string, error) {
	found, next, err := e.bus.SearchEvents(ctx, q)
	return bare(found), next, err
}

func (e events) EventNear(ctx context.Context, id hub.EventID, at time.Time) (*hub.Event, error) {
	r, err := e.bus.EventNear(ctx, id, at)
	if err != nil {
		return nil, err
	}
	return r.Event, nil
}

func (e events) NewerEvents(ctx context.Context, after uint64, limit int) ([]hub.Event, uint64, error) {
	found, last, err := e.bus.NewerEvents(ctx, after, limit)
	return bare(found), last, err
}

func bare(found []bus.Received) []hub.Event {
	out := make([]hub.Event, len(found))
	for i, r := range found {
		out[i] = *r.Event
	}
	return out
}

// notifier queues a message that a person asked for.
type notifier struct{ bus *bus.Bus }

func (n notifier) Notify(ctx context.Context, m hub.Notification) error {
	return n.bus.Notify(ctx, []hub.Notification{m})
}
