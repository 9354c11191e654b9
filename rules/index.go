package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Index is a table of subscriptions compiled for matching. It never changes:
// make a new one and swap.
type Index struct {
	rows []*row
	// A row stands in exactly one place: under each of the values of its
	// narrowest any filter, or, having none, in rest.
	topics, tags, authors, categories map[string][]*row
	rest                              []*row
	readsText                         bool
}

// Compile makes an index of subs, which are given oldest first.
func Compile(subs []hub.Subscription) *Index {
	x := &Index{
		topics: map[string][]*row{}, tags: map[string][]*row{},
		authors: map[string][]*row{}, categories: map[string][]*row{},
	}
	for i := range subs {
		r := compile(&subs[i], i)
		x.rows = append(x.rows, r)
		if r.err == nil && r.sub.Enabled {
			x.place(r)
		}
	}
	return x
}

// Len is how many rows the index holds.
func (x *Index) Len() int { return len(x.rows) }

// ReadsText reports whether any row has a text filter, so that Facts.Text need
// not be made for nothing.
func (x *Index) ReadsText() bool { return x.readsText }

// place files r under its narrowest filter that names what it wants.
func (x *Index) place(r *row) {
	x.readsText = x.readsText || slices.ContainsFunc(r.sub.Filters, func(f hub.Filter) bool { return f.Type == hub.FilterText })
	for _, by := range []struct {
		kind hub.FilterType
		in   map[string][]*row
	}{
		{hub.FilterTopic, x.topics},
		{hub.FilterTag, x.tags},
		{hub.FilterAuthor, x.authors},
		{hub.FilterCategory, x.categories},
	} {
		i := slices.IndexFunc(r.sub.Filters, func(f hub.Filter) bool { return f.Type == by.kind && len(f.Any) > 0 })
		if i < 0 || by.kind == hub.FilterAuthor && slices.ContainsFunc(r.sub.Filters[i].Any, isGroup) {
			continue
		}
		keys := map[string]bool{}
		for _, v := range foldAll(r.sub.Filters[i].Any) {
			keys[strings.Trim(strings.TrimSuffix(v, "/*"), "/")] = true
		}
		for key := range keys {
			by.in[key] = append(by.in[key], r)
		}
		return
	}
	x.rest = append(x.rest, r)
}

func isGroup(author string) bool { return strings.HasPrefix(fold(author), "@") }

// Decision is what the rules say for one chat.
type Decision struct {
	Subscription *hub.Subscription
	// Mute is that the chat hears nothing, because this row says so.
	Mute bool
}

// Match says which row decides for each chat that has one, oldest row first.
func (x *Index) Match(f *Facts) []Decision {
	var best map[hub.Chat]*row
	x.candidates(f, func(r *row) {
		if r.check(f).Because != Matched {
			return
		}
		if best == nil {
			best = map[hub.Chat]*row{}
		}
		if o := best[r.sub.Chat]; o == nil || r.before(o) {
			best[r.sub.Chat] = r
		}
	})
	if best == nil {
		return nil
	}
	winners := slices.SortedFunc(maps.Values(best), func(a, b *row) int { return cmp.Compare(a.age, b.age) })
	decisions := make([]Decision, len(winners))
	for i, r := range winners {
		decisions[i] = Decision{Subscription: r.sub, Mute: r.sub.Mode == hub.Mute}
	}
	return decisions
}

// candidates calls see for every row that could match f, some of them twice.
func (x *Index) candidates(f *Facts, see func(*row)) {
	each := func(rows []*row) {
		for _, r := range rows {
			see(r)
		}
	}
	each(x.topics[f.Topic])
	for _, t := range f.Tags {
		each(x.tags[fold(t)])
	}
	if f.Author != "" {
		each(x.authors[fold(f.Author)])
	}
	for _, c := range f.Categories {
		each(x.categories[c.ID])
		slug, path := fold(c.Slug), fold(c.Path)
		if slug != c.ID {
			each(x.categories[slug])
		}
		if path != slug {
			each(x.categories[path])
		}
	}
	each(x.rest)
}

// Verdict is what one row says to an event.
type Verdict struct {
	Subscription *hub.Subscription
	Miss         Miss
	Wins         bool // it decides for its chat
}

// Explain says of every row why it matches or not, oldest first.
func (x *Index) Explain(f *Facts) []Verdict {
	winner := map[hub.SubscriptionID]bool{}
	for _, d := range x.Match(f) {
		winner[d.Subscription.ID] = true
	}
	out := make([]Verdict, len(x.rows))
	for i, r := range x.rows {
		m := r.check(f)
		wins := winner[r.sub.ID]
		if m.Because == Matched && !wins {
			m.Because = Hidden
		}
		out[i] = Verdict{Subscription: r.sub, Miss: m, Wins: wins}
	}
	return out
}
