package providertest

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// material is what long texts are made of. Whole is a grapheme that must come
// out whole or not at all.
type material struct{ name, start, piece, end, whole string }

func materials() []material {
	return []material{
		{name: "words", piece: "word "},
		{name: "one long word", piece: "x"},
		{name: "families", piece: "👩‍👩‍👧‍👦", whole: "👩‍👩‍👧‍👦"},
		{name: "flags", piece: "🇫🇷", whole: "🇫🇷"},
		{name: "skin tones", piece: "👍🏽 ", whole: "👍🏽"},
		{name: "combining marks", piece: "e\u0323\u0301", whole: "e\u0323\u0301"},
		{name: "escapes", piece: "<&>"},
		{name: "code", start: "```go\n", piece: "x := a < b && c\n", end: "```"},
		{name: "strong", piece: "**strong** _words_ "},
		{name: "links", piece: "[link](https://forum.example.com/t/a_b/1?c=1&d=2) "},
		{name: "quotes", piece: "> > quoted\n"},
		{name: "nested lists", piece: "- one\n  - two\n    - three\n"},
		{name: "a table", start: "| a | b |\n|---|---|\n", piece: "| c | d |\n"},
	}
}

// of makes a text of about n in u, never longer.
func (m material) of(n int, u providers.Unit) string {
	room := n - u.Len(m.start) - u.Len(m.end)
	return m.start + strings.Repeat(m.piece, max(1, room/u.Len(m.piece))) + m.end
}

func (c Case) limits(t *testing.T) {
	for _, m := range materials() {
		t.Run(m.name, func(t *testing.T) {
			b := c.open(t)
			limit := b.Describe().Limits
			for _, n := range []int{limit.Text, limit.Text + limit.Unit.Len(m.piece), 3 * limit.Text} {
				before := len(b.platform.Sent())
				b.mustSend(t, numbered(m.name, n), text(m.of(n, limit.Unit)))
				sent := b.platform.Sent()[before:]
				requireWithin(t, limit, sent, m.whole)
				require.Contains(t, joined(sent), m.whole)
			}
		})
	}
	t.Run("a text at the limit stays whole", c.wholeAtLimit)
	t.Run("a card of too much of everything", c.overfull)
}

func (c Case) wholeAtLimit(t *testing.T) {
	b := c.open(t)
	limit := b.Describe().Limits
	whole := strings.TrimSpace(material{piece: "word "}.of(limit.Text, limit.Unit))
	b.mustSend(t, "whole", text(whole))
	require.Equal(t, strings.Count(whole, "word"), strings.Count(joined(b.platform.Sent()), "word"))
	require.NotContains(t, joined(b.platform.Sent()), providers.Ellipsis)
}

func (c Case) overfull(t *testing.T) {
	b := c.open(t)
	limit := b.Describe().Limits
	b.mustSend(t, "overfull", overfull(limit.Text))
	requireWithin(t, limit, b.platform.Sent(), "👩‍👩‍👧‍👦")
}

// overfull is a card of which every part is too long.
func overfull(limit int) hub.Message {
	card := newTopic().Card
	card.Title = strings.Repeat("👩‍👩‍👧‍👦", 2000)
	card.Author.Name = strings.Repeat("Alice ", 2000)
	card.Category.Name = strings.Repeat("Support", 2000)
	for i := range 200 {
		card.Tags = append(card.Tags, hub.Label{Name: numbered(strings.Repeat("tag", 40), i), URL: "https://forum.example.com/tag/x"})
	}
	card.Text = strings.Repeat("**all** of this ", limit)
	return hub.Message{Card: card}
}

func requireWithin(t *testing.T, limit providers.Limits, sent []Sent, whole string) {
	t.Helper()
	require.NotEmpty(t, sent)
	for _, s := range sent {
		require.NotEmpty(t, strings.TrimSpace(s.Text))
		require.True(t, utf8.ValidString(s.Text), "%q", s.Text)
		require.LessOrEqual(t, limit.Unit.Len(s.Text), limit.Text, "of %s", limit.Unit)
		requireWhole(t, s.Text, whole)
	}
}

// requireWhole requires that no part of the grapheme is left where whole ones
// are taken away.
func requireWhole(t *testing.T, text, grapheme string) {
	t.Helper()
	if grapheme == "" {
		return
	}
	parts := strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII {
			return -1
		}
		return r
	}, grapheme)
	rest := strings.ReplaceAll(text, grapheme, "")
	require.False(t, strings.ContainsAny(rest, parts), "a broken grapheme: %q", tail(rest))
}

func tail(s string) string { return s[max(0, len(s)-200):] }

func joined(sent []Sent) string {
	var b strings.Builder
	for _, s := range sent {
		b.WriteString(s.Text + "\n")
	}
	return b.String()
}

// requireOne requires that exactly one message holds part.
func requireOne(t *testing.T, sent []Sent, part string) {
	t.Helper()
	n := 0
	for _, s := range sent {
		if strings.Contains(s.Text, part) {
			n++
		}
	}
	require.Equal(t, 1, n, "messages with %q", part)
}
