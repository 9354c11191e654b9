package providers

import (
	"slices"
	"strings"
	"unicode"
)

// Ellipsis ends a text that was cut.
const Ellipsis = "…"

// wordSearch is how far from the end of a cut text a word's border is looked for.
const wordSearch = 20

// Fit writes as much of d as measures at most limit. It cuts between graphemes,
// after a whole word where one ends near, closes what was open and adds an
// ellipsis; cut tells that it did. A link whose address alone is over the limit
// becomes its text. Where the limit leaves no room for any markup, the words
// are written without; where there is room for nothing, out is empty.
func Fit(d *Doc, to Dialect, limit int, measure func(string) int) (out string, cut bool) {
	if out = Render(d, to); measure(out) <= limit {
		return out, false
	}
	f := fitter{to: to, limit: limit, measure: measure, shape: asIs}
	f.root = f.shorten(d.root)
	if out = renderNode(f.root, to); measure(out) <= limit {
		return out, false
	}
	for _, shape := range []func(*node) *node{asIs, flat} {
		f.shape = shape
		if end := f.farthest(0, f.root.units-1, f.fitsCut); end > 0 {
			return f.cut(f.wordEnd(end)), true
		}
	}
	if out = renderNode(new(node).ellipsis(), to); measure(out) <= limit {
		return out, true
	}
	return "", true
}

// fitter looks for the part of a tree that a platform takes.
type fitter struct {
	root    *node
	to      Dialect
	limit   int
	measure func(string) int
	shape   func(*node) *node // last change before a part is written
}

func asIs(n *node) *node { return n }

func (f fitter) part(lo, hi int) string {
	return renderNode(f.shape(f.root.slice(lo, hi)), f.to)
}

func (f fitter) fits(lo, hi int) bool { return f.measure(f.part(lo, hi)) <= f.limit }

func (f fitter) cut(end int) string {
	return renderNode(f.shape(f.root.slice(0, end)).ellipsis(), f.to)
}

func (f fitter) fitsCut(_, end int) bool { return f.measure(f.cut(end)) <= f.limit }

// farthest is the largest hi up to top for which ok(lo, hi), or lo if there is
// none. It looks near the limit first, so that a long text costs no more than
// its part that fits. Markup may shrink where a text grows by a letter, so
// there may be a larger one; but ok holds for the one it returns.
func (f fitter) farthest(lo, top int, ok func(lo, hi int) bool) int {
	if lo >= top {
		return lo
	}
	good, bad := lo, 0
	for probe := min(top, lo+max(1, f.limit)); ; probe = min(top, lo+2*(probe-lo)) {
		if !ok(lo, probe) {
			bad = probe
			break
		}
		if good = probe; probe == top {
			return top
		}
	}
	for bad-good > 1 {
		if mid := good + (bad-good)/2; ok(lo, mid) {
			good = mid
		} else {
			bad = mid
		}
	}
	return good
}

// wordEnd moves a cut at end back to where a word ends, unless that is far.
func (f fitter) wordEnd(end int) int {
	at := f.beforeSpace(f.border(end))
	if at > 0 && f.fitsCut(0, at) {
		return at
	}
	return end
}

func (f fitter) border(end int) int {
	from := max(0, end-wordSearch)
	near := f.root.window(from, end+1)
	for i := len(near) - 1; i > 0; i-- {
		if near[i].space() || near[i].fresh {
			return from + i
		}
	}
	return end
}

// beforeSpace is end without the whitespace and rules before it.
func (f fitter) beforeSpace(end int) int {
	for end > 0 {
		u := f.root.window(end-1, end)[0]
		if u.text != "" && !u.space() {
			break
		}
		end--
	}
	return end
}

// shorten turns links that can never fit into their text.
func (f fitter) shorten(n *node) *node {
	if !n.any(f.endless) {
		return n
	}
	short := f.without(n)
	short.measure()
	return short
}

func (f fitter) endless(n *node) bool {
	switch n.kind {
	case kindLink:
		return f.measure(f.to.Link("x", n.url)) > f.limit
	case kindImage:
		return f.measure(f.to.Image("x", n.url)) > f.limit
	default:
		return false
	}
}

func (f fitter) without(n *node) *node {
	c := *n
	c.children = nil
	for _, child := range n.children {
		switch {
		case f.endless(child) && child.kind == kindImage:
			c.addText(child.text)
		case f.endless(child):
			c.adopt(f.without(child).children)
		default:
			c.adopt([]*node{f.without(child)})
		}
	}
	return &c
}

func (n *node) any(is func(*node) bool) bool {
	return is(n) || slices.ContainsFunc(n.children, func(c *node) bool { return c.any(is) })
}

// ellipsis is n with an ellipsis after its last words, outside of any inline
// markup.
func (n *node) ellipsis() *node {
	c := *n
	c.children = slices.Clone(n.children)
	last := c.last()
	switch {
	case n.kind == kindCodeBlock || n.kind == kindCell:
		c.text = strings.TrimRightFunc(n.text, unicode.IsSpace) + Ellipsis
	case n.kind == kindRow:
		i := max(0, lastFilled(c.children))
		c.children[i] = c.children[i].ellipsis()
	case n.kind == kindParagraph || n.kind == kindHeading || last != nil && last.inline():
		c.endWith(Ellipsis)
	case last == nil || last.kind == kindRule:
		p := &node{kind: kindParagraph}
		p.addText(Ellipsis)
		c.children = append(c.children, p)
	default:
		c.children[len(c.children)-1] = last.ellipsis()
	}
	return &c
}

// endWith adds words to a copy of the last text.
func (n *node) endWith(s string) {
	if last := n.last(); last != nil && last.kind == kindText {
		text := *last
		n.children[len(n.children)-1] = &text
	}
	n.addText(s)
}

func lastFilled(cells []*node) int {
	for i, c := range slices.Backward(cells) {
		if c.text != "" {
			return i
		}
	}
	return -1
}

// flat is the words of n as one paragraph.
func flat(n *node) *node {
	p := &node{kind: kindParagraph}
	p.flatten(n)
	p.trim()
	return &node{kind: kindGroup, children: []*node{p}}
}

func (n *node) flatten(from *node) {
	if !from.inline() || from.kind == kindBreak {
		n.addText(" ")
	}
	n.addText(from.text)
	for _, c := range from.children {
		n.flatten(c)
	}
}
