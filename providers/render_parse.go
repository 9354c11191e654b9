package providers

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// maxDepth bounds nesting. What is nested deeper keeps its words, not its markup.
const maxDepth = 32

// commonMark is safe for concurrent use and costs too much to make for each text.
var commonMark = sync.OnceValue(func() parser.Parser {
	return goldmark.New(goldmark.WithExtensions(extension.Strikethrough, extension.Linkify, extension.Table)).Parser()
})

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", string(utf8.RuneError))

// Parse reads CommonMark with GitHub's tables, strikethrough and bare links.
// Any text is some CommonMark, so it cannot fail. HTML in it is text like any
// other; bytes that are not UTF-8 become U+FFFD.
func Parse(markdown string) *Doc {
	if markdown == "" { // as most messages beside their card
		return &Doc{&node{kind: kindGroup}}
	}
	if d := simpleDoc(markdown); d != nil {
		return d
	}
	return parsed(markdown)
}

// parsed reads any CommonMark.
func parsed(markdown string) *Doc {
	markdown = strings.ToValidUTF8(markdown, string(utf8.RuneError))
	markdown = lineEnds.Replace(markdown)
	src := []byte(markdown)
	b := builder{src: src}
	root := &node{kind: kindGroup}
	b.children(root, commonMark().Parse(text.NewReader(src)), place{})
	root.measure()
	return &Doc{root}
}

// place is where in the tree a node would stand.
type place struct {
	depth   int
	heading bool
	inside  uint32 // inline kinds already open, as bits
}

func (p place) within(k kind) bool { return p.inside&(1<<k) != 0 }

func (p place) under(k kind) place {
	p.depth++
	p.inside |= 1 << k
	p.heading = p.heading || k == kindHeading
	return p
}

// builder turns goldmark's tree into ours.
type builder struct{ src []byte }

func (b builder) children(to *node, from ast.Node, at place) {
	for c := from.FirstChild(); c != nil; c = c.NextSibling() {
		b.add(to, c, at)
	}
}

func (b builder) add(to *node, from ast.Node, at place) {
	switch n := from.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		b.nest(to, &node{kind: kindParagraph}, from, at)
	case *ast.Heading:
		b.nest(to, &node{kind: kindHeading, number: n.Level}, from, at)
	case *ast.Blockquote:
		b.nest(to, &node{kind: kindQuote}, from, at)
	case *ast.List:
		b.nest(to, &node{kind: kindList, ordered: n.IsOrdered(), number: n.Start, tight: n.IsTight}, from, at)
	case *ast.ListItem:
		b.nest(to, &node{kind: kindItem}, from, at)
	case *ast.FencedCodeBlock:
		b.codeBlock(to, string(n.Language(b.src)), n.Lines())
	case *ast.CodeBlock:
		b.codeBlock(to, "", n.Lines())
	case *ast.HTMLBlock:
		b.htmlBlock(to, n)
	case *ast.ThematicBreak:
		to.children = append(to.children, &node{kind: kindRule})
	case *east.Table:
		b.table(to, n)
	default:
		b.addInline(to, from, at)
	}
}

func (b builder) addInline(to *node, from ast.Node, at place) {
	switch n := from.(type) {
	case *ast.Text:
		b.text(to, n, at)
	case *ast.String:
		to.addText(string(n.Value))
	case *ast.CodeSpan:
		b.codeSpan(to, n)
	case *ast.RawHTML:
		to.addText(string(n.Segments.Value(b.src)))
	case *ast.Emphasis:
		b.nest(to, &node{kind: emphasis(n.Level)}, from, at)
	case *east.Strikethrough:
		b.nest(to, &node{kind: kindStrike}, from, at)
	case *ast.Link:
		b.link(to, n, string(n.Destination), at)
	case *ast.AutoLink:
		b.autoLink(to, n, at)
	case *ast.Image:
		b.image(to, n, at)
	default:
		b.children(to, from, at)
	}
}

func emphasis(level int) kind {
	if level >= 2 {
		return kindStrong
	}
	return kindEmph
}

// nest adds n with what is inside from; or, where n would be too deep or would
// stand inside its own kind, just what is inside.
func (b builder) nest(to, n *node, from ast.Node, at place) {
	if at.depth >= maxDepth && n.kind != kindParagraph && n.kind != kindItem ||
		n.inline() && at.within(n.kind) ||
		n.kind == kindStrong && at.heading {
		b.children(to, from, at)
		return
	}
	b.children(n, from, at.under(n.kind))
	if n.kind == kindParagraph || n.kind == kindHeading {
		n.trim()
	}
	if len(n.children) > 0 || n.kind == kindItem {
		to.children = append(to.children, n)
	}
}

