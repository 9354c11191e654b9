package rules

import "slices"

// A row is filed under one of its filters, the one whose values are rarest, and
// an event looks only where its own values lead. Where even the rarest value is
// common, a row that names two things is filed under both together.

// pairAbove is how many rows may name the values of a row's rarest filter until
// it is filed under a pair. A pair costs each event some more look-ups, and a
// row that is looked at for nothing costs about as much as one of them.
const pairAbove = 16

// maxPairs bounds under how many pairs a row is filed.
const maxPairs = 8

// The pairs of fields that rows are filed under.
var pairFields = [3][2]field{{fieldCategory, fieldTag}, {fieldCategory, fieldAuthor}, {fieldTag, fieldAuthor}}

// entry files a row, with or without sureBit, under a, and b if that is a term.
type entry struct{ a, b, row uint32 }

// key is a choice of terms of which an event must have one.
type key struct {
	terms []uint32
	cost  int // how many rows name them
}

// file files the rows.
func (g *segment) file() {
	named := g.count()
	entries := make([]entry, 0, g.rows+g.rows/2)
	for r := uint32(0); r < uint32(len(g.arena)); r = g.next(r) {
		m := g.manner(r)
		if m.is(isOff | isBroken) {
			continue
		}
		g.kinded = g.kinded || m.is(hasKinds)
		g.kindless = g.kindless || !m.is(hasKinds)
		entries = g.choose(entries, r, named)
	}
	g.fileUnderTerms(entries)
	g.fileUnderPairs(entries)
}

// count counts the rows that name each term.
func (g *segment) count() []uint32 {
	named := make([]uint32, len(g.terms))
	for r := uint32(0); r < uint32(len(g.arena)); r = g.next(r) {
		if g.manner(r).is(isOff | isBroken) {
			continue
		}
		for words := g.clauses(r); len(words) > 0; {
			var c clause
			c, words = nextClause(words)
			for _, list := range [2][]uint32{c.any, c.all} {
				for _, t := range list {
					if t&slowBit == 0 {
						named[t]++
					}
				}
			}
		}
	}
	return named
}

// choose files r under its best key.
func (g *segment) choose(to []entry, r uint32, named []uint32) []entry {
	m := g.manner(r)
	var best key
	var byField [fieldText + 1]key
	for words := g.clauses(r); len(words) > 0; {
		var c clause
		c, words = nextClause(words)
		if m.is(forShared) && c.field != fieldShared {
			continue // a private message looks only under the groups that share it
		}
		k := cheapest(c, named)
		if k.terms == nil {
			continue
		}
		if best.terms == nil || k.cost < best.cost {
			best = k
		}
		if byField[c.field].terms == nil || k.cost < byField[c.field].cost {
			byField[c.field] = k
		}
	}
	plain := plainFilters(g.clauses(r))
	switch {
	case best.terms != nil && best.cost <= pairAbove:
	case best.terms != nil:
		if pairs := pairUp(to, sureIf(plain == 2, r), &byField); len(pairs) > len(to) {
			return pairs
		}
	case m.is(hasKinds):
		return append(to, entry{anyEvent, noTerm, r})
	default:
		return append(to, entry{anyPost, noTerm, sureIf(plain == 0, r)})
	}
	for i, t := range best.terms {
		if !slices.Contains(best.terms[:i], t) {
			to = append(to, entry{t, noTerm, sureIf(plain == 1, r)})
		}
	}
	return to
}

// plainFilters is the number of filters that only have any, or -1 if others
// are among them.
func plainFilters(words []uint32) (n int) {
	for len(words) > 0 {
		if _, plain := plainAny(words[0]); !plain {
			return -1
		}
		_, words = nextClause(words)
		n++
	}
	return n
}

func sureIf(sure bool, r uint32) uint32 {
	if sure {
		return r | sureBit
	}
	return r
}

