package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/admin/pane"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/config"
	"github.com/bellhop-chat/bellhop/hub/ingest"
	"github.com/bellhop-chat/bellhop/hub/secret"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/console"
	"github.com/bellhop-chat/bellhop/web"
)

// newHTTP lays out the addresses of the hub. Everything but health, the login
// page with its style, and webhooks (which are signed) needs a credential.
func (s *Server) newHTTP() *http.Server {
	mux := http.NewServeMux()
	mux.Handle("/in/{source}", s.door)
	mux.HandleFunc("POST /chat/{system}/{path...}", s.callback)
	mux.HandleFunc("GET /healthz", healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.Handle("GET /version", s.admin.Guard(http.HandlerFunc(s.version)))
	mux.Handle("GET /metrics", s.admin.Guard(s.metrics.handler()))
	mux.Handle("GET /static/", web.Static())
	s.admin.Routes(mux)
	_, hasConsole := s.rooms()
	pane.New(pane.Deps{
		Admin: s.admin, Backlog: s.bus.Backlog, Console: hasConsole, PublicURL: s.Config.Server.PublicURL, Log: s.Log,
	}).Routes(mux)
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second, // of a whole request: a slow sender holds no slot for long
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	if c, ok := s.rooms(); ok {
		c.Routes(mux, s.admin.Guard, visitor)
		server.RegisterOnShutdown(c.Close)
	}
	return server
}

// rooms is the system whose rooms are pages of ours, if there is one.
func (s *Server) rooms() (*console.Client, bool) {
	for _, p := range s.providers {
		if c, ok := providers.As[*console.Client](p); ok {
			return c, true
		}
	}
	return nil, false
}

// visitor is whom the guard let through, as a user of the console.
func visitor(ctx context.Context) hub.User {
	who := admin.Who(ctx)
	return hub.User{ID: who, Name: who}
}

// sources puts the configuration into the words of package ingest. A feed has no
// door.
func (s *Server) sources() []ingest.Source {
	var out []ingest.Source
	for name, c := range s.Config.Sources {
		if c.Kind == config.KindFeed {
			continue
		}
		out = append(out, ingest.Source{
			Name: hub.Source(name), Kind: c.Kind, URL: c.URL, Secrets: []secret.Value{c.Secret, c.PreviousSecret},
			SignatureHeader: c.SignatureHeader, Mapping: c.Mapping,
		})
	}
	return out
}
