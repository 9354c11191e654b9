package console

import (
	"fmt"
	"html"
	"strings"

	"github.com/bellhop-chat/bellhop/providers"
)

// markup writes HTML. Every text is escaped and every link is one that the
// parser found harmless, so what it writes needs no further cleaning.
type markup struct{}

var (
	_ providers.Dialect     = markup{}
	_ providers.TightJoiner = markup{}
)

func (markup) Text(s string) string          { return html.EscapeString(s) }
func (markup) Strong(inner string) string    { return tag("strong", inner) }
func (markup) Emph(inner string) string      { return tag("em", inner) }
func (markup) Strike(inner string) string    { return tag("del", inner) }
func (markup) Code(s string) string          { return tag("code", html.EscapeString(s)) }
func (markup) LineBreak() string             { return "<br>" }
func (markup) Paragraph(in string) string    { return tag("p", in) }
func (markup) Quote(inner string) string     { return tag("blockquote", inner) }
func (markup) Rule() string                  { return "<hr>" }
func (markup) Join(blocks []string) string   { return strings.Join(blocks, "\n") }
func (markup) Link(inner, url string) string { return link(inner, url, "") }

// Heading is bold text: a message in a log is no chapter of the page.
func (markup) Heading(_ int, inner string) string { return tag("p", tag("strong", inner)) }

// Image is a link: showing the picture would tell its host who reads.
func (markup) Image(alt, url string) string {
	return link(html.EscapeString(alt), url, ` class="picture"`)
}

func (markup) CodeBlock(_, code string) string {
	return tag("pre", tag("code", html.EscapeString(code)))
}

func (markup) List(ordered bool, start int, items []string) string {
	name, open := "ul", "<ul>"
	if ordered {
		name, open = "ol", "<ol>"
		if start != 1 {
			open = fmt.Sprintf(`<ol start="%d">`, start)
		}
	}
	var b strings.Builder
	b.WriteString(open)
	for _, item := range items {
		b.WriteString(tag("li", item))
	}
	return b.String() + "</" + name + ">"
}

// JoinTight needs no break between a text and the list below it.
func (markup) JoinTight(blocks []string) string { return strings.Join(blocks, "\n") }

func (markup) Table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		cell := "td"
		if i == 0 {
			cell = "th"
		}
		b.WriteString("<tr>")
		for _, s := range row {
			b.WriteString(tag(cell, html.EscapeString(s)))
		}
		b.WriteString("</tr>")
	}
	return `<div class="scroll">` + tag("table", tag("tbody", b.String())) + `</div>`
}

func tag(name, inner string) string { return "<" + name + ">" + inner + "</" + name + ">" }

// link opens elsewhere, without telling there where the reader came from.
func link(inner, url, attributes string) string {
	return `<a href="` + html.EscapeString(url) + `"` + attributes +
		` target="_blank" rel="noopener nofollow noreferrer">` + inner + "</a>"
}

// visible counts the characters that a reader sees of what markup wrote. In it,
// < and & stand for markup only, since every other one is escaped.
func visible(written string) int {
	n, until := 0, rune(0)
	for _, r := range written {
		switch {
		case until != 0:
			if r == until {
				until = 0
			}
		case r == '<':
			until = '>'
		case r == '&':
			n++
			until = ';'
		default:
			n++
		}
	}
	return n
}
