package rules_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

// dice draws rows and events from few words, so that they meet often.
type dice struct{ *rand.Rand }

// roll makes dice of a new seed, or of that in RULES_SEED, and tells it when
// the test fails.
func roll(t *testing.T) dice {
	seed := rand.Uint64()
	if s := os.Getenv("RULES_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("run again with RULES_SEED=%d", seed)
		}
	})
	return dice{rand.New(rand.NewPCG(seed, 0))}
}

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

// some draws up to n different of from.
func some[T comparable](d dice, from []T, n int) []T {
	var out []T
	for range d.IntN(n + 1) {
		if v := pick(d, from); !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

var (
	someTags    = []string{"linux", "LINUX", "mac", "\u212aernel", "kernel", "ſupport", "Support", "ünïx", "ÜNÏX", "wip", " bug "}
	someAuthors = []string{"bob", "Bob", "alice", "carol", "\u212aim"}
	someGroups  = []string{"helpers", "Helpers", "mods", "staff", "bots"}
	someTopics  = []string{"301", "302"}
	somePlaces  = [][]rules.Category{
		{},
		{{ID: "5", Slug: "support", Path: "support"}},
		{{ID: "9", Slug: "printers", Path: "support/printers"}, {ID: "5", Slug: "support", Path: "support"}},
		{{ID: "10", Slug: "ink", Path: "support/printers/ink"}, {ID: "9", Slug: "printers", Path: "support/printers"}, {ID: "5", Slug: "support", Path: "support"}},
		{{ID: "11", Slug: "Printers", Path: "market/printers"}, {ID: "12", Slug: "market", Path: "market"}},
		{{ID: "8", Slug: "lounge", Path: "lounge", Restricted: true}},
		{{ID: "7", Slug: "sofa", Path: "lounge/sofa", Restricted: true}, {ID: "8", Slug: "lounge", Path: "lounge", Restricted: true}},
		{{ID: "6", Slug: "board", Path: "support/board", Restricted: true}, {ID: "5", Slug: "support", Path: "support"}},
		{{ID: "9", Slug: "9", Path: "9"}},
	}
	someCategories = []string{"5", "support", "Support/*", "9", "support/printers", "5/*", "support/printers/*", "lounge", "8/*", "lounge/sofa", "6", "board", "market/*", "ink"}
	someKinds      = []string{"forum.*", "forum.post.*", "forum.post.created", "forum.topic.*", "forum.topic.created", "forum.*.created", "forum.*.*", "forum.user.*", "forum.user.suspended", "forum.user.gone", "user.*", "forum.topic.category_changed", "forum.topic.tags_changed"}
	someTypes      = []hub.EventType{hub.ForumPostCreated, hub.ForumPostCreated, hub.ForumPostCreated, hub.ForumPostEdited, hub.ForumTopicCreated, hub.ForumTopicClosed, "forum.user.suspended", "user.deploy"}
	someTexts      = []string{"firmware", "FIRMWARE", "ä", "/a\\d+/", "/^printer/", "/[0-9]{3}/", "model"}
	someReaders    = []string{"", "", "", "alice", "Alice", "carol"}
)

func (d dice) filter(kind hub.FilterType) (hub.Filter, bool) {
	f := hub.Filter{Type: kind}
	words := map[hub.FilterType][]string{
		hub.FilterCategory: someCategories, hub.FilterTag: someTags, hub.FilterTopic: someTopics,
		hub.FilterAuthor: append([]string{"@bots", "@staff", "@helpers", "@mods"}, someAuthors...),
		hub.FilterGroup:  someGroups, hub.FilterKind: someKinds, hub.FilterText: someTexts,
	}[kind]
	f.Any = some(d, words, 3)
	if d.chance(25) {
		f.None = some(d, words, 2)
	}
	if d.chance(20) && kind != hub.FilterKind {
		f.All = some(d, words, 2)
	}
	switch {
	case kind == hub.FilterKind && len(f.Any) == 0:
		return f, false
	case kind == hub.FilterGroup:
		f.As = pick(d, []string{"", hub.AsMention, hub.AsMessage})
		if f.As == hub.AsMessage && len(f.Any)+len(f.All) == 0 {
			return f, false
		}
	}
	return f, len(f.Any)+len(f.All)+len(f.None) > 0
}

func (d dice) row(id int) hub.Subscription {
	s := hub.Subscription{
		ID: hub.SubscriptionID(fmt.Sprint("s", id)), Enabled: !d.chance(5), Mode: pick(d, hub.Modes()), Source: pick(d, []hub.Source{"", "", "", "meta", "other"}),
		Chat:    hub.Chat{System: pick(d, []hub.System{"slack", "matrix"}), ID: fmt.Sprint("C", d.IntN(6))},
		Options: hub.Options{Unlisted: d.chance(30), ReadAs: pick(d, someReaders), Excerpt: d.IntN(3)},
	}
	seen := map[string]bool{}
	for range pick(d, []int{0, 1, 1, 1, 2, 2, 3, 4}) {
		kind := pick(d, []hub.FilterType{"category", "category", "tag", "tag", "topic", "author", "author", "group", "kind", "text"})
		f, ok := d.filter(kind)
		what := string(kind)
		if f.As == hub.AsMessage {
			what = f.As
		}
		if ok && !seen[what] {
			seen[what] = true
			s.Filters = append(s.Filters, f)
		}
	}
	return s
}

func (d dice) event() *rules.Facts {
	f := &rules.Facts{
		Source: pick(d, []hub.Source{"meta", "meta", "other"}), Type: pick(d, someTypes), Categories: slices.Clone(pick(d, somePlaces)),
		Topic: pick(d, []string{"", "301", "302", "303"}), Author: pick(d, append([]string{""}, someAuthors...)), Staff: d.chance(20), Bot: d.chance(20),
		Reply: d.chance(40), Unlisted: d.chance(15), Blind: some(d, someReaders, 1),
		Title: pick(d, []string{"", "Printer Ä 123", "a1"}), Text: pick(d, []string{"", "the firmware of model A7", "nothing"}),
	}
	f.Tags, f.AuthorIn = d.maybe(someTags), d.maybe(someGroups)
	f.Mentions = some(d, someGroups, 2)
	f.Sensitive = f.Type == "forum.user.suspended"
	switch {
	case d.chance(15):
		f.Private, f.SharedWith, f.Categories = true, d.maybe(someGroups), nil
	case f.Type == hub.ForumPostCreated && d.chance(40):
		f.Also, f.Reply = hub.ForumTopicCreated, false
	case f.Type == hub.ForumTopicCreated && d.chance(40):
		f.Also, f.Reply = hub.ForumPostCreated, false
	case d.chance(35):
		f.Type = pick(d, []hub.EventType{hub.ForumTopicCategoryChanged, hub.ForumTopicTagsChanged})
		f.Sensitive = false
		f.Before = &rules.Before{Categories: slices.Clone(pick(d, somePlaces)), Tags: d.maybe(someTags)}
	}
	return f
}

// maybe draws some, none, or that it is not known.
func (d dice) maybe(from []string) []string {
	if d.chance(20) {
		return nil
	}
	return append([]string{}, some(d, from, 3)...)
}

func requireSame(t *testing.T, subs []hub.Subscription, x *rules.Index, f *rules.Facts) {
	t.Helper()
	want, got := naiveMatch(subs, f), x.Match(f, nil)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event %+v\nbefore %+v", *f, f.Before)
		for _, v := range x.Explain(f, nil) {
			t.Logf("%+v", v)
		}
		for _, s := range subs {
			t.Logf("%+v", s)
		}
		t.Fatalf("the index differs from the naive rules (-naive +index):\n%s", diff)
	}
	requireExplains(t, subs, x, f, got)
}

// requireExplains holds Explain against what was decided.
func requireExplains(t *testing.T, subs []hub.Subscription, x *rules.Index, f *rules.Facts, decided []rules.Decision) {
	t.Helper()
	verdicts := x.Explain(f, nil)
	require.Len(t, verdicts, len(subs))
	var wins []hub.SubscriptionID
	for i, v := range verdicts {
		s := &subs[i]
		require.Equal(t, s.ID, v.Subscription, "oldest first")
		require.Equal(t, rules.FormatRow(*s), v.Row)
		require.Equal(t, naiveRow(s, f), v.Matched, "%s: %s", v.Row, v.Reason)
		require.NotEmpty(t, v.Reason)
		if v.Wins {
			wins = append(wins, v.Subscription)
		}
	}
	require.Len(t, wins, len(decided))
	for i := range wins {
		require.Equal(t, decided[i].Subscription, wins[i])
	}
	for _, v := range x.Nearest(f, 5) {
		require.False(t, v.Matched)
	}
}

func (d dice) table(n int) []hub.Subscription {
	subs := make([]hub.Subscription, n)
	for i := range subs {
		subs[i] = d.row(i)
	}
	return subs
}

// TestIndexAgreesWithNaiveRules: tens of thousands of events, each held against
// a table of random rows.
func TestIndexAgreesWithNaiveRules(t *testing.T) {
	d := roll(t)
	for _, size := range []int{1, 3, 20, 80, 400} {
		for range 4000 / size * 2 {
			subs := d.table(size)
			x := rules.Compile(subs)
			require.Equal(t, len(subs), x.Len())
			for range min(size, 20) {
				requireSame(t, subs, x, d.event())
			}
		}
	}
}

// TestApplyAgreesWithNaiveRules: the same through sequences of changes, where
// every index of the sequence stays as it is.
func TestApplyAgreesWithNaiveRules(t *testing.T) {
	d := roll(t)
	for range 30 {
		subs := d.table(d.IntN(60))
		x := rules.Compile(subs)
		next := len(subs)
		for range 60 {
			var put []hub.Subscription
			var drop []hub.SubscriptionID
			old, oldSubs := x, slices.Clone(subs)
			for range d.IntN(4) {
				if len(subs) > 0 && d.chance(60) {
					i := d.IntN(len(subs))
					id := subs[i].ID
					if slices.Contains(drop, id) {
						continue
					}
					s := d.row(0)
					s.ID = id
					put, subs[i] = append(put, s), s
					continue
				}
				s := d.row(next)
				next++
				put, subs = append(put, s), append(subs, s)
			}
			for range d.IntN(3) {
				if len(subs) == 0 || d.chance(50) {
					drop = append(drop, "never was")
					continue
				}
				i := d.IntN(len(subs))
				drop = append(drop, subs[i].ID)
				subs = slices.Delete(slices.Clone(subs), i, i+1)
			}
			x = x.Apply(put, drop)
			require.Equal(t, len(subs), x.Len())
			requireSame(t, subs, x, d.event())
			requireSame(t, oldSubs, old, d.event())
			requireUses(t, subs, x)
		}
	}
}

// requireUses holds what an index says of itself against its rows.
func requireUses(t *testing.T, subs []hub.Subscription, x *rules.Index) {
	t.Helper()
	fresh := rules.Compile(subs)
	require.Equal(t, fresh.ReadsText(), x.ReadsText())
	require.Equal(t, fresh.ReadsPrivate(), x.ReadsPrivate())
	require.ElementsMatch(t, fresh.AuthorGroups(), x.AuthorGroups())
	require.True(t, slices.IsSorted(x.AuthorGroups()))
}
