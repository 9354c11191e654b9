package rules

import (
	"cmp"
	"slices"
)

// Bounds of the work for Nearest.
const (
	maxNear    = 1000 // rows that are looked at
	smallTable = 256  // in a table of at most so many rows, all are
)

// Nearest says of the n rows that came nearest to matching, without, what keeps
// them from it: the fewest filters that do not hold first, and of those the
// oldest row. It looks at the rows that an event's own values lead to, at most
// at some 1000 of them, and at all rows of a small table.
func (x *Index) Nearest(f *Facts, n int) []Verdict {
	s := read(f, x.views)
	defer s.release()
	for i := range x.views {
		v := &x.views[i]
		s.at = uint8(i)
		s.resolve(v.segment)
		if x.rows <= smallTable {
			v.each(func(r uint32) { s.look(v, r) })
			continue
		}
		s.find(v.segment)
		for _, rows := range s.found {
			for _, e := range rows[:min(len(rows), maxNear-len(s.looked))] {
				if r := e &^ sureBit; !v.isGone(r) {
					s.look(v, r)
				}
			}
		}
	}
	slices.SortFunc(s.looked, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.age, b.age))
	})
	looked := slices.CompactFunc(s.looked, func(a, b near) bool { return a.age == b.age }) // filed under two values
	out := make([]Verdict, 0, min(max(n, 0), len(looked)))
	for _, l := range looked[:cap(out)] {
		v := &x.views[l.view]
		out = append(out, v.verdict(l.row, v.tell(l.row, l.miss)))
	}
	return out
}

// look notes how far a row is from matching.
func (s *scratch) look(v *view, r uint32) {
	why := s.check(v.segment, r, false)
	if why.because == Matched {
		return
	}
	l := near{age: v.age(r), row: r, view: s.at, miss: why}
	for words := v.clauses(r); len(words) > 0; {
		var c clause
		c, words = nextClause(words)
		if s.holds(v.segment, &c, now).because != Matched {
			l.distance++
		}
	}
	if l.distance == 0 && why.because == Broken {
		l.distance = 1 << 15 // it has no filters that could be read
	}
	s.looked = append(s.looked, l)
}
