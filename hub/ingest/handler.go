package ingest

import (
	"context"
	"errors"
	"fmt"
	"mime"
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

// ServeHTTP answers one webhook.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	var name hub.Source
	s := h.sources[r.PathValue("source")]
	if s != nil {
		name = s.name
	}
	status := http.StatusAccepted
	if a, p := h.take(w, r, s); p != nil {
		status = p.Status
		p.write(w)
	} else {
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
	if !s.signed(r.Header, body) {
		h.log.Debug("webhook refused: its signature fits no secret of the source", "source", s.name)
		// One answer, whether it is missing, malformed or wrong.
		return accepted{}, refuse(http.StatusUnauthorized, "the signature is missing or wrong").
			with("Www-Authenticate", `Signature realm="webhooks"`)
	}
	e, p := h.decode(s, r.Header, body)
	if p != nil {
		return accepted{}, p
	}
	return h.store(r.Context(), e)
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
	case !speaksJSON(r.Header.Get("Content-Type")):
		return refuse(http.StatusUnsupportedMediaType, "the body has to be JSON, with Content-Type application/json")
	}
	return nil
}

// speaksJSON reports whether the body may be JSON. A forum set to
// "application/x-www-form-urlencoded" sends JSON under that name all the same.
func speaksJSON(contentType string) bool {
	if contentType == "" || contentType == "application/json" {
		return true
	}
	// What is wrong with parameters does not matter here.
	media, _, _ := mime.ParseMediaType(contentType)
	return media == "application/json" || media == "application/x-www-form-urlencoded"
}

func (h *Handler) decode(s *source, header http.Header, body []byte) (*hub.Event, *problem) {
	site, err := s.site(header)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "the address that the sender gives as its own: "+err.Error())
	}
	received := h.now().UTC()
	e, err := s.decode.Decode(&Request{Source: s.name, Site: site, Header: header, Body: body, Received: received})
	if err != nil {
		return nil, h.undecoded(s, err)
	}
	e.SpecVersion, e.Source, e.ReceivedTime = hub.SpecVersion, s.name, received
	return e, nil
}

func (h *Handler) undecoded(s *source, err error) *problem {
	bad, ok := errors.AsType[*BodyError](err)
	if !ok {
		h.log.Error("webhook not decoded", "source", s.name, "err", err)
		return refuse(http.StatusInternalServerError, "the event could not be decoded, see the log of the hub")
	}
	h.log.Warn("webhook refused: signed, but not understood", "source", s.name, "err", bad)
	p := refuse(http.StatusBadRequest, bad.Detail)
	if bad.Offset >= 0 {
		p.Offset = &bad.Offset
	}
	return p
}

// store publishes e. A sender that hangs up meanwhile changes nothing: it would
// not send the event again.
func (h *Handler) store(ctx context.Context, e *hub.Event) (accepted, *problem) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	_, duplicate, err := h.publish.Publish(ctx, e)
	switch {
	case errors.Is(err, ErrTooLarge):
		h.log.Warn("webhook refused: its event is larger than the bus takes", "source", e.Source, "event", e.ID, "type", e.Type, "bytes", len(e.Data))
		return accepted{}, refuse(http.StatusRequestEntityTooLarge, "the event is larger than the hub stores")
	case err != nil:
		h.log.Warn("webhook not stored, the sender is asked to try again", "source", e.Source, "event", e.ID, "type", e.Type, "err", err)
		return accepted{}, later(retryOutage, "the event could not be stored, try again")
	}
	return accepted{ID: e.ID, Duplicate: duplicate}, nil
}
