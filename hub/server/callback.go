package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/listen"
	"github.com/bellhop-chat/bellhop/providers"
)

// maxCallback bounds what a platform may send. The longest known is an
// interaction on Slack, which carries the message it was made on.
const maxCallback = 1 << 20

// callback passes a platform's request on to a worker of the system, which
// knows its secrets, and the worker's answer back.
func (s *Server) callback(w http.ResponseWriter, r *http.Request) {
	system := hub.System(r.PathValue("system"))
	if !s.serves(system) {
		http.Error(w, "There is no such system here.", http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		http.Error(w, "The body is too large or did not come whole.", http.StatusRequestEntityTooLarge)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), hub.CommandPatience+hub.CommandPatience/10)
	defer cancel()
	response, err := s.passOn(ctx, system, listen.Callback{
		Path:    r.PathValue("path"),
		Request: providers.Request{Method: r.Method, Query: r.URL.RawQuery, Header: relayed(r.Header), Body: body},
	})
	if err != nil {
		s.Log.Warn("a platform's request could not be passed on", "system", system, "path", r.PathValue("path"), "err", err)
		w.Header().Set("Retry-After", "5")
		http.Error(w, "No worker of this system answers at the moment.", http.StatusServiceUnavailable)
		return
	}
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.Status)
	_, _ = w.Write(response.Body)
}

func (s *Server) passOn(ctx context.Context, system hub.System, c listen.Callback) (*providers.Response, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	answer, err := s.bus.AskSystem(ctx, system, hub.AskCallback, body)
	if err != nil {
		return nil, err
	}
	response := new(providers.Response)
	if err := json.Unmarshal(answer, response); err != nil {
		return nil, err
	}
	if response.Status < 100 || response.Status > 999 {
		return nil, errors.New("the worker gave no HTTP status")
	}
	return response, nil
}

// relayed are the headers that a worker has to know. Cookies are the hub's own.
func relayed(all http.Header) http.Header {
	some := http.Header{}
	for name, values := range all {
		if name != "Cookie" && !strings.HasPrefix(name, "Sec-") {
			some[name] = values
		}
	}
	return some
}

// serves reports whether a system is configured or was heard of.
func (s *Server) serves(system hub.System) bool {
	for _, section := range sections(s.conf().Config, Everything, "") {
		if section.Name() == string(system) {
			return true
		}
	}
	return false
}
