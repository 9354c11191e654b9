package rules

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// builder makes a segment of subscriptions and of rows of other segments.
type builder struct {
	arena    []uint32
	text     []byte
	systems  []hub.System
	manners  []manner
	matchers []*matcher
	terms    []term
	words    table // terms by hash
	chats    table // chats by hash
	spaces   uint32
	rows     int
	said     map[uint32]string
	broken   map[uint32]string

	systemAt  map[hub.System]int
	mannerAt  map[mannerKey]uint32
	matcherAt map[*matcher]uint32
	seen      map[string]*matcher // expressions and texts by how they are written

	// What the numbers of the segment that rows are copied from are here.
	from       *segment
	termHere   []uint32
	mannerHere []uint32
	systemHere []int
}

type mannerKey struct {
	source  hub.Source
	mode    hub.Mode
	options hub.Options
	rank    uint8
	traits  traits
}

// newBuilder makes a builder for about so many rows.
func newBuilder(rows int) *builder {
	return &builder{
		arena: make([]uint32, 0, rows*8), text: make([]byte, 0, rows*64), terms: make([]term, firstTerm, firstTerm+rows),
		said: map[uint32]string{}, broken: map[uint32]string{},
		words: newTable(rows), chats: newTable(rows), systemAt: map[hub.System]int{}, mannerAt: map[mannerKey]uint32{}, matcherAt: map[*matcher]uint32{}, seen: map[string]*matcher{},
	}
}

// add compiles a subscription and tells where its row begins. It never fails: a
// row that cannot be compiled matches nothing and says why.
func (b *builder) add(s *hub.Subscription, age uint32) uint32 {
	filters, plain, err := b.read(s)
	key := mannerKey{source: s.Source, mode: s.Mode, options: s.Options}
	if !s.Enabled {
		key.traits |= isOff
	}
	r := b.begin(age, string(s.ID), b.system(s.System), s.Chat.ID, hashChat(s.Chat))
	if err != nil {
		key.traits |= isBroken
		b.broken[r] = err.Error()
	} else {
		describe(&key, filters)
		for _, f := range filters {
			b.arena = appendClause(b.arena, b.clause(f))
		}
	}
	if !plain {
		b.said[r] = formatRules(s.Mode, s.Filters)
	}
	b.arena[r+rowManner] = b.manner(key)
	b.end(r)
	return r
}

// read reads the filters of s; plain is that they can be read back as they
// are written.
func (b *builder) read(s *hub.Subscription) (filters []filter, plain bool, err error) {
	if !slices.Contains(hub.Modes(), s.Mode) {
		return nil, false, fmt.Errorf("its mode is %q: one of %s", s.Mode, join(hub.Modes()))
	}
	plain = true
	for _, f := range s.Filters {
		r, err := readFilter(f, b.seen)
		if err != nil {
			return nil, false, err
		}
		filters = append(filters, r)
		plain = plain && sameWords(f.Any, r.any) && sameWords(f.All, r.all) && sameWords(f.None, r.none)
	}
	return filters, plain, nil
}

func sameWords(values []string, words []word) bool {
	return slices.EqualFunc(values, words, func(v string, w word) bool { return v == w.raw() })
}

// describe notes what the filters and the mode make of a row.
func describe(key *mannerKey, filters []filter) {
	mention := false
	for _, f := range filters {
		switch f.field {
		case fieldKind:
			key.traits |= hasKinds
		case fieldShared:
			key.traits |= forShared
		case fieldText:
			key.traits |= hasText
		case fieldMention:
			mention = true
		default:
		}
	}
	switch key.mode {
	case hub.Mute:
		key.traits |= isMute
	case hub.Follow:
		key.traits |= isFollow
	default:
	}
	key.rank = rankOf(slices.Index(hub.Modes(), key.mode), key.traits.is(forShared), mention)
}

// copyRow adds a row of another segment.
func (b *builder) copyRow(g *segment, r uint32) uint32 {
	if b.from != g {
		b.from = g
		b.termHere, b.mannerHere = make([]uint32, len(g.terms)), make([]uint32, len(g.manners))
		b.systemHere = b.systemHere[:0]
		for _, system := range g.systems {
			b.systemHere = append(b.systemHere, b.system(system))
		}
	}
	system, chat := record(g.text, g.arena[r+rowChat])
	here := b.begin(g.age(r), string(g.id(r)), b.systemHere[system], chat, g.arena[r+rowHash])
	for words := g.clauses(r); len(words) > 0; {
		var c clause
		c, words = nextClause(words)
		b.arena = appendClause(b.arena, c)
		terms := b.arena[len(b.arena)-len(c.any)-len(c.all)-len(c.none):]
		for i, t := range terms {
			terms[i] = b.copyTerm(t)
		}
	}
	m := g.arena[r+rowManner]
	if b.mannerHere[m] == 0 {
		b.mannerHere[m] = b.manner(g.manners[m].key()) + 1
	}
	b.arena[here+rowManner] = b.mannerHere[m] - 1
	if said, ok := g.said[r]; ok {
		b.said[here] = said
	}
	if why, ok := g.broken[r]; ok {
		b.broken[here] = why
	}
	b.end(here)
	return here
}

func (m *manner) key() mannerKey {
	return mannerKey{source: m.source, mode: m.mode, options: *m.options, rank: m.rank, traits: m.traits}
}

func (b *builder) copyTerm(t uint32) uint32 {
	if t&slowBit != 0 {
		return b.matcher(b.from.matchers[t&^slowBit])
	}
	if b.termHere[t] == 0 {
		s, text := record(b.from.text, b.from.terms[t].text)
		b.termHere[t] = b.term(space(s), text)
	}
	return b.termHere[t]
}

