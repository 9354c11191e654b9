package rules

import (
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// miss is a Miss in numbers.
type miss struct {
	because Because
	field   field
	term    uint32
}

// check says why a row does not match; the zero miss is a match. resolve has
// looked up the event's words in g. sure is that the row's filters hold.
func (s *scratch) check(g *segment, r uint32, sure bool) miss {
	m := g.manner(r)
	if m.traits&s.watched != s.wanted || s.special {
		if why := s.guard(m); why != Matched {
			return miss{because: why}
		}
	}
	if m.source != "" && m.source != s.facts.Source {
		return miss{because: OtherSource}
	}
	if s.special {
		if why := s.mayHear(g, m, g.clauses(r), now); why != Matched {
			return miss{because: why}
		}
	}
	if !sure {
		if why := s.allHold(g, g.clauses(r), now); why.because != Matched {
			return why
		}
	}
	if m.is(hasKinds) || !s.moved {
		if m.is(isFollow) && s.facts.Reply {
			return miss{because: IsReply}
		}
		return miss{}
	}
	if m.is(isMute) {
		return miss{}
	}
	return miss{because: s.isNew(g, m, g.clauses(r))}
}

// allHold says which filter of a row does not hold, and why.
func (s *scratch) allHold(g *segment, words []uint32, when int) miss {
	for len(words) > 0 {
		if n, plain := plainAny(words[0]); plain && when == now {
			f := field(words[0] & headField)
			terms := words[1 : 1+n]
			words = words[1+n:]
			if s.known[now]&(1<<f) == 0 {
				return miss{because: NotKnown, field: f}
			}
			if !s.hasAny(g, f, terms) {
				return miss{because: LacksAny, field: f}
			}
			continue
		}
		var c clause
		c, words = nextClause(words)
		if why := s.holds(g, &c, when); why.because != Matched {
			return why
		}
	}
	return miss{}
}

func (s *scratch) hasAny(g *segment, f field, terms []uint32) bool {
	list := s.list(list(f))
	for _, t := range terms {
		if s.has(g, list, t) {
			return true
		}
	}
	return false
}

// guard says what of a row's manner keeps it from an event.
func (s *scratch) guard(m *manner) Because {
	f := s.facts
	switch {
	case m.is(isOff | isBroken):
		if m.is(isBroken) {
			return Broken
		}
		return Disabled
	case m.source != "" && m.source != f.Source:
		return OtherSource
	case !m.is(hasKinds) && !s.news && !s.moved:
		return OtherKind
	case f.Private && !m.is(forShared):
		return IsPrivate
	case !f.Private && m.is(forShared):
		return NotPrivate
	case len(s.blind) > 0 && s.blindTo(m.reader):
		return NotVisible
	case f.Unlisted && !m.options.Unlisted && !m.is(isMute):
		return IsUnlisted
	}
	return Matched
}

// mayHear says whether a row must name what the event is and does not.
func (s *scratch) mayHear(g *segment, m *manner, words []uint32, when int) Because {
	if m.is(isMute) {
		return Matched
	}
	if s.facts.Sensitive && !s.asksFor(g, words) {
		return IsSensitive
	}
	if s.restricted[when] && !s.namesRestricted(words, when) {
		return IsRestricted
	}
	return Matched
}

// asksFor reports whether a kind filter takes the event by the name of its
// family: "forum.user.*" does, "forum.*" does not.
func (s *scratch) asksFor(g *segment, words []uint32) bool {
	for len(words) > 0 {
		var c clause
		c, words = nextClause(words)
		if c.field != fieldKind {
			continue
		}
		for _, t := range c.any {
			if pattern := g.word(t).raw(); namesFamily(pattern) && s.facts.takenBy(pattern) {
				return true
			}
		}
	}
	return false
}

// namesRestricted reports whether a category filter names a restricted category
// of the topic's.
func (s *scratch) namesRestricted(words []uint32, when int) bool {
	restricted := s.list(isRestricted + list(when))
	for len(words) > 0 {
		var c clause
		c, words = nextClause(words)
		if c.field != fieldCategory {
			continue
		}
		for _, terms := range [2][]uint32{c.any, c.all} {
			for _, t := range terms {
				if slices.Contains(restricted, t) {
					return true
				}
			}
		}
	}
	return false
}

// holds says why a filter does not hold.
func (s *scratch) holds(g *segment, c *clause, when int) miss {
	if s.known[when]&(1<<c.field) == 0 {
		return miss{because: NotKnown, field: c.field}
	}
	if c.groups && s.facts.AuthorIn == nil {
		return s.holdsWithoutGroups(g, c, when)
	}
	has := s.of(c.field, when)
	for _, t := range c.none {
		if s.has(g, has, t) {
			return miss{because: Excluded, field: c.field, term: t}
		}
	}
	for _, t := range c.all {
		if !s.has(g, has, t) {
			return miss{because: Lacks, field: c.field, term: t}
		}
	}
	if len(c.any) == 0 {
		return miss{}
	}
	for _, t := range c.any {
		if s.has(g, has, t) {
			return miss{}
		}
	}
	return miss{because: LacksAny, field: c.field}
}

// holdsWithoutGroups is holds for an author whose groups are not known: values
// that are known decide, if they can.
func (s *scratch) holdsWithoutGroups(g *segment, c *clause, when int) miss {
	has := s.of(c.field, when)
	open := false // a group decides
	for _, t := range c.none {
		if s.has(g, has, t) {
			return miss{because: Excluded, field: c.field, term: t}
		}
		open = open || g.isGroup(t)
	}
	for _, t := range c.all {
		switch {
		case g.isGroup(t):
			open = true
		case !s.has(g, has, t):
			return miss{because: Lacks, field: c.field, term: t}
		}
	}
	lacks := len(c.any) > 0
	maybe := false
	for _, t := range c.any {
		lacks = lacks && !s.has(g, has, t)
		maybe = maybe || g.isGroup(t)
	}
	switch {
	case lacks && !maybe:
		return miss{because: LacksAny, field: c.field}
	case lacks || open:
		return miss{because: NoGroups, field: c.field}
	}
	return miss{}
}

// has reports whether the event has a term; list is what it has of the kind.
func (s *scratch) has(g *segment, list []uint32, t uint32) bool {
	if t&slowBit != 0 {
		return g.matchers[t&^slowBit].holds(s)
	}
	for _, l := range list {
		if l == t {
			return true
		}
	}
	return false
}

// isNew says why a row without kind filter that matches a moved topic does not
// hear of it.
func (s *scratch) isNew(g *segment, m *manner, words []uint32) Because {
	if !s.namesNew(words) {
		return NothingNew
	}
	if s.mayHear(g, m, words, then) != Matched {
		return Matched
	}
	if s.allHold(g, words, then).because != Matched {
		return Matched
	}
	return NotNew
}

// namesNew reports whether a row names a category or tag that the topic has and
// had not.
func (s *scratch) namesNew(words []uint32) bool {
	for len(words) > 0 {
		var c clause
		c, words = nextClause(words)
		if c.field > fieldTag {
			continue
		}
		has, had := s.of(c.field, now), s.of(c.field, then)
		for _, terms := range [2][]uint32{c.any, c.all} {
			for _, t := range terms {
				if slices.Contains(has, t) && !slices.Contains(had, t) {
					return true
				}
			}
		}
	}
	return false
}

// tell is the miss in words of the row.
func (v *view) tell(r uint32, why miss) Miss {
	m := Miss{Because: why.because}
	switch why.because {
	case NotKnown, NoGroups, LacksAny:
		m.Filter = fieldTypes[why.field]
	case Excluded, Lacks:
		m.Filter, m.Value = fieldTypes[why.field], v.word(why.term).raw()
	case Broken:
		m.Value = v.broken[r]
	case NotVisible:
		m.Value = v.manner(r).options.ReadAs
	default:
	}
	if why.because == NotKnown && why.field == fieldShared {
		m.Value = hub.AsMessage
	}
	return m
}
