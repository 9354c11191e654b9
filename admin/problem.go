package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// problemDetails is an error as RFC 9457 has it:
// https://www.rfc-editor.org/rfc/rfc9457
type problemDetails struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail,omitempty"`
	Errors []fieldError `json:"errors,omitempty"`
}

// fieldError says what is wrong with one field or parameter.
type fieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// statusError is an error that HTTP has its own status for.
type statusError struct {
	status int
	detail string
}

func (e *statusError) Error() string { return e.detail }

// invalid makes an error that tells what is wrong by field.
func invalid(fields map[string]string) error {
	return &hub.Error{Code: hub.CodeInvalid, Message: "some of what was sent is not valid", Fields: fields}
}

func invalidField(field, detail string) error { return invalid(map[string]string{field: detail}) }

// describe is err as it may be told outside. What is our own mistake goes to
// the log only.
func (s *Server) describe(r *http.Request, err error) problemDetails {
	p := problemDetails{Type: "about:blank"}
	status, hasStatus := errors.AsType[*statusError](err)
	known, isKnown := errors.AsType[*hub.Error](err)
	switch {
	case hasStatus:
		p.Status, p.Detail = status.status, status.detail
	case isKnown && known.Code != hub.CodeInternal:
		p.Status, p.Detail, p.Errors = statusOf(known), known.Message, fieldErrors(known.Fields)
	default:
		p.Status, p.Detail = http.StatusInternalServerError, "this is a mistake of Bellhop or its surroundings; its log says more"
	}
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "status", p.Status, "err", err)
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// Describe is an error as it may be told outside, for a page: the status and what
// happened. What is our own mistake goes to the log only.
func (s *Server) Describe(r *http.Request, err error) (status int, detail string) {
	p := s.describe(r, err)
	if p.Status == http.StatusInternalServerError {
		detail = web.WordsOf(r).Say("fail.log")
	} else {
		detail = oneSentence(p)
	}
	return p.Status, detail
}

// oneSentence is what a problem says, with its fields.
func oneSentence(p problemDetails) string {
	parts := []string{p.Detail}
	for _, e := range p.Errors {
		parts = append(parts, e.Field+" "+e.Detail)
	}
	return strings.Join(parts, "; ")
}

func statusOf(e *hub.Error) int {
	if e.Code == hub.CodeInvalid && len(e.Fields) > 0 {
		return http.StatusUnprocessableEntity
	}
	return cmp.Or(map[hub.Code]int{
		hub.CodeInvalid:      http.StatusBadRequest,
		hub.CodeNotFound:     http.StatusNotFound,
		hub.CodeConflict:     http.StatusConflict,
		hub.CodeUnauthorized: http.StatusUnauthorized,
		hub.CodeForbidden:    http.StatusForbidden,
		hub.CodeUnavailable:  http.StatusServiceUnavailable,
	}[e.Code], http.StatusInternalServerError)
}

func fieldErrors(fields map[string]string) []fieldError {
	var list []fieldError
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		list = append(list, fieldError{Field: field, Detail: fields[field]})
	}
	return list
}

// problem answers with err.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	p := s.describe(r, err)
	switch p.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="bellhop"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	s.write(w, r, p.Status, "application/problem+json", p)
}

// answer sends v as JSON.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, v any) error {
	s.write(w, r, status, "application/json", v)
	return nil
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "answer not encoded", "path", r.URL.Path, "err", err)
		status, body = http.StatusInternalServerError, []byte(`{"type":"about:blank","title":"Internal Server Error","status":500}`)
	}
	send(w, status, contentType, append(body, '\n'))
}

// send sends a whole body. A reader who went away is no fault of ours.
func send(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// fieldsOf is what an error tells by field, nil for one that tells nothing.
func fieldsOf(err error) map[string]string {
	if known, ok := errors.AsType[*hub.Error](err); ok {
		return known.Fields
	}
	return nil
}
