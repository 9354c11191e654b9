package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// readiness is the answer of /readyz: what the hub needs to take events, and
// how each system is. A paused system keeps its messages, so it does not make
// the hub unready.
type readiness struct {
	Ready    bool               `json:"ready"`
	NATS     string             `json:"nats"`
	Database string             `json:"database"`
	Systems  []hub.SystemStatus `json:"systems"`
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	a := readiness{Ready: true, NATS: "ok", Database: "ok", Systems: []hub.SystemStatus{}}
	if err := s.bus.Health(ctx); err != nil {
		a.Ready, a.NATS = false, err.Error()
	}
	if err := s.store.Health(ctx); err != nil {
		a.Ready, a.Database = false, err.Error()
	}
	if systems, err := s.bus.Systems(ctx); err == nil {
		for _, st := range systems {
			a.Systems = append(a.Systems, forAnybody(st))
		}
	}
	answerReady(w, a.Ready, a)
}

// forAnybody is a system's status without what names a chat or a person: no
// credential is asked for it.
func forAnybody(st hub.SystemStatus) hub.SystemStatus {
	if st.Hold.Lasts() {
		st.Reason = "an operator has paused it"
	}
	st.PausedChats, st.Hold, st.Account = nil, nil, ""
	return st
}

func answerReady(w http.ResponseWriter, ready bool, body any) {
	status := http.StatusOK
	if !ready {
		status = http.StatusServiceUnavailable
	}
	answer(w, status, body)
}

// healthz says that the process answers.
func healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]bool{"ok": true})
}

func (s *Server) version(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"version": s.Version})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away is no fault of ours
}
