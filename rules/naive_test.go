package rules_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// The naive rules: rules.md sentence by sentence, a row at a time, with nothing
// of the engine's. TestIndexAgreesWithNaiveRules holds the one against the other.

// same compares names as people do; the words of the test are such that this
// needs no more than the standard library.
func same(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

func anySame(list []string, v string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return same(s, v) })
}

// naiveRow says whether a row is a candidate that applies.
func naiveRow(s *hub.Subscription, f *rules.Facts) bool {
	mute := s.Mode == hub.Mute
	filterOf := func(kind hub.FilterType, as string) *hub.Filter {
		for i := range s.Filters {
			if s.Filters[i].Type == kind && (s.Filters[i].As == as || as == hub.AsMention && s.Filters[i].As == "") {
				return &s.Filters[i]
			}
		}
		return nil
	}
	kinds, message := filterOf(hub.FilterKind, ""), filterOf(hub.FilterGroup, hub.AsMessage)
	moved := f.Before != nil
	switch {
	case !s.Enabled, s.Source != "" && s.Source != f.Source:
		return false
	case anySame(f.Blind, s.Options.ReadAs): // "an event that the row's reader may not see"
		return false
	case f.Unlisted && !s.Options.Unlisted && !mute: // "Unlisted topics only for rows that ask"
		return false
	case f.Private != (message != nil): // "A private message matches only rows with …"
		return false
	case kinds == nil && f.Type != hub.ForumPostCreated && f.Also != hub.ForumPostCreated && !moved: // "Without this filter a row hears only posts"
		return false
	case f.Sensitive && !mute && !naiveAsks(kinds, f):
		return false
	case !mute && !naiveNamesRestricted(s, f.Categories): // "restricted categories without a row that names them"
		return false
	case !naiveFilters(s, f):
		return false
	}
	if moved && kinds == nil {
		return mute || naiveNew(s, f)
	}
	return s.Mode != hub.Follow || !f.Reply // "`follow` applies to first posts only"
}

func naiveFilters(s *hub.Subscription, f *rules.Facts) bool {
	for i := range s.Filters { // "Between filters: all must hold"
		if !naiveFilter(&s.Filters[i], f) {
			return false
		}
	}
	return true
}

type answer int

const (
	no answer = iota
	yes
	unknown
)

// naiveFilter: "Inside one filter `any` is a union, `all` an intersection,
// `none` an exclusion", over what the event has.
func naiveFilter(t *hub.Filter, f *rules.Facts) bool {
	if !naiveTells(t, f) {
		return false
	}
	if len(t.Any) > 0 && !slices.ContainsFunc(t.Any, func(v string) bool { return naiveValue(t, v, f) == yes }) {
		return false
	}
	for _, v := range t.All {
		if naiveValue(t, v, f) != yes {
			return false
		}
	}
	for _, v := range t.None {
		if naiveValue(t, v, f) != no {
			return false
		}
	}
	return true
}

// naiveTells: "A filter over something the event does not have … does not match".
func naiveTells(t *hub.Filter, f *rules.Facts) bool {
	switch t.Type {
	case hub.FilterCategory:
		return len(f.Categories) > 0
	case hub.FilterTag:
		return f.Tags != nil
	case hub.FilterTopic:
		return f.Topic != ""
	case hub.FilterAuthor:
		return f.Author != ""
	case hub.FilterGroup:
		if t.As == hub.AsMessage {
			return f.SharedWith != nil
		}
		return f.Mentions != nil || strings.HasPrefix(string(f.Type), "forum.post.") || strings.HasPrefix(string(f.Also), "forum.post.")
	case hub.FilterText:
		return f.Title+f.Text != ""
	}
	return true
}

func naiveValue(t *hub.Filter, v string, f *rules.Facts) answer {
	is := func(b bool) answer {
		if b {
			return yes
		}
		return no
	}
	switch t.Type {
	case hub.FilterCategory:
		name, below := strings.CutSuffix(v, "/*")
		for i, c := range f.Categories {
			if i > 0 && !below { // "Exact unless `/*`"
				break
			}
			if same(c.ID, name) || same(c.Slug, name) || same(c.Path, name) {
				return yes
			}
		}
		return no
	case hub.FilterTag:
		return is(anySame(f.Tags, v))
	case hub.FilterTopic:
		return is(f.Topic == v)
	case hub.FilterAuthor:
		switch group, isGroup := strings.CutPrefix(v, "@"); {
		case v == "@bots":
			return is(f.Bot)
		case v == "@staff":
			return is(f.Staff)
		case isGroup && f.AuthorIn == nil:
			return unknown
		case isGroup:
			return is(anySame(f.AuthorIn, group))
		}
		return is(same(f.Author, v))
	case hub.FilterGroup:
		if t.As == hub.AsMessage {
			return is(anySame(f.SharedWith, v))
		}
		return is(anySame(f.Mentions, v))
	case hub.FilterKind:
		return is(naiveKind(v, f.Type) || f.Also != "" && naiveKind(v, f.Also))
	case hub.FilterText:
		expr := regexp.QuoteMeta(v)
		if len(v) > 2 && v[0] == '/' && v[len(v)-1] == '/' {
			expr = v[1 : len(v)-1]
		}
		re := expression("(?i)" + expr)
		return is(re.MatchString(f.Title) || re.MatchString(f.Text))
	}
	panic("a filter type that the naive rules do not know")
}

