package providers_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers"
)

const family = "👩‍👩‍👧‍👦"

func TestFit(t *testing.T) {
	for _, c := range []struct {
		name, md string
		limit    int
		want     string
	}{
		{"fits", "one *two*", 40, "<p>one <em>two</em></p>"},
		{"at the limit", "one *two*", 23, "<p>one <em>two</em></p>"},
		{"over the limit", "one *two*", 22, "<p>one…</p>"},
		{"whole word", "one two three", 18, "<p>one two…</p>"},
		{"no word near", "onetwothreefourfivesix", 20, "<p>onetwothre…</p>"},
		{"closes what is open", "a **b *cccccccccccccccccccccccccccccccccccccccc* d**", 70, "<p>a <strong>b <em>" + strings.Repeat("c", 30) + "</em></strong>…</p>"},
		{"emoji whole", strings.Repeat(family, 3), 50, "<p>" + family + "…</p>"},
		{"flags whole", "🇫🇷🇩🇪🇮🇹", 26, "<p>🇫🇷🇩🇪…</p>"},
		{"escapes whole", "<<<<<<", 20, "<p>&lt;&lt;…</p>"},
		{"code", "```go\nabcdefghijklmn\n```", 30, `<pre class="go">abcde…</pre>`},
		{"list", "- one\n- " + strings.Repeat("x", 40), 64, "<ul>\n<li>one</li>\n<li>" + strings.Repeat("x", 28) + "…</li>\n</ul>"},
		{"row", "|a|b|\n|-|-|\n|" + strings.Repeat("c", 40) + "|d|", 107, "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>" + strings.Repeat("c", 30) + "…</td><td></td></tr>\n</table>"},
		{"rule is no end", "one\n\n---\n\n" + strings.Repeat("z", 30), 20, "<p>one…</p>"},
		{"no room for markup", "> > > > > " + strings.Repeat("w", 20), 20, "<p>wwwwwwwwww…</p>"},
		{"room for an ellipsis", "wordy", 10, "<p>…</p>"},
		{"no room", "wordy", 9, ""},
		{"nothing allowed", "wordy", 0, ""},
		{"nothing there", "", 0, ""},
		{"link over the limit", "a [b](https://x.example/" + strings.Repeat("c", 99) + ") d", 20, "<p>a b d</p>"},
		{"its halves stay one text", "# @[all](https://x.example/" + strings.Repeat("c", 99) + ")", 20, "<h1>@all</h1>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, cut := providers.Fit(providers.Parse(c.md), markup{}, c.limit, bytes)
			require.Equal(t, c.want, got)
			require.LessOrEqual(t, len(got), max(c.limit, 0))
			require.Equal(t, strings.Contains(got, "…") || got == "" && c.md != "", cut)
		})
	}
}

// A measure may be anything: here one that jumps.
func TestFitWithAnUnevenMeasure(t *testing.T) {
	md := strings.Repeat("word **strong** ", 50)
	uneven := func(s string) int { return len(s) + 37*(len(s)%3) }
	for limit := range 400 {
		out, _ := providers.Fit(providers.Parse(md), markup{}, limit, uneven)
		require.LessOrEqual(t, uneven(out), limit)
	}
}

func TestFitIsQuickOnLongText(t *testing.T) {
	doc := providers.Parse(strings.Repeat("wort ", 200_000))
	measured := 0
	_, cut := providers.Fit(doc, markup{}, 4096, func(s string) int { measured += len(s); return len(s) })
	require.True(t, cut)
	// The whole thing twice, then only what is near the limit.
	require.Less(t, measured, 2_500_000)
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, md string
		limit    int
		want     []string
	}{
		{"one", "one", 40, []string{"<p>one</p>"}},
		{"none", "", 40, nil},
		{"between words", "one two three", 16, []string{"<p>one two</p>", "<p>three</p>"}},
		{"between blocks", "one two three\n\nfour five", 34, []string{"<p>one two three</p>", "<p>four five</p>"}},
		{"opens strong again", "**one two three**", 32, []string{"<p><strong>one two</strong></p>", "<p><strong>three</strong></p>"}},
		{"opens code again", "```go\none two\n  three\n```", 32, []string{`<pre class="go">one two</pre>`, `<pre class="go">  three</pre>`}},
		{"counts on", "4. one\n5. two\n6. three", 48, []string{
			"<ol start=\"4\">\n<li>one</li>\n<li>two</li>\n</ol>", "<ol start=\"6\">\n<li>three</li>\n</ol>",
		}},
		{"repeats the head", "|h|\n|-|\n|a|\n|b|", 60, []string{
			"<table>\n<tr><th>h</th></tr>\n<tr><td>a</td></tr>\n</table>", "<table>\n<tr><th>h</th></tr>\n<tr><td>b</td></tr>\n</table>",
		}},
		{"no room for markup", "> > > > ab", 9, []string{"<p>ab</p>"}},
		{"no room", "ab", 7, nil},
		{"long word", strings.Repeat("x", 10), 12, []string{"<p>xxxxx</p>", "<p>xxxxx</p>"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, providers.Split(providers.Parse(c.md), markup{}, c.limit, bytes))
		})
	}
}

