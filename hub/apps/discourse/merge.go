package discourse

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/forum"
	"github.com/bellhop-chat/bellhop/rules"
)

// merge is what a rule that is asked for does to those of its chat.
type merge struct {
	outcome string
	row     hub.Subscription   // as it is then
	before  *hub.Subscription  // as it was, of an updated one
	gone    []hub.Subscription // that said the same
}

// rows are the rows of a chat, in the order in which they decide: as status
// numbers them.
func (a *App) rows(ctx context.Context, chat hub.Chat) ([]hub.Subscription, error) {
	var all []hub.Subscription
	q := hub.SubscriptionQuery{System: chat.System, Chat: chat.ID, Page: hub.Page{Limit: 500}}
	for {
		rows, next, err := a.Subscriptions.ListSubscriptions(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if next == "" {
			break
		}
		q.Page.Cursor = next
	}
	slices.Reverse(all) // they come newest first
	rules.Order(all)
	return all, nil
}

// merge finds out what a wish does to the rows of its chat, which are given in
// the order in which they decide.
func (w *wish) merge(rows []hub.Subscription) merge {
	if same := w.same(rows); len(same) > 0 {
		return w.repeat(same)
	}
	candidates := w.candidates(rows)
	if w.tagged {
		for _, row := range candidates {
			if w.covers(&row) {
				return merge{outcome: hub.OutcomeUnchanged, row: row}
			}
		}
	}
	if len(candidates) == 0 {
		return merge{outcome: hub.OutcomeCreated, row: w.row}
	}
	return w.join(candidates[0])
}

// same are the rows with the same filters, whatever their mode.
func (w *wish) same(rows []hub.Subscription) []hub.Subscription {
	var same []hub.Subscription
	for _, row := range rows {
		if w.asks(row) == w.asks(w.row) {
			same = append(same, row)
		}
	}
	return same
}

// repeat changes the mode of the rows that say the same: one is left.
func (w *wish) repeat(same []hub.Subscription) merge {
	keep := max(0, slices.IndexFunc(same, func(s hub.Subscription) bool { return s.Mode == w.row.Mode }))
	before := same[keep]
	m := merge{outcome: hub.OutcomeUnchanged, row: before, gone: slices.Delete(slices.Clone(same), keep, keep+1)}
	m.row.Mode, m.row.Enabled = w.row.Mode, true
	if m.row.Mode != before.Mode || !before.Enabled || len(m.gone) > 0 {
		m.outcome, m.before = hub.OutcomeUpdated, &before
	}
	return m
}

// candidates are the rows that a wish may add its tags to: those with the same
// mode that differ in nothing but tags.
func (w *wish) candidates(rows []hub.Subscription) []hub.Subscription {
	mine, _ := untagged(w.row)
	var found []hub.Subscription
	for _, row := range rows {
		rest, tags := untagged(row)
		if row.Enabled && row.Mode == w.row.Mode && len(tags.All) == 0 && w.asks(rest) == w.asks(mine) {
			found = append(found, row)
		}
	}
	return found
}

// untagged parts a row from its tags.
func untagged(row hub.Subscription) (rest hub.Subscription, tags hub.Filter) {
	rest, tags = row, hub.Filter{Type: hub.FilterTag}
	rest.Filters = nil
	for _, f := range row.Filters {
		if f.Type != hub.FilterTag {
			rest.Filters = append(rest.Filters, f)
			continue
		}
		tags = f
		if len(tags.All) == 1 { // one that all ask for is one of any
			tags.Any, tags.All = append(slices.Clone(tags.Any), tags.All...), nil
		}
	}
	return rest, tags
}

// covers reports whether a row has all tags that are wished for.
func (w *wish) covers(row *hub.Subscription) bool {
	_, have := untagged(*row)
	_, want := untagged(w.row)
	return contains(have.Any, want.Any) && contains(have.None, want.None)
}

func contains(have, want []string) bool {
	return !slices.ContainsFunc(want, func(t string) bool { return !holds(have, t) })
}

func holds(list []string, name string) bool {
	return slices.ContainsFunc(list, func(t string) bool { return forum.Fold(t) == forum.Fold(name) })
}

// join adds the wished tags to a row, or takes its tags away if none is wished
// for: it hears all then.
func (w *wish) join(before hub.Subscription) merge {
	row, tags := untagged(before)
	_, want := untagged(w.row)
	if w.tagged {
		tags.Any = union(tags.Any, want.Any, want.None)
		tags.None = union(tags.None, want.None, want.Any)
		if len(tags.Any)+len(tags.None) > 0 {
			row.Filters = append(row.Filters, tags)
		}
	}
	row.Filters = append([]hub.Filter{}, row.Filters...)
	if w.row.Error != "" && !strings.Contains(row.Error, w.row.Error) {
		row.Error = strings.TrimPrefix(row.Error+"; "+w.row.Error, "; ")
	}
	return merge{outcome: hub.OutcomeUpdated, row: row, before: &before}
}

// union is a list with more, and without what is now wished otherwise.
func union(list, more, less []string) []string {
	var out []string
	for _, t := range slices.Concat(list, more) {
		if !holds(out, t) && !holds(less, t) {
			out = append(out, t)
		}
	}
	return out
}

// asks is the same for rows that hear the same, whatever their mode: however
// their categories are named and their names are spelled.
func (w *wish) asks(row hub.Subscription) string {
	row.Mode = ""
	if len(w.Sites()) == 1 {
		row.Source = cmp.Or(row.Source, w.Sites()[0].Source)
	}
	if len(w.forums) == 1 && row.Source == w.forums[0].Source {
		w.forums[0].Identify(&row)
	}
	row.Filters = slices.Clone(row.Filters)
	for i, f := range row.Filters {
		if f.Type != hub.FilterText {
			f.Any, f.All, f.None = each(f.Any, forum.Fold), each(f.All, forum.Fold), each(f.None, forum.Fold)
		}
		row.Filters[i] = f
	}
	return rules.Asks(row)
}
