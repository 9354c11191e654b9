// Package pane is the web pane for people who look after Bellhop: pages made on
// the server, of what package admin can do. It decides nothing by itself and
// stores nothing, and all that it does the API can do, too.
//
// Each screen is a file with its pages, and a template of the same name. Texts
// are in web/words.
package pane

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

// Deps are what a Pane works with. Each is needed, save where it says so.
type Deps struct {
	Admin *admin.Server
	// Backlog is how many notifications wait for a system.
	Backlog func(ctx context.Context, system hub.System) (int64, error)
	// Console reports whether there is a console, at /console.
	Console bool

	PublicURL string           // how browsers reach the server; may be empty
	Log       *slog.Logger     // nil: silent
	Now       func() time.Time // nil: time.Now
}

// Pane serves the pages.
type Pane struct {
	Deps
	counts counts
}

// New makes a Pane. It does no I/O.
func New(d Deps) *Pane {
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Pane{Deps: d}
}

// Pages are all operations of the pane, each with the role that it needs.
func (p *Pane) Pages() []admin.Page {
	var all []admin.Page
	all = append(all, p.findPages()...)
	return append(all, p.systemPages()...)
}

// Routes serves the pages, behind the login.
func (p *Pane) Routes(mux *http.ServeMux) {
	p.Admin.MountPages(mux, p.Pages(), p.fail)
	mux.Handle("/", p.Admin.Guard(http.HandlerFunc(p.noSuchPage)))
}
