package pane

import (
	"net/http"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
)

func (p *Pane) systemPages() []admin.Page {
	return []admin.Page{{Method: http.MethodGet, Path: "/systems", Need: hub.Viewer, Handle: p.systems}}
}

// systemsPage is the data of systems.html.
type systemsPage struct {
	Frame
	Systems []systemTile
}

// systemTile is a system with what waits for it.
type systemTile struct {
	hub.SystemStatus
	Waiting int64
}

// Lamp is how the system is, as the state classes have it.
func (t systemTile) Lamp() string {
	switch {
	case t.State == hub.SystemPaused:
		return "bad"
	case t.State == hub.SystemUnknown || len(t.PausedChats) > 0:
		return "warn"
	}
	return "ok"
}

// ability is something that a platform may be able to do.
type ability struct {
	Name string
	Has  bool
}

// Abilities are what the system can do and what not.
func (t systemTile) Abilities() []ability {
	f := t.Features
	return []ability{
		{"threads", f.Threads},
		{"edits", f.Edits},
		{"deletes", f.Deletes},
		{"listens", f.Listens},
		{"buttons", f.Buttons},
		{"dialogs", f.Dialogs},
		{"whispers", f.Whispers},
		{"idempotent", f.Idempotent},
		{"chats", f.Chats},
		{"images", f.Images},
	}
}

func (p *Pane) systems(w http.ResponseWriter, r *http.Request) error {
	systems, err := p.Admin.Systems(r.Context())
	if err != nil {
		return err
	}
	page := systemsPage{Frame: p.frame(r, "systems", "systems.title")}
	for _, s := range systems {
		waiting, err := p.Backlog(r.Context(), s.System)
		if err != nil {
			return err
		}
		page.Systems = append(page.Systems, systemTile{s, waiting})
	}
	return p.show(w, r, "pane/systems.html", &page)
}
