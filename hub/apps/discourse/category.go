package discourse

import (
	"fmt"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// Bounds of what is said about a name that is not there.
const (
	maxSuggested = 3
	maxNames     = 10
	maxActions   = 5 // more cannot be pressed on Matrix
)

// readCategory reads the category: a link, an id, a path, a slug or the name
// that the forum shows, or all.
func (w *wish) readCategory() {
	text := oneLine(w.values.Get(fieldCategory))
	if isLink(text) {
		switch l := parseLink(w.Sites(), text); {
		case l.tag != "":
			w.values = w.values.Clone()
			w.values[fieldTag] = append(w.values[fieldTag], l.tag)
			return
		default:
			text = l.category
			if l.below {
				text += "/*"
			}
		}
	}
	if isEverything(text) {
		return
	}
	name, below := forum.CutBelow(text)
	for _, as := range writings(name) {
		if w.findCategory(as, below) {
			return
		}
	}
	switch {
	case w.away():
		w.unchecked = true // it may be there
	case w.forced():
		w.unknown = append(w.unknown, "no category "+fmt.Sprintf("%q", name)+" is known")
		w.notes = append(w.notes, "The forum has no category "+typed(name)+". The rule is there all the same and waits for one.")
	default:
		w.unknownName(fieldCategory, hub.FilterCategory, name, below, 0)
		return
	}
	w.add(hub.Filter{Type: hub.FilterCategory, Any: []string{name + below}})
}

func isEverything(text string) bool {
	switch forum.Fold(text) {
	case "", "all", "*", "everything":
		return true
	}
	return false
}

// writings are the ways in which a category may be meant: as it stands, as the
// forum's own #parent:child, and the forum's "Parent / Child".
func writings(name string) []string {
	ways := []string{name}
	if trimmed := strings.TrimLeft(name, "#"); trimmed != name && trimmed != "" {
		ways = append(ways, trimmed)
	}
	last := ways[len(ways)-1]
	if parent, child, found := strings.Cut(last, ":"); found && parent != "" && child != "" {
		ways = append(ways, parent+"/"+child)
	}
	if parent, child, found := strings.Cut(last, "/"); found {
		ways = append(ways, strings.TrimSpace(parent)+"/"+strings.TrimSpace(child))
	}
	return ways
}

// findCategory finds a category by what it is called, and tells where that means
// several.
func (w *wish) findCategory(name, below string) bool {
	for _, d := range w.forums {
		found := d.Find(name)
		if len(found) == 0 {
			found = d.Titled(name)
		}
		switch {
		case len(found) == 0:
			continue
		case len(found) > 1 && w.row.Source != "":
			w.ambiguous(d, name, below, found)
			return true
		}
		// A rule of one forum goes by the id: a rename keeps it working.
		value := d.Categories[found[0]].ID
		if w.row.Source == "" {
			value = w.spread(d, name, found[0])
		}
		if d.Categories[found[0]].Restricted && w.row.Mode != hub.Mute {
			w.notes = append(w.notes, "Not everybody may read "+em(d.Categories[found[0]].Name)+" on the forum. Everybody in this chat will see what is told of it here.")
		}
		w.add(hub.Filter{Type: hub.FilterCategory, Any: []string{value + below}})
		return true
	}
	return false
}

// spread is how a rule of every forum names a category: other forums have other
// ids.
func (w *wish) spread(d *forum.Directory, name string, found int) string {
	_, isID := d.ByID(name)
	if len(w.forums) > 1 && !isID && len(d.Find(name)) > 0 {
		return forum.Fold(name)
	}
	called := d.Called(found)
	if _, isID := d.ByID(called); isID && len(w.forums) > 1 {
		w.wrong(fieldCategory, "The category "+em(d.Categories[found].Name)+" is known by its number alone, which is another category's on another forum. Name its forum: "+typed("--source "+string(d.Source))+".")
	}
	return called
}

func (w *wish) ambiguous(d *forum.Directory, name, below string, found []int) {
	var which []string
	var actions []hub.Action
	for _, i := range found {
		as := d.Called(i)
		which = append(which, fmt.Sprintf("%s (%s)", typed(as), plain(d.Categories[i].Name)))
		actions = append(actions, w.again(as, hub.Values{fieldCategory: {as + below}}))
	}
	w.wrong(fieldCategory, fmt.Sprintf("The forum has several categories called %s. Which one is meant: %s?", typed(name), either(which[:min(maxNames, len(which))])), actions...)
}

// unknownName tells that no forum has a name, what it may have been meant for, and
// what there is.
func (w *wish) unknownName(field string, kind hub.FilterType, name, below string, nth int) {
	what := map[string]string{fieldCategory: "category", fieldTag: "tag", fieldNotTag: "tag"}[field]
	if what == "" {
		what = "group"
	}
	text := "No forum has a " + what + " called " + typed(name) + "."
	if len(w.forums) == 1 {
		text = "The forum has no " + what + " called " + typed(name) + "."
		if len(w.Sites()) > 1 {
			text = "The forum " + typed(string(w.forums[0].Source)) + " has no " + what + " called " + typed(name) + "."
		}
	}
	var actions []hub.Action
	near := w.suggest(kind, name)
	for _, n := range near {
		actions = append(actions, w.again(n, w.mended(field, nth, n+below)))
	}
	if len(near) > 0 {
		text += " Did you mean " + either(each(near, typed)) + "?"
	}
	have := w.listed(kind)
	switch over := len(have) - maxNames; {
	case len(have) == 0:
		text += " It has none that I may name here."
	case over > 0:
		text += fmt.Sprintf(" There are %s and %d more.", strings.Join(have[:maxNames], ", "), over)
	case len(have) == 1:
		text += " There is only " + have[0] + "."
	default:
		text += " There are " + both(have) + "."
	}
	w.wrong(field, text, actions...)
}

// mended is a field's values with another in place of the nth.
func (w *wish) mended(field string, nth int, value string) hub.Values {
	list := []string{value}
	if field != fieldCategory {
		list = w.list(field, "#")
		if nth < len(list) {
			if strings.HasPrefix(list[nth], "@") && !strings.HasPrefix(value, "@") {
				value = "@" + value
			}
			list[nth] = value
		}
	}
	return hub.Values{field: list}
}
