package route

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"github.com/rivo/uniseg"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxDepth bounds how deep a post's HTML may nest; deeper parts are dropped.
const maxDepth = 64

// writer turns a post's HTML into CommonMark.
type writer struct{ conv *converter.Converter }

func newWriter() *writer {
	return &writer{converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(),
		commonmark.NewCommonmarkPlugin(),
		strikethrough.NewStrikethroughPlugin(),
		table.NewTablePlugin(),
	))}
}

// excerpt renders the first limit characters of a post as CommonMark, with
// nothing left open at the cut, and finds its first image. Links become
// absolute, as seen from site.
func (w *writer) excerpt(post, site string, limit int) excerpt {
	body := parse(post)
	if body == nil {
		return excerpt{}
	}
	c := cleaner{site: site}
	x := excerpt{image: c.picture(body, 0)}
	c.clean(body, 0)
	s := scissors{left: limit}
	s.walk(body)
	x.cut = s.cut
	if text, ok := simple(body); ok {
		x.text = text
		return x
	}
	out, err := w.conv.ConvertNode(body)
	x.text = strings.TrimSpace(string(out))
	if err != nil { // the converter refuses nothing that parsed; fall back to bare words
		x.text = escapeText(plain(body))
	}
	return x
}

// plainText is a post's words, for text filters.
func plainText(post string) string {
	body := parse(post)
	if body == nil {
		return ""
	}
	return strings.Join(strings.Fields(plain(body)), " ")
}

func parse(post string) *html.Node {
	context := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(post), context)
	if err != nil {
		return nil
	}
	for _, n := range nodes {
		context.AppendChild(n)
	}
	return context
}

func plain(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
		if d.Type == html.ElementNode && (isBlock(d) || d.DataAtom == atom.Br) {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

var marks = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "<", `\<`)

func escapeText(s string) string {
	return marks.Replace(s)
}

// scissors removes what comes after the first left characters of a tree.
type scissors struct {
	left int
	cut  bool
}

func (s *scissors) walk(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case s.left <= 0:
			s.cut = s.cut || weighs(c)
			n.RemoveChild(c)
		case c.Type == html.TextNode:
			s.trim(c)
		default:
			s.walk(c)
		}
		c = next
	}
}

// trim shortens a text to what is left, at the last gap between words if one
// is near.
func (s *scissors) trim(n *html.Node) {
	length := len(n.Data) // and no more characters than that
	if length > s.left || !ascii(n.Data) {
		length = uniseg.GraphemeClusterCount(n.Data)
	}
	if length <= s.left {
		if strings.TrimSpace(n.Data) != "" {
			s.left -= length
		}
		return
	}
	end, g := 0, uniseg.NewGraphemes(n.Data)
	for range s.left {
		g.Next()
		_, end = g.Positions()
	}
	kept := n.Data[:end]
	if i := strings.LastIndexFunc(kept, unicode.IsSpace); i > 0 && len(kept)-i < 24 {
		kept = kept[:i]
	}
	n.Data = strings.TrimRightFunc(kept, unicode.IsSpace) + "…"
	s.left, s.cut = 0, true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == '\r' { // with a line end it is one character
			return false
		}
	}
	return true
}

// weighs reports whether a tree holds anything to read.
func weighs(n *html.Node) bool {
	if n.Type == html.TextNode {
		return strings.TrimSpace(n.Data) != ""
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if weighs(c) {
			return true
		}
	}
	return n.DataAtom == atom.Img
}
