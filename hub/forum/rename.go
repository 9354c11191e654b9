package forum

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// IsName reports whether a filter's value is the name of something that a forum
// lists. People come and go, and nobody lists topics, kinds and words.
func IsName(kind hub.FilterType, value string) bool {
	switch kind {
	case hub.FilterCategory, hub.FilterTag, hub.FilterGroup:
		return true
	case hub.FilterAuthor:
		group, isGroup := strings.CutPrefix(Fold(value), "@")
		return isGroup && group != "bots" && group != "staff"
	}
	return false
}

// Identify puts ids in place of the names of categories in a row that hears this
// forum alone, so that a rename keeps the row working. Names that mean several
// stay, and are told with what they may mean, by field: {"filters[0]": …}.
func (d *Directory) Identify(row *hub.Subscription) map[string]Ambiguous {
	several := map[string]Ambiguous{}
	d.rename(row, func(field, name string) string {
		switch found := d.Find(name); {
		case len(found) == 1:
			return d.Categories[found[0]].ID
		case len(found) > 1:
			a := Ambiguous{Name: name}
			for _, i := range found {
				a.Which = append(a.Which, d.Called(i))
			}
			several[field] = a
		}
		return name
	})
	return several
}

// Ambiguous is a name that several categories have.
type Ambiguous struct {
	Name  string
	Which []string // as they can be told apart
}

// Readable puts the names of categories in place of their ids, for people.
func (d *Directory) Readable(row *hub.Subscription) {
	d.rename(row, func(_, name string) string {
		if i, ok := d.byID[name]; ok {
			return d.Called(i)
		}
		return name
	})
}

// rename changes how a row names categories. The filters that row had stay as
// they are.
func (d *Directory) rename(row *hub.Subscription, to func(field, name string) string) {
	isCategory := func(f hub.Filter) bool { return f.Type == hub.FilterCategory }
	if !slices.ContainsFunc(row.Filters, isCategory) {
		return
	}
	row.Filters = slices.Clone(row.Filters)
	for i := range row.Filters {
		f := &row.Filters[i]
		if !isCategory(*f) {
			continue
		}
		for _, list := range []*[]string{&f.Any, &f.All, &f.None} {
			renamed := slices.Clone(*list)
			for j, v := range renamed {
				name, below := CutBelow(v)
				if is := to(fmt.Sprintf("filters[%d]", i), name); is != name {
					renamed[j] = is + below
				}
			}
			*list = renamed
		}
	}
}

// Suggest lists what a name that the forum does not have may have been meant for,
// the nearest first, at most n. People also know a category by its title.
func (d *Directory) Suggest(kind hub.FilterType, name string, n int) []string {
	if kind == hub.FilterCategory {
		if titled := d.Titled(name); len(titled) > 0 {
			return []string{d.Called(titled[0])}
		}
	}
	return hub.Nearest(name, d.Names(kind), n)
}
