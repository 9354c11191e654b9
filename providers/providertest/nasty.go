package providertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers"
)

// cruel is a text that is hard to cut, as CommonMark.
type cruel struct {
	text  string
	whole string // a grapheme that must come out whole or not at all
	tags  int
}

const family = "👩‍👩‍👧‍👦"

// nasty are texts that people do write, by accident or not. Those that have no
// length of their own are of twice what the platform takes.
func nasty(of providers.Limits) map[string]cruel {
	fill := func(piece string) string { return strings.Repeat(piece, 1+2*of.Text/of.Unit.Len(piece)) }
	all := map[string]cruel{
		"an unbroken word":      {text: strings.Repeat("x", 10_000)},
		"an unbroken address":   {text: "https://forum.example.com/" + strings.Repeat("x", 10_000)},
		"500 links":             {text: each(500, func(i int) string { return linkTo(i) + " " })},
		"one text of 500 links": {text: each(500, linkTo)},
		"deep quotes":           {text: each(60, func(i int) string { return strings.Repeat("> ", i+1) + "level " + linkTo(i) + "\n" })},
		"deep lists": {text: each(60, func(i int) string {
			return strings.Repeat("  ", i) + "- level **" + linkTo(i) + "**\n"
		})},
		"quotes in lists in quotes": {text: each(200, func(i int) string {
			return "> - one\n>   > 1. two `code`\n>   >    > three " + linkTo(i) + "\n\n"
		})},
		"code with fences within": {text: "`````md\n" + each(1+of.Text/20, func(i int) string {
			return fmt.Sprintf("```go\nx := %d < 2 && y > `1`\n\t~~~\n````\n", i)
		}) + "`````\n"},
		"code in a list in a quote": {text: "> - so:\n>   ```\n" + fill(">   a <b> & `c` ```d\n") + ">   ```\n"},
		"a line of code":            {text: "```\n" + fill("a<b>&") + "\n```"},
		"code spans":                {text: fill("``a`b`` `<&>` ")},
		"right to left":             {text: fill("مرحبا **بالعالم** \u202eשלום\u202c [رابط](https://forum.example.com/t/مرحبا/1) \u2067x\u2069 ")},
		"combining marks":           {text: "é" + fill("e\u0323\u0301"), whole: "e\u0323\u0301"},
		"a heap of marks":           {text: fill("a" + strings.Repeat("\u0301", 400) + " ")},
		"a table": {text: "| a | b | c |\n|---|:-:|--:|\n" + each(200, func(i int) string {
			return fmt.Sprintf("| %s | `x \\| %d` | **<b> & \"c\"** @all |\n", linkTo(i), i)
		})},
		"a wide table":        {text: "|" + strings.Repeat(" a |", 200) + "\n|" + strings.Repeat("---|", 200) + "\n|" + strings.Repeat(" <b>&@all |", 200)},
		"nothing closed":      {text: fill("**bold _em ~~gone `code [link](https://forum.example.com/ <b> <a href=\"x\">![y]( \\") + "\n> - ```go\nx"},
		"nothing opened":      {text: fill("** _ ~~ ` ](https://forum.example.com/) </b> ``` > # | ")},
		"marks alone":         {text: fill("*_~`[]()<>&|\\\"'!#+-.@")},
		"styles in styles":    {text: fill("***a _b ~~c `d` [e **f** g](https://forum.example.com/t/1) h~~ i_ j*** ")},
		"entities":            {text: fill("&lt;b&gt; &amp;amp; &#60; &#x1F600; &nosuch; &")},
		"control characters":  {text: fill("a\x00b\x07c\x1b[31md\u0085e\ufffef\u2028g\xffh ")},
		"HTML":                {text: fill("<script>alert(1)</script><b onclick=x>b</b><img src=x onerror=y><!-- c -->\n\n<table><tr><td>x\n\n")},
		"headings and rules":  {text: fill("# A **b** [c](https://forum.example.com/t/1)\n\n---\n\nSetext\n===\n\n")},
		"line ends":           {text: fill("a\n") + fill("\n\n\nb  \n\\\n")},
		"numbers out of hand": {text: "999999999. a\n1000000000. b\n" + fill("7. c\n")},
		"200 tags":            {text: "words", tags: 200},
	}
	for offset := range 4 { // wherever the cut falls, it falls within one
		all[numbered("joined emoji ", offset)] = cruel{text: strings.Repeat("x", offset) + fill(family), whole: family}
	}
	return all
}

func each(n int, write func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(write(i))
	}
	return b.String()
}

func linkTo(i int) string {
	return fmt.Sprintf("[topic *%d*](https://forum.example.com/t/a_b-(c)/%d?d=1&e=%%2A~~f~~)", i, i)
}

// messages are a text by itself, and above a card that has it too.
func (n cruel) messages() []hub.Message {
	card := newTopic().Card
	card.Text, card.Tags = n.text, nil
	for i := range n.tags {
		card.Tags = append(card.Tags, hub.Label{Name: numbered("tag @all <b> *", i), URL: site + numbered("/tag/tag-", i)})
	}
	return []hub.Message{{Text: n.text}, {Text: n.text, Card: card}}
}

// nasties sends each of them and reads what came of it as a client does.
func (c Case) nasties(t *testing.T) {
	all := nasty(c.open(t).Describe().Limits)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			n := all[name]
			for _, m := range n.messages() {
				b := c.open(t)
				b.mustSend(t, name, m)
				sent := b.arrived(t, 1)
				requireWithin(t, b.Describe().Limits, sent, n.whole)
				c.requireSound(t, sent[0], n.text, cardLinks(m.Card))
			}
		})
	}
}

// cardLinks is CommonMark that links to all that a card does.
func cardLinks(c *hub.Card) string {
	if c == nil {
		return ""
	}
	links := []string{c.URL, c.Author.URL, c.Category.URL}
	for _, tag := range c.Tags {
		links = append(links, tag.URL)
	}
	var b strings.Builder
	for _, link := range links {
		fmt.Fprintf(&b, "[x](%s)\n", link)
	}
	return b.String()
}
