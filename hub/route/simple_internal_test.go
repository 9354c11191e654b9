package route

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzSimple holds what is written without the converter against what that
// writes.
func FuzzSimple(f *testing.F) {
	for _, post := range []string{
		`<p>Which model is it? Mine is an A100, and it needed <strong>new firmware</strong> before it would start. See <a href="https://example.org/firmware?a=1&amp;b=2#c">the page of the maker</a>.</p>`,
		"<p>One paragraph.</p>\n<p>Another, with <em>emphasis</em>: see (it) there – “quoted”.</p>\n",
		"<p>one<b>two</b>three</p>", "<p>a <i>b</i> <b>c</b> d</p>", "<p>a <i>b</i><b>c</b></p>", "<p>- a</p>", "<p>a - b</p>", "<p>a\n- b</p>",
		"<p>1. a</p>", "<p>a 1. b</p>", "<p>A</p><p>1) b</p>", "<p>a_b_c *d* `e`</p>", "<p>a  b</p>", "<p> a </p>", "<p>a </p>", "<p>a<br>b</p>", "<p></p><p>a</p>", "<p>a</p>b", "a<p>b</p>",
		"<p>see <a href=\"https://example.org\">https://example.org</a></p>", "<p>see www.example.org and https://example.org</p>", "<p>a <a>b</a></p>", "<p>a <a href=\"/x\">b</a> <strong> c </strong></p>",
		"<p>naïve Ünïcödé text…</p>", "<p>a ---</p>", "<p>a ...</p>", "<p>a: b</p><p>--- c</p>", "<p>a = b</p>", "<p>a</p><p>===</p>", "<p>a & b &lt;i&gt; &amp;amp;</p>", "<p>a:b:c://d</p>", "<p>a \u00a0b</p>",
	} {
		f.Add(post, 300)
		f.Add(post, 20)
	}
	w := newWriter()
	f.Fuzz(func(t *testing.T, post string, limit int) {
		if limit < 1 || limit > 1000 || len(post) > 2000 {
			return
		}
		body := parse(post)
		if body == nil {
			return
		}
		c := cleaner{site: "https://forum.example.com"}
		c.clean(body, 0)
		s := scissors{left: limit}
		s.walk(body)
		got, ok := simple(body)
		if !ok {
			return
		}
		want, err := w.conv.ConvertNode(body)
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(string(want)), got, "of %q", post)
	})
}

// What most posts look like goes the short way.
func TestSimpleIsWhatMostPostsAre(t *testing.T) {
	for post, want := range map[string]string{
		`<p>It needed <strong>new firmware</strong>, see <a href="https://example.org/f">the page</a>.</p>`: "It needed **new firmware**, see [the page](https://example.org/f).",
		"<p>One.</p>\n<p>Two, as <em>said</em> before…</p>\n":                                               "One.\n\nTwo, as *said* before…",
	} {
		got, ok := simple(parse(post))
		require.True(t, ok, post)
		require.Equal(t, want, got)
	}
	for _, post := range []string{"<p>1. no list</p>", "<p>a_b</p>", "<ul><li>a</li></ul>", "<p>a<br>b</p>", `<p>a <strong><a href="https://example.org">b</a></strong> c</p>`, "<p>a <strong>b</strong>c</p>"} {
		_, ok := simple(parse(post))
		require.False(t, ok, post)
	}
}
