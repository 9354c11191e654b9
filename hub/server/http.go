package server

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
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
	mux := &book{ServeMux: http.NewServeMux()}
	mux.Handle("/in/{source}", s.door)
	mux.Handle("POST /chat/{system}/{path...}", http.HandlerFunc(s.callback))
	mux.Handle("GET /healthz", http.HandlerFunc(healthz))
	mux.Handle("GET /readyz", http.HandlerFunc(s.readyz))
	mux.Handle("GET /version", s.admin.Guard(http.HandlerFunc(s.version)))
	mux.Handle("GET /metrics", s.admin.Guard(s.metrics.handler()))
	mux.Handle("GET /static/", web.Static())
	s.admin.Routes(mux)
	_, hasConsole := s.rooms()
	pages := pane.New(pane.Deps{
		Admin: s.admin, Backlog: s.bus.Backlog, Console: hasConsole, PublicURL: s.Config.Server.PublicURL, Log: s.Log,
	})
	pages.Routes(mux)
	server := s.serverOf(protected(s.admin.Household(mux), strings.HasPrefix(s.Config.Server.PublicURL, "https://")))
	server.RegisterOnShutdown(pages.Close)
	if c, ok := s.rooms(); ok {
		c.Routes(mux, s.admin.Guard, visitor, func(r *http.Request, title string) any { return pages.Around(r, "console", title) })
		server.RegisterOnShutdown(c.Close)
	}
	s.patterns = mux.patterns
	return server
}

// serverOf is a server that is not held up by slow or silent clients.
func (s *Server) serverOf(h http.Handler) *http.Server {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second, // of a whole request: a slow sender holds no slot for long
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	closeUnused(server)
	return server
}

// book is a table of routes that tells what is in it.
type book struct {
	*http.ServeMux
	patterns []string
}

func (b *book) Handle(pattern string, h http.Handler) {
	b.patterns = append(b.patterns, pattern)
	b.ServeMux.Handle(pattern, h)
}

// protected gives every answer the headers that keep browsers from harm; secure
// is that browsers reach us by https.
func protected(next http.Handler, secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Protect(w.Header())
		if secure { // https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Strict-Transport-Security
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// rooms is the system whose rooms are pages of ours, if there is one.
func (s *Server) rooms() (*console.Client, bool) {
	for _, p := range s.fleet.providers() {
		if c, ok := providers.As[*console.Client](p); ok {
			return c, true
		}
	}
	return nil, false
}

// visitor is whom the guard let through, as a user of the console.
func visitor(ctx context.Context) hub.User {
	c := admin.CallerOf(ctx)
	u := hub.User{ID: c.ID(), Name: c.Name}
	if c.Account != nil {
		u.Name, u.Full = c.Account.Login, c.Account.Full
	}
	return u
}

// doors puts the configuration into the words of package ingest. A feed has no
// door.
func doors(conf *configured) []ingest.Source {
	var out []ingest.Source
	for name, c := range conf.Sources {
		if c.Kind == config.KindFeed {
			continue
		}
		out = append(out, doorFor(name, c))
	}
	return out
}

func doorFor(name string, c config.Source) ingest.Source {
	return ingest.Source{
		Name: hub.Source(name), Kind: c.Kind, URL: c.URL, Secrets: []secret.Value{c.Secret, c.PreviousSecret},
		SignatureHeader: c.SignatureHeader, Mapping: c.Mapping,
	}
}
