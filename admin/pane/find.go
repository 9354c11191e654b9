package pane

import (
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

// findPages answer the box that searches and jumps.
func (p *Pane) findPages() []admin.Page {
	return []admin.Page{{Method: http.MethodGet, Path: "/find", Need: hub.Viewer, Handle: p.find}}
}

// found is one line of the box: a group's heading and what was found.
type found struct {
	Group string
	Finds []find
}

type find struct {
	URL, Label, Note string
	Icon             string // or
	Kind             string // of a platform
	Keys             []string
}

// find lists where a reader may want to go.
func (p *Pane) find(w http.ResponseWriter, r *http.Request) error {
	words := web.WordsOf(r)
	query := strings.ToLower(strings.Trim(r.FormValue("q"), " /")) // the key that opens it may get into it
	matches := func(s string) bool { return strings.Contains(strings.ToLower(s), query) }
	var list []found
	add := func(group string, finds []find) {
		if len(finds) > 0 {
			list = append(list, found{words.Say(group), finds})
		}
	}
	var pages []find
	for _, s := range sections {
		if label := words.Say("nav." + s.name); matches(label) {
			pages = append(pages, find{URL: s.url, Label: label, Icon: s.icon, Keys: []string{"g", s.key}})
		}
	}
	systems, err := p.Admin.Systems(r.Context())
	if err != nil {
		return err
	}
	var named []find
	for _, s := range systems {
		if query != "" && matches(string(s.System)) {
			named = append(named, find{URL: "/systems#" + string(s.System), Label: string(s.System), Kind: s.Kind})
		}
	}
	add("find.systems", named)
	p.findActivity(r.Context(), words, strings.Trim(r.FormValue("q"), " /"), add)
	if query != "" {
		places, err := p.findPlaces(r, matches)
		if err != nil {
			return err
		}
		add("find.rooms", places.rooms)
		add("find.sources", places.sources)
	}
	add("find.pages", pages)
	return p.show(w, r, "found", slices.Clip(list))
}

// jump is a page and the key that leads there after g.
type jump struct{ Key, Label string }

// Jumps are the pages that keys lead to.
func (f Frame) Jumps() (list []jump) {
	for _, s := range sections {
		if s.name != "console" || f.Console {
			list = append(list, jump{s.key, f.Say("nav." + s.name)})
		}
	}
	return list
}

// sections are the pages of the navigation and the keys that lead there after g.
var sections = []struct{ name, url, icon, key string }{
	{"home", "/", "i-home", "h"},
	{"activity", "/activity", "i-pulse", "a"},
	{"simulator", "/simulator", "i-sim", "m"},
	{"subscriptions", "/subscriptions", "i-rules", "s"},
	{"sources", "/sources", "i-source", "o"},
	{"systems", "/systems", "i-system", "y"},
	{"settings", "/settings", "i-settings", "e"},
	{"people", "/people", "i-people", "p"},
	{"console", "/console", "i-console", "c"},
}
