package rules

import (
	"cmp"
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// Verdict is what one row says to an event. Row is the row in the text form,
// and Reason is Miss in words; a row that matches and does not win has Hidden
// there.
type Verdict struct {
	hub.RowVerdict
	Miss Miss
}

// near is a row that was looked at.
type near struct {
	age      uint32
	row      uint32
	view     uint8
	distance uint16
	miss     miss
}

// Explain says of every row of the chats that concern the caller (nil: of all
// chats) why it matches or not, oldest first, also of rows that are switched off
// or broken.
func (x *Index) Explain(f *Facts, concerns func(hub.Chat) bool) []Verdict {
	s := read(f, x.views)
	defer s.release()
	s.decide()
	first := make(map[hub.Chat]winner, len(s.won))
	for _, w := range s.won {
		first[x.views[w.view].chat(w.row)] = w
	}
	for i := range x.views {
		v := &x.views[i]
		s.resolve(v.segment)
		v.each(func(r uint32) {
			if concerns == nil || concerns(v.chat(r)) {
				s.looked = append(s.looked, near{age: v.age(r), row: r, view: uint8(i), miss: s.check(v.segment, r, false)})
			}
		})
	}
	slices.SortFunc(s.looked, func(a, b near) int { return cmp.Compare(a.age, b.age) })
	out := make([]Verdict, len(s.looked))
	for i, n := range s.looked {
		v := &x.views[n.view]
		m := v.tell(n.row, n.miss)
		w := first[v.chat(n.row)]
		wins := m.Because == Matched && w.age == n.age
		if m.Because == Matched && !wins {
			o := &x.views[w.view]
			m = Miss{Because: Hidden, Value: o.rules(w.row)}
		}
		out[i] = v.verdict(n.row, m)
		out[i].Wins = wins
	}
	return out
}

// verdict says what a row says.
func (v *view) verdict(r uint32, m Miss) Verdict {
	return Verdict{Miss: m, RowVerdict: hub.RowVerdict{
		Subscription: v.id(r), Chat: v.chat(r), Mode: v.manner(r).mode, Row: v.form(r),
		Matched: m.Because == Matched || m.Because == Hidden, Reason: m.String(),
		Because: m.Because.Word(), Filter: m.Filter, Value: m.Value,
	}}
}
