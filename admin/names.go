package admin

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/rules"
)

// Bounds of what is said about names that no forum has.
const (
	maxUnknown = 3  // of one filter
	maxNames   = 10 // that there are
)

// names knows what the forums have that a row may name. It is for one request:
// each forum is asked once.
type names struct {
	s      *Server
	ctx    context.Context
	forums map[hub.Source]*forum.Directory // nil: no forum
}

func (s *Server) names(ctx context.Context) *names {
	return &names{s: s, ctx: ctx, forums: map[hub.Source]*forum.Directory{}}
}

// forum is how a source is ordered, nil if it is no forum.
func (n *names) forum(source hub.Source) (*forum.Directory, error) {
	if f, asked := n.forums[source]; asked {
		return f, nil
	}
	if !slices.Contains(n.s.Sources(), source) {
		return nil, nil
	}
	t, err := n.s.Taxonomy(n.ctx, source)
	if err != nil {
		return nil, err
	}
	var f *forum.Directory
	if t != nil {
		f = forum.NewDirectory(t)
	}
	n.forums[source] = f
	return f, nil
}

// heard lists the forums that a row hears: its source, or all. others are the
// sources that a row without one hears besides.
func (n *names) heard(source hub.Source) (forums []*forum.Directory, others []hub.Source, err error) {
	sources := n.s.Sources()
	if source != "" {
		sources = []hub.Source{source}
	}
	for _, name := range sources {
		f, err := n.forum(name)
		if err != nil {
			return nil, nil, err
		}
		if f != nil {
			forums = append(forums, f)
		} else {
			others = append(others, name)
		}
	}
	return forums, others, nil
}

// problems says by field which names of a row no forum that it hears has. Where
// a forum did not tell all it has, or there is none, nothing can be said.
func (n *names) problems(row *hub.Subscription) (map[string]string, error) {
	if !slices.ContainsFunc(row.Filters, namesSomething) {
		return nil, nil
	}
	forums, others, err := n.heard(row.Source)
	if err != nil || len(forums) == 0 || slices.ContainsFunc(forums, func(f *forum.Directory) bool { return !f.Complete }) {
		return nil, err
	}
	bad := map[string]string{}
	for i, f := range row.Filters {
		var unknown []string
		for _, v := range slices.Concat(f.Any, f.All, f.None) {
			if forum.IsName(f.Type, v) && !slices.ContainsFunc(forums, func(at *forum.Directory) bool { return at.Has(f.Type, v) }) {
				unknown = append(unknown, v)
			}
		}
		if len(unknown) > 0 {
			bad[fmt.Sprintf("filters[%d]", i)] = missing(forums, others, f.Type, unknown)
		}
	}
	return bad, nil
}

func namesSomething(f hub.Filter) bool {
	return slices.ContainsFunc(slices.Concat(f.Any, f.All, f.None), func(v string) bool { return forum.IsName(f.Type, v) })
}

// missing is the sentence about names that are not there, with those that are.
// What stands before the first semicolon is enough for a note in the row.
func missing(forums []*forum.Directory, others []hub.Source, kind hub.FilterType, unknown []string) string {
	var have []string
	for _, f := range forums {
		have = append(have, f.Names(kind)...)
	}
	slices.Sort(have)
	have = slices.Compact(have)

	what := string(kind)
	if kind == hub.FilterAuthor {
		what = "group"
	}
	var each []string
	for _, v := range unknown[:min(maxUnknown, len(unknown))] {
		name := strings.TrimSpace(v)
		switch kind {
		case hub.FilterAuthor:
			name = strings.TrimPrefix(name, "@")
		case hub.FilterCategory:
			name, _ = forum.CutBelow(v)
		}
		each = append(each, fmt.Sprintf("%q%s", name, meantOf(forums, kind, name, have)))
	}
	if over := len(unknown) - len(each); over > 0 {
		each = append(each, fmt.Sprintf("%d more", over))
	}
	var b strings.Builder
	if len(forums) == 1 {
		fmt.Fprintf(&b, "the forum %s has no %s %s; it has %s", forums[0].Source, what, conjoined(each), some(have))
	} else {
		fmt.Fprintf(&b, "no forum has a %s %s; there are %s", what, conjoined(each), some(have))
	}
	if len(others) > 0 {
		b.WriteString("; a row about " + alternatives(others) + " names that as its source")
	}
	b.WriteString("; ?force=1 takes it all the same")
	return b.String()
}

// meantOf suggests what a name may have been meant for. People also know a
// category by its title.
func meantOf(forums []*forum.Directory, kind hub.FilterType, name string, have []string) string {
	if kind == hub.FilterCategory {
		for _, f := range forums {
			if titled := f.Titled(name); len(titled) > 0 {
				return " (did you mean " + f.Called(titled[0]) + "?)"
			}
		}
	}
	return meant(name, have)
}

func some(have []string) string {
	switch {
	case len(have) == 0:
		return "none"
	case len(have) > maxNames:
		return fmt.Sprintf("%s and %d more", strings.Join(have[:maxNames], ", "), len(have)-maxNames)
	}
	return strings.Join(have, ", ")
}

// conjoined lists words for people: "a, b and c".
func conjoined(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// identify puts ids in place of the categories' names, so that a rename keeps the
// row working, and says by field where a name means several. Only a row that
// names its forum can have ids: another forum may use the same numbers.
func (n *names) identify(row *hub.Subscription) (map[string]string, error) {
	at, err := n.only(row)
	if err != nil || at == nil {
		return nil, err
	}
	bad := map[string]string{}
	for field, a := range at.Identify(row) {
		bad[field] = fmt.Sprintf("names the category %q, which there are several of: say which, %s", a.Name, alternatives(a.Which))
	}
	return bad, nil
}

// readable puts the names of categories in place of their ids, for people.
func (n *names) readable(row hub.Subscription) (hub.Subscription, error) {
	at, err := n.only(&row)
	if err == nil && at != nil {
		at.Readable(&row)
	}
	return row, err
}

// only is the one forum that a row hears, nil if it names none or no category.
func (n *names) only(row *hub.Subscription) (*forum.Directory, error) {
	if row.Source == "" || !slices.ContainsFunc(row.Filters, func(f hub.Filter) bool { return f.Type == hub.FilterCategory }) {
		return nil, nil
	}
	return n.forum(row.Source)
}

// numbered is a row that names a category by its id.
var numbered = regexp.MustCompile(`c/[0-9]`)

// nameRows does the same in the verdicts of rows.
func (n *names) nameRows(verdicts []hub.RowVerdict) error {
	for i := range verdicts {
		v := &verdicts[i]
		if !numbered.MatchString(v.Row) {
			continue
		}
		row, err := n.s.Subscriptions.GetSubscription(n.ctx, v.Subscription)
		if hub.CodeOf(err) == hub.CodeNotFound {
			continue // it was there when the event came
		}
		if err != nil {
			return err
		}
		if !strings.EqualFold(v.Row, rules.FormatRow(*row)) {
			continue // it said something else when the event came
		}
		named, err := n.readable(*row)
		if err != nil {
			return err
		}
		v.Row = rules.FormatRow(named)
	}
	return nil
}
