package admin

import (
	"net/http"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

func (s *Server) listSystems(w http.ResponseWriter, r *http.Request) error {
	systems, err := s.Systems(r.Context())
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(systems, ""))
}

func (s *Server) listChats(w http.ResponseWriter, r *http.Request) error {
	systems, err := s.Systems(r.Context())
	if err != nil {
		return err
	}
	system := hub.System(r.PathValue("system"))
	if problem := systemProblem(systems, system); problem != "" {
		return hub.Errorf(hub.CodeNotFound, "%s %s", system, problem)
	}
	chats, err := s.Chats(r.Context(), system, r.URL.Query().Get("q"))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, listOf(chats, ""))
}

func (s *Server) resumeSystem(w http.ResponseWriter, r *http.Request) error {
	if err := s.ResumeSystem(r.Context(), hub.System(r.PathValue("system")), r.URL.Query().Get("chat")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// systemProblem says why messages cannot go to a system, "" if they can.
func systemProblem(systems []hub.SystemStatus, system hub.System) string {
	var names []hub.System
	for _, known := range systems {
		if known.System == system {
			return ""
		}
		names = append(names, known.System)
	}
	if len(names) == 0 {
		return "is not configured: there is no system at all"
	}
	return "is not configured" + meant(string(system), words(names)) + ": the systems are " + strings.Join(words(names), ", ")
}
