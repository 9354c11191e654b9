package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// test is a filter compiled: has tells whether the event has what one value
// names, known whether the event tells of it at all.
type test struct {
	kind           hub.FilterType
	any, all, none []value
	known          func(*Facts) bool
}

// value is one value of a filter.
type value struct {
	text string
	has  func(*Facts) bool
}

// check says why the filter does not hold; the zero Miss is that it does.
func (t *test) check(f *Facts) Miss {
	if !t.known(f) {
		return Miss{Because: NotKnown, Filter: t.kind}
	}
	for _, v := range t.none {
		if v.has(f) {
			return Miss{Because: Excluded, Filter: t.kind, Value: v.text}
		}
	}
	for _, v := range t.all {
		if !v.has(f) {
			return Miss{Because: Lacks, Filter: t.kind, Value: v.text}
		}
	}
	if len(t.any) == 0 {
		return Miss{}
	}
	for _, v := range t.any {
		if v.has(f) {
			return Miss{}
		}
	}
	return Miss{Because: LacksAny, Filter: t.kind}
}

// newTest compiles a filter. Its error is for the owner of the row.
func newTest(f hub.Filter) (test, error) {
	t := test{kind: f.Type, known: func(*Facts) bool { return true }}
	make1, known, err := maker(f)
	if err != nil {
		return t, err
	}
	if known != nil {
		t.known = known
	}
	for _, list := range []struct {
		from []string
		to   *[]value
	}{{f.Any, &t.any}, {f.All, &t.all}, {f.None, &t.none}} {
		for _, s := range list.from {
			has, err := make1(s)
			if err != nil {
				return t, err
			}
			*list.to = append(*list.to, value{text: s, has: has})
		}
	}
	if len(t.any)+len(t.all)+len(t.none) == 0 {
		return t, fmt.Errorf("the %s filter names nothing: give any, all or none", f.Type)
	}
	return t, nil
}

type predicate = func(*Facts) bool

// maker gives the function that compiles one value of f, and the one that says
// whether an event tells of such things at all (nil: always).
func maker(f hub.Filter) (func(string) (predicate, error), predicate, error) {
	if f.As != "" && f.Type != hub.FilterGroup {
		return nil, nil, fmt.Errorf("the %s filter has no \"as\": only group filters have", f.Type)
	}
	switch f.Type {
	case hub.FilterCategory:
		return category, func(f *Facts) bool { return len(f.Categories) > 0 }, nil
	case hub.FilterTag:
		return tag, func(f *Facts) bool { return f.Tags != nil }, nil
	case hub.FilterTopic:
		return topic, func(f *Facts) bool { return f.Topic != "" }, nil
	case hub.FilterAuthor:
		return author, authorKnown(f), nil
	case hub.FilterKind:
		if len(f.Any) == 0 || len(f.All) > 0 {
			return nil, nil, fmt.Errorf("the kind filter needs \"any\", and may have \"none\": an event has one kind")
		}
		return kind, nil, nil
	case hub.FilterText:
		return text, nil, nil
	case hub.FilterGroup:
		return groupMaker(f)
	}
	return nil, nil, fmt.Errorf("unknown filter type %q: one of %s", f.Type, join(hub.FilterTypes()))
}

func groupMaker(f hub.Filter) (func(string) (predicate, error), predicate, error) {
	switch f.As {
	case "", hub.AsMention:
		return mention, nil, nil
	case hub.AsMessage:
		return sharedWith, func(f *Facts) bool { return f.SharedWith != nil }, nil
	}
	return nil, nil, fmt.Errorf("the group filter's \"as\" is %q: %s or %s", f.As, hub.AsMention, hub.AsMessage)
}

// category takes an id, a slug, a path "parent/child", or one of these with
// "/*" for all that is below it, too.
func category(v string) (predicate, error) {
	is, below := categoryNamed(v)
	if is == nil {
		return nil, fmt.Errorf("the category filter holds an empty value")
	}
	if below {
		return func(f *Facts) bool { return slices.ContainsFunc(f.Categories, is) }, nil
	}
	return func(f *Facts) bool { return is(f.Categories[0]) }, nil
}

