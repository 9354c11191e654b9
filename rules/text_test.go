package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

func TestTextForm(t *testing.T) {
	rows, err := rules.ParseRow("slack | #general | c/support,follow:t/urgent, c/dev+t/bug+!t/wip ,*")
	require.NoError(t, err)
	require.Len(t, rows, 4)
	require.Equal(t, []hub.Filter{
		{Type: hub.FilterCategory, Any: []string{"dev"}},
		{Type: hub.FilterTag, Any: []string{"bug"}, None: []string{"wip"}},
	}, rows[2].Filters)
	require.Equal(t, hub.Follow, rows[1].Mode)
	require.Empty(t, rows[3].Filters)
	for _, line := range []string{"slack | #general", "slack | c | x/y", "slack | c | c/", "slack | c | t/%zz", "slack | c | ", "slack | c | c/a,,c/b"} {
		_, err := rules.ParseRow(line)
		require.Error(t, err, line)
	}
}

func TestFormatSeveralAny(t *testing.T) {
	s := row("*")
	s.Filters = []hub.Filter{{Type: hub.FilterCategory, Any: []string{"a", "b"}}, {Type: hub.FilterTag, Any: []string{"x", "y z"}, None: []string{"w,1"}}}
	require.Equal(t, "slack | C1 | c/a+t/x+!t/w%2C1,c/a+t/y%20z+!t/w%2C1,c/b+t/x+!t/w%2C1,c/b+t/y%20z+!t/w%2C1", rules.FormatRow(s))
}

// TestFormatIsBounded: a row may name so much that its tokens would not fit
// into any memory.
func TestFormatIsBounded(t *testing.T) {
	s := row("*")
	for _, kind := range []hub.FilterType{hub.FilterTag, hub.FilterAuthor, hub.FilterGroup, hub.FilterText, hub.FilterCategory} {
		s.Filters = append(s.Filters, hub.Filter{Type: kind, Any: names(strings.Repeat("x", 150), make([]int, 200)...), None: names("y", make([]int, 200)...)})
	}
	line := rules.FormatRow(s)
	require.Less(t, len(line), 1<<20)
	require.True(t, strings.HasSuffix(line, ",…"))
	_, err := rules.ParseRow(line)
	require.Error(t, err, "what was cut is not read as something else")
}

// FuzzParseRow holds: what parses prints, and prints the same after parsing again.
func FuzzParseRow(f *testing.F) {
	for _, s := range []string{"slack | #general | c/support,c/bugs,t/urgent", "m | !r:x | mute:*", "a|b|c/a+t/b+!t/c,pm/x", "a|b|text//a%2Bb/", "a|%7C|u/@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		rows, err := rules.ParseRow(line)
		if err != nil {
			return
		}
		for _, r := range rows {
			printed := rules.FormatRow(r)
			again, err := rules.ParseRow(printed)
			if err != nil {
				t.Fatalf("%q prints as %q: %v", line, printed, err)
			}
			if p := rules.FormatRow(again[0]); len(again) == 1 && p != printed {
				t.Fatalf("%q prints as %q, then as %q", line, printed, p)
			}
			rules.Validate(r)
		}
	})
}
