package server

import (
	"context"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// newWorkerHTTP lays out the addresses of a worker that is a process of its own. It
// knows nobody who could ask, so they need no credential, and name no chat and nobody.
func (s *Server) newWorkerHTTP() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", healthz)
	mux.HandleFunc("GET /readyz", s.workerReadyz)
	mux.HandleFunc("GET /version", s.version)
	mux.Handle("GET /metrics", s.metrics.handler())
	return s.serverOf(protected(mux, false))
}

// workerReadiness is a worker's answer of /readyz. A paused system keeps its
// messages on the bus, so it does not make the worker unready.
type workerReadiness struct {
	Ready  bool       `json:"ready"`
	NATS   string     `json:"nats"`
	System hub.System `json:"system"`
	State  string     `json:"state"` // hub.SystemOK, SystemPaused or SystemUnknown
	Reason string     `json:"reason,omitempty"`
	// Partitions is into how many parts of the system's chats this worker sends; its
	// other workers have the rest.
	Partitions int `json:"partitions"`
}

func (s *Server) workerReadyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	a := workerReadiness{Ready: true, NATS: "ok", System: s.System}
	if err := s.bus.Health(ctx); err != nil {
		a.Ready, a.NATS = false, err.Error()
	}
	if worker := s.fleet.worker(s.System); worker != nil {
		st := forAnybody(worker.Status())
		a.State, a.Reason = st.State, st.Reason
		a.Partitions = worker.Partitions()
	} else {
		a.Ready, a.State, a.Reason = false, hub.SystemUnknown, "no hub has told yet what this system is: is one running, and has it this system?"
	}
	answerReady(w, a.Ready, a)
}
