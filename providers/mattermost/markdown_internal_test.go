package mattermost

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

func render(source string) string { return providers.Render(providers.Parse(source), markdown{}) }

func shown(s string) string { return strings.ReplaceAll(s, guard, "·") }

func TestMarkdown(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"mentions":              {"@all, @Channel! (@here) _@all_", "@·all, @·Channel! (@·here) *@·all*"},
		"names like mentions":   {"@allison @hereford alice@here.example", "@allison @hereford [alice@here.example](mailto:alice@here.example)"},
		"mention in code":       {"`@all`", "`@all`"},
		"stars that are stars":  {`\*not\* and 2 * 3`, `\*not\* and 2 * 3`},
		"snake case":            {`snake_case \_init\_`, `snake_case \_init\_`},
		"brackets":              {`\[x](y)`, `\[x\](y)`},
		"tags":                  {`a < b \<script> \<3`, "a < b <·script> <3"},
		"entities":              {`\&lt; R&D a & b`, "&·lt; R&·D a & b"},
		"windows path":          {`C:\\dir\\\*`, `C:\dir\\\*`},
		"picture after a word":  {"wow![x](https://x.example)", "wow[x](https://x.example)"},
		"exclamation then link": {"wow\\![x](https://x.example)", "wow!·[x](https://x.example)"},
		"not a heading":         {`\# no`, `\# no`},
		"hashtag":               {"#general", "#general"},
		"not a list":            {"1\\. one\n\\- two", "1\\. one\n\\- two"},
		"not a rule":            {`\---`, `\---`},
		"not an underline":      {"a\n\\===", "a\n·==="},
		"not a quote":           {`\> no`, `\> no`},
		"quotation emphasized":  {`*"so"*`, `_"so"_`},
		"parentheses in a link": {"[a](https://x.example/b_(c))", "[a](https://x.example/b_%28c%29)"},
		"struck":                {"~~a [b](https://x.example/~~c)~~ d", "~~a [b](https://x.example/%7E%7Ec)~~ d"},
		"struck mark":           {`~~a&#126;~~`, `~~a\~·~~`},
		"backticks in code":     {"`` a`b ``", "``a`b``"},
		"backtick first":        {"`` `a ``", "`` `a ``"},
		"fence in code":         {"~~~go\n```\n~~~", "````go\n```\n````"},
		"heading":               {"# One\n\ntwo", "**One**\n\ntwo"},
		"quote in quote":        {"> a\n>\n> > b", "> a\n>\n> > b"},
		"lists":                 {"- a\n  1. b\n     - c\n- d", "- a\n  1. b\n     - c\n- d"},
		"empty item":            {"- a\n-\n- b", "- a\n- ·\n- b"},
		"table":                 {"| a | b\\|c |\n|---|---|\n| `d` |  |", "| a | b\\|c |\n| --- | --- |\n| d |  |"},
		"image":                 {"![a *b*](https://x.example/a.png)", "[a b](https://x.example/a.png)"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, shown(render(c.source)))
		})
	}
}

// FuzzText holds that plain text comes out as it went in when it is read as
// Markdown, here by a reader of CommonMark as the mobile apps have one.
func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"*a* _b_ ~c~ `d` [e](f)", `\`, `\\a`, `\_a`, "<b>", "&amp;", "# a", "1. a", "- a", "===", "---", "> a", "a|b", "__a__", "!", "+",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.Join(strings.Fields(s), " ")
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r > 0xfff0 && r < 0x10000 }) {
			t.Skip("a Dialect gets none of it")
		}
		if strings.Contains(s, guard) || strings.ContainsAny(s, "@:") || strings.Contains(strings.ToLower(s), "www.") {
			t.Skip("addresses become links, which say the same")
		}
		read := providers.Parse(markdown{}.Text(s)).Text()
		require.Equal(t, s, strings.ReplaceAll(read, guard, ""), "%q", markdown{}.Text(s))
	})
}

// FuzzStruckHeadline holds that a title is struck from end to end, whatever it
// is and wherever it leads.
func FuzzStruckHeadline(f *testing.F) {
	for _, seed := range []string{"Printer", "~a~", "~~", "a~", "*b*", "a**", `"so"`, "[x](y)", `\`, "-", "# a", "🖨️"} {
		f.Add(seed, "t/1", true)
		f.Add(seed, "", false)
	}
	f.Add("Printer", "~~a/b_(c)*d", true)
	f.Fuzz(func(t *testing.T, title, path string, linked bool) {
		c := &hub.Card{Kind: "Deleted", Title: title, Struck: true}
		if linked {
			c.URL = "https://x.example/" + path
		}
		words := providers.Label(title, providers.TitleLimit, unit)
		if words == "" || strings.Contains(words, guard) || strings.ContainsAny(words, "@:") || strings.Contains(strings.ToLower(words), "www.") {
			t.Skip("addresses become links of their own")
		}
		if strings.ContainsFunc(words, func(r rune) bool { return r >= 0x7f && r < 0xa0 || r > 0xfff0 && r < 0x10000 }) {
			t.Skip("a Dialect gets none of it")
		}
		out := parts.Headline(c)
		read := strings.ReplaceAll(providers.Render(providers.Parse(out), providers.PlainText()), guard, "")
		want := words
		if leads, ok := target(c.URL); ok {
			want += " (" + parens.Replace(leads) + ")"
		}
		require.Equal(t, "Deleted: ~"+want+"~", read, "%q", out)
	})
}

// FuzzQuiet holds that no mass mention is left and nothing else is changed.
func FuzzQuiet(f *testing.F) {
	for _, seed := range []string{"@all", "@here@here", "a@all", "@ALL_", "@channel @channel", "@@here", "_@all_"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) || strings.Contains(s, guard) {
			t.Skip()
		}
		out := quiet(s)
		require.Equal(t, s, strings.ReplaceAll(out, guard, ""))
		prev := ' '
		for i, r := range out {
			require.False(t, r == '@' && !inWord(prev) && massMention(out[i+1:]), "%q", out)
			prev = r
		}
	})
}
