package pane

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

func (p *Pane) sourcePages() []admin.Page {
	return []admin.Page{
		{Method: http.MethodGet, Path: "/sources", Need: hub.Viewer, Handle: p.sources},
		{Method: http.MethodGet, Path: "/sources/{source}", Need: hub.Viewer, Handle: p.source},
		{Method: http.MethodPost, Path: "/sources/{source}/refresh", Need: hub.Editor, Handle: p.refreshSource},
	}
}

// sourcesPage is the data of sources.html.
type sourcesPage struct {
	Frame
	Sources []sourcePlate
}

// sourcePage is the data of source.html.
type sourcePage struct {
	Frame
	sourcePlate
	sectionFacts
	Fresh  string // its new secret, shown this once
	Made   bool   // it has just been made
	Proof  proofPart
	Tree   []branch
	Tags   []hub.ForumTag
	Groups []hub.ForumGroup
	Reader string // in whose eyes Hidden was found out
	Hidden int    // categories that the reader does not see
	Steps  []string
}

// sourcePlate is a source with what needs somebody.
type sourcePlate struct {
	hub.SourceStatus
	Notes []sourceNote
}

// sourceNote is something that is amiss with a source: what, whose matter it is,
// and what to do stand in the catalogue under its key.
type sourceNote struct {
	Key    string
	Bad    bool
	Count  int
	At     time.Time
	Reason string
}

// Mark is the icon of the source's kind.
func (s sourcePlate) Mark() string {
	if s.Kind == "discourse" {
		return "forum"
	}
	return "feed"
}

// Table is where the configuration tells of the source.
func (s sourcePlate) Table() string { return "[sources." + string(s.Source) + "]" }

// At says where its settings are changed.
func (s sourcePlate) At(words *web.Words) template.HTML {
	if s.Managed == hub.ManagedHere {
		return words.Mark("sources.atHere")
	}
	return words.Mark("sources.atFile", "Table", s.Table())
}

// Lamp is how the source is, as the state classes have it; Word is that in a word.
func (s sourcePlate) Lamp() string {
	for _, n := range s.Notes {
		if n.Bad {
			return "bad"
		}
	}
	if len(s.Notes) > 0 {
		return "warn"
	}
	if s.LastEventAt.IsZero() {
		return "none"
	}
	return "ok"
}

// Word names a text for the lamp.
func (s sourcePlate) Word() string {
	switch {
	case s.State == "error":
		return "error"
	case len(s.Notes) > 0:
		return s.Notes[0].Key
	case s.LastEventAt.IsZero():
		return "waiting"
	}
	return "ok"
}

// bar is one hour of the chart.
type bar struct {
	X, Y, Height string
	Class        string
}

// Bars are the hours as a chart of 144 by 20 shows them.
func (s sourcePlate) Bars() []bar {
	most := 1
	for _, n := range s.Hours {
		most = max(most, n)
	}
	var all []bar
	for i, n := range s.Hours {
		height := 20 * float64(n) / float64(most)
		b := bar{Class: "", X: fmt.Sprintf("%.1f", 0.5+6*float64(i))}
		if n == 0 {
			b.Class, height = "zero", 1
		}
		if i == len(s.Hours)-1 {
			b.Class = "now"
		}
		height = max(height, 1)
		b.Y, b.Height = fmt.Sprintf("%.1f", 20-height), fmt.Sprintf("%.1f", height)
		all = append(all, b)
	}
	return all
}

// plateOf finds out what needs somebody.
func plateOf(s hub.SourceStatus) sourcePlate {
	p := sourcePlate{SourceStatus: s}
	add := func(n sourceNote) { p.Notes = append(p.Notes, n) }
	if s.State == "error" {
		key := "api"
		if s.Kind == "feed" {
			key = "feed"
		}
		add(sourceNote{Key: key, Bad: true, Count: s.Waiting, Reason: s.Reason, At: s.CheckedAt})
	}
	for _, r := range s.Refused {
		key := r.Reason
		if !slices.Contains([]string{"signature", "too_large", "unavailable"}, key) {
			key = "invalid"
		}
		add(sourceNote{Key: key, Bad: key == "signature", Count: r.Count, At: r.LastAt})
	}
	if !s.QuietSince.IsZero() {
		add(sourceNote{Key: "quiet", At: s.LastEventAt})
	}
	if !s.HeldUntil.IsZero() {
		add(sourceNote{Key: "held", At: s.HeldUntil})
	}
	return p
}

