package admin

import (
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// forum is a taxonomy that names are looked up in.
type forum struct {
	*hub.Taxonomy
	byID   map[string]int   // the place in Categories
	called map[string][]int // by slug and by path, folded
	tags   map[string]bool  // folded
	groups map[string]bool  // folded
}

func newForum(t *hub.Taxonomy) *forum {
	f := &forum{Taxonomy: t, byID: map[string]int{}, called: map[string][]int{}, tags: map[string]bool{}, groups: map[string]bool{}}
	for i, c := range t.Categories {
		f.byID[c.ID] = i
	}
	for i, c := range t.Categories {
		slug, path := folded(c.Slug), folded(f.path(i))
		f.called[slug] = append(f.called[slug], i)
		if path != slug {
			f.called[path] = append(f.called[path], i)
		}
	}
	for _, tag := range t.Tags {
		f.tags[folded(tag.Name)] = true
	}
	for _, g := range t.Groups {
		f.groups[folded(g.Name)] = true
	}
	return f
}

// folded is a name as it is looked up: rows do not mind case either.
func folded(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// path is "parent/child".
func (f *forum) path(i int) string {
	c := f.Categories[i]
	path := c.Slug
	for range 8 { // Discourse nests three deep; a circle must end
		parent, known := f.byID[c.ParentID]
		if c.ParentID == "" || !known {
			break
		}
		c = f.Categories[parent]
		path = c.Slug + "/" + path
	}
	return path
}

// categories are those that a filter's value means, by id, slug or path. An id
// stands before a slug that looks like one.
func (f *forum) categories(value string) []int {
	name, _ := cutBelow(value)
	if i, ok := f.byID[name]; ok {
		return []int{i}
	}
	if name == "" {
		return nil
	}
	return f.called[folded(name)]
}

// name is how people call a category: by its path, or by its id where a path
// would not lead back to it.
func (f *forum) name(i int) string {
	path := f.path(i)
	if slices.Contains(strings.Split(path, "/"), "") || !slices.Equal(f.categories(path), []int{i}) {
		return f.Categories[i].ID
	}
	return path
}

// cutBelow parts a category's name from the "/*" that takes in all below it.
func cutBelow(value string) (name, below string) {
	name, found := strings.CutSuffix(strings.TrimSpace(value), "/*")
	if found {
		below = "/*"
	}
	return strings.Trim(name, "/"), below
}

// has reports whether the forum has what a filter names.
func (f *forum) has(kind hub.FilterType, value string) bool {
	switch kind {
	case hub.FilterCategory:
		return len(f.categories(value)) > 0
	case hub.FilterTag:
		return f.tags[folded(value)]
	case hub.FilterAuthor, hub.FilterGroup:
		return f.groups[folded(strings.TrimPrefix(strings.TrimSpace(value), "@"))]
	}
	return true
}

// all lists what a filter of a kind may name.
func (f *forum) all(kind hub.FilterType) []string {
	var list []string
	switch kind {
	case hub.FilterCategory:
		for i := range f.Categories {
			list = append(list, f.name(i))
		}
	case hub.FilterTag:
		for _, t := range f.Tags {
			list = append(list, t.Name)
		}
	default:
		for _, g := range f.Groups {
			list = append(list, g.Name)
		}
	}
	return list
}
