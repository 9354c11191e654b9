package providers_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/providers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func bytes(s string) int { return len(s) }

// Each testdata/render/*.md is rendered in each dialect; read the results as you
// would a message.
func TestRenderGolden(t *testing.T) {
	sources, err := filepath.Glob("testdata/render/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, sources)
	for _, file := range sources {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			doc := providers.Parse(string(src))
			base := strings.TrimSuffix(file, ".md")
			html := providers.Render(doc, markup{})
			requireWellFormed(t, html)
			golden(t, base+".html", html)
			golden(t, base+".txt", providers.Render(doc, providers.PlainText()))
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got+"\n"), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "write it with -update")
	require.Equal(t, string(want), got+"\n")
}

func TestRenderLinks(t *testing.T) {
	for _, c := range []struct{ name, md, want string }{
		{"https", "[a](https://x.example/b?c=1&d=2)", `<p><a href="https://x.example/b?c=1&amp;d=2">a</a></p>`},
		{"scheme in capitals", "[a](HTTPS://x.example)", `<p><a href="HTTPS://x.example">a</a></p>`},
		{"mailto", "[a](mailto:a@x.example)", `<p><a href="mailto:a@x.example">a</a></p>`},
		{"address in angles", "<a@x.example>", `<p><a href="mailto:a@x.example">a@x.example</a></p>`},
		{"bare", "see https://x.example/a_b_c.", `<p>see <a href="https://x.example/a_b_c">https://x.example/a_b_c</a>.</p>`},
		{"www", "www.example.com", `<p><a href="http://www.example.com">www.example.com</a></p>`},
		{"javascript", "[a](javascript:alert(1))", `<p>a</p>`},
		{"javascript by entity", "[a](&#106;avascript:alert(1))", `<p>a</p>`},
		{"data", "![a](data:image/png;base64,AA==)", `<p>a</p>`},
		{"relative", "[a](/u/alice)", `<p>a</p>`},
		{"no scheme", "[a](//x.example/b)", `<p>a</p>`},
		{"no host", "[a](https:///b)", `<p>a</p>`},
		{"breaks out", "[a](<https://x.example/\"|c`{}\\<>)", `<p><a href="https://x.example/%22%7Cc%60%7B%7D%3C">a</a></p>`},
		{"empty text", "[](https://x.example/)", `<p><a href="https://x.example/">https://x.example/</a></p>`},
		{"picture in a link", "[![a](https://x.example/a.png)](https://x.example/)", `<p><a href="https://x.example/">a</a></p>`},
		{"picture without alt", "![](https://x.example/a.png)", `<p><img src="https://x.example/a.png" alt="image"/></p>`},
		{"link in a link", "[a <https://x.example/>](https://y.example/)", `<p><a href="https://y.example/">a https://x.example/</a></p>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, providers.Render(providers.Parse(c.md), markup{}))
		})
	}
}

func TestRenderText(t *testing.T) {
	for _, c := range []struct{ name, md, want string }{
		{"entities", "&lt;b&gt; &amp;amp; &#x1F600; &nope; &copy", "<p>&lt;b&gt; &amp;amp; 😀 &amp;nope; &amp;copy</p>"},
		{"backslash before an entity", `\&lt; \* \q`, `<p>&amp;lt; * \q</p>`},
		{"html", "a <b onclick=x>c</b>", "<p>a &lt;b onclick=x&gt;c&lt;/b&gt;</p>"},
		{"html block", "<script>\nalert(1)\n</script>", "<p>&lt;script&gt;<br/>alert(1)<br/>&lt;/script&gt;</p>"},
		{"comment", "<!-- a -->", "<p>&lt;!-- a --&gt;</p>"},
		{"control characters", "a\x00b\x07c\x1bd\u0085e&#7;&#xFFFF;", "<p>a\uFFFDbcde</p>"},
		{"not UTF-8", "a\xff\xfeb", "<p>a\uFFFDb</p>"},
		{"line ends", "a\r\nb\rc  \nd\\\ne", "<p>a<br/>b<br/>c<br/>d<br/>e</p>"},
		{"strong in strong", "**a __b__ c**", "<p><strong>a b c</strong></p>"},
		{"strong in a heading", "# a **@b** c", "<h1>a @b c</h1>"},
		{"heading of two lines", "a\nb\n===", "<h1>a b</h1>"},
		{"mention in halves", "# @**all** and @<b>", "<h1>@all and @&lt;b&gt;</h1>"},
		{"language", "```c++ x\na\n```", "<pre class=\"c++\">a</pre>"},
		{"hostile language", "```\"><b>\na\n```", "<pre>a</pre>"},
		{"empty", " \n\n ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, providers.Render(providers.Parse(c.md), markup{}))
		})
	}
}

// A Dialect is promised whole runs of words: one that is cut into several Text
// calls could hide a mention.
func TestRenderTextRuns(t *testing.T) {
	var runs []string
	spy := spy{markup{}, &runs}
	providers.Render(providers.Parse("# a @**al&#108;** &amp; b\n\n@<here> [@chan](x)nel"), spy)
	require.Equal(t, []string{"a @all & b", "@<here> @channel"}, runs)
}

type spy struct {
	markup
	runs *[]string
}

func (s spy) Text(t string) string {
	*s.runs = append(*s.runs, t)
	return s.markup.Text(t)
}

func TestRenderBoundsNesting(t *testing.T) {
	for name, md := range map[string]string{
		"quotes": strings.Repeat(">", 5000) + " word",
		"lists":  strings.Repeat("- ", 2000) + "word",
		"emph":   strings.Repeat("*a **b ", 500) + "word" + strings.Repeat("** *", 500),
	} {
		t.Run(name, func(t *testing.T) {
			out := providers.Render(providers.Parse(md), markup{})
			requireWellFormed(t, out)
			require.Contains(t, out, "word")
			require.LessOrEqual(t, depth(out), 3*32)
		})
	}
}

func TestDocText(t *testing.T) {
	doc := providers.Parse("# Hi\n\nsee [the *manual*](https://x.example)\n\n- one\n- ~~two~~\n\n---\n\n```go\nx := 1\n```")
	require.Equal(t, "Hi\n\nsee the manual\n\none\ntwo\n\nx := 1", doc.Text())
}