func (b *builder) begin(age uint32, id string, system int, chat string, hash uint32) uint32 {
	r := uint32(len(b.arena))
	at := uint32(len(b.text))
	b.text = appendRecord(b.text, 0, id)
	b.arena = append(b.arena, age, 0, at, b.chat(system, chat, hash), hash, short(system, chat, id), 0)
	b.rows++
	return r
}

func (b *builder) end(r uint32) { b.arena[r+rowLen] = uint32(len(b.arena)) - r - rowFilters }

func (b *builder) system(system hub.System) int {
	n, ok := b.systemAt[system]
	if !ok {
		n = len(b.systems)
		system = hub.System(strings.Clone(string(system)))
		b.systems, b.systemAt[system] = append(b.systems, system), n
	}
	return n
}

// chat interns a chat: where its record is.
func (b *builder) chat(system int, id string, hash uint32) uint32 {
	mask := uint32(len(b.chats.slots) - 1)
	for i := hash & mask; b.chats.slots[i].what != 0; i = (i + 1) & mask {
		if s := b.chats.slots[i]; s.hash == hash {
			if is, other := record(b.text, s.what-1); is == system && string(other) == id {
				return s.what - 1
			}
		}
	}
	at := uint32(len(b.text))
	b.text = appendRecord(b.text, system, id)
	b.chats.put(hash, at)
	return at
}

// hashChat is the same in all segments.
func hashChat(c hub.Chat) uint32 {
	return uint32((maphash.String(seed, c.ID) + 3*maphash.String(seed, string(c.System))) >> 32)
}

func (b *builder) manner(key mannerKey) uint32 {
	if n, ok := b.mannerAt[key]; ok {
		return n
	}
	key.source = hub.Source(strings.Clone(string(key.source)))
	options := ownOptions(key.options)
	n := uint32(len(b.manners))
	b.manners = append(b.manners, manner{
		source: key.source, reader: fold(options.ReadAs), mode: modeOf(key.mode), options: &options, rank: key.rank, traits: key.traits,
	})
	b.mannerAt[key] = n
	return n
}

// ownOptions is o with letters of its own, so that the index does not hold on
// to what rows were read from.
func ownOptions(o hub.Options) hub.Options {
	o.Style = hub.Style(strings.Clone(string(o.Style)))
	o.Thread = hub.Threading(strings.Clone(string(o.Thread)))
	o.Delay, o.MaxAge, o.ReadAs = strings.Clone(o.Delay), strings.Clone(o.MaxAge), strings.Clone(o.ReadAs)
	o.Digest = strings.Clone(o.Digest)
	return o
}

// modeOf is a mode that shares its letters with all others like it.
func modeOf(m hub.Mode) hub.Mode {
	if i := slices.Index(hub.Modes(), m); i >= 0 {
		return hub.Modes()[i]
	}
	return hub.Mode(strings.Clone(string(m)))
}

func (b *builder) clause(f filter) clause {
	c := clause{field: f.field}
	intern := func(words []word) []uint32 {
		out := make([]uint32, len(words))
		for i, w := range words {
			c.groups = c.groups || w.space == spaceAuthorIn
			if w.slow != nil {
				out[i] = b.matcher(w.slow)
			} else {
				out[i] = b.term(w.space, w.text)
			}
		}
		return out
	}
	c.any, c.all, c.none = intern(f.any), intern(f.all), intern(f.none)
	return c
}

func (b *builder) matcher(m *matcher) uint32 {
	n, ok := b.matcherAt[m]
	if !ok {
		n = uint32(len(b.matchers))
		b.matchers, b.matcherAt[m] = append(b.matchers, m), n
	}
	return n | slowBit
}

// term interns a word.
func (b *builder) term(s space, text string) uint32 {
	hash := inSpace(maphash.String(seed, text), s)
	mask := uint32(len(b.words.slots) - 1)
	for i := hash & mask; b.words.slots[i].what != 0; i = (i + 1) & mask {
		if n := b.words.slots[i].what - 1; b.words.slots[i].hash == hash {
			if is, w := record(b.text, b.terms[n].text); is == int(s) && string(w) == text {
				return n
			}
		}
	}
	n := uint32(len(b.terms))
	b.terms = append(b.terms, term{text: uint32(len(b.text))})
	b.text = appendRecord(b.text, int(s), text)
	b.words.put(hash, n)
	b.spaces |= 1 << s
	return n
}

// build is the end: the segment of what was added.
func (b *builder) build() *segment {
	g := &segment{
		arena: exactly(b.arena), text: string(b.text), systems: exactly(b.systems), manners: exactly(b.manners),
		matchers: exactly(b.matchers), rows: b.rows, lookup: b.words.fitted(), spaces: b.spaces,
		said: b.said, broken: b.broken,
	}
	g.terms = append(make([]term, 0, len(b.terms)+1), b.terms...)
	g.terms = append(g.terms, term{})
	g.file()
	g.listIDs()
	return g
}

// exactly is a copy without room to grow.
func exactly[T any](s []T) []T { return append(make([]T, 0, len(s)), s...) }

func (g *segment) listIDs() {
	g.ids = make([]uint32, tableSize(g.rows))
	mask := uint32(len(g.ids) - 1)
	for r := uint32(0); r < uint32(len(g.arena)); r = g.next(r) {
		i := hashID(string(g.id(r))) & mask
		for g.ids[i] != 0 {
			i = (i + 1) & mask
		}
		g.ids[i] = r + 1
	}
}
