package pane

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/admin"
	"github.com/bellhop-chat/bellhop/admin/sentence"
	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/web"
)

func asHubError(err error) (*hub.Error, bool) { return errors.AsType[*hub.Error](err) }

// pick is one thing to choose.
type pick struct {
	Value string
	Said  template.HTML
	Note  string
	Below bool // it stands under another
	On    bool // it is chosen
}

// picks are the data of a list to choose from; ID is that of the list.
type picks struct {
	ID    string
	Picks []pick
}

// mostPicks bounds a list to choose from.
const mostPicks = 40

// pickValue lists what a filter may name, by what was typed.
func (p *Pane) pickValue(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	kind, at, line := hub.FilterType(q.Get("pick")), q.Get("at"), q.Get("line")
	text := strings.ToLower(strings.TrimSpace(q.Get("f." + at + "." + line + ".add")))
	if kind == "" { // of the type that the filter has by now
		kind = hub.FilterType(q.Get("f." + at + ".type"))
	}
	list := p.picks(r.Context(), web.WordsOf(r), hub.Source(q.Get("source")), kind, text)
	chosen := q["f."+at+"."+line]
	for i := range list {
		list[i].On = slices.Contains(chosen, list[i].Value)
	}
	return p.show(w, r, "sub-picks", picks{"picks-" + at + "-" + line, list})
}

func (p *Pane) picks(ctx context.Context, words *web.Words, source hub.Source, kind hub.FilterType, text string) (list []pick) {
	teller := p.Admin.Teller(ctx, words)
	add := func(value, name, note string, below bool) {
		if len(list) < mostPicks && strings.Contains(strings.ToLower(name+" "+value), text) {
			list = append(list, pick{Value: value, Said: teller.Value(source, hub.Filter{Type: kind}, value).HTML, Note: note, Below: below})
		}
	}
	switch kind {
	case hub.FilterKind:
		for _, k := range sentence.Kinds() {
			add(k, teller.Kind(k), k, false)
		}
		return list
	case hub.FilterAuthor:
		for _, who := range []string{"@bots", "@staff"} {
			add(who, teller.Value(source, hub.Filter{Type: kind}, who).Plain, who, false)
		}
	case hub.FilterCategory:
		p.pickCategories(ctx, words, source, add)
		return list
	}
	for _, d := range p.Admin.Directories(ctx, source) {
		for _, name := range d.Names(kind) {
			if kind == hub.FilterAuthor {
				name = "@" + name
			}
			add(name, name, "", false)
		}
	}
	return list
}

// pickCategories lists categories under their parents, and each that has some below
// it once more with them.
func (p *Pane) pickCategories(ctx context.Context, words *web.Words, source hub.Source, add func(value, name, note string, below bool)) {
	for _, d := range p.Admin.Directories(ctx, source) {
		value := d.Called
		if source != "" { // a row that names its forum holds ids
			value = func(i int) string { return d.Categories[i].ID }
		}
		below := map[string][]int{}
		for i, c := range d.Categories {
			parent := c.ParentID
			if _, known := d.ByID(parent); !known {
				parent = ""
			}
			below[parent] = append(below[parent], i)
		}
		var walk func(parent string, depth int)
		walk = func(parent string, depth int) {
			for _, i := range below[parent] {
				c := d.Categories[i]
				add(value(i), c.Name+" "+d.Path(i), d.Path(i), depth > 0)
				if len(below[c.ID]) > 0 {
					add(value(i)+"/*", c.Name+" "+d.Path(i), words.Say("sub.withBelow"), depth > 0)
				}
				if depth < 8 && c.ID != "" { // a circle must end
					walk(c.ID, depth+1)
				}
			}
		}
		walk("", 0)
	}
}

// pickRoom lists chats by what was typed.
func (p *Pane) pickRoom(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	words := web.WordsOf(r)
	list := picks{ID: "rooms"}
	for _, room := range p.Admin.FindChats(r.Context(), hub.System(q.Get("system")), q.Get("chat"), mostPicks) {
		list.Picks = append(list.Picks, pick{Value: room.Chat.ID, Said: roomSaid(words, room), Note: room.Note, On: room.Chat.ID == q.Get("chat")})
	}
	return p.show(w, r, "sub-picks", list)
}

func roomSaid(words *web.Words, room admin.NamedChat) template.HTML {
	var b strings.Builder
	err := web.Fragment(&b, words, "room", map[string]string{"Kind": room.Kind, "System": string(room.System), "Name": room.Name, "URL": ""})
	if err != nil {
		return template.HTML(template.HTMLEscapeString(room.Name)) //nolint:gosec // escaped
	}
	return template.HTML(b.String()) //nolint:gosec // made by a template
}
