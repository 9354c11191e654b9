package admin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// names knows what the forums have that a row may name. It is for one request:
// each forum is asked once.
type names struct {
	s      *Server
	ctx    context.Context
	forums map[hub.Source]*hub.Taxonomy
}

func (s *Server) names(ctx context.Context) *names {
	return &names{s: s, ctx: ctx, forums: map[hub.Source]*hub.Taxonomy{}}
}

// of lists the forums that a row hears: its source, or all.
func (n *names) of(source hub.Source) ([]*hub.Taxonomy, error) {
	sources := n.s.Sources
	if source != "" {
		sources = []hub.Source{source}
	}
	var all []*hub.Taxonomy
	for _, name := range sources {
		t, asked := n.forums[name]
		if !asked {
			var err error
			if t, err = n.s.Taxonomy(n.ctx, name); err != nil {
				return nil, err
			}
			n.forums[name] = t
		}
		if t != nil {
			all = append(all, t)
		}
	}
	return all, nil
}

// problems says which names of a row no forum that it hears has. Where a forum
// did not tell all it has, or there is none, nothing can be said.
func (n *names) problems(row *hub.Subscription) (map[string]string, error) {
	forums, err := n.of(row.Source)
	if err != nil || len(forums) == 0 {
		return nil, err
	}
	for _, t := range forums {
		if !t.Complete {
			return nil, nil
		}
	}
	bad := map[string]string{}
	for i, f := range row.Filters {
		for _, v := range slices.Concat(f.Any, f.All, f.None) {
			if problem := unknown(forums, f.Type, v); problem != "" {
				bad[fmt.Sprintf("filters[%d]", i)] = problem
				break
			}
		}
	}
	return bad, nil
}

// unknown says that no forum has what a filter names; "" is that one has.
func unknown(forums []*hub.Taxonomy, kind hub.FilterType, v string) string {
	var have []string
	name := strings.ToLower(strings.TrimSpace(v))
	switch kind {
	case hub.FilterCategory:
		name = strings.Trim(strings.TrimSuffix(name, "/*"), "/")
		if len(matching(forums, name)) > 0 {
			return ""
		}
		for _, t := range forums {
			for _, c := range t.Categories {
				have = append(have, pathOf(t, c))
			}
		}
	case hub.FilterTag:
		for _, t := range forums {
			for _, tag := range t.Tags {
				have = append(have, tag.Name)
			}
		}
	case hub.FilterAuthor, hub.FilterGroup:
		group, isGroup := strings.CutPrefix(name, "@")
		if kind == hub.FilterAuthor && (!isGroup || group == "bots" || group == "staff") {
			return "" // people come and go
		}
		name = group
		for _, t := range forums {
			for _, g := range t.Groups {
				have = append(have, g.Name)
			}
		}
	default:
		return ""
	}
	if slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, name) }) {
		return ""
	}
	return missing(kind, name, have)
}

// missing is the sentence about a name that is not there, with what is.
func missing(kind hub.FilterType, name string, have []string) string {
	what := string(kind)
	if kind == hub.FilterAuthor {
		what = "group"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "names the %s %q, which no forum has that the row hears%s", what, name, meant(name, have))
	slices.Sort(have)
	have = slices.Compact(have)
	switch {
	case len(have) == 0:
		b.WriteString("; there are none")
	case len(have) > 10:
		fmt.Fprintf(&b, "; there are %s and %d more", strings.Join(have[:10], ", "), len(have)-10)
	default:
		b.WriteString("; there are " + strings.Join(have, ", "))
	}
	b.WriteString("; ?force=1 takes it all the same")
	return b.String()
}

// matching are the categories that a name means: by id, slug or path.
func matching(forums []*hub.Taxonomy, name string) []hub.ForumCategory {
	var found []hub.ForumCategory
	for _, t := range forums {
		for _, c := range t.Categories {
			if c.ID == name || strings.EqualFold(c.Slug, name) || strings.EqualFold(pathOf(t, c), name) {
				found = append(found, c)
			}
		}
	}
	return found
}

// pathOf is "parent/child".
func pathOf(t *hub.Taxonomy, c hub.ForumCategory) string {
	path := c.Slug
	for range 8 { // a circle must end
		i := slices.IndexFunc(t.Categories, func(p hub.ForumCategory) bool { return p.ID == c.ParentID })
		if c.ParentID == "" || i < 0 {
			break
		}
		c = t.Categories[i]
		path = c.Slug + "/" + path
	}
	return path
}

// identify puts ids in place of the categories' names, so that a rename keeps the
// row working. Only a row that names its forum can have ids: another forum may
// use the same numbers.
func (n *names) identify(row *hub.Subscription) (map[string]string, error) {
	bad := map[string]string{}
	if row.Source == "" {
		return bad, nil
	}
	forums, err := n.of(row.Source)
	if err != nil || len(forums) == 0 {
		return bad, err
	}
	row.Filters = slices.Clone(row.Filters)
	for i := range row.Filters {
		f := &row.Filters[i]
		if f.Type != hub.FilterCategory {
			continue
		}
		for _, list := range []*[]string{&f.Any, &f.All, &f.None} {
			ids := slices.Clone(*list)
			for j, v := range ids {
				name, below := strings.CutSuffix(strings.TrimSpace(v), "/*")
				found := matching(forums, strings.ToLower(strings.Trim(name, "/")))
				if len(found) > 1 {
					bad[fmt.Sprintf("filters[%d]", i)] = fmt.Sprintf("names the category %q, which there are several of: say which, %s", name, alternatives(pathsOf(forums[0], found)))
					continue
				}
				if len(found) == 1 {
					ids[j] = found[0].ID
					if below {
						ids[j] += "/*"
					}
				}
			}
			*list = ids
		}
	}
	return bad, nil
}

func pathsOf(t *hub.Taxonomy, list []hub.ForumCategory) []string {
	var paths []string
	for _, c := range list {
		paths = append(paths, pathOf(t, c))
	}
	return paths
}

// readable puts the paths of categories in place of their ids, for people.
func (n *names) readable(row hub.Subscription) (hub.Subscription, error) {
	if row.Source == "" || !slices.ContainsFunc(row.Filters, func(f hub.Filter) bool { return f.Type == hub.FilterCategory }) {
		return row, nil
	}
	forums, err := n.of(row.Source)
	if err != nil || len(forums) == 0 {
		return row, err
	}
	row.Filters = slices.Clone(row.Filters)
	for i := range row.Filters {
		f := &row.Filters[i]
		if f.Type != hub.FilterCategory {
			continue
		}
		for _, list := range []*[]string{&f.Any, &f.All, &f.None} {
			paths := slices.Clone(*list)
			for j, v := range paths {
				id, below := strings.CutSuffix(v, "/*")
				k := slices.IndexFunc(forums[0].Categories, func(c hub.ForumCategory) bool { return c.ID == id })
				if k < 0 {
					continue
				}
				paths[j] = pathOf(forums[0], forums[0].Categories[k])
				if below {
					paths[j] += "/*"
				}
			}
			*list = paths
		}
	}
	return row, nil
}
