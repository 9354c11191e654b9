package providers

import "strings"

// position is one place of the tree.
type position struct {
	text  string // a grapheme, "\n" for a line break, "" for a rule or the like
	fresh bool   // the first unit of its block
	code  bool   // within a code block
}

func (u position) space() bool { return u.text != "" && strings.TrimSpace(u.text) == "" }

// window lists the units of n from lo up to hi.
func (n *node) window(lo, hi int) []position {
	w := window{lo: lo, hi: hi}
	w.walk(n)
	return w.units
}

type window struct {
	lo, hi int
	at     int
	fresh  bool
	units  []position
}

func (w *window) walk(n *node) {
	if !n.inline() && n.kind != kindCell {
		w.fresh = true
	}
	if n.units == 0 { // an empty cell
		return
	}
	if w.at >= w.hi || w.at+n.units <= w.lo {
		w.fresh = false
		w.at += n.units
		return
	}
	switch {
	case n.leaf() && len(n.ends) > 0:
		w.leaf(n)
	case len(n.children) > 0 && n.sum() > 0:
		for _, c := range n.children {
			w.walk(c)
		}
	default:
		text := ""
		if n.kind == kindBreak {
			text = "\n"
		}
		w.add(position{text: text})
		w.at += n.units - 1
	}
}

// sum tells a container that holds units from one that counts as one itself.
func (n *node) sum() int {
	sum := 0
	for _, c := range n.children {
		sum += c.units
	}
	return sum
}

func (w *window) leaf(n *node) {
	first := max(0, w.lo-w.at)
	last := min(len(n.ends), w.hi-w.at)
	w.at += first
	w.fresh = w.fresh && first == 0
	for i := first; i < last; i++ {
		w.add(position{text: n.sliceText(i, i+1), code: n.kind == kindCodeBlock})
	}
	w.at += len(n.ends) - last
}

func (w *window) add(u position) {
	u.fresh, w.fresh = w.fresh, false
	if w.at >= w.lo && w.at < w.hi {
		w.units = append(w.units, u)
	}
	w.at++
}
