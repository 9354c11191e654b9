package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// publishTimeout bounds how long a request waits for its event to be stored.
// It must end well before the sender's patience does (Discourse: 20 s), since a
// sender that gave up does not try again.
const publishTimeout = 5 * time.Second

// What a sender is asked to wait, in seconds.
const (
	retryBusy   = 1
	retryOutage = 5
)

// tooLargeToStore is told of an event that the bus would not take.
const tooLargeToStore = "the event is larger than the hub stores"

// ServeHTTP answers one webhook.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	var name hub.Source
	s := h.source(r.PathValue("source"))
	if s != nil {
		name = s.name
	}
	status := http.StatusAccepted
	if s.handshake(w, r) {
		status = http.StatusOK
	} else if a, p := h.take(w, r, s); p != nil {
		status = p.Status
		p.write(w)
	} else {
		h.slowDown(r.Context())
		a.write(w)
	}
	h.observe(name, status, time.Since(began))
}

// take does the steps that an event has to pass, the cheap ones first.
func (h *Handler) take(w http.ResponseWriter, r *http.Request, s *source) (accepted, *problem) {
	if p := h.admit(r, s); p != nil {
		return accepted{}, p
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		return accepted{}, later(retryBusy, "too many webhooks at once, try again")
	}
	body, p := h.read(w, r)
	if p != nil {
		return accepted{}, p
	}
	if p := h.prove(s, r.Header, body); p != nil {
		return accepted{}, p
	}
	events, err := h.events(s, r.Header, body)
	if err != nil {
		return accepted{}, h.undecoded(s, err)
	}
	return h.store(r.Context(), s, events)
}

// prove makes sure that the sender has a secret of the source, and sent the
// request just now if its signature says when.
func (h *Handler) prove(s *source, header http.Header, body []byte) *problem {
	words, challenge := s.decode.Unsigned()
	if !s.signed(header, body) {
		h.log.Debug("webhook refused: it fits no secret of the source", "source", s.name)
		// One answer, whether it is missing, malformed or wrong.
		return refuse(http.StatusUnauthorized, words).with("Www-Authenticate", challenge)
	}
	dated, ok := s.decode.(Dated)
	if !ok {
		return nil
	}
	if err := dated.Fresh(header, h.now()); err != nil {
		h.log.Warn("webhook refused: signed, but not now", "source", s.name, "err", err)
		return refuse(http.StatusUnauthorized, err.Error()).with("Www-Authenticate", challenge)
	}
	return nil
}

// admit judges what can be judged without the body.
func (h *Handler) admit(r *http.Request, s *source) *problem {
	switch {
	case r.Method != http.MethodPost:
		return refuse(http.StatusMethodNotAllowed, "webhooks are sent with POST").with("Allow", http.MethodPost)
	case s == nil:
		return refuse(http.StatusNotFound, fmt.Sprintf("no source is named %q", cut(r.PathValue("source"), 40)))
	case r.ContentLength > h.maxBody:
		return h.tooLarge()
	}
	if bad := s.decode.Admit(r.Header); bad != nil {
		return bad.problem()
	}
	return nil
}

func (h *Handler) undecoded(s *source, err error) *problem {
	bad, ok := errors.AsType[*BodyError](err)
	if !ok {
		h.log.Error("webhook not decoded", "source", s.name, "err", err)
		return refuse(http.StatusInternalServerError, "the event could not be decoded, see the log of the hub")
	}
	h.log.Warn("webhook refused: signed, but not understood", "source", s.name, "err", bad)
	return bad.problem()
}

// store publishes events. A sender that hangs up meanwhile changes nothing: it
// would not send them again.
func (h *Handler) store(ctx context.Context, s *source, events []*hub.Event) (accepted, *problem) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	ids, duplicates, err := h.publishAll(ctx, events)
	switch {
	case errors.Is(err, ErrTooLarge):
		h.log.Warn("webhook refused: an event is larger than the bus takes", "source", s.name, "err", err)
		return accepted{}, refuse(http.StatusRequestEntityTooLarge, tooLargeToStore)
	case err != nil:
		h.log.Warn("webhook not stored, the sender is asked to try again", "source", s.name, "err", err)
		return accepted{}, later(retryOutage, "the event could not be stored, try again")
	}
	return accepted{ids: ids, duplicates: duplicates}, nil
}
