package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// requestsOf measures the requests that next answers, by route. Webhooks have a
// metric of their own.
func (m *metrics) requestsOf(next http.Handler, api *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/in/") {
			next.ServeHTTP(w, r)
			return
		}
		began, status := time.Now(), &statusWriter{ResponseWriter: w}
		defer func() { // also where the handler aborts
			m.requests.WithLabelValues(methodOf(r), routeOf(r, api), strconv.Itoa(status.status())).Observe(time.Since(began).Seconds())
		}()
		next.ServeHTTP(status, r)
	})
}

// methodOf is a label: a request may bear any.
func methodOf(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return elsewhere
}

// routeOf is a label: the pattern that answers a request. Behind that of the API
// is another table, which api knows.
func routeOf(r *http.Request, api *http.ServeMux) string {
	pattern := r.Pattern // the table of all routes has set it by now
	if _, inner := api.Handler(r); inner != "" {
		pattern = inner
	}
	if _, path, found := strings.Cut(pattern, " "); found {
		return path
	}
	return pattern
}

// statusWriter notes the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 || w.code < http.StatusOK {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

// Unwrap lets http.ResponseController find what the writer can: streams flush.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// apiRoutes asks the API for its own description, which lists its routes.
func apiRoutes(handler http.Handler, token string) (*http.ServeMux, error) {
	r, err := http.NewRequest(http.MethodGet, "/api/v1/openapi.json", nil) //nolint:noctx // it is answered in this process, at once
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer := &bufferWriter{header: http.Header{}}
	handler.ServeHTTP(answer, r)
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(answer.body.Bytes(), &document); err != nil {
		return nil, fmt.Errorf("the API does not describe itself: status %d: %w", answer.code, err)
	}
	mux := http.NewServeMux()
	for path := range document.Paths {
		mux.Handle(path, http.NotFoundHandler())
	}
	return mux, nil
}

// bufferWriter keeps an answer.
type bufferWriter struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (w *bufferWriter) Header() http.Header         { return w.header }
func (w *bufferWriter) WriteHeader(code int)        { w.code = code }
func (w *bufferWriter) Write(p []byte) (int, error) { return w.body.Write(p) }
