package providers

import "strings"

// Dialect writes one platform's markup. A string called inner is rendered
// already; every other one is raw and has to be escaped.
//
// A Dialect may rely on this: no inner is empty; Text holds no newline and no
// control character; Strong, Emph, Strike and Link never stand inside their
// own kind; a Heading holds no Strong and no LineBreak, since most platforms
// write a heading as bold; an Image never stands inside a Link; nesting is at
// most 32 deep. Text that is cut or split ends and starts without whitespace.
type Dialect interface {
	// Text escapes plain text and neutralises mass mentions.
	Text(s string) string
	Strong(inner string) string
	Emph(inner string) string
	Strike(inner string) string
	// Code writes a code span: one line, not empty.
	Code(s string) string
	// Link links to an absolute http, https or mailto URL. The URL holds no
	// whitespace, quotation mark, backtick, angle bracket, pipe or backslash. A
	// link to anything else has already become its text.
	Link(inner, url string) string
	// Image writes a picture, usually as a link on its alt text, which is never
	// empty. The URL is like a Link's.
	Image(alt, url string) string
	// LineBreak breaks a line inside a block. A line end in the source is one
	// too: in a chat, people mean the line breaks they type.
	LineBreak() string

	Paragraph(inner string) string
	Heading(level int, inner string) string
	Quote(inner string) string
	// CodeBlock writes lines of code; neither lang nor code need be there. The
	// code does not end in a newline.
	CodeBlock(lang, code string) string
	// List writes items, each of which may hold several lines and may be empty.
	List(ordered bool, start int, items []string) string
	Rule() string
	// Table writes rows of plain text cells, all of one length; the first row is
	// the head.
	Table(rows [][]string) string
	// Join puts the blocks of one level together.
	Join(blocks []string) string
}

// TightJoiner is a Dialect that has its own way to put together the blocks of
// an item whose list is written without blank lines, such as a text and the
// list below it. For other dialects a LineBreak goes between them.
type TightJoiner interface {
	JoinTight(blocks []string) string
}

// Render writes all of d.
func Render(d *Doc, to Dialect) string { return renderNode(d.root, to) }

func renderNode(root *node, to Dialect) string {
	r := renderer{to}
	return r.join(r.blocks(root.children))
}

type renderer struct{ to Dialect }

func (r renderer) join(blocks []string) string {
	if len(blocks) == 0 {
		return ""
	}
	return r.to.Join(blocks)
}

func (r renderer) blocks(ns []*node) []string {
	out := make([]string, 0, len(ns))
	for _, n := range ns {
		if s := r.block(n); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (r renderer) block(n *node) string {
	switch n.kind {
	case kindParagraph:
		return wrap(r.inlines(n.children), r.to.Paragraph)
	case kindHeading:
		return wrap(r.inlines(n.children), func(s string) string { return r.to.Heading(n.number, s) })
	case kindQuote:
		return wrap(r.join(r.blocks(n.children)), r.to.Quote)
	case kindCodeBlock:
		return r.to.CodeBlock(n.lang, strings.TrimSuffix(n.text, "\n"))
	case kindList:
		return r.list(n)
	case kindRule:
		return r.to.Rule()
	case kindTable:
		return r.to.Table(n.cells())
	default:
		return wrap(r.inlines([]*node{n}), r.to.Paragraph)
	}
}

func (r renderer) list(n *node) string {
	items := make([]string, len(n.children))
	for i, item := range n.children {
		items[i] = r.item(item, n.tight)
	}
	return r.to.List(n.ordered, n.number, items)
}

// item leaves out the paragraph around an item's text: a list whose items are
// paragraphs looks blown up on every platform.
func (r renderer) item(n *node, tight bool) string {
	if len(n.children) == 1 && n.children[0].kind == kindParagraph {
		return r.inlines(n.children[0].children)
	}
	if !tight {
		return r.join(r.blocks(n.children))
	}
	var blocks []string
	for _, b := range n.children {
		s := ""
		if b.kind == kindParagraph {
			s = r.inlines(b.children)
		} else {
			s = r.block(b)
		}
		if s != "" {
			blocks = append(blocks, s)
		}
	}
	if j, ok := r.to.(TightJoiner); ok && len(blocks) > 0 {
		return j.JoinTight(blocks)
	}
	return strings.Join(blocks, r.to.LineBreak())
}

func (r renderer) inlines(ns []*node) string {
	var b strings.Builder
	for _, n := range ns {
		b.WriteString(r.inline(n))
	}
	return b.String()
}

func (r renderer) inline(n *node) string {
	switch n.kind {
	case kindText:
		return r.to.Text(n.text)
	case kindStrong:
		return wrap(r.inlines(n.children), r.to.Strong)
	case kindEmph:
		return wrap(r.inlines(n.children), r.to.Emph)
	case kindStrike:
		return wrap(r.inlines(n.children), r.to.Strike)
	case kindCode:
		return r.to.Code(n.text)
	case kindLink:
		return wrap(r.inlines(n.children), func(s string) string { return r.to.Link(s, n.url) })
	case kindImage:
		return r.to.Image(n.text, n.url)
	case kindBreak:
		return r.to.LineBreak()
	default:
		return r.inlines(n.children)
	}
}

// wrap keeps empty markup from being written.
func wrap(inner string, with func(string) string) string {
	if inner == "" {
		return ""
	}
	return with(inner)
}
