package discourse

import (
	"context"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
)

// forums are those that a rule hears, as far as their readers may see them.
type forums []*forum.Directory

// forumsOf are the forums that a rule with a source hears.
func (a *App) forumsOf(ctx context.Context, source hub.Source) (forums, error) {
	var heard forums
	for _, site := range a.Sites() {
		if source != "" && source != site.Source {
			continue
		}
		t, err := a.Forums.Shown(ctx, site.Source)
		if err != nil {
			return nil, err
		}
		if t != nil {
			heard = append(heard, forum.NewDirectory(t))
		}
	}
	return heard, nil
}

// away reports whether some forum did not tell all it has, so that a name that is
// not known may still be there.
func (fs forums) away() bool {
	return len(fs) == 0 || slices.ContainsFunc(fs, func(d *forum.Directory) bool { return !d.Complete })
}

// awayNote says so.
func (fs forums) awayNote() string {
	var silent []string
	for _, d := range fs {
		if !d.Complete {
			silent = append(silent, typed(string(d.Source)))
		}
	}
	if len(silent) == 0 {
		return "I have no list of what the forum has, so I could not check the names: they are taken as you wrote them."
	}
	return "The forum " + both(silent) + " did not tell me just now all that it has. Names that I do not know are taken as you wrote them; if one is misspelt, nothing will come of it."
}

// names lists what a filter of a type may name.
func (fs forums) names(kind hub.FilterType) []string {
	var all []string
	for _, d := range fs {
		all = append(all, d.Names(kind)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// listed are the same as they are shown: one that is known by its number has its
// name, too.
func (fs forums) listed(kind hub.FilterType) []string {
	return each(fs.names(kind), func(name string) string {
		for _, d := range fs {
			if i, known := d.ByID(name); known && kind == hub.FilterCategory && oneLine(d.Categories[i].Name) != "" {
				return typed(name) + " (" + plain(d.Categories[i].Name) + ")"
			}
		}
		return typed(name)
	})
}

// suggest lists what a name may have been meant for.
func (fs forums) suggest(kind hub.FilterType, name string) []string {
	var near []string
	for _, d := range fs {
		near = append(near, d.Suggest(kind, name, maxSuggested)...)
	}
	if len(fs) > 1 { // the nearest of all of them
		near = slices.Compact(slices.Sorted(slices.Values(near)))
		if nearest := hub.Nearest(name, near, maxSuggested); len(nearest) > 0 {
			near = nearest
		}
	}
	return near[:min(maxSuggested, len(near))]
}
