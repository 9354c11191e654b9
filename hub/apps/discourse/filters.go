package discourse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// readTags reads the tags, to hear and not to hear.
func (w *wish) readTags() {
	f := hub.Filter{Type: hub.FilterTag, Any: w.named(fieldTag, hub.FilterTag), None: w.named(fieldNotTag, hub.FilterTag)}
	for _, t := range f.Any {
		if slices.Contains(f.None, t) {
			w.wrong(fieldNotTag, "The tag "+typed(t)+" is asked for and left out at once. Leave out one of the two.")
		}
	}
	w.tagged = len(f.Any)+len(f.None) > 0
	w.add(f)
}

// named reads the names of a field as its forum spells them.
func (w *wish) named(field string, kind hub.FilterType) []string {
	list := w.list(field, "#")
	for i, name := range list {
		list[i] = w.have(field, kind, name, i)
	}
	return list
}

// spelled is a tag or a group as its forum spells it.
func (w *wish) spelled(kind hub.FilterType, name string) (string, bool) {
	for _, d := range w.forums {
		is, known, err := w.Forums.Named(w.ctx, d.Source, kind, name)
		if err != nil {
			w.failure = err
		}
		if known {
			return is, true
		}
	}
	return name, false
}

// have is a name as its forum spells it, and tells where there is none.
func (w *wish) have(field string, kind hub.FilterType, name string, nth int) string {
	is, known := w.spelled(kind, name)
	switch {
	case known:
		return is
	case w.away():
		w.unchecked = true
	case w.forced():
		w.unknown = append(w.unknown, fmt.Sprintf("no %s %q is known", kind, name))
		w.notes = append(w.notes, fmt.Sprintf("The forum has no %s %s. The rule is there all the same and waits for one.", kind, typed(name)))
	default:
		w.unknownName(field, kind, name, "", nth)
	}
	return name
}

// readAuthors reads whose posts are to be heard, or not. A name with an @ is that
// of a group: its members.
func (w *wish) readAuthors() {
	f := hub.Filter{Type: hub.FilterAuthor, Any: w.authors(fieldAuthor), None: w.authors(fieldNotAuthor)}
	for _, name := range f.Any {
		if slices.Contains(f.None, name) {
			w.wrong(fieldNotAuthor, typed(name)+" is asked for and left out at once. Leave out one of the two.")
		}
	}
	w.add(f)
}

func (w *wish) authors(field string) []string {
	list := w.list(field, "")
	for i, name := range list {
		if !forum.IsName(hub.FilterAuthor, name) {
			list[i] = strings.TrimSpace(name)
			continue
		}
		group, known := w.spelled(hub.FilterGroup, strings.TrimPrefix(name, "@"))
		switch {
		case known || w.forced():
		case w.away():
			w.unchecked = true
		default:
			w.strangers(field, group, i)
		}
		list[i] = "@" + group
	}
	return list
}

// strangers tells that there is no such group. Often a person was meant.
func (w *wish) strangers(field, name string, nth int) {
	w.unknownName(field, hub.FilterGroup, name, "", nth)
	t := &w.troubles[len(w.troubles)-1]
	t.text += " An " + typed("@") + " stands for the members of a group; a person is named without it."
	list := w.list(field, "")
	list[nth] = name
	t.actions = append([]hub.Action{w.again("The person "+name, hub.Values{field: list})}, t.actions...)
}

// readGroup reads which group is to be mentioned.
func (w *wish) readGroup() {
	var names []string
	for i, name := range w.list(fieldGroup, "@") {
		names = append(names, w.have(fieldGroup, hub.FilterGroup, name, i))
	}
	w.add(hub.Filter{Type: hub.FilterGroup, Any: names, As: asMention(names)})
}

func asMention(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return hub.AsMention
}

// readKinds reads what kinds of events are to be heard.
func (w *wish) readKinds() {
	var kinds []string
	for i, text := range w.list(fieldKind, "") {
		kind := forum.Fold(text)
		if !hasFamily(kind) {
			kind = "forum." + kind
		}
		if !knownKind(kind) && !w.forced() {
			near := nearKinds(kind)
			if len(near) > 0 {
				var actions []hub.Action
				for _, n := range near {
					actions = append(actions, w.again(n, w.mended(fieldKind, i, n)))
				}
				w.wrong(fieldKind, "I know no kind of event called "+typed(text)+". Did you mean "+either(each(near, typed))+"?", actions...)
				continue
			}
			w.notes = append(w.notes, "I know no kind of event called "+typed(kind)+". If the forum never tells of one, nothing will come of this rule.")
		}
		kinds = append(kinds, kind)
	}
	w.add(hub.Filter{Type: hub.FilterKind, Any: kinds})
}

// hasFamily reports whether a kind says what it belongs to: people leave out
// "forum."
func hasFamily(kind string) bool {
	family, _, _ := strings.Cut(kind, ".")
	return slices.Contains([]string{"forum", "chat", "hub", "user", "*"}, family)
}
