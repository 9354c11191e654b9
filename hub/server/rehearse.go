package server

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/hub/route"
	"github.com/bellhop-chat/bellhop/providers/all"
)

// sampleLasts is for how long the last events of a source are held in memory for
// people who try out rows.
const sampleLasts = 5 * time.Second

// samples are the last events by source, "" for all.
type samples struct {
	mu    sync.Mutex
	known map[hub.Source]sample
}

type sample struct {
	at     time.Time
	events *route.Sample
}

// of is the sample of a source. Whoever comes while it is taken waits for it.
func (s *samples) of(ctx context.Context, source hub.Source, take func(context.Context, hub.Source) (*route.Sample, error)) (*route.Sample, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for name, old := range s.known { // what nobody asks for any more is let go
		if now.Sub(old.at) > sampleLasts {
			delete(s.known, name)
		}
	}
	if k, ok := s.known[source]; ok {
		return k.events, nil
	}
	events, err := take(ctx, source)
	if err != nil {
		return nil, err
	}
	if s.known == nil {
		s.known = map[hub.Source]sample{}
	}
	s.known[source] = sample{time.Now(), events}
	return events, nil
}

// rehearse says what a row would have done with the last events of its source,
// and how the newest would look on each platform.
func (s *Server) rehearse(ctx context.Context, row hub.Subscription, others []hub.Subscription, shown hub.EventID) (*hub.Rehearsal, error) {
	events, err := s.samples.of(ctx, row.Source, s.sample)
	if err != nil {
		return nil, err
	}
	x := s.router.Rehearse(events, row, others, shown)
	x.Messages = []hub.Look{}
	if x.Message != nil {
		x.Messages, err = s.looks(ctx, x.Message, row.System)
	}
	return x, err
}

// mostScans bounds how many pages of the log are read for a sample.
const mostScans = 8

// sample takes the last events that rows could be about, oldest first.
func (s *Server) sample(ctx context.Context, source hub.Source) (*route.Sample, error) {
	var events []*hub.Event
	for _, family := range []string{"forum.*", "user.*"} {
		found, err := s.last(ctx, source, family)
		if err != nil {
			return nil, err
		}
		events = append(events, found...)
	}
	slices.SortStableFunc(events, func(a, b *hub.Event) int { return a.ReceivedTime.Compare(b.ReceivedTime) })
	return s.router.Sample(ctx, events[max(0, len(events)-hub.RehearsedEvents):])
}

// last reads the last events of a family, newest first in the log and oldest
// first here.
func (s *Server) last(ctx context.Context, source hub.Source, family string) (events []*hub.Event, err error) {
	page := hub.Page{Limit: hub.RehearsedEvents}
	for range mostScans {
		found, next, err := s.bus.Events(ctx, bus.EventQuery{Source: source, Type: family, Page: page})
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			events = append(events, f.Event)
		}
		if page.Cursor, page.Limit = next, hub.RehearsedEvents-len(events); next == "" || page.Limit <= 0 {
			break
		}
	}
	slices.Reverse(events)
	return events, nil
}

// looks are a message as it looks on each platform, that of a system first.
func (s *Server) looks(ctx context.Context, m *hub.Message, system hub.System) ([]hub.Look, error) {
	systems, err := s.systems(ctx)
	if err != nil {
		return nil, err
	}
	first := s.kindOf(system)
	registry := all.Registry(nil)
	var list []hub.Look
	for _, name := range registry.Names() {
		kind, _ := registry.Find(name)
		if kind.Preview == nil {
			continue
		}
		look := hub.Look{Rendered: kind.Preview(*m)}
		can := featuresOf(systems, name)
		if can.Buttons {
			for _, a := range m.Actions {
				look.Buttons = append(look.Buttons, a.Label)
			}
		}
		switch {
		case m.Broadcast && can.Threads:
			look.Replies = "both"
		case m.InThread && can.Threads:
			look.Replies = "thread"
		}
		if name == first {
			list = slices.Insert(list, 0, look)
		} else {
			list = append(list, look)
		}
	}
	return list, nil
}

// featuresOf are those of the first system of a kind, of none if there is none.
func featuresOf(systems []hub.SystemStatus, kind string) hub.Features {
	for _, s := range systems {
		if s.Kind == kind {
			return s.Features
		}
	}
	return hub.Features{}
}
