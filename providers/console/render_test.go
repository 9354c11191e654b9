package console_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/console"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

// article is a message as the page holds it.
func article(t *testing.T, m hub.Message) string {
	t.Helper()
	c := open(&memory{})
	_, err := c.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{System: "console", ID: "lobby"}, Message: m})
	require.NoError(t, err)
	return firstArticle(t, c)
}

func firstArticle(t *testing.T, c *console.Client) string {
	t.Helper()
	page := get(t, c, "/console/lobby").Body.String()
	_, rest, found := strings.Cut(page, "<article")
	require.True(t, found)
	inner, _, found := strings.Cut(rest, "</article>")
	require.True(t, found)
	return "<article" + inner + "</article>\n"
}

func TestGolden(t *testing.T) {
	for name, m := range providertest.Messages() {
		t.Run(name, func(t *testing.T) {
			providertest.Golden(t, name+".html", []byte(article(t, m)))
		})
	}
}

func TestGoldenOfChanges(t *testing.T) {
	struck := providertest.Messages()["new-topic"]
	struck.Card.Kind, struck.Card.Struck = "Deleted", true
	line := providertest.Messages()["compact"]
	line.Card.Struck = true
	for name, change := range map[string]func(*console.Client, hub.MessageRef) error{
		"edited":         edits(t, hub.Message{Text: "what it says **now**"}),
		"struck":         edits(t, struck),
		"struck-compact": edits(t, line),
		"removed": func(c *console.Client, ref hub.MessageRef) error {
			return c.Retract(t.Context(), hub.Chat{System: "console", ID: "lobby"}, ref)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(&memory{})
			require.NoError(t, change(c, send(t, c, "lobby", "n1", "what it said").Ref))
			got := firstArticle(t, c)
			require.NotContains(t, got, "what it said")
			requireHarmless(t, got)
			providertest.Golden(t, name+".html", []byte(got))
		})
	}
}

func edits(t *testing.T, m hub.Message) func(*console.Client, hub.MessageRef) error {
	return func(c *console.Client, ref hub.MessageRef) error {
		p := to("lobby", "")
		p.Message = m
		_, err := c.Edit(t.Context(), p, ref)
		return err
	}
}

func TestCategoryDot(t *testing.T) {
	with := func(color string) string {
		return article(t, hub.Message{Card: &hub.Card{Title: "x", Category: &hub.Label{Name: "Support", Color: color}}})
	}
	require.Contains(t, with("#0088cc"), `<rect width="10" height="10" fill="#0088cc"/>`)
	for _, bad := range []string{"", "0088cc", "#08c", "red", "url(#x)", `#0088cg`, `"/><script>`} {
		require.Contains(t, with(bad), `<rect width="10" height="10" class="no-color"/>`, "%q", bad)
	}
}

func TestUntitledCard(t *testing.T) {
	require.Contains(t, article(t, hub.Message{Card: &hub.Card{URL: "https://ci.example.com/7"}}), ">https://ci.example.com/7<")
	require.Contains(t, article(t, hub.Message{Card: &hub.Card{URL: "javascript:alert(1)"}}), ">Untitled<")
}

// The pages show no picture of elsewhere, only where it is; and not twice.
func TestImageIsALink(t *testing.T) {
	card := hub.Card{Title: "x", Text: "It looks **bad**.", Image: &hub.Image{URL: "https://f.example/a.png?b=1&c=\"", Alt: "A <b> \"cat\""}}
	got := article(t, hub.Message{Card: &card})
	require.Contains(t, got, `<a class="picture" href="https://f.example/a.png?b=1&amp;c=%22" target="_blank" rel="noopener nofollow noreferrer">`+
		`Image: <bdi>A &lt;b&gt; &#34;cat&#34;</bdi></a>`)
	require.NotContains(t, got, "<img")
	requireHarmless(t, got)
	card.Text += " [here](https://f.example/a.png?b=1&c=%22)"
	require.NotContains(t, article(t, hub.Message{Card: &card}), "Image:")
	card.Text, card.Image.URL = "words", "javascript:alert(1)"
	require.NotContains(t, article(t, hub.Message{Card: &card}), "Image:")
}

