package forum

import (
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Directory is a taxonomy that names are looked up in.
type Directory struct {
	*hub.Taxonomy
	byID   map[string]int   // the place in Categories
	called map[string][]int // by slug and by path, folded
	tags   map[string]bool  // folded
	groups map[string]bool  // folded
}

// NewDirectory makes a Directory of t, which must not change.
func NewDirectory(t *hub.Taxonomy) *Directory {
	d := &Directory{Taxonomy: t, byID: map[string]int{}, called: map[string][]int{}, tags: map[string]bool{}, groups: map[string]bool{}}
	for i, c := range t.Categories {
		d.byID[c.ID] = i
	}
	for i, c := range t.Categories {
		slug, path := Fold(c.Slug), Fold(d.Path(i))
		d.called[slug] = append(d.called[slug], i)
		if path != slug {
			d.called[path] = append(d.called[path], i)
		}
	}
	for _, tag := range t.Tags {
		d.tags[Fold(tag.Name)] = true
	}
	for _, g := range t.Groups {
		d.groups[Fold(g.Name)] = true
	}
	return d
}

// Fold is a name as it is looked up: rows do not mind case either.
func Fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Path is "parent/child" of the category at a place in Categories.
func (d *Directory) Path(i int) string {
	c := d.Categories[i]
	path := c.Slug
	for range 8 { // Discourse nests three deep; a circle must end
		parent, known := d.byID[c.ParentID]
		if c.ParentID == "" || !known {
			break
		}
		c = d.Categories[parent]
		path = c.Slug + "/" + path
	}
	return path
}

// Find lists the places in Categories of those that a filter's value means, by
// id, slug or path. An id stands before a slug that looks like one.
func (d *Directory) Find(value string) []int {
	name, _ := CutBelow(value)
	if i, ok := d.byID[name]; ok {
		return []int{i}
	}
	if name == "" {
		return nil
	}
	return d.called[Fold(name)]
}

// Called is how people call the category at a place in Categories: by its path,
// or by its id where a path would not lead back to it.
func (d *Directory) Called(i int) string {
	path := d.Path(i)
	if slices.Contains(strings.Split(path, "/"), "") || !slices.Equal(d.Find(path), []int{i}) {
		return d.Categories[i].ID
	}
	return path
}

// CutBelow parts a category's name from the "/*" that takes in all below it.
func CutBelow(value string) (name, below string) {
	name, found := strings.CutSuffix(strings.TrimSpace(value), "/*")
	if found {
		below = "/*"
	}
	return strings.Trim(name, "/"), below
}

// Has reports whether the forum has what a filter names.
func (d *Directory) Has(kind hub.FilterType, value string) bool {
	switch kind {
	case hub.FilterCategory:
		return len(d.Find(value)) > 0
	case hub.FilterTag:
		return d.tags[Fold(value)]
	case hub.FilterAuthor, hub.FilterGroup:
		return d.groups[Fold(strings.TrimPrefix(strings.TrimSpace(value), "@"))]
	}
	return true
}

// Spelled is a tag or a group as the forum spells it.
func (d *Directory) Spelled(kind hub.FilterType, name string) (is string, known bool) {
	if kind == hub.FilterCategory || !d.Has(kind, name) {
		return name, false
	}
	for _, is := range d.Names(kind) {
		if Fold(is) == Fold(name) {
			return is, true
		}
	}
	return name, false
}

// Names lists what a filter of a kind may name.
func (d *Directory) Names(kind hub.FilterType) []string {
	var list []string
	switch kind {
	case hub.FilterCategory:
		for i := range d.Categories {
			list = append(list, d.Called(i))
		}
	case hub.FilterTag:
		for _, t := range d.Tags {
			list = append(list, t.Name)
		}
	default:
		for _, g := range d.Groups {
			list = append(list, g.Name)
		}
	}
	return list
}

// Titled lists the places in Categories of those with a name, as the forum shows
// it: people know it better than the slug, and no filter goes by it.
func (d *Directory) Titled(name string) []int {
	var found []int
	name = Fold(name)
	for i, c := range d.Categories {
		if name != "" && Fold(c.Name) == name {
			found = append(found, i)
		}
	}
	return found
}

// ByID is the place in Categories of the category with an id.
func (d *Directory) ByID(id string) (i int, known bool) {
	i, known = d.byID[id]
	return i, known
}
