package telegram_test

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
	"github.com/bellhop-chat/bellhop/providers/providertest"
	"github.com/bellhop-chat/bellhop/providers/telegram"
	"github.com/bellhop-chat/bellhop/providers/telegram/telegramtest"
)

func TestGolden(t *testing.T) {
	all := providertest.Messages()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			_, err := s.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: chat}, Message: all[name]})
			require.NoError(t, err)
			var out bytes.Buffer
			require.NoError(t, json.Indent(&out, s.Sent()[0].Raw, "", "  "))
			out.WriteByte('\n')
			providertest.Golden(t, name+".json", out.Bytes())
		})
	}
}

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"escapes", `a < b && "c" > d`, "a &lt; b &amp;&amp; &quot;c&quot; &gt; d"},
		{"mention", "ask @alice, not a@b.example", "ask @\u2060alice, not a@b.example"},
		{"mention in pieces", "@**all** and *@* all", "@\u2060<b>all</b> and <i>@\u2060</i> all"},
		{"command", "type /stop@bot or/and /help", "type /\u2060stop@bot or/and /\u2060help"},
		{"command in pieces", "/**stop**", "/\u2060<b>stop</b>"},
		{"paths stay", "see /etc/passwd and a/b", "see /etc/passwd and a/b"},
		{"hashtags stay", "see #12 and #tag", "see #12 and #tag"},
		{"code is left alone", "`@all /stop`", "<code>@all /stop</code>"},
		{"mail", "<bob@example.com> [write](mailto:bob@example.com)", "bob@example.com write"},
		{"nested quotes", "> a\n>\n> > b\n> > c", "<blockquote>a\n\n&gt; b\n&gt; c</blockquote>"},
		{"lists", "1. one\n2. two\n   - three\n   - four\n\n     more", "1. one\n2. two\n   • three\n   • four\n\n      more"},
		{"quote in a list", "- > said\n  > this\n- x", "• &gt; said\n   &gt; this\n• x"},
		{"code in a list", "- run\n  ```\n  a\n    b\n  ```\n  then\n- x", "• run\n   <pre>a\n  b</pre>\n   then\n• x"},
		{"tabs", "```go\nif a {\n\tb()\n}\n```", "<pre><code class=\"language-go\">if a {\n    b()\n}</code></pre>"},
		{"empty code", "a\n\n```\n\n```\n\nb", "a\n\nb"},
		{"table", "| a | bb |\n|---|---|\n| 日本 | d |", "<pre>a    | bb\n-----+---\n日本 | d</pre>"},
		{"wide table", "| a | b |\n|---|---|\n| " + strings.Repeat("x", 60) + " | c |", "<pre>a | b\n" + strings.Repeat("x", 60) + " | c</pre>"},
		{"unsafe link", "[x](javascript:alert(1)) [y](tg://user?id=1)", "x y"},
		{"heading", "# A **b** `c`", "<b>A b <code>c</code></b>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, rendered(t, hub.Message{Text: c.text}))
		})
	}
}

// rendered is the text parameter of a sent message.
func rendered(t *testing.T, m hub.Message) string {
	t.Helper()
	s := newScene(t)
	receipt, err := s.Send(t.Context(), providers.Post{Key: "n1", To: hub.Chat{ID: chat}, Message: m})
	require.NoError(t, err)
	require.Empty(t, receipt.Note, "Telegram did not take the markup")
	var raw struct{ Text string }
	require.NoError(t, json.Unmarshal(s.Sent()[0].Raw, &raw))
	return raw.Text
}

func TestCards(t *testing.T) {
	const url = "https://forum.example.com/t/1"
	for _, c := range []struct {
		name string
		m    hub.Message
		want string
	}{
		{
			"text above a card",
			hub.Message{Text: "Look:", Card: &hub.Card{Kind: "Reply", Title: "T", URL: url, Text: "x"}},
			"Look:\n\n<b><a href=\"" + url + "\">Reply: T</a></b>\n\nx",
		},
		{
			"no title, compact",
			hub.Message{Card: &hub.Card{Kind: "Message", Text: "hi *there*\n\nyou", Compact: true, Author: &hub.Person{Username: "bob"}}},
			"<b>Message: hi there you</b> — bob",
		},
		{
			"an address that is none",
			hub.Message{Card: &hub.Card{Title: "T", URL: "javascript:alert(1)", Text: "x", Cut: true}},
			"<b>T</b>\n\nx",
		},
		{
			"tags are no hashtags",
			hub.Message{Card: &hub.Card{Title: "T", Tags: []hub.Label{{Name: "a b"}, {Name: " "}, {Name: "@all"}}}},
			"<b>T</b>\n#\u2060a b #\u2060@\u2060all",
		},
		{
			"only a text", hub.Message{Card: &hub.Card{Text: "x"}}, "x",
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, rendered(t, c.m)) })
	}
}

// A long text leaves room for the card below it, which it is about.
func TestLongTextKeepsTheCard(t *testing.T) {
	long := strings.Repeat("word ", 3000)
	got := rendered(t, hub.Message{Text: long, Card: &hub.Card{Kind: "Reply", Title: "T", URL: "https://x.example/", Text: "excerpt " + long}})
	require.Contains(t, got, "Reply: T")
	require.Contains(t, got, "excerpt word")
	require.Contains(t, got, "Read more")
}

// FuzzHTML holds what we write against Telegram's own parser: it must take it,
// count what we counted, and find nobody to ping.
func FuzzHTML(f *testing.F) {
	for name, m := range providertest.Messages() {
		if name == "long" { // much to mutate, nothing to find
			continue
		}
		f.Add(m.Text)
		if m.Card != nil {
			f.Add(m.Card.Text)
		}
	}
	for _, s := range []string{
		"> > > a\n\n- > b\n  > - ```\n    > c", "@`a` *@*b /**c** a*/*b", "&lt;b&gt; &#60;b> <b>", "1. ```\n   a\n   ```\n2. > x\n   >\n   > y",
		"| a | `@b` |\n|-|-|\n| [x](https://x.example/@a) | ![/c](http://x.example) |", "# > # `\n\n\t/x\n", "~~[**@a**](http://a.example/?b=\"&c=')~~",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		m := hub.Message{Text: markdown, Card: &hub.Card{Title: markdown, Text: markdown, Tags: []hub.Label{{Name: markdown}}}}
		out := telegram.RenderForTest(m)
		text, _, err := telegramtest.ParseHTML(out)
		require.NoError(t, err, "%s", out)
		require.LessOrEqual(t, providers.UTF16.Len(text), 4096)
		require.Equal(t, providers.UTF16.Len(text), telegram.VisibleForTest(out), "%s", out)
		require.Empty(t, telegramtest.LiveHTML(out), "%s", out)

		out = telegram.RenderBareForTest(m)
		require.LessOrEqual(t, providers.UTF16.Len(out), 4096)
		require.Empty(t, telegramtest.LiveText(out), "%s", out)
	})
}