// allowed is all that a message may be made of.
var allowed = map[string][]string{
	"article": {"class", "id", "data-seq", "data-rev"}, "s": {}, "div": {"class", "dir"}, "p": {"class", "dir"}, "span": {"class", "aria-hidden"},
	"svg": {"class", "aria-hidden", "viewbox"}, "use": {"href"}, "rect": {"width", "height", "fill", "class"},
	"time": {"datetime"}, "a": {"class", "href", "target", "rel"}, "details": {"class", "hidden", "name"}, "summary": {"class"},
	"h2": {}, "button": {"type", "class", "data-answer", "data-close-thread", "aria-label", "title", "data-press", "data-select", "data-opens"}, "label": {"class", "for"}, "select": {"id"}, "option": {"value"},
	"dl": {"class"}, "dt": {}, "dd": {"class"}, "bdi": {},
	"strong": {}, "em": {}, "del": {}, "code": {}, "pre": {}, "br": {}, "hr": {}, "blockquote": {},
	"ul": {}, "ol": {"start"}, "li": {}, "table": {}, "tbody": {}, "tr": {}, "th": {}, "td": {},
}

var (
	outside = regexp.MustCompile(`^(https?://[^/]|mailto:)`)
	inside  = regexp.MustCompile(`^(#m\d+|/static/img/icons\.svg#[a-z-]+)$`)
)

func FuzzRenderedMessageIsHarmless(f *testing.F) {
	for _, m := range providertest.Messages() {
		title, link := m.Text, ""
		if m.Card != nil {
			title, link = m.Card.Title, m.Card.URL
		}
		f.Add(m.Text, title, link, "#0088cc", false)
	}
	f.Add("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "#fff\" onload=\"x", false)
	f.Add("[x](javascript:alert(1)) ![x](data:text/html,x) <svg/onload=x>", "</bdi></article><script>", "https://e.example/\"onclick=x", "red", true)
	f.Add("```\"><script>\n</code></pre><script>\n```", "\u202e\x00\r\n", "//e.example", "url(x)", false)
	f.Add("[a](https://e.example/%22%3E<b>) <https://e.example/&quot;> &lt;b&gt; &#60;b&#62;", "&lt;b&gt;", "http:x", "#12345", false)
	f.Fuzz(func(t *testing.T, text, name, link, color string, compact bool) {
		label := hub.Label{Name: name, URL: link, Color: color}
		got := article(t, hub.Message{Text: text, Card: &hub.Card{
			Kind: name, Title: name, URL: link, Site: name, Author: &hub.Person{Name: name, URL: link, Avatar: link},
			Category: &label, Tags: []hub.Label{label}, Text: text, Cut: true, Time: time.Unix(0, 0), Compact: compact, Struck: len(text)%2 == 0,
		}, Actions: []hub.Action{
			{Label: name, URL: link, Style: color}, {Label: name, Token: "t1"}, {Label: name, Token: "t2", Options: []hub.Option{{Label: name, Value: text, Note: link}}},
		}})
		requireHarmless(t, got)
	})
}

func requireHarmless(t *testing.T, fragment string) {
	t.Helper()
	// Not Parse: the tokens are what a browser sees first, however it nests them.
	z := html.NewTokenizer(strings.NewReader(fragment))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		require.NotEqual(t, html.CommentToken, token.Type, "%s", fragment)
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		attributes, ok := allowed[token.Data]
		require.True(t, ok, "<%s> in %s", token.Data, fragment)
		for _, a := range token.Attr {
			require.True(t, slices.Contains(attributes, a.Key), "<%s %s> in %s", token.Data, a.Key, fragment)
			requireHarmlessValue(t, token, a)
		}
	}
	require.Equal(t, strings.Count(fragment, "<div"), strings.Count(fragment, "</div"), "what is opened is closed: %s", fragment)
	require.Equal(t, 1, strings.Count(fragment, "<article"))
}

func requireHarmlessValue(t *testing.T, token html.Token, a html.Attribute) {
	t.Helper()
	switch a.Key {
	case "href":
		if inside.MatchString(a.Val) {
			return
		}
		require.Equal(t, "a", token.Data)
		require.Regexp(t, outside, a.Val)
		require.Contains(t, token.Attr, html.Attribute{Key: "rel", Val: "noopener nofollow noreferrer"})
		require.Contains(t, token.Attr, html.Attribute{Key: "target", Val: "_blank"})
	case "fill":
		require.Regexp(t, `^#[0-9a-fA-F]{6}$`, a.Val)
	case "class":
		require.Regexp(t, `^[a-z -]+$`, a.Val)
	}
}
