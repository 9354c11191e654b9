package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/bellhop-chat/bellhop/hub"
)

// Decode makes events of a body as if source had sent it, whoever did, and
// stores nothing: for a person who asks what would become of it. Headers may be
// missing. The error is a *BodyError if the body is wrong, and a hub.Error if
// there is no such source.
func (h *Handler) Decode(source hub.Source, header http.Header, body []byte) ([]*hub.Event, error) {
	s := h.source(string(source))
	if s == nil {
		return nil, hub.Errorf(hub.CodeNotFound, "no source that takes webhooks is named %q", cut(string(source), 40))
	}
	if int64(len(body)) > h.maxBody {
		return nil, &BodyError{Detail: fmt.Sprintf("the body is larger than %d bytes", h.maxBody), Offset: -1, Status: http.StatusRequestEntityTooLarge}
	}
	if header == nil {
		header = http.Header{}
	}
	if g, ok := s.decode.(Guesser); ok {
		var err error
		if header, err = g.Guess(header, body); err != nil {
			return nil, err
		}
	}
	return h.events(s, header, body)
}

// Accept takes in what came another way than over HTTP, such as a webhook that
// was missed, without a signature: whoever calls it vouches for the body. It
// answers like Decode, or with an error of the Publisher, after which some of
// the events may be stored: accept the same body again.
//
// A body that is not as the source sent it brings the events that are known by
// other ids than its own: one for each of them, in their order. Nil, or another
// number of ids, leaves them their own.
func (h *Handler) Accept(ctx context.Context, source hub.Source, header http.Header, body []byte, known []hub.EventID) (ids []hub.EventID, duplicates int, err error) {
	events, err := h.Decode(source, header, body)
	if err != nil {
		return nil, 0, err
	}
	if len(known) == len(events) {
		for i, e := range events {
			e.ID = known[i]
		}
	}
	ids, duplicates, err = h.publishAll(ctx, events)
	if errors.Is(err, ErrTooLarge) {
		return ids, duplicates, &BodyError{Detail: tooLargeToStore, Offset: -1, Status: http.StatusRequestEntityTooLarge}
	}
	return ids, duplicates, err
}

// events decodes a request and completes what came out.
func (h *Handler) events(s *source, header http.Header, body []byte) ([]*hub.Event, error) {
	site, err := s.site(header)
	if err != nil {
		return nil, wrong("the address that the sender gives as its own: " + err.Error())
	}
	received := h.now().UTC()
	events, err := s.decode.Decode(&Request{Source: s.name, Site: site, Header: header, Body: body, Received: received})
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		e.SpecVersion, e.Source, e.ReceivedTime = hub.SpecVersion, s.name, received
	}
	return events, nil
}

// publishAll stores events in their order and stops at the first that cannot
// be stored.
func (h *Handler) publishAll(ctx context.Context, events []*hub.Event) (ids []hub.EventID, duplicates int, err error) {
	ids = make([]hub.EventID, 0, len(events))
	for _, e := range events {
		_, duplicate, err := h.publish.Publish(ctx, e)
		if err != nil {
			return ids, duplicates, fmt.Errorf("event %s of type %s: %w", e.ID, e.Type, err)
		}
		if duplicate {
			duplicates++
		}
		ids = append(ids, e.ID)
	}
	return ids, duplicates, nil
}
