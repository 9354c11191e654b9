package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

func TestValidate(t *testing.T) {
	good := row("c/support+t/bug+!t/wip+k/forum.post.*+text//a%2Bb/")
	require.Empty(t, rules.Validate(good))
	cases := map[string]func(*hub.Subscription){
		"system":          func(s *hub.Subscription) { s.System = "Bad Name" },
		"chat":            func(s *hub.Subscription) { s.Chat.ID = "" },
		"source":          func(s *hub.Subscription) { s.Source = "A" },
		"mode":            func(s *hub.Subscription) { s.Mode = "shout" },
		"filters[0]":      func(s *hub.Subscription) { s.Filters[0].Type = "colour" },
		"filters[1]":      func(s *hub.Subscription) { s.Filters[1] = s.Filters[0] },
		"options.style":   func(s *hub.Subscription) { s.Options.Style = "loud" },
		"options.excerpt": func(s *hub.Subscription) { s.Options.Excerpt = -1 },
		"options.thread":  func(s *hub.Subscription) { s.Options.Thread = "reply" },
		"options.delay":   func(s *hub.Subscription) { s.Options.Delay = "20" },
		"options.read_as": func(s *hub.Subscription) { s.Options.ReadAs = "two words" },
	}
	for field, spoil := range cases {
		s := good
		s.Filters = slices.Clone(good.Filters)
		spoil(&s)
		require.Contains(t, rules.Validate(s), field)
	}
	for _, f := range []hub.Filter{
		{Type: hub.FilterTag},
		{Type: hub.FilterTag, Any: []string{" "}},
		{Type: hub.FilterText, Any: []string{"/(/"}},
		{Type: hub.FilterKind, None: []string{"forum.*"}},
		{Type: hub.FilterKind, Any: []string{"post"}},
		{Type: hub.FilterTopic, Any: []string{"x"}},
		{Type: hub.FilterGroup, Any: []string{"a"}, As: "guest"},
		{Type: hub.FilterTag, Any: []string{"a"}, As: "mention"},
		{Type: hub.FilterCategory, All: []string{"a", "b"}},
		{Type: hub.FilterCategory, Any: []string{"/*"}},
		{Type: hub.FilterAuthor, Any: []string{"@"}},
		{Type: hub.FilterKind, Any: []string{"forum.po*"}},
		{Type: hub.FilterKind, Any: []string{"*.post.created"}},
		{Type: hub.FilterGroup, None: []string{"a"}, As: "message"},
		{Type: hub.FilterText, Any: []string{"/(x{1000}){2}/"}},
	} {
		s := row("*")
		s.Filters = []hub.Filter{f}
		require.Contains(t, rules.Validate(s), "filters[0]", "%+v", f)
	}
}

// TestValidateTwice: two ways to say mention are one filter too many, mention
// and message are not.
func TestValidateTwice(t *testing.T) {
	s := row("*")
	s.Filters = []hub.Filter{{Type: hub.FilterGroup, Any: []string{"a"}}, {Type: hub.FilterGroup, Any: []string{"b"}, As: hub.AsMessage}}
	require.Empty(t, rules.Validate(s))
	s.Filters = append(s.Filters, hub.Filter{Type: hub.FilterGroup, Any: []string{"c"}, As: hub.AsMention})
	require.Contains(t, rules.Validate(s), "filters[2]")
}

