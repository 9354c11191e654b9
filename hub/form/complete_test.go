package form_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

func functions() []form.Function {
	due := hub.Form{Fields: []hub.Field{
		{Name: "day", Label: "Day", Type: hub.FieldDate, Place: 1},
		{Name: "public", Label: "Public", Type: hub.FieldBool, Prefix: "public:", Value: []string{"true"}},
		{Name: "levels", Label: "Levels", Type: hub.FieldSelect, Multi: true, Options: []hub.Option{
			{Label: "Low", Value: "low"}, {Label: "Very high", Value: "very high", Note: "at once"}, {Label: "High", Value: "high"},
		}},
	}}
	return []form.Function{
		{Name: "watch", Summary: "Hear of everything", Form: watch()},
		{Name: "remove", Aliases: []string{"delete", "unwatch"}, Summary: "Remove rules", Form: remove()},
		{Name: "note", Summary: "Write a note", Form: note()},
		{Name: "due", Summary: "Say when", Form: due},
	}
}

func TestComplete(t *testing.T) {
	for _, c := range []struct {
		line  string
		want  string // the lines that it becomes, in order
		field string // that is looked up, with its query
	}{
		{line: "", want: "watch |remove |note |due "},
		{line: "  ", want: "  watch |  remove |  note |  due "},
		{line: "w", want: "watch "},
		{line: "Re", want: "remove "},
		{line: "del", want: "delete "},
		{line: "wacth", want: "watch "},
		{line: "watsh", want: "watch "},
		{line: "xyz", want: ""},
		{line: "xyz ", want: ""},
		{line: "watch ", want: "watch tag:|watch -tag:|watch text:|watch --source |watch --style |watch --max-age |watch --previews ", field: "category="},
		{line: "WATCH sup", want: "", field: "category=sup"},
		{line: `watch "bug re`, want: "", field: "category=bug re"},
		{line: "watch t", want: "watch tag:|watch text:", field: "category=t"},
		{line: "watch support ", want: "watch support tag:|watch support -tag:|watch support text:|watch support --source |watch support --style |watch support --max-age |watch support --previews "},
		{line: "watch support -", want: "watch support -tag:|watch support --tag |watch support --not-tag |watch support --words |watch support --source |watch support --style |watch support --max-age |watch support --previews "},
		{line: "watch support --s", want: "watch support --source |watch support --style "},
		{line: "watch support —s", want: "watch support --source |watch support --style "},
		{line: "watch support --source meta --s", want: "watch support --source meta --style "},
		{line: "watch support --no-p", want: "watch support --no-previews "},
		{line: "watch support --style ", want: "watch support --style compact |watch support --style full "},
		{line: "watch support --style f", want: "watch support --style full "},
		{line: "watch support --style text", want: "watch support --style full "},
		{line: "watch support --style=c", want: "watch support --style=compact "},
		{line: "watch support --wrong x --style=c", want: "watch support --wrong x --style=compact "},
		{line: "watch support --source ", want: ""},
		{line: "watch tag:", field: "tag="},
		{line: "watch tag:bu", field: "tag=bu"},
		{line: "watch tag:a,bu", field: "tag=bu"},
		{line: "watch tag: ", field: "tag="},
		{line: "watch support -- --s", want: ""},
		{line: "note @anna --p", want: "note @anna --public "},
		{line: "note @anna hello --p", want: ""},
		{line: "remove 1 --people ", want: ""},
		{line: "unwatch 1 --p", want: "unwatch 1 --people "},
		{line: "due t", want: "due today |due tomorrow "},
		{line: "due today ", want: "due today public:|due today --levels "},
		{line: "due today public:", want: "due today public:yes |due today public:no "},
		{line: "due today --", want: "due today --no-public |due today --levels "},
		{line: "due --levels ", want: `due --levels low |due --levels "very high" |due --levels high `},
		{line: "due --levels h", want: `due --levels high |due --levels "very high" `},
		{line: "due --levels low,", want: `due --levels low,low |due --levels low,"very high" |due --levels low,high `},
		{line: `due --levels "very high",lo`, want: `due --levels "very high",low `},
	} {
		t.Run(c.line, func(t *testing.T) {
			got := form.Complete(functions(), c.line)
			var lines []string
			for _, candidate := range got.Candidates {
				lines = append(lines, c.line[:candidate.Start]+candidate.Insert)
			}
			require.Equal(t, c.want, strings.Join(lines, "|"))
			field := ""
			if got.Field != "" {
				field = got.Field + "=" + got.Query
			}
			require.Equal(t, c.field, field)
		})
	}
}

func TestCompleteOffer(t *testing.T) {
	line := `watch support --style full tag:a,"b c",bu`
	c := form.Complete(functions(), line)
	require.Equal(t, "watch", c.Function)
	require.Equal(t, hub.Values{"category": {"support"}, "style": {"full"}}, c.Values)
	require.Equal(t, []form.Candidate{
		{Insert: `tag:a,"b c",bug `, Label: "Bug", Start: 27},
		{Insert: `tag:a,"b c","bug report" `, Label: "A report", Note: "bug report", Start: 27},
		{Insert: `tag:a,"b c",burn `, Label: "burn", Note: "hot", Start: 27},
	}, c.Offer([]hub.Option{{Label: "Bug", Value: "bug"}, {Label: "A report", Value: "bug report"}, {Value: "burn", Note: "hot"}}))
}