func TestCutText(t *testing.T) {
	for _, c := range []struct {
		name, in string
		limit    int
		unit     providers.Unit
		want     string
	}{
		{"fits", "one", 3, providers.Bytes, "one"},
		{"word", "one two three", 11, providers.Characters, "one two…"},
		{"word ends at the cut", "one two three", 8, providers.Characters, "one two…"},
		{"letters", "onetwothree", 6, providers.Bytes, "one…"},
		{"emoji by code point", family + family, 8, providers.Characters, family + "…"},
		{"emoji by UTF-16", family + family, 12, providers.UTF16, family + "…"},
		{"emoji does not fit", family + family, 11, providers.UTF16, "…"},
		{"combining", "e\u0301e\u0301e\u0301", 5, providers.Characters, "e\u0301e\u0301…"},
		{"only the ellipsis", "four", 3, providers.Bytes, "…"},
		{"no room", "four", 2, providers.Bytes, ""},
		{"negative", "four", -1, providers.Bytes, ""},
		{"not UTF-8", "a\xffb", 5, providers.Bytes, "a\uFFFDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, cut := providers.CutText(c.in, c.limit, c.unit)
			require.Equal(t, c.want, got)
			require.Equal(t, strings.HasSuffix(c.want, "…") || c.want == "", cut)
		})
	}
}

func TestUnitLen(t *testing.T) {
	require.Equal(t, 10, providers.Bytes.Len("aé€😀"))
	require.Equal(t, 4, providers.Characters.Len("aé€😀"))
	require.Equal(t, 5, providers.UTF16.Len("aé€😀"))
	require.Equal(t, 4, providers.Unit("").Len("😀"))
}

func seed(f *testing.F) {
	files, err := filepath.Glob("testdata/render/*.md")
	require.NoError(f, err)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(f, err)
		for _, limit := range []int{0, 9, 40, 160, 4000} {
			f.Add(string(src), limit)
		}
	}
	for i := range uint64(40) {
		f.Add(randomMarkdown(rand.New(rand.NewPCG(i, 1))), int(i*7))
	}
	f.Add(strings.Repeat("e"+strings.Repeat("\u0301", 300), 3), 100)
	f.Add(strings.Repeat(family+" 🇫🇷🇩🇪 👍🏽", 9), 60)
	f.Add(strings.Repeat("> ", 60)+"deep", 80)
	f.Add("| a |\n|-|\n| "+strings.Repeat("b ", 60)+"|", 90)
}

func randomMarkdown(r *rand.Rand) string {
	pieces := []string{
		"*", "**", "_", "~~", "`", "```go\n", "\n```\n", "\n", "\n\n", "> ", "- ", "1. ", "    ", "# ", "---\n",
		"[", "](https://x.example/a)", "![", "](", ")", "<https://x.example>", "https://x.example/b ", "<b>", "&amp;",
		"|a|b|\n|-|-|\n|c|d|\n", "|", "\\", "word ", "word", "<", "\"", "@all ", family, "🇫🇷", "é", "e\u0301\u0323",
		"नमस्ते", "العالم ", "\u200d", "\ufe0f", "打印机",
	}
	var b strings.Builder
	for range r.IntN(80) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func FuzzFit(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, md string, limit int) {
		limit %= 8192
		doc := providers.Parse(md)
		whole := requireWellFormed(t, providers.Render(doc, markup{}))
		out, cut := providers.Fit(doc, markup{}, limit, bytes)
		require.True(t, utf8.ValidString(out))
		require.LessOrEqual(t, len(out), max(limit, 0))
		text := requireWellFormed(t, out)
		if cut && out != "" {
			text = strings.TrimRightFunc(text, unicode.IsSpace)
			require.True(t, strings.HasSuffix(text, "…"), "%q", text)
			text = strings.TrimSuffix(text, "…")
		}
		requireWholeGraphemes(t, whole, text)
	})
}

// requireWholeGraphemes checks that part starts whole, apart from whitespace,
// and ends where a grapheme of whole ends. Heaps of combining marks are exempt.
func requireWholeGraphemes(t *testing.T, whole, part string) {
	t.Helper()
	part = letters(part)
	require.True(t, strings.HasPrefix(letters(whole), part), "%q is not the start of %q", part, whole)
	at := 0
	for g := uniseg.NewGraphemes(whole); g.Next() && at < len(part); {
		if at += len(letters(g.Str())); len(g.Str()) > 100 {
			return
		}
	}
	require.Equal(t, len(part), at, "a grapheme of %q is broken: %q", whole, part)
}

// letters is s without whitespace, for that may go at a cut.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func FuzzSplit(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, md string, limit int) {
		limit = min(limit%8192, 8192)
		if len(md) > 1<<14 && limit < 200 {
			t.Skip("slow, and says nothing more")
		}
		doc := providers.Parse(md)
		rendered := providers.Render(doc, markup{})
		whole := letters(requireWellFormed(t, rendered))
		var all strings.Builder
		for _, out := range providers.Split(doc, markup{}, limit, bytes) {
			require.NotEmpty(t, out)
			require.True(t, utf8.ValidString(out))
			require.LessOrEqual(t, len(out), limit)
			all.WriteString(requireWellFormed(t, out))
		}
		if limit < 800 { // the longest grapheme, escaped, with its markup
			return
		}
		if strings.Contains(rendered, "<table") { // its head is repeated
			requireSubsequence(t, whole, letters(all.String()))
			return
		}
		require.Equal(t, whole, letters(all.String()))
	})
}

func requireSubsequence(t *testing.T, want, in string) {
	t.Helper()
	for _, r := range want {
		i := strings.IndexRune(in, r)
		require.GreaterOrEqual(t, i, 0, "%q is lost", r)
		in = in[i+utf8.RuneLen(r):]
	}
}