// sourcePlates are all sources, also those that were made here and are not in force.
func (p *Pane) sourcePlates(r *http.Request) ([]sourcePlate, error) {
	all, err := p.Admin.SourceList(r.Context())
	if err != nil {
		return nil, err
	}
	plates := make([]sourcePlate, 0, len(all))
	for _, s := range all {
		plates = append(plates, plateOf(s))
	}
	for _, shown := range p.Admin.SectionList(r.Context(), hub.PartSource) {
		if shown.Problem != "" && !slices.ContainsFunc(all, func(s hub.SourceStatus) bool { return string(s.Source) == shown.Name }) {
			address, _ := shown.Settings["url"].(string)
			plates = append(plates, sourcePlate{SourceStatus: hub.SourceStatus{
				Source: hub.Source(shown.Name), Kind: shown.Kind, URL: address, State: "unknown", Address: shown.Address, Managed: shown.Managed, Version: shown.Version,
			}, Notes: []sourceNote{{Key: "section", Bad: true, Reason: shown.Problem}}})
		}
	}
	return plates, nil
}

func (p *Pane) sources(w http.ResponseWriter, r *http.Request) (err error) {
	page := sourcesPage{Frame: p.frame(r, "sources", "sources.title")}
	page.Toast = cmp.Or(p.done(r, page.Words, "sections"), p.done(r, page.Words, "systems"))
	if page.Sources, err = p.sourcePlates(r); err != nil {
		return err
	}
	return p.show(w, r, "pane/sources.html", &page)
}

// steps is how many steps of setting up a kind of source the catalogue has.
var steps = map[string]int{"discourse": 5, "cloudevents": 3, "standard_webhooks": 3, "json": 4, "feed": 2}

func (p *Pane) source(w http.ResponseWriter, r *http.Request) error {
	page, err := p.sourcePage(r)
	if err != nil {
		return err
	}
	return p.show(w, r, "pane/source.html", page)
}

func (p *Pane) sourcePage(r *http.Request) (*sourcePage, error) {
	name := hub.Source(r.PathValue("source"))
	plates, err := p.sourcePlates(r)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(plates, func(s sourcePlate) bool { return s.Source == name })
	if i < 0 {
		return nil, hub.Errorf(hub.CodeNotFound, "%s", web.WordsOf(r).Say("sources.noSuch", "Source", name))
	}
	page := &sourcePage{Frame: p.frame(r, "sources", "sources.title"), sourcePlate: plates[i], Reader: plates[i].ReadAs}
	page.Title, page.Toast = string(name), cmp.Or(p.done(r, page.Words, "sections"), p.done(r, page.Words, "systems"))
	page.sectionFacts = p.factsOf(r, page.Words, hub.PartSource, string(name))
	for n := range steps[page.Kind] {
		page.Steps = append(page.Steps, fmt.Sprintf("sources.setup.%s.%d", page.Kind, n+1))
	}
	if page.Kind == "discourse" && page.Managed == hub.ManagedHere {
		page.Steps[2] = "sources.secretHere" // nobody can read it any more
	}
	known, err := p.Admin.Places.Known(r.Context(), name)
	if err != nil {
		return nil, err
	}
	if known != nil {
		seen := known
		if page.Visibility == "check" {
			if seen, err = p.Admin.Places.Shown(r.Context(), name); err != nil {
				return nil, err
			}
		}
		page.Tree, page.Hidden = treeOf(known.Categories, seen.Categories)
		page.Tags, page.Groups = known.Tags, known.Groups
	}
	return page, nil
}

func (p *Pane) refreshSource(w http.ResponseWriter, r *http.Request) error {
	source := hub.Source(r.PathValue("source"))
	if _, err := p.Admin.RefreshSource(r.Context(), source); err != nil {
		return err
	}
	to := "/sources"
	if r.FormValue("from") == "source" {
		to += "/" + string(source)
	}
	return p.back(w, r, to, "refreshed")
}

// branch is a category with those below it.
type branch struct {
	hub.ForumCategory
	Color, ParentColor string // six hex digits; empty: none
	Hidden             bool   // the reader does not see it
	Below              []branch
}

// treeOf orders categories by their parents, and counts those that are not seen.
func treeOf(known, seen []hub.ForumCategory) (tree []branch, hidden int) {
	shown, colors, below := map[string]bool{}, map[string]string{}, map[string][]hub.ForumCategory{}
	for _, c := range seen {
		shown[c.ID] = true
	}
	for _, c := range known {
		colors[c.ID] = hex(c.Color)
	}
	for _, c := range known {
		parent := c.ParentID
		if _, there := colors[parent]; !there {
			parent = ""
		}
		below[parent] = append(below[parent], c)
		if !shown[c.ID] {
			hidden++
		}
	}
	const deepest = 8
	var grow func(parent string, depth int) []branch
	grow = func(parent string, depth int) (list []branch) {
		if depth == deepest {
			return nil
		}
		for _, c := range below[parent] {
			list = append(list, branch{ForumCategory: c, Color: colors[c.ID], ParentColor: colors[c.ParentID], Hidden: !shown[c.ID], Below: grow(c.ID, depth+1)})
		}
		return list
	}
	return grow("", 0), hidden
}

// hex is a colour as six digits, empty for one that is none.
func hex(color string) string {
	color = strings.TrimPrefix(strings.ToLower(color), "#")
	if len(color) != 6 || strings.Trim(color, "0123456789abcdef") != "" {
		return ""
	}
	return color
}
