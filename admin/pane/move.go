package pane

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/house"
	"github.com/bellhop-chat/bellhop/web"
)

// movePage is the data of settings-move.html.
type movePage struct {
	Frame
	Tab          string
	Text         string // the document
	Prune, Force bool
	Plan         *house.Plan
	Shown        []house.Changed // of the plan's changes
	Bad          []wrong         // what is wrong with the document
}

// wrong is a mistake in a document.
type wrong struct{ Path, Text string }

// mostChanges is how many changes of a plan a page shows.
const mostChanges = 500

// More is how many changes the page does not show.
func (m *movePage) More() int { return len(m.Plan.Changes) - len(m.Shown) }

// Added, Changed and Removed count what the plan does.
func (m *movePage) Added() int { return m.Plan.Count(house.Add) }

// Changed counts what becomes different.
func (m *movePage) Changed() int { return m.Plan.Count(house.Alter) }

// Removed counts what goes.
func (m *movePage) Removed() int { return m.Plan.Count(house.Remove) }

func (p *Pane) movePage(r *http.Request) *movePage {
	page := &movePage{Frame: p.frame(r, "settings", "settings.moveTitle"), Tab: "move"}
	page.Toast = done(r, page.Words)
	return page
}

func (p *Pane) move(w http.ResponseWriter, r *http.Request) error {
	return p.show(w, r, "pane/settings-move.html", p.movePage(r))
}

// document reads the form: a file that was uploaded, or what was pasted.
func document(r *http.Request) (text string, o admin.ImportOptions, err error) {
	const inMemory = 4 << 20
	if err := r.ParseMultipartForm(inMemory); err != nil && !errors.Is(err, http.ErrNotMultipart) { //nolint:gosec // MountPages bounds the body
		return "", o, hub.Errorf(hub.CodeInvalid, "%s", web.WordsOf(r).Say("settings.tooLarge"))
	}
	text = strings.ReplaceAll(r.PostFormValue("document"), "\r\n", "\n") // as forms send it
	if f, _, err := r.FormFile("file"); err == nil {
		defer f.Close()
		body, err := io.ReadAll(f)
		if err != nil {
			return "", o, err
		}
		if len(body) > 0 {
			text = string(body)
		}
	}
	return text, admin.ImportOptions{
		Format: house.FormatOf([]byte(text)), Prune: r.PostFormValue("prune") != "", Force: r.PostFormValue("force") != "",
	}, nil
}

func (p *Pane) plan(w http.ResponseWriter, r *http.Request) error {
	text, o, err := document(r)
	if err != nil {
		return err
	}
	plan, err := p.Admin.PlanImport(r.Context(), []byte(text), o)
	return p.showPlan(w, r, text, o, plan, err)
}

// showPlan shows what a document would change, or what is wrong with it.
func (p *Pane) showPlan(w http.ResponseWriter, r *http.Request, text string, o admin.ImportOptions, plan *house.Plan, err error) error {
	page := p.movePage(r)
	page.Text, page.Prune, page.Force = text, o.Prune, o.Force
	known, isKnown := errors.AsType[*hub.Error](err)
	switch {
	case err == nil:
		page.Plan, page.Shown = plan, plan.Changes[:min(mostChanges, len(plan.Changes))]
	case isKnown && known.Code == hub.CodeInvalid:
		for path, text := range known.Fields {
			page.Bad = append(page.Bad, wrong{path, text})
		}
		slices.SortFunc(page.Bad, func(a, b wrong) int { return strings.Compare(a.Path, b.Path) })
		if len(page.Bad) == 0 {
			page.Bad = []wrong{{Text: known.Message}}
		}
	default:
		return err
	}
	return p.show(w, r, "pane/settings-move.html", page)
}

func (p *Pane) apply(w http.ResponseWriter, r *http.Request) error {
	text, o, err := document(r)
	if err != nil {
		return err
	}
	if _, err := p.Admin.Import(r.Context(), []byte(text), o, r.PostFormValue("digest")); err != nil {
		return err
	}
	return goTo(w, r, "/settings/move?done=import")
}
