package preview

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/all"
	"github.com/bellhop-chat/bellhop/web"
)

func TestMrkdwn(t *testing.T) {
	for markup, want := range map[string]string{
		"a *b* _c_ ~d~ `e*f*`":                           "a <strong>b</strong> <em>c</em> <s>d</s> <code>e*f*</code>",
		"2*3*4 a_b_c":                                    "2*3*4 a_b_c",
		"\ufeff*\ufeffnot bold\ufeff*\ufeff":             "\ufeff*\ufeffnot bold\ufeff*\ufeff",
		"*<https://a.example/?a=1&amp;b=2|A &lt;b&gt;>*": `<strong><a href="https://a.example/?a=1&amp;b=2" target="_blank" rel="noopener nofollow noreferrer">A &lt;b&gt;</a></strong>`,
		"<javascript:alert(1)|x>":                        "<a>x</a>",
		"<@U1> <#C1|general> <!channel>":                 "<strong>@U1</strong> <strong>general</strong> <strong>!channel</strong>",
		"> one\n> two\nthree":                            "<blockquote>one\ntwo</blockquote>three",
		"&gt; one":                                       "<blockquote>one</blockquote>",
		"x\n```\n*no* &lt;b&gt;\n```\ny":                 "x\n<pre>*no* &lt;b&gt;</pre>\ny",
		"<b>raw</b> & more":                              `<a>b</a>raw<a>/b</a> &amp; more`,
		"*_both_*":                                       "<strong><em>both</em></strong>",
		"*open <https://a.example/*x*|l*k> and no end":   `*open <a href="https://a.example/*x*" target="_blank" rel="noopener nofollow noreferrer">l*k</a> and no end`,
	} {
		require.Equal(t, want, string(mrkdwnHTML(markup)), markup)
	}
}

func TestChatHTML(t *testing.T) {
	for markup, want := range map[string]string{
		`<b>a</b> <i>b</i> <u>c</u> <del>d</del> <code class="language-go">e</code>`: "<strong>a</strong> <em>b</em> <u>c</u> <s>d</s> <code>e</code>",
		`<a href="https://a.example/?x=&quot;" onclick="x()">A</a>`:                  `<a href="https://a.example/?x=%22" target="_blank" rel="noopener nofollow noreferrer">A</a>`,
		`<a href="https://a.example/" style="x" onclick="x()">A</a>`:                 `<a href="https://a.example/" target="_blank" rel="noopener nofollow noreferrer">A</a>`,
		`<a href="javascript:x">A</a>`:                                               "<a>A</a>",
		`<script>alert(1)</script>x<img src=x onerror=y>`:                            "x",
		`<svg><script>x</script></svg>y`:                                             "y",
		`<b><i>open`:                                                                 "<strong><em>open</em></strong>",
		`</b>x</p>`:                                                                  "x",
		`<h1>T</h1><table><tr><td>a</td><td>b</td></tr></table>`:                     "<p>T</p><p> a b</p>",
		`&lt;b&gt;`: "&lt;b&gt;",
	} {
		require.Equal(t, want, string(chatHTML(markup)), markup)
	}
}

// hostile are texts that people may write.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `<a href="javascript:alert(1)">x</a>`, `[x](javascript:alert(1))`, "```\n</code></pre><script>x</script>",
	`<https://a.example/"onmouseover=x|y>`, "> <b>", "*<!here>*", `<svg/onload=alert(1)>`, `<pre><textarea></pre><script>`, "![<b>](https://a.example/\"x)", "a\u202eb",
}

// allowed are the elements of a preview.
var allowed = regexp.MustCompile(`^(strong|em|u|s|code|pre|blockquote|p|ul|ol|li|br|hr|a)$`)

func requireHarmless(t *testing.T, markup string) {
	t.Helper()
	tokens := html.NewTokenizer(strings.NewReader(markup))
	for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
		token := tokens.Token()
		if kind == html.TextToken {
			continue
		}
		require.Contains(t, []html.TokenType{html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken}, kind, markup)
		require.Regexp(t, allowed, token.Data, markup)
		for _, a := range token.Attr {
			switch a.Key {
			case "href":
				require.Regexp(t, `^(https?:|mailto:)`, a.Val, markup)
			case "target", "rel", "start":
			default:
				require.Fail(t, "an attribute that nobody asked for", "%s: %s", a.Key, markup)
			}
		}
	}
}

func TestPreviewsOfEveryPlatform(t *testing.T) {
	registry := all.Registry(nil)
	for _, text := range append(hostile, "plain *words* and `code`") {
		m := hub.Message{Text: text, Card: &hub.Card{
			Kind: "New topic", Title: text, URL: "https://forum.example.com/t/1", Site: "forum.example.com", Text: text,
			Author: &hub.Person{Username: "alice", Name: text}, Category: &hub.Label{Name: text, Color: "#0088cc"}, Tags: []hub.Label{{Name: text}},
		}, Actions: []hub.Action{{Label: "Mute " + text, Token: "t"}, {Label: "Snooze", Token: "u", Options: []hub.Option{{Label: "2 h", Value: "2h"}}}}}
		for _, name := range registry.Names() {
			kind, _ := registry.Find(name)
			r := kind.Preview(m)
			require.NotEmpty(t, r.Parts, name)
			p := Of(web.English(), &r, time.Unix(0, 0).UTC())
			for _, part := range append(p.Text, p.Card...) {
				requireHarmless(t, string(part.HTML))
			}
			var page strings.Builder
			require.NoError(t, web.Fragment(&page, web.English(), "preview", p))
			require.NotContains(t, page.String(), "<script")
			require.NotContains(t, page.String(), "<img")
			require.NotRegexp(t, `<[^>]* on[a-z]+=`, page.String(), name)
			require.Contains(t, page.String(), "pv-"+name)
			if name != "matrix" { // where choices are words
				require.Contains(t, page.String(), "Snooze ▾", name)
			}
		}
	}
}

func FuzzPreviewMarkup(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, markup string) {
		for _, kind := range []string{"slack", "telegram", "mattermost", "matrix", "console", "other"} {
			requireHarmless(t, string(markupHTML(kind, markup)))
		}
	})
}
