package providers

import (
	"slices"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Doc is parsed CommonMark: a tree of blocks and inlines that can be cut
// anywhere between two graphemes. It does not change once it is made.
type Doc struct{ root *node }

// Text is the words of d without any markup; blocks stand apart by an empty line.
func (d *Doc) Text() string { return Render(d, plain{bare: true}) }

type kind uint8

const (
	kindGroup kind = iota // the root
	kindParagraph
	kindHeading
	kindQuote
	kindCodeBlock
	kindList
	kindItem
	kindRule
	kindTable
	kindRow
	kindCell

	kindText
	kindStrong
	kindEmph
	kindStrike
	kindCode
	kindLink
	kindImage
	kindBreak
)

// node is a block or an inline. Its size is counted in units: the graphemes of
// its texts, plus one for each thing that has no text, such as a line break.
// Units number the places where the tree can be cut.
type node struct {
	kind     kind
	text     string // of text, code, code block, image (alt), cell
	url      string // of link, image
	lang     string // of code block
	number   int    // level of a heading, first number of a list
	ordered  bool   // list
	tight    bool   // list
	children []*node

	units int
	ends  []int32 // where each grapheme of text ends
}

// measure counts units, once, when the tree is built.
func (n *node) measure() {
	n.units = 0
	if n.leaf() {
		n.ends = graphemeEnds(n.text)
		n.units = len(n.ends)
	}
	for _, c := range n.children {
		c.measure()
		n.units += c.units
	}
	if n.units == 0 && n.kind != kindGroup && n.kind != kindCell && n.kind != kindRow {
		n.units = 1
	}
}

func (n *node) leaf() bool {
	switch n.kind {
	case kindText, kindCode, kindCodeBlock, kindImage, kindCell:
		return true
	default:
		return false
	}
}

func (n *node) inline() bool { return n.kind >= kindText }

func (n *node) cells() [][]string {
	rows := make([][]string, len(n.children))
	for i, row := range n.children {
		rows[i] = make([]string, len(row.children))
		for j, cell := range row.children {
			rows[i][j] = cell.text
		}
	}
	return rows
}

// longestGrapheme bounds what is kept whole, in bytes. The longest emoji take
// about 40; what is longer is a heap of combining marks, which may be cut.
const longestGrapheme = 128

// graphemeEnds is where each grapheme of s ends.
func graphemeEnds(s string) []int32 {
	ends := make([]int32, 0, len(s))
	if each(s) {
		for i := range len(s) {
			ends = append(ends, int32(i+1))
		}
		return ends
	}
	at, state, rest := 0, -1, s
	for rest != "" {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		for cluster != "" {
			piece := head(cluster)
			at += len(piece)
			cluster = cluster[len(piece):]
			ends = append(ends, int32(at))
		}
	}
	return slices.Clip(ends)
}

// each reports whether each byte of s is a grapheme: of ASCII only a carriage
// return goes together with what follows it.
func each(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == '\r' {
			return false
		}
	}
	return true
}

func firstGrapheme(s string) string {
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(s, -1)
	return head(cluster)
}

// head is the whole cluster, or as many code points of an overlong one as may
// stand together.
func head(cluster string) string {
	if len(cluster) <= longestGrapheme {
		return cluster
	}
	end := longestGrapheme
	for !utf8.RuneStart(cluster[end]) {
		end--
	}
	return cluster[:end]
}

// slice is the part of n between units lo and hi, 0 ≤ lo < hi ≤ n.units. What
// lies inside whole is shared with n.
func (n *node) slice(lo, hi int) *node {
	if lo <= 0 && hi >= n.units {
		return n
	}
	part := *n
	switch {
	case n.kind == kindTable:
		part.children = n.sliceRows(lo, hi)
	case n.leaf():
		part.text = n.sliceText(lo, hi)
	default:
		part.children = nil
		at, first := 0, -1
		for i, c := range n.children {
			if at < hi && at+c.units > lo {
				part.children = append(part.children, c.slice(lo-at, hi-at))
				if first < 0 {
					first = i
				}
			}
			at += c.units
		}
		if n.kind == kindList && first > 0 {
			part.number += first
		}
	}
	return &part
}

func (n *node) sliceText(lo, hi int) string {
	if len(n.ends) == 0 {
		return n.text
	}
	from, to := int32(0), int32(len(n.text))
	if lo > 0 {
		from = n.ends[lo-1]
	}
	if hi < len(n.ends) {
		to = n.ends[hi-1]
	}
	return n.text[from:to]
}

// sliceRows keeps every column, and begins with the head of the table even
// where the part lies below it.
func (n *node) sliceRows(lo, hi int) []*node {
	var rows []*node
	at := 0
	for i, row := range n.children {
		within := at < hi && at+row.units > lo
		switch {
		case within && i > 0 && len(rows) == 0:
			rows = append(rows, n.children[0], row.sliceCells(lo-at, hi-at))
		case within:
			rows = append(rows, row.sliceCells(lo-at, hi-at))
		}
		at += row.units
	}
	return rows
}

func (n *node) sliceCells(lo, hi int) *node {
	row := *n
	row.children = make([]*node, len(n.children))
	at := 0
	for i, cell := range n.children {
		row.children[i] = &node{kind: kindCell}
		if at < hi && at+cell.units > lo {
			row.children[i] = cell.slice(lo-at, hi-at)
		}
		at += cell.units
	}
	return &row
}
