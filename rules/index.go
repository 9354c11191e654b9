package rules

import (
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// Index is a table of subscriptions compiled for matching. It never changes and
// is safe for concurrent use: Apply makes a new one, and the old one may be
// used meanwhile and after.
type Index struct {
	views []view // the largest first
	ages  uint32 // the age of the next new row
	rows  int
	uses
}

// view is a segment without the rows that were changed or dropped since it was
// made.
type view struct {
	*segment
	gone []uint64 // a bit for each row, by where it begins; nil is none
	live int
}

func viewOf(g *segment) view { return view{segment: g, live: g.rows} }

func (v *view) isGone(r uint32) bool {
	bit := r / rowGrain
	return v.gone != nil && v.gone[bit/64]>>(bit%64)&1 != 0
}

// each calls see for every row that is not gone.
func (v *view) each(see func(r uint32)) {
	for r := uint32(0); r < uint32(len(v.arena)); r = v.next(r) {
		if !v.isGone(r) {
			see(r)
		}
	}
}

// Compile makes an index of subs, which are given oldest first. It keeps
// nothing of them.
func Compile(subs []hub.Subscription) *Index {
	x := &Index{rows: len(subs), ages: uint32(len(subs))}
	if len(subs) == 0 {
		return x
	}
	b := newBuilder(len(subs))
	for i := range subs {
		b.add(&subs[i], uint32(i))
	}
	v := viewOf(b.build())
	x.views = []view{v}
	v.each(func(r uint32) { x.uses.note(v.segment, r, 1) })
	x.uses.settle()
	return x
}

// Len is how many rows the index holds.
func (x *Index) Len() int { return x.rows }

// ReadsText reports whether any row has a text filter, so that Facts.Text need
// not be made for nothing.
func (x *Index) ReadsText() bool { return x.text > 0 }

// ReadsPrivate reports whether any row hears private messages.
func (x *Index) ReadsPrivate() bool { return x.private > 0 }

// AuthorGroups lists the groups that author filters name, sorted, so that
// Facts.AuthorIn need not tell of others. The list is not to be changed.
func (x *Index) AuthorGroups() []string { return x.names }

// uses counts the rows that ask for what is dear to find out.
type uses struct {
	text, private int
	groups        map[string]int // author groups; never changed once settled
	names         []string
	unsettled     bool
}

// note counts a row that works, or takes it out again.
func (u *uses) note(g *segment, r uint32, by int) {
	m := g.manner(r)
	if m.is(isOff | isBroken) {
		return
	}
	if m.is(hasText) {
		u.text += by
	}
	if m.is(forShared) {
		u.private += by
	}
	for words := g.clauses(r); len(words) > 0; {
		var c clause
		c, words = nextClause(words)
		if !c.groups {
			continue
		}
		for _, list := range [3][]uint32{c.any, c.all, c.none} {
			for _, t := range list {
				if g.isGroup(t) {
					u.noteGroup(g.word(t).text, by)
				}
			}
		}
	}
}

func (u *uses) noteGroup(name string, by int) {
	if !u.unsettled {
		u.unsettled = true
		old := u.groups
		u.groups = make(map[string]int, len(old)+1)
		for k, n := range old {
			u.groups[k] = n
		}
	}
	u.groups[name] += by
}

// settle ends the counting.
func (u *uses) settle() {
	if !u.unsettled {
		return
	}
	u.unsettled = false
	u.names = nil
	for name, n := range u.groups {
		if n > 0 {
			u.names = append(u.names, name)
		} else {
			delete(u.groups, name)
		}
	}
	slices.Sort(u.names)
}
