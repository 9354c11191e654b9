package matrix_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
	"github.com/bellhop-chat/bellhop/providers/matrix"
	"github.com/bellhop-chat/bellhop/providers/matrix/matrixtest"
	"github.com/bellhop-chat/bellhop/providers/providertest"
)

func TestGolden(t *testing.T) {
	all := providertest.Messages()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			_, err := s.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: room}, Message: all[name]})
			require.NoError(t, err)
			var out bytes.Buffer
			require.NoError(t, json.Indent(&out, s.Sent()[0].Raw, "", "  "))
			out.WriteByte('\n')
			providertest.Golden(t, name+".json", out.Bytes())
		})
	}
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, text, body, html string }{
		{"plain words need no HTML", "hello", "hello", ""},
		{"escapes", "a < *b* & \"c\"", `a < b & "c"`, "a &lt; <em>b</em> &amp; &#34;c&#34;"},
		{"two paragraphs", "a\n\nb", "a\n\nb", "<p>a</p><p>b</p>"},
		{"line breaks", "*a*\nb", "a\nb", "<em>a</em><br>b"},
		{"room", "@Room @**room** `@room` a", "@\u2060Room @\u2060room @\u2060room a", "@\u2060Room @\u2060<strong>room</strong> <code>@\u2060room</code> a"},
		{"room in an address", "[x](https://x.example/@room)", "x (https://x.example/%40room)", `<a href="https://x.example/%40room">x</a>`},
		{"people stay", "*ask* @alice:example.org", "ask @alice:example.org", "<em>ask</em> @alice:example.org"},
		{"headings", "# A\n\n###### B", "A\n\nB", "<h3>A</h3><h6>B</h6>"},
		{"lists", "- a\n  - b\n- c\n  more\n\n3. x\n4. y", "• a\n  • b\n• c\n  more\n\n3. x\n4. y", "<ul><li>a<ul><li>b</li></ul></li><li>c<br>more</li></ul><ol start=\"3\"><li>x</li><li>y</li></ol>"},
		{"quotes", "> a\n>\n> > b", "> a\n>\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"},
		{"code", "```go\na < b\n\tc\n```", "a < b\n\tc", "<pre><code class=\"language-go\">a &lt; b\n\tc</code></pre>"},
		{"table", "| a | b |\n|---|---|\n| c | @room |", "a | b\nc | @\u2060room", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>c</td><td>@\u2060room</td></tr></tbody></table>"},
		{"unsafe link", "*a* [x](javascript:alert(1))", "a x", "<em>a</em> x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, html := matrix.RenderForTest(hub.Message{Text: c.text})
			require.Equal(t, c.body, body)
			require.Equal(t, c.html, html)
		})
	}
}

func TestCards(t *testing.T) {
	const url = "https://forum.example.com/t/1"
	for _, c := range []struct {
		name       string
		m          hub.Message
		body, html string
	}{
		{
			"text above a card",
			hub.Message{Text: "Look:", Card: &hub.Card{Kind: "Reply", Title: "T", URL: url, Text: "x"}},
			"Look:\n\nReply: T\n" + url + "\n\nx",
			`<p>Look:</p><p><strong><a href="` + url + `">Reply: T</a></strong></p><p>x</p>`,
		},
		{
			"no title, compact",
			hub.Message{Card: &hub.Card{Kind: "Message", Text: "hi *there*", Compact: true, URL: url, Author: &hub.Person{Username: "bob"}}},
			"Message: hi there — bob\n" + url,
			`<strong><a href="` + url + `">Message: hi there</a></strong> — bob`,
		},
		{
			"an address that is none",
			hub.Message{Card: &hub.Card{Title: "T", URL: "javascript:alert(1)", Text: "x", Cut: true}},
			"T\n\nx", "<p><strong>T</strong></p><p>x</p>",
		},
		{
			"an address without end",
			hub.Message{Card: &hub.Card{Title: "T", URL: url + strings.Repeat("x", 70_000)}},
			"T", "<strong>T</strong>",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, html := matrix.RenderForTest(c.m)
			require.Equal(t, c.body, body)
			require.Equal(t, c.html, html)
		})
	}
}

// What a body and its HTML hold at most has to fit one event together.
func TestWorstCaseFitsAnEvent(t *testing.T) {
	for _, piece := range []string{"\n\nx", "\"", "a\\\\\\\\", "<", "`\"`", "[x](https://x.example/%22) ", "```\n\n\n\n\n\nx\n```\n", "|a|\n|-|\n|\"|\n\n"} {
		s := newScene(t)
		text := strings.Repeat(piece, 60_000/len(piece))
		_, err := s.say(t, room, text, "")
		require.NoError(t, err, "%q", piece)
		_, err = s.Send(t.Context(), providers.Post{Key: "n2", To: hub.Chat{ID: room}, Message: hub.Message{
			Text: text, Card: &hub.Card{Title: text, Text: text, URL: "https://x.example/", Cut: true},
		}})
		require.NoError(t, err, "%q", piece)
	}
	code := "```\nx" + strings.Repeat("\n", 50_000) + "x\n```"
	_, err := newScene(t).say(t, room, code, "")
	require.NoError(t, err)
}

func FuzzRender(f *testing.F) {
	for name, m := range providertest.Messages() {
		if name == "long" { // much to mutate, nothing to find
			continue
		}
		f.Add(m.Text)
		if m.Card != nil {
			f.Add(m.Card.Text)
		}
	}
	for _, s := range []string{"@`room` *@*room @r**oom**", "> > > a\n\n- > b\n  > - ```\n    > @room", "&lt;b&gt; <b>", "[@room](http://x.example/@Room?\"=<>)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		m := hub.Message{Text: markdown, Card: &hub.Card{Title: markdown, Text: markdown, Tags: []hub.Label{{Name: markdown}}}}
		body, html := matrix.RenderForTest(m)
		require.LessOrEqual(t, len(body), 16_000)
		require.NoError(t, matrixtest.CheckHTML(html), "%s", html)
		raw, err := json.Marshal(map[string]any{"body": body, "formatted_body": html, "m.mentions": struct{}{}})
		require.NoError(t, err)
		require.Empty(t, matrixtest.Pings(providertest.Sent{Raw: raw}), "%s\n%s", body, html)
	})
}
