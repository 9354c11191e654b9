package matrix

import (
	"html"
	"strconv"
	"strings"

	"github.com/bellhop-chat/bellhop/providers"
)

// markup writes the HTML that clients are told to show:
// https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes.
type markup struct{}

var (
	_ providers.Dialect     = markup{}
	_ providers.TightJoiner = markup{}
)

func tag(name, inner string) string { return "<" + name + ">" + inner + "</" + name + ">" }

// escape writes words, in which @room is broken up.
func escape(s string) string { return html.EscapeString(calm(s)) }

func (markup) Text(s string) string           { return escape(s) }
func (markup) Strong(inner string) string     { return tag("strong", inner) }
func (markup) Emph(inner string) string       { return tag("em", inner) }
func (markup) Strike(inner string) string     { return tag("del", inner) }
func (markup) Code(s string) string           { return tag("code", escape(s)) }
func (markup) LineBreak() string              { return "<br>" }
func (markup) Paragraph(inner string) string  { return tag("p", inner) }
func (markup) Quote(inner string) string      { return tag("blockquote", inner) }
func (markup) Rule() string                   { return "<hr>" }
func (markup) Join(blocks []string) string    { return strings.Join(blocks, "") }
func (m markup) Image(alt, url string) string { return m.Link(escape(alt), url) } // clients show pictures of the homeserver only

func (markup) Link(inner, url string) string {
	return `<a href="` + html.EscapeString(calmURL(url)) + `">` + inner + "</a>"
}

// Heading is small: in a chat, a first-level heading shouts.
func (markup) Heading(level int, inner string) string {
	return tag("h"+strconv.Itoa(min(max(level, 1)+2, 6)), inner)
}

func (markup) CodeBlock(lang, code string) string {
	if strings.TrimSpace(code) == "" {
		return ""
	}
	if lang == "" {
		return tag("pre", tag("code", escape(code)))
	}
	return `<pre><code class="language-` + html.EscapeString(lang) + `">` + escape(code) + "</code></pre>"
}

func (markup) List(ordered bool, start int, items []string) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString(tag("li", item))
	}
	switch {
	case !ordered:
		return tag("ul", b.String())
	case start == 1:
		return tag("ol", b.String())
	default:
		return `<ol start="` + strconv.Itoa(start) + `">` + b.String() + "</ol>"
	}
}

func (markup) Table(rows [][]string) string {
	var b strings.Builder
	for _, row := range rows[1:] {
		b.WriteString(tableRow("td", row))
	}
	return tag("table", tag("thead", tableRow("th", rows[0]))+tag("tbody", b.String()))
}

func tableRow(kind string, cells []string) string {
	var b strings.Builder
	for _, cell := range cells {
		b.WriteString(tag(kind, escape(cell)))
	}
	return tag("tr", b.String())
}

// JoinTight breaks lines between words only: a list or the like starts its own.
func (markup) JoinTight(blocks []string) string {
	var b strings.Builder
	for i, block := range blocks {
		if i > 0 && !isBlock(block) && !isBlock(blocks[i-1]) {
			b.WriteString("<br>")
		}
		b.WriteString(block)
	}
	return b.String()
}

func isBlock(s string) bool {
	for _, start := range []string{"<ul>", "<ol", "<pre>", "<blockquote>", "<table>", "<hr>", "<h3>", "<h4>", "<h5>", "<h6>"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}
