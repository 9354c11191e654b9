package providers_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// markup is a strict HTML dialect: any cut that leaves something open, and any
// text that is not escaped, makes it ill-formed.
type markup struct{}

func tag(name, inner string) string { return "<" + name + ">" + inner + "</" + name + ">" }

func (markup) Text(s string) string        { return html.EscapeString(s) }
func (markup) Strong(inner string) string  { return tag("strong", inner) }
func (markup) Emph(inner string) string    { return tag("em", inner) }
func (markup) Strike(inner string) string  { return tag("del", inner) }
func (markup) Code(s string) string        { return tag("code", html.EscapeString(s)) }
func (markup) LineBreak() string           { return "<br/>" }
func (markup) Paragraph(in string) string  { return tag("p", in) }
func (markup) Quote(inner string) string   { return tag("blockquote", inner) }
func (markup) Rule() string                { return "<hr/>" }
func (markup) Join(blocks []string) string { return strings.Join(blocks, "\n") }

func (markup) Heading(level int, inner string) string { return tag(fmt.Sprintf("h%d", level), inner) }

func (markup) Link(inner, url string) string {
	return fmt.Sprintf(`<a href="%s">%s</a>`, html.EscapeString(url), inner)
}

func (markup) Image(alt, url string) string {
	return fmt.Sprintf(`<img src="%s" alt="%s"/>`, html.EscapeString(url), html.EscapeString(alt))
}

func (markup) CodeBlock(lang, code string) string {
	if lang != "" {
		return fmt.Sprintf(`<pre class="%s">%s</pre>`, lang, html.EscapeString(code))
	}
	return tag("pre", html.EscapeString(code))
}

func (markup) List(ordered bool, start int, items []string) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString("\n" + tag("li", item))
	}
	if ordered {
		return fmt.Sprintf("<ol start=\"%d\">%s\n</ol>", start, b.String())
	}
	return tag("ul", b.String()+"\n")
}

func (markup) Table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		kind := "td"
		if i == 0 {
			kind = "th"
		}
		b.WriteString("\n<tr>")
		for _, cell := range row {
			b.WriteString(tag(kind, html.EscapeString(cell)))
		}
		b.WriteString("</tr>")
	}
	return tag("table", b.String()+"\n")
}

// visible is what a person reads of out, with a line for each run of text.
func visible(out string) (text string, err error) {
	var b strings.Builder
	d := xml.NewDecoder(strings.NewReader("<doc>" + out + "</doc>"))
	for {
		token, err := d.Token()
		switch tok := token.(type) {
		case xml.CharData:
			b.WriteString(string(tok) + "\n")
		case xml.StartElement:
			for _, a := range tok.Attr {
				if a.Name.Local == "alt" {
					b.WriteString(a.Value + "\n")
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}

func requireWellFormed(t *testing.T, out string) string {
	t.Helper()
	text, err := visible(out)
	require.NoError(t, err, "%s", out)
	return text
}

// depth is how deep out nests.
func depth(out string) int {
	deepest, open := 0, 0
	d := xml.NewDecoder(strings.NewReader("<doc>" + out + "</doc>"))
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token.(type) {
		case xml.StartElement:
			open++
			deepest = max(deepest, open)
		case xml.EndElement:
			open--
		}
	}
}
