package pane

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// systemPage is the data of system.html.
type systemPage struct {
	Frame
	systemTile
	sectionFacts
	Proof   proofPart
	Paused  []pausedRow
	Checks  checksPart
	Broken  string // why it is not in force
	Said    string // as the reason of a pause that was refused
	NoPause string // what was wrong with it
}

func (p *Pane) system(w http.ResponseWriter, r *http.Request) error {
	return p.showSystem(w, r, r.PathValue("system"))
}

func (p *Pane) showSystem(w http.ResponseWriter, r *http.Request, name string) error {
	page, err := p.systemPage(r, hub.System(name))
	if err != nil {
		return err
	}
	return p.show(w, r, "pane/system.html", page)
}

func (p *Pane) systemPage(r *http.Request, name hub.System) (*systemPage, error) {
	ctx := r.Context()
	page := &systemPage{Frame: p.frame(r, "systems", "systems.title")}
	page.Title, page.Toast = string(name), cmp.Or(p.done(r, page.Words, "sections"), p.done(r, page.Words, "systems"))
	page.sectionFacts = p.factsOf(r, page.Words, hub.PartSystem, string(name))
	systems, err := p.Admin.Systems(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(systems, func(s hub.SystemStatus) bool { return s.System == name })
	switch {
	case i >= 0:
		page.SystemStatus = systems[i]
	case page.sectionFacts.Shown != nil: // made here, and not in force
		page.SystemStatus = hub.SystemStatus{System: name, Kind: page.sectionFacts.Shown.Kind, State: hub.SystemUnknown, Managed: page.sectionFacts.Shown.Managed}
		page.Broken = page.sectionFacts.Shown.Problem
		return page, nil
	default:
		return nil, hub.Errorf(hub.CodeNotFound, "%s", web.WordsOf(r).Say("sections.noSystem", "System", name))
	}
	if page.Waiting, err = p.Backlog(ctx, name); err != nil {
		return nil, err
	}
	rooms, err := p.Admin.Rooms.Rooms(ctx)
	if err != nil {
		return nil, err
	}
	for _, room := range rooms {
		if room.System == name {
			page.Rooms++
		}
	}
	page.Paused = pausedRows(page.SystemStatus, rooms)
	page.Checks, err = p.checksPart(r, systems[i:i+1])
	return page, err
}

// Notes reports whether something needs somebody.
func (s *systemPage) Notes() bool {
	return s.Broken != "" || s.Hold.Lasts() || s.State != hub.SystemOK || len(s.Paused) > 0
}
