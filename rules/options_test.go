package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/rules"
)

func TestLinesHoldOptions(t *testing.T) {
	line := "slack | #general | follow:c/support+!t/wip | source=meta delay=0s max_age=30m digest=daily@09:00 read_as=böb%3D style=compact thread=both excerpt=200 unlisted off"
	rows, err := rules.ParseLine(line)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, hub.Options{Style: hub.StyleCompact, Excerpt: 200, Unlisted: true, Thread: hub.ThreadBoth, Delay: "0s", MaxAge: "30m", Digest: "daily@09:00", ReadAs: "böb="}, rows[0].Options)
	require.Equal(t, hub.Source("meta"), rows[0].Source)
	require.False(t, rows[0].Enabled)
	again, err := rules.ParseLine(rules.FormatLine(rows[0]))
	require.NoError(t, err)
	require.Equal(t, rows, again)

	both, err := rules.ParseLine("slack | #general | c/a,c/b | delay=5s")
	require.NoError(t, err)
	require.Equal(t, "5s", both[0].Options.Delay)
	require.Equal(t, "5s", both[1].Options.Delay)

	for bad, why := range map[string]string{
		"slack | c | * | dely=5s":             "is no option",
		"slack | c | * | delay=":              "is no option",
		"slack | c | * | off=1":               "stands alone",
		"slack | c | * | excerpt=x":           "no number",
		"slack | c | * | delay=1s delay=2s":   "given twice",
		"slack | c | * | delay=1s | source=a": "at most 4",
	} {
		_, err := rules.ParseLine(bad)
		require.ErrorContains(t, err, why, bad)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add("slack | #general | c/support,t/urgent | source=meta delay=0s style=compact unlisted off")
	f.Add("matrix | !a:b | thread:* | read_as=%41 excerpt=-1")
	f.Fuzz(func(t *testing.T, line string) {
		rows, err := rules.ParseLine(line)
		if err != nil {
			return
		}
		for _, r := range rows {
			again, err := rules.ParseLine(rules.FormatLine(r))
			if err != nil || len(again) == 0 {
				t.Fatalf("%q printed as %q: %v", line, rules.FormatLine(r), err)
			}
			if rules.FormatLine(again[0]) != rules.FormatLine(r) && len(again) == 1 {
				t.Fatalf("%q: %q is read as %q", line, rules.FormatLine(r), rules.FormatLine(again[0]))
			}
		}
	})
}