func TestValidateOptions(t *testing.T) {
	check := func(field string, good, bad []hub.Options) {
		s := row("*")
		for _, s.Options = range good {
			require.Empty(t, rules.Validate(s), "%+v", s.Options)
		}
		for _, s.Options = range bad {
			got := rules.Validate(s)
			require.Len(t, got, 1, "%+v", s.Options)
			require.Contains(t, got, field)
		}
	}
	check("options.thread",
		[]hub.Options{{}, {Thread: "thread"}, {Thread: "flat"}, {Thread: "both"}},
		[]hub.Options{{Thread: "Thread"}, {Thread: "none"}, {Thread: " flat"}})
	check("options.delay",
		[]hub.Options{{Delay: "0s"}, {Delay: "0"}, {Delay: "20s"}, {Delay: "1h"}, {Delay: "1m30s"}},
		[]hub.Options{{Delay: "20"}, {Delay: "-1s"}, {Delay: "1h1ns"}, {Delay: "soon"}, {Delay: "1d"}, {Delay: " 1s"}})
	check("options.max_age",
		[]hub.Options{{MaxAge: "1m"}, {MaxAge: "24h"}, {MaxAge: "720h"}},
		[]hub.Options{{MaxAge: "1d"}, {MaxAge: "59s"}, {MaxAge: "721h"}, {MaxAge: "-1h"}, {MaxAge: "old"}})
	check("options.digest",
		[]hub.Options{{Digest: "1m"}, {Digest: "15m"}, {Digest: "24h"}, {Digest: "daily@00:00"}, {Digest: "daily@23:59"}},
		[]hub.Options{{Digest: "59s"}, {Digest: "25h"}, {Digest: "1d"}, {Digest: "-15m"}, {Digest: "1m0.5s"}, {Digest: "daily"}, {Digest: "daily@9:00"}, {Digest: "daily@24:00"}, {Digest: "daily@09:00 "}, {Digest: "weekly"}})
	check("options.read_as",
		[]hub.Options{{ReadAs: "alice"}, {ReadAs: "Zoë.1-x"}, {ReadAs: strings.Repeat("ü", 60)}},
		[]hub.Options{{ReadAs: "a b"}, {ReadAs: "a\x00"}, {ReadAs: "\u00a0"}, {ReadAs: "a\xff"}, {ReadAs: strings.Repeat("u", 61)}, {ReadAs: "a\n"}})
}

// TestExpressionProblems: what is wrong with an expression is told with the byte
// where it is wrong.
func TestExpressionProblems(t *testing.T) {
	for expr, want := range map[string]string{
		`(`:                `missing closing ) at byte 0, "("`,
		`ab(c(d)`:          `missing closing ) at byte 2, "(c(d)"`,
		`(a)b(c`:           `missing closing ) at byte 4, "(c"`,
		`((a)`:             `missing closing ) at byte 0, "((a)"`,
		`\((`:              `missing closing ) at byte 2, "("`,
		`a)b`:              `unexpected ) at byte 1, ")b"`,
		`(a))`:             `unexpected ) at byte 3, ")"`,
		`a**`:              `invalid nested repetition operator at byte 1, "**"`,
		`a*b**`:            `invalid nested repetition operator at byte 3, "**"`,
		`*a`:               `missing argument to repetition operator at byte 0, "*"`,
		`a*(*b)`:           `missing argument to repetition operator at byte 3, "*"`,
		`x[a-`:             `missing closing ] at byte 1, "[a-"`,
		`[z-a]`:            `invalid character class range at byte 1, "z-a"`,
		`z-a[z-a]`:         `invalid character class range at byte 4, "z-a"`,
		`[[:alpha:][:x:]]`: `invalid character class range at byte 10, "[:x:]"`,
		`a{1001}`:          `invalid repeat count at byte 1, "{1001}"`,
		`ü\8`:              `invalid escape sequence at byte 2, "\\8"`,
		`a(?<b`:            `invalid named capture at byte 1, "(?<b"`,
		`(?=x)`:            `invalid or unsupported Perl syntax at byte 0, "(?="`,
		`\p{Klingon}`:      `invalid character class range at byte 0, "\\p{Klingon}"`,
		`(x{100}){100}`:    `invalid repeat count at byte 8, "{100}"`,
		`a+x{999}y{9}`:     "it makes 1012 steps of each character, at most 1000: repeat less",
	} {
		s := row("*")
		s.Filters = []hub.Filter{{Type: hub.FilterText, Any: []string{"/" + expr + "/"}}}
		require.Equal(t, "the text filter's expression /"+expr+"/ cannot be read: "+want, rules.Validate(s)["filters[0]"])
	}
}
