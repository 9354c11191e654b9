package slack

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers"
)

func render(markdown string) string { return providers.Render(providers.Parse(markdown), mrkdwn{}) }

// shown writes pads and guards so that they can be seen.
func shown(s string) string { return strings.NewReplacer(pad, "·", guard, "¤").Replace(s) }

func TestMrkdwn(t *testing.T) {
	for name, c := range map[string]struct{ markdown, want string }{
		"entities":             {`a < b && c > d`, "a &lt; b &amp;&amp; c &gt; d"},
		"special mentions":     {`\<!channel> <@U1>`, "&lt;!channel&gt; &lt;@U1&gt;"},
		"plain mentions":       {"@channel, @Here! @everyone", "@¤channel, @¤Here! @¤everyone"},
		"names like mentions":  {"@hereford @channels alice@here.example", "@hereford @channels <mailto:alice@here.example|alice@here.example>"},
		"stars that are stars": {`\*not bold\* and 2 * 3`, "¤*¤not bold¤* and 2 * 3"},
		"snake case":           {`snake_case_name and \_init\_`, "snake_case_name and _¤init¤_¤"},
		"backticks in text":    {"it\\`s", "it¤`¤s"},
		"not a quote":          {`\> 5 people`, "¤&gt; 5 people"},
		"bold inside a word":   {"un**believ**able", "un·*believ*·able"},
		"bold over lines":      {"**one\ntwo**", "·*one*·\n·*two*·"},
		"bold and italic":      {"***both***", "·_*both*_·"},
		"bold link text":       {"[**docs**](https://x.example/a)", "·*<https://x.example/a|docs>*·"},
		"half bold link text":  {"[the **docs**](https://x.example/a)", "<https://x.example/a|the ·*docs*·>"},
		"pipe in link text":    {"[a|b>c](https://x.example/?a=1&b=2)", "<https://x.example/?a=1&amp;b=2|a|b&gt;c>"},
		"bare link":            {"see https://x.example/a?b=1&c=2.", "see <https://x.example/a?b=1&amp;c=2>."},
		"line break in a link": {"[a\nb](https://x.example)", "<https://x.example|a b>"},
		"backtick in code":     {"`` a`b ``", "·`aˋb`·"},
		"markup in code":       {"`a < *b*`", "·`a &lt; *b*`·"},
		"fence in code":        {"~~~\n```\n<!here>\n~~~", "```\n`·`·`\n&lt;!here&gt;\n```"},
		"empty code":           {"a\n\n```\n```", "a"},
		"quote in quote":       {"> > > deep\n>\n> up", "> deep\n>\n> up"},
		"code in a quote":      {"> a\n>\n> ```\n> x\n> ```", "> a\n>\n```\nx\n```"},
		"list in list":         {"- a\n  - b\n    1. c", "• a\n    • b\n        1. c"},
		"code in a list":       {"- ```\n  x\n  ```\n- b", "•\n```\nx\n```\n• b"},
		"numbers go on":        {"7. a\n8. b", "7. a\n8. b"},
		"table":                {"| a | 漢字 |\n|---|---|\n| bbb | c |", "```\na    漢字\nbbb  c\n```"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, shown(render(c.markdown)))
		})
	}
}

var (
	angle  = regexp.MustCompile(`<(https?://|mailto:)[^<>|\s]+(\|[^<>\n]*)?>`)
	entity = regexp.MustCompile(`&(amp|lt|gt);`)
)

// FuzzMrkdwn holds that nothing but a link is in angle brackets, whatever
// people write, and that code ends where it should.
func FuzzMrkdwn(f *testing.F) {
	for _, seed := range []string{
		"<!channel> <@U1|x> <!subteam^S1>", "[<!here>](https://x.example)", "[a](https://x.example/<!here>)",
		"`<!here>` ``` <!here>", "```\n<!channel>\n````\n", "> ```\n> a", "- ```\n  x", "&lt;!channel&gt; &#60;!here&#62;",
		"<https://x.example/|!channel>", "| <!here> |\n|---|\n| ``` |", "**a\n***b*\n~~c~~", "![<!here>](https://x.example)", "a\\\n<!here>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		for _, out := range append(providers.Split(providers.Parse(markdown), mrkdwn{}, 200, unit.Len), render(markdown)) {
			require.True(t, utf8.ValidString(out))
			rest := angle.ReplaceAllString(out, "")
			require.NotContains(t, rest, "<", "%q", out)
			require.NotContains(t, entity.ReplaceAllString(out, ""), "&", "%q", out)
			fences := 0
			for line := range strings.SplitSeq(out, "\n") {
				if line == fence {
					fences++
				}
			}
			require.Zero(t, fences%2, "%q", out)
			require.Equal(t, strings.Count(out, fence), fences, "a fence within a line: %q", out)
		}
	})
}

// FuzzText holds that plain text loses nothing and that no mark in it is live.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"*a*", "_a_b_", "a * b", "``", "> x", "@channel @HERE", "~a~*b*", "é*ß", "a&amp;<", "*", "* *", "𝔞*𝔟"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.ContainsAny(s, guard+"\n") {
			t.Skip("a Dialect gets neither")
		}
		out := mrkdwn{}.Text(s)
		back := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", guard, "").Replace(out)
		require.Equal(t, s, back)
		runes := []rune(" " + out + " ")
		for i, r := range runes {
			if strings.ContainsRune("*_~`", r) {
				require.True(t, dead(runes[i-1], r, runes[i+1]), "%q in %q", r, out)
			}
		}
		require.False(t, strings.HasPrefix(out, "&gt;"), "a quote: %q", out)
	})
}

func dead(prev, mark, next rune) bool {
	still := func(r rune) bool { return unicode.IsSpace(r) || string(r) == guard }
	return still(prev) && still(next) || mark != '`' && inWord(prev) && inWord(next)
}
