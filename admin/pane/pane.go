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

	"golang.org/x/time/rate"

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
	counts   counts
	homeTail Stream[[]admin.Happening]
	tail     Stream[happened]
	shelf    forumShelf
	door     *rate.Limiter // of pages about rooms
}

// New makes a Pane. It does no I/O.
func New(d Deps) *Pane {
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	p := &Pane{Deps: d, door: roomDoor()}
	failed := func(err error) { d.Log.Warn("a live list has ended, its readers come back", "err", err) }
	p.homeTail.Watch, p.homeTail.Failed = p.watchHome, failed
	p.tail.Watch, p.tail.Failed = p.watch, failed
	return p
}

// Close ends every stream, now and later, so that the HTTP server can stop: give
// it to http.Server.RegisterOnShutdown.
func (p *Pane) Close() {
	p.homeTail.Close()
	p.tail.Close()
}

// Pages are all operations of the pane, each with the role that it needs.
func (p *Pane) Pages() []admin.Page {
	var all []admin.Page
	all = append(all, p.homePages()...)
	all = append(all, p.findPages()...)
	all = append(all, p.activityPages()...)
	all = append(all, p.simulatorPages()...)
	all = append(all, p.subscriptionPages()...)
	all = append(all, p.sourcePages()...)
	all = append(all, p.sectionPages()...)
	all = append(all, p.roomLinkPages()...)
	all = append(all, p.settingsPages()...)
	all = append(all, p.peoplePages()...)
	all = append(all, p.mePages()...)
	all = append(all, p.welcomePages()...)
	return append(all, p.systemPages()...)
}

// Routes serves the pages, behind the login.
func (p *Pane) Routes(mux admin.Mux) {
	p.Admin.MountPages(mux, p.Pages(), p.fail)
	mux.Handle("GET /d/{token}", http.HandlerFunc(p.room)) // the link is the credential
	mux.Handle("/", p.Admin.Guard(http.HandlerFunc(p.noSuchPage)))
}