func (b builder) text(to *node, n *ast.Text, at place) {
	if n.IsRaw() {
		to.addText(string(n.Segment.Value(b.src)))
	} else {
		to.addText(unescape(n.Segment.Value(b.src)))
	}
	if !n.SoftLineBreak() && !n.HardLineBreak() {
		return
	}
	if at.heading {
		to.addText(" ")
		return
	}
	to.trimSpace()
	to.children = append(to.children, &node{kind: kindBreak})
}

func (b builder) codeSpan(to *node, n *ast.CodeSpan) {
	var code strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch t := c.(type) {
		case *ast.Text:
			code.Write(t.Segment.Value(b.src))
		case *ast.String:
			code.Write(t.Value)
		}
	}
	if s := oneLine(code.String()); s != "" {
		to.children = append(to.children, &node{kind: kindCode, text: s})
	}
}

func (b builder) codeBlock(to *node, lang string, lines *text.Segments) {
	code := strings.Map(printable, strings.TrimSuffix(string(lines.Value(b.src)), "\n"))
	to.children = append(to.children, &node{kind: kindCodeBlock, lang: language(lang), text: code})
}

// language keeps what a highlighter may be called and nothing that could end
// the markup it is put into.
func language(s string) string {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("+-#._", r) {
			return ""
		}
	}
	return s
}

func (b builder) htmlBlock(to *node, n *ast.HTMLBlock) {
	html := string(n.Lines().Value(b.src))
	if n.HasClosure() {
		html += string(n.ClosureLine.Value(b.src))
	}
	p := &node{kind: kindParagraph}
	for i, line := range strings.Split(strings.Trim(html, "\n"), "\n") {
		if i > 0 {
			p.children = append(p.children, &node{kind: kindBreak})
		}
		p.addText(strings.TrimSpace(line))
	}
	p.trim()
	if len(p.children) > 0 {
		to.children = append(to.children, p)
	}
}

func (b builder) table(to *node, from *east.Table) {
	t := &node{kind: kindTable}
	for r := from.FirstChild(); r != nil; r = r.NextSibling() {
		row := &node{kind: kindRow}
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			row.children = append(row.children, &node{kind: kindCell, text: b.words(c)})
		}
		t.children = append(t.children, row)
	}
	to.children = append(to.children, t)
}

// words is the plain text of what is inside n.
func (b builder) words(n ast.Node) string {
	p := &node{kind: kindParagraph}
	b.children(p, n, place{})
	var s strings.Builder
	p.appendWords(&s)
	return strings.Join(strings.Fields(s.String()), " ")
}

func (n *node) appendWords(s *strings.Builder) {
	s.WriteString(n.text)
	if n.kind == kindBreak {
		s.WriteByte(' ')
	}
	for _, c := range n.children {
		c.appendWords(s)
	}
}

func (b builder) link(to *node, n ast.Node, dest string, at place) {
	href, ok := webURL(dest)
	if !ok {
		b.children(to, n, at)
		return
	}
	l := &node{kind: kindLink, url: href}
	b.children(l, n, at.under(kindLink))
	if len(l.children) == 0 {
		l.addText(href)
	}
	if at.within(kindLink) || at.depth >= maxDepth {
		to.adopt(l.children)
		return
	}
	to.children = append(to.children, l)
}

func (b builder) autoLink(to *node, n *ast.AutoLink, at place) {
	dest, label := string(n.URL(b.src)), string(n.Label(b.src))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(dest), "mailto:") {
		dest = "mailto:" + dest
	}
	href, ok := webURL(dest)
	if !ok || at.within(kindLink) || at.depth >= maxDepth {
		to.addText(label)
		return
	}
	l := &node{kind: kindLink, url: href}
	l.addText(label)
	to.children = append(to.children, l)
}

func (b builder) image(to *node, n *ast.Image, at place) {
	alt := b.words(n)
	if alt == "" {
		alt = "image"
	}
	src, ok := webURL(string(n.Destination))
	if !ok || at.within(kindLink) {
		to.addText(alt)
		return
	}
	to.children = append(to.children, &node{kind: kindImage, text: alt, url: src})
}
