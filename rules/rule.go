// Package rules decides which subscriptions an event matches and which one of
// each chat's wins. It is pure: no I/O, no clock, no goroutines, and nothing it
// is given is changed.
//
// In one breath: inside a filter any is a union, all an intersection and none
// an exclusion; between filters all must hold; per chat the first row by
// precedence decides (group rows before others, then mute, thread, watch,
// follow, then the oldest), so that one event gives at most one notification
// per chat.
package rules

import (
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// Facts are what an event says that a rule can ask for.
type Facts struct {
	Source hub.Source
	Type   hub.EventType
	// Categories is the category of the topic and its ancestors, the nearest
	// first; empty if the event has none or does not tell.
	Categories []Category
	Tags       []string // nil: not known
	Topic      string
	Author     string   // username; empty: not told
	Staff, Bot bool     // the author is
	AuthorIn   []string // groups of the author; nil: not known
	Mentions   []string // groups mentioned in the post
	Private    bool     // a private message
	SharedWith []string // groups a private message is shared with; nil: not known
	Reply      bool     // about a post that is not its topic's first
	Unlisted   bool
	// Sensitive is an event about people or moderation (users, reviews, personal
	// notifications): "forum.*" is not enough to hear it.
	Sensitive bool
	Title     string
	Text      string // plain
}

// Category is how a category may be named.
type Category struct {
	ID   string
	Slug string
	Path string // "parent/child"; equal to Slug at the top
	// Restricted is that not everyone may read it: only rows that name it hear it.
	Restricted bool
}

// row is a subscription compiled for matching.
type row struct {
	sub     *hub.Subscription
	tests   []test
	group   int                   // precedence of its group filter: 0 message, 1 mention, 2 none
	mode    int                   // precedence of its mode
	age     int                   // position by age
	kinds   []string              // patterns of its kind filter
	named   []func(Category) bool // categories it names
	private bool                  // hears private messages
	err     error
}

// compile never fails: a row that cannot be compiled matches nothing and says
// why.
func compile(sub *hub.Subscription, age int) *row {
	r := &row{sub: sub, age: age, group: 2, mode: slices.Index(hub.Modes(), sub.Mode)}
	for _, f := range sub.Filters {
		t, err := newTest(f)
		if err != nil {
			r.err = err
			return r
		}
		r.tests = append(r.tests, t)
		switch {
		case f.Type == hub.FilterKind:
			r.kinds = foldAll(f.Any)
		case f.Type == hub.FilterCategory:
			for _, v := range f.Any {
				is, _ := categoryNamed(v)
				r.named = append(r.named, is)
			}
		case f.Type == hub.FilterGroup && f.As == hub.AsMessage:
			r.group, r.private = 0, true
		case f.Type == hub.FilterGroup:
			r.group = min(r.group, 1)
		}
	}
	return r
}

// check says why r does not match f; the zero Miss is a match.
func (r *row) check(f *Facts) Miss {
	switch {
	case r.err != nil:
		return Miss{Because: Broken}
	case !r.sub.Enabled:
		return Miss{Because: Disabled}
	case r.sub.Source != "" && r.sub.Source != f.Source:
		return Miss{Because: OtherSource}
	case r.kinds == nil && f.Type != hub.ForumPostCreated:
		return Miss{Because: OtherKind}
	case f.Private && !r.private:
		return Miss{Because: IsPrivate}
	case !f.Private && r.private:
		return Miss{Because: NotPrivate}
	case f.Unlisted && !r.sub.Options.Unlisted:
		return Miss{Because: IsUnlisted}
	case f.Sensitive && !r.asksFor(f.Type):
		return Miss{Because: IsSensitive}
	case !r.mayHear(f.Categories):
		return Miss{Because: IsRestricted}
	}
	for i := range r.tests {
		if m := r.tests[i].check(f); m.Because != Matched {
			return m
		}
	}
	if r.sub.Mode == hub.Follow && f.Reply {
		return Miss{Because: IsReply}
	}
	return Miss{}
}

// asksFor reports whether r's kind filter names the family of a sensitive
// event: "forum.user.*" does, "forum.*" does not.
func (r *row) asksFor(t hub.EventType) bool {
	segments := strings.SplitN(string(t), ".", 3)
	prefix := strings.Join(segments[:2], ".") + "."
	return slices.ContainsFunc(r.kinds, func(p string) bool { return strings.HasPrefix(p, prefix) })
}

// mayHear reports whether r names a restricted category of cs, if there is one.
func (r *row) mayHear(cs []Category) bool {
	restricted := false
	for _, c := range cs {
		if !c.Restricted {
			continue
		}
		restricted = true
		if slices.ContainsFunc(r.named, func(is func(Category) bool) bool { return is(c) }) {
			return true
		}
	}
	return !restricted
}

// before reports whether r decides rather than o, both of one chat.
func (r *row) before(o *row) bool {
	if r.group != o.group {
		return r.group < o.group
	}
	if r.mode != o.mode {
		return r.mode < o.mode
	}
	return r.age < o.age
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func foldAll(ss []string) []string {
	out := make([]string, len(ss))
	for i, s := range ss {
		out[i] = fold(s)
	}
	return out
}
