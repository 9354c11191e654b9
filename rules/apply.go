package rules

import (
	"cmp"
	"math"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// An index is a few segments, each many times smaller than the one before. A
// change marks the row's old form as gone in a copy of a segment's marks, and
// puts the new form into the smallest segment, which is made anew; one that has
// grown to the size of the next is put together with it. So a change costs the
// making of few rows each time and of each row few times, and a match looks into
// few segments.
const (
	leastSegment = 32 // rows, within which the smallest is made anew
	growth       = 8  // how many times larger the next is
	// The largest is most of the table and takes longest to make: it waits until
	// the others have one row for so many of its own.
	patience = 2
)

// level is the class of sizes that n rows belong to.
func level(n int) int {
	l := 0
	for size := leastSegment; n > size; size *= growth {
		l++
	}
	return l
}

// Apply makes an index with the rows of put in place of those with the same id,
// or added to them, and without those of drop. x stays as it is and in use. A
// row that was there keeps its age, a new one is the youngest; of two rows of
// put with one id the later counts, and a row that is dropped is not put.
func (x *Index) Apply(put []hub.Subscription, drop []hub.SubscriptionID) *Index {
	n := &Index{views: slices.Clone(x.views), ages: x.ages, uses: x.uses}
	c := change{to: n, copied: make([]bool, len(n.views))}
	dropped := make(map[hub.SubscriptionID]bool, len(drop))
	for _, id := range drop {
		dropped[id] = true
		c.remove(id)
	}
	last := make(map[hub.SubscriptionID]int, len(put))
	for i := range put {
		last[put[i].ID] = i
	}
	if uint64(n.ages)+uint64(len(put)) > math.MaxUint32 {
		c.renumber()
	}
	for i := range put {
		l, ok := last[put[i].ID]
		if !ok || dropped[put[i].ID] {
			continue
		}
		s := &put[l]
		delete(last, s.ID)
		age, was := c.remove(s.ID)
		if !was {
			age = n.ages
			n.ages++
		}
		c.put, c.putAges = append(c.put, s), append(c.putAges, age)
	}
	c.merge()
	n.settle()
	for i := range n.views {
		n.rows += n.views[i].live
	}
	return n
}

// change is an index in the making.
type change struct {
	to      *Index
	copied  []bool // the marks of the view are ours to change
	put     []*hub.Subscription
	putAges []uint32
}

// remove takes out the rows with an id, and tells the age of the oldest.
func (c *change) remove(id hub.SubscriptionID) (age uint32, was bool) {
	for i := range c.to.views {
		v := &c.to.views[i]
		v.rowsOf(id, func(r uint32) {
			if v.isGone(r) {
				return
			}
			if a := v.age(r); !was || a < age {
				age, was = a, true
			}
			c.mark(i, r)
			c.to.note(v.segment, r, -1)
		})
	}
	return age, was
}

// mark marks a row as gone.
func (c *change) mark(i int, r uint32) {
	v := &c.to.views[i]
	if !c.copied[i] {
		c.copied[i] = true
		if v.gone == nil {
			v.gone = make([]uint64, len(v.arena)/rowGrain/64+1)
		} else {
			v.gone = slices.Clone(v.gone)
		}
	}
	bit := r / rowGrain
	v.gone[bit/64] |= 1 << (bit % 64)
	v.live--
}

// merge puts the new rows into a segment, with those of segments that are no
// larger or have too many marks.
func (c *change) merge() {
	views := c.to.views
	rows := len(c.put)
	keep := len(views)
	for keep > 0 && rows > 0 && level(views[keep-1].rows) <= level(rows) {
		if keep == 1 && views[0].live > patience*rows {
			break
		}
		keep--
		rows += views[keep].live
	}
	// A segment that is a third gone is made anew, and what is smaller with it.
	for i := range keep {
		if v := &views[i]; (v.rows-v.live)*3 > v.rows {
			for ; keep > i; keep-- {
				rows += views[keep-1].live
			}
			break
		}
	}
	if keep == len(views) && rows == 0 {
		return
	}
	made := newBuilder(rows)
	for i := range views[keep:] {
		v := &views[keep+i]
		v.each(func(r uint32) { made.copyRow(v.segment, r) })
	}
	fresh := make([]uint32, len(c.put))
	for i, s := range c.put {
		fresh[i] = made.add(s, c.putAges[i])
	}
	c.to.views = views[:keep]
	if rows == 0 {
		return
	}
	v := viewOf(made.build())
	for _, r := range fresh {
		c.to.note(v.segment, r, 1)
	}
	c.to.views = append(c.to.views, v)
}

// renumber gives the rows new ages, in the same order: the numbers are nearly
// used up.
func (c *change) renumber() {
	type old struct {
		g   *segment
		row uint32
	}
	var rows []old
	for i := range c.to.views {
		v := &c.to.views[i]
		v.each(func(r uint32) { rows = append(rows, old{v.segment, r}) })
	}
	slices.SortFunc(rows, func(a, b old) int { return cmp.Compare(a.g.age(a.row), b.g.age(b.row)) })
	made := newBuilder(len(rows))
	for age, o := range rows {
		r := made.copyRow(o.g, o.row)
		made.arena[r+rowAge] = uint32(age)
	}
	c.to.views, c.to.ages, c.copied = nil, uint32(len(rows)), nil
	if len(rows) > 0 {
		c.to.views, c.copied = []view{viewOf(made.build())}, make([]bool, 1)
	}
}