// cheapest is the best key that a filter gives: any of any, or one of all. What
// is no term cannot be looked up.
func cheapest(c clause, named []uint32) (best key) {
	consider := func(terms []uint32) {
		k := key{terms: terms}
		for _, t := range terms {
			if t&slowBit != 0 {
				return
			}
			k.cost += int(named[t])
		}
		if best.terms == nil || k.cost < best.cost {
			best = k
		}
	}
	if len(c.any) > 0 {
		consider(c.any)
	}
	for i := range c.all {
		consider(c.all[i : i+1])
	}
	return best
}

// pairUp files r under the pairs of its two rarest filters, if it has two and
// the pairs are not too many.
func pairUp(to []entry, r uint32, byField *[fieldText + 1]key) []entry {
	chosen, least := -1, 0
	for i, f := range pairFields {
		a, b := byField[f[0]], byField[f[1]]
		if a.terms == nil || b.terms == nil || len(a.terms)*len(b.terms) > maxPairs {
			continue
		}
		if cost := a.cost * b.cost; chosen < 0 || cost < least {
			chosen, least = i, cost
		}
	}
	if chosen < 0 {
		return to
	}
	begin := len(to)
	for _, a := range byField[pairFields[chosen][0]].terms {
		for _, b := range byField[pairFields[chosen][1]].terms {
			if e := (entry{a, b, r}); !slices.Contains(to[begin:], e) {
				to = append(to, e)
			}
		}
	}
	return to
}

// fileUnderTerms lays the rows out that are filed under single terms.
func (g *segment) fileUnderTerms(entries []entry) {
	for _, e := range entries {
		if e.b == noTerm {
			g.terms[e.a+1].start++
		}
	}
	for t := 1; t < len(g.terms); t++ {
		g.terms[t].start += g.terms[t-1].start
	}
	g.entries = make([]uint32, len(entries))
	fill := make([]uint32, len(g.terms))
	for _, e := range entries {
		if e.b == noTerm {
			g.entries[g.terms[e.a].start+fill[e.a]] = e.row
			fill[e.a]++
		}
	}
}

// fileUnderPairs lays the others out, behind them.
func (g *segment) fileUnderPairs(entries []entry) {
	begin := g.terms[len(g.terms)-1].start
	n := len(entries) - int(begin)
	if n == 0 {
		return
	}
	all := make([]pair, tableSize(n))
	distinct := 0
	for _, e := range entries {
		if e.b == noTerm {
			continue
		}
		p := pairSlot(all, e.a, e.b)
		if p.n == 0 {
			p.a, p.b = e.a, e.b
			distinct++
			g.notePair(e)
		}
		p.n++
	}
	g.pairs = make([]pair, tableSize(distinct))
	for _, p := range all {
		if p.n > 0 {
			*pairSlot(g.pairs, p.a, p.b) = pair{p.a, p.b, begin, p.n}
			begin += p.n
		}
	}
	fill := make([]uint32, len(g.pairs))
	for _, e := range entries {
		if e.b == noTerm {
			continue
		}
		i := pairAt(g.pairs, e.a, e.b)
		g.entries[g.pairs[i].start+fill[i]] = e.row
		fill[i]++
	}
}

// notePair notes which fields the terms of e are of.
func (g *segment) notePair(e entry) {
	a, b := g.fieldOf(e.a), g.fieldOf(e.b)
	g.paired[slices.Index(pairFields[:], [2]field{a, b})] = true
}

func (g *segment) fieldOf(t uint32) field {
	s, _ := record(g.text, g.terms[t].text)
	switch space(s) {
	case spaceCategory, spaceBelow:
		return fieldCategory
	case spaceTag:
		return fieldTag
	default:
		return fieldAuthor
	}
}

// pairAt is where a pair is in a table, or where it would be put.
func pairAt(pairs []pair, a, b uint32) uint32 {
	mask := uint32(len(pairs) - 1)
	i := hashPair(a, b) & mask
	for pairs[i].n != 0 && (pairs[i].a != a || pairs[i].b != b) {
		i = (i + 1) & mask
	}
	return i
}

func pairSlot(pairs []pair, a, b uint32) *pair { return &pairs[pairAt(pairs, a, b)] }
