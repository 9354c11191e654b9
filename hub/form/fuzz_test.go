package form_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/form"
)

// FuzzParse proves that no line harms, that every error is for people, and that
// what was read can be written and read again.
func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"", "support tag:bug -tag:old", `"a b" tag:"c, d",e --source=“x y”`, "—source x –tag:y", `--json {"tag":["a","b"]}`, `—json={“tag”:“x”}`,
		"@anna -- --rest \"as it is", `a\ b \" \\ 'don't' ‘x’ «y»`, "tag: a, b, --no-previews", "x\u200b\u200d\ufeff\u202ey\xff\x00", "1 2 3", "-source a", "tog:x", "--a=\"", "--style=FULL --max-age −5",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for name, fm := range forms() {
			v, err := form.Parse(fm, line)
			if err != nil {
				var he *hub.Error
				require.True(t, errors.As(err, &he) && he.Code == hub.CodeInvalid, "%s: %v", name, err)
				require.True(t, utf8.ValidString(he.Message))
				continue
			}
			for of, values := range v {
				require.NotNil(t, fm.Field(of))
				require.NotEmpty(t, values)
				require.True(t, utf8.ValidString(strings.Join(values, "")))
			}
			back := form.Print(fm, v)
			again, err := form.Parse(fm, back)
			require.NoError(t, err, "%s: %q as %q", name, line, back)
			require.Equal(t, v, again, "%s: %q as %q", name, line, back)
		}
	})
}

// FuzzPrint proves that any values can be written, whoever they come from.
func FuzzPrint(f *testing.F) {
	f.Add("support", "bug", "a,b", "it's \"so\"", "true")
	f.Add("--x", "tag:", "", " \u200b", "no")
	f.Add("\\", "-", "—", "\n", "\"")
	f.Fuzz(func(t *testing.T, place, tag, other, text, flag string) {
		for _, s := range []*string{&place, &tag, &other, &text, &flag} {
			*s = strings.ToValidUTF8(*s, "?")
		}
		if len(place)+len(tag)+len(other)+len(text)+len(flag) > form.MaxLine/4 {
			return
		}
		for _, c := range []struct {
			form hub.Form
			v    hub.Values
		}{
			{watch(), hub.Values{"category": {place}, "tag": {tag, other}, "words": {text}, "previews": {flag}}},
			{watch(), hub.Values{"not_tag": {tag}, "source": {text}, "style": {other}}},
			{note(), hub.Values{"to": {place}, "tag": {tag}, "text": {text}}},
			{note(), hub.Values{"public": {flag}, "text": {text}}},
			{remove(), hub.Values{"number": {place, tag, other}, "people": {text, flag}}},
		} {
			line := form.Print(c.form, c.v)
			got, err := form.Parse(c.form, line)
			require.NoError(t, err, "%q", line)
			require.Equal(t, c.v, got, "%q", line)
		}
	})
}

// FuzzComplete proves that every candidate takes the place of an end of the line,
// and that completing it leads somewhere.
func FuzzComplete(f *testing.F) {
	for _, line := range []string{"", "w", "watch ", "watch support tag:a,\"b", "due --levels low,", "note @anna --", "due public:", "watch —s", "watch \xff\u200b -"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c := form.Complete(functions(), line)
		require.LessOrEqual(t, len(c.Candidates), form.MaxCandidates)
		for _, candidate := range append(c.Candidates, c.Offer([]hub.Option{{Value: "a, b"}, {Label: "A", Value: "a"}})...) {
			require.True(t, candidate.Start >= 0 && candidate.Start <= len(line))
			require.NotEmpty(t, candidate.Insert)
			require.NotEmpty(t, candidate.Label)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, line := range map[string]string{
		"short": "support",
		"names": `support tag:bug,urgent -tag:"not this" --source meta --style full --no-previews`,
		"json":  `--json {"category": "support", "tag": ["bug", "urgent"], "style": "full"}`,
		"rest":  "tag:x " + strings.Repeat("many words of a text that has no end ", 100),
	} {
		f := watch()
		if name == "rest" {
			f, line = note(), "@anna "+line
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := form.Parse(f, line); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