// categoryNamed tells the category that v names; below is that "/*" follows.
func categoryNamed(v string) (is func(Category) bool, below bool) {
	name, below := strings.CutSuffix(fold(v), "/*")
	name = strings.Trim(name, "/")
	if name == "" {
		return nil, below
	}
	return func(c Category) bool {
		return c.ID == name || strings.EqualFold(c.Slug, name) || strings.EqualFold(c.Path, name)
	}, below
}

func tag(v string) (predicate, error) { return oneOf(v, func(f *Facts) []string { return f.Tags }) }

func mention(v string) (predicate, error) {
	return oneOf(v, func(f *Facts) []string { return f.Mentions })
}

func sharedWith(v string) (predicate, error) {
	return oneOf(v, func(f *Facts) []string { return f.SharedWith })
}

func oneOf(v string, list func(*Facts) []string) (predicate, error) {
	want := fold(v)
	if want == "" {
		return nil, fmt.Errorf("a filter holds an empty value")
	}
	return func(f *Facts) bool {
		return slices.ContainsFunc(list(f), func(s string) bool { return strings.EqualFold(s, want) })
	}, nil
}

func topic(v string) (predicate, error) {
	want := fold(v)
	if want == "" || strings.Trim(want, "0123456789") != "" {
		return nil, fmt.Errorf("%q is no topic id: the number in the topic's address", v)
	}
	return func(f *Facts) bool { return f.Topic == want }, nil
}

func author(v string) (predicate, error) {
	want := fold(v)
	group, isGroup := strings.CutPrefix(want, "@")
	switch {
	case want == "" || isGroup && group == "":
		return nil, fmt.Errorf("the author filter holds an empty value")
	case want == "@bots":
		return func(f *Facts) bool { return f.Bot }, nil
	case want == "@staff":
		return func(f *Facts) bool { return f.Staff }, nil
	case isGroup:
		return func(f *Facts) bool {
			return slices.ContainsFunc(f.AuthorIn, func(s string) bool { return strings.EqualFold(s, group) })
		}, nil
	}
	return func(f *Facts) bool { return strings.EqualFold(f.Author, want) }, nil
}

// authorKnown asks for the author's groups too where the filter names one.
func authorKnown(f hub.Filter) predicate {
	groups := false
	for _, v := range slices.Concat(f.Any, f.All, f.None) {
		v = fold(v)
		groups = groups || strings.HasPrefix(v, "@") && v != "@bots" && v != "@staff"
	}
	return func(f *Facts) bool { return f.Author != "" && (!groups || f.AuthorIn != nil) }
}

func kind(v string) (predicate, error) {
	pattern := fold(v)
	if !hub.EventType(strings.ReplaceAll(pattern, "*", "x")).Valid() {
		return nil, fmt.Errorf("%q is no kind of event: such as forum.post.created or forum.topic.*", v)
	}
	return func(f *Facts) bool { return f.Type.Match(pattern) }, nil
}

// text takes words, or an RE2 expression between slashes.
func text(v string) (predicate, error) {
	if len(v) > 2 && v[0] == '/' && v[len(v)-1] == '/' {
		re, err := regexp.Compile("(?i)" + v[1:len(v)-1])
		if err != nil {
			return nil, fmt.Errorf("the text filter's expression %s cannot be read: %w", v, err)
		}
		return func(f *Facts) bool { return re.MatchString(f.Title) || re.MatchString(f.Text) }, nil
	}
	want := fold(v)
	if want == "" {
		return nil, fmt.Errorf("the text filter holds an empty value")
	}
	return func(f *Facts) bool {
		return strings.Contains(strings.ToLower(f.Title), want) || strings.Contains(strings.ToLower(f.Text), want)
	}, nil
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}