// naiveKind: "event type, `*` wildcard by segment".
func naiveKind(pattern string, t hub.EventType) bool {
	expr := regexp.QuoteMeta(pattern)
	if strings.HasSuffix(expr, `\*`) {
		expr = strings.TrimSuffix(expr, `\*`) + `.+`
	}
	expr = strings.ReplaceAll(expr, `\*`, `[^.]+`)
	return expression("^" + expr + "$").MatchString(string(t))
}

// expressions are compiled once: there are few, and each is asked very often.
var expressions sync.Map

func expression(s string) *regexp.Regexp {
	if re, ok := expressions.Load(s); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(s)
	expressions.Store(s, re)
	return re
}

func naiveAsks(kinds *hub.Filter, f *rules.Facts) bool {
	if kinds == nil {
		return false
	}
	family := strings.Join(strings.SplitN(string(f.Type), ".", 3)[:2], ".")
	return slices.ContainsFunc(kinds.Any, func(p string) bool {
		return naiveKind(p, f.Type) && (p == family || strings.HasPrefix(p, family+"."))
	})
}

func naiveNamesRestricted(s *hub.Subscription, line []rules.Category) bool {
	restricted, named := false, false
	for _, c := range line {
		restricted = restricted || c.Restricted
		for _, t := range s.Filters {
			if t.Type != hub.FilterCategory || !c.Restricted {
				continue
			}
			for _, v := range slices.Concat(t.Any, t.All) {
				v = strings.TrimSuffix(v, "/*")
				named = named || same(v, c.ID) || same(v, c.Slug) || same(v, c.Path)
			}
		}
	}
	return !restricted || named
}

// naiveNew: "rows naming the new category or tag hear it as if the topic were
// new to them".
func naiveNew(s *hub.Subscription, f *rules.Facts) bool {
	was := *f
	if len(f.Before.Categories) > 0 || f.Type == hub.ForumTopicCategoryChanged {
		was.Categories = f.Before.Categories
	}
	if f.Before.Tags != nil {
		was.Tags = f.Before.Tags
	}
	if naiveFilters(s, &was) && naiveNamesRestricted(s, was.Categories) && (!f.Sensitive) {
		return false
	}
	for i := range s.Filters {
		t := &s.Filters[i]
		if t.Type != hub.FilterCategory && t.Type != hub.FilterTag {
			continue
		}
		for _, v := range slices.Concat(t.Any, t.All) {
			if naiveValue(t, v, f) == yes && naiveValue(t, v, &was) == no {
				return true
			}
		}
	}
	return false
}

// naiveMatch decides per chat: "rows with a group filter first (message, then
// mention), then the others; within these mute, thread, watch, follow. Ties:
// oldest row."
func naiveMatch(subs []hub.Subscription, f *rules.Facts) []rules.Decision {
	rank := func(s *hub.Subscription) int {
		group := 2
		for _, t := range s.Filters {
			if t.Type == hub.FilterGroup && t.As == hub.AsMessage {
				group = 0
			} else if t.Type == hub.FilterGroup {
				group = min(group, 1)
			}
		}
		return 10*group + slices.Index([]hub.Mode{"mute", "thread", "watch", "follow"}, s.Mode)
	}
	var out []rules.Decision
	for i := range subs {
		s := &subs[i]
		if !naiveRow(s, f) {
			continue
		}
		decides := true
		for j := range subs {
			o := &subs[j]
			if j != i && o.Chat == s.Chat && (rank(o) < rank(s) || rank(o) == rank(s) && j < i) && naiveRow(o, f) {
				decides = false
				break
			}
		}
		if decides {
			out = append(out, rules.Decision{
				Subscription: s.ID, Chat: s.Chat, Mode: s.Mode, Options: &s.Options, Mute: s.Mode == hub.Mute,
				Asked: slices.ContainsFunc(s.Filters, func(f hub.Filter) bool { return f.Type == hub.FilterKind }),
			})
		}
	}
	return out
}
