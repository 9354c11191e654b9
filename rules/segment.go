package rules

import (
	"hash/maphash"
	"strings"

	"github.com/bellhop-chat/bellhop/hub"
)

// segment is a set of rows, compiled. It never changes.
type segment struct {
	arena    []uint32 // the rows
	text     string   // the records of ids, chats and terms
	systems  []hub.System
	manners  []manner
	matchers []*matcher
	rows     int

	terms  []term // and one that ends the list
	lookup []slot // terms by hash
	spaces uint32 // a bit for each space that has terms

	// Where rows are filed: under terms, under pairs of terms, both here.
	entries []uint32 // with sureBit
	pairs   []pair   // by hash
	paired  [3]bool
	// kindless reports that some row has no kind filter, kinded that some has.
	kindless, kinded bool

	ids []uint32 // rows by hash of their id, plus one

	// said is the text form of rows which their terms do not give: that write
	// names with capitals, and broken ones.
	said   map[uint32]string
	broken map[uint32]string // what is wrong with a broken row
}

// pair is a slot for two terms and the rows filed under both. A free one has no
// entries.
type pair struct{ a, b, start, n uint32 }

// Terms that are no words.
const (
	// anyPost stands for a new post: rows without kind filter that name nothing
	// else to file them under.
	anyPost = iota
	// anyEvent is for the other rows that name nothing.
	anyEvent
	firstTerm
)

const noTerm = ^uint32(0)

// sureBit is of an entry whose row has no filter but those that it is filed
// under: where the row is found, they hold.
const sureBit = 1 << 31

// filed is the rows filed under a term.
func (g *segment) filed(t uint32) []uint32 { return g.entries[g.terms[t].start:g.terms[t+1].start] }

// filedBoth is the rows filed under two terms.
func (g *segment) filedBoth(a, b uint32) []uint32 {
	p := &g.pairs[pairAt(g.pairs, a, b)]
	return g.entries[p.start : p.start+p.n]
}

func hashPair(a, b uint32) uint32 {
	return uint32((uint64(a)<<32 | uint64(b)) * 0x9e3779b97f4a7c15 >> 32)
}

func (g *segment) manner(r uint32) *manner { return &g.manners[g.arena[r+rowManner]] }

func (g *segment) age(r uint32) uint32 { return g.arena[r+rowAge] }

// clauses is the words of a row's filters.
func (g *segment) clauses(r uint32) []uint32 {
	begin := r + rowFilters
	return g.arena[begin : begin+g.arena[r+rowLen]]
}

// next is where the row after r begins.
func (g *segment) next(r uint32) uint32 { return r + rowFilters + g.arena[r+rowLen] }

func (g *segment) id(r uint32) hub.SubscriptionID {
	_, id := record(g.text, g.arena[r+rowID])
	return hub.SubscriptionID(id)
}

func (g *segment) chat(r uint32) hub.Chat {
	system, id := record(g.text, g.arena[r+rowChat])
	return hub.Chat{System: g.systems[system], ID: id}
}

// name is the row's id and its chat.
func (g *segment) name(r uint32) (id string, chat hub.Chat) {
	row := g.arena[r : r+rowFilters]
	lengths := row[rowShort]
	if lengths == 0 {
		return string(g.id(r)), g.chat(r)
	}
	at, where := row[rowID]+2, row[rowChat]+2
	chat.System = g.systems[lengths>>16&0x7f]
	chat.ID = g.text[where : where+lengths>>8&0x7f]
	return g.text[at : at+lengths&0x7f], chat
}

// word reads a value of a filter back.
func (g *segment) word(t uint32) word {
	if t&slowBit != 0 {
		return word{space: noSpace, slow: g.matchers[t&^slowBit]}
	}
	s, text := record(g.text, g.terms[t].text)
	return word{space: space(s), text: text}
}

// isGroup reports whether a value of an author filter is a group's members.
func (g *segment) isGroup(t uint32) bool {
	s, _ := record(g.text, g.terms[t].text)
	return space(s) == spaceAuthorIn
}

func hashID(id string) uint32 { return uint32(maphash.String(seed, id) >> 32) }

// rowsOf calls see for every row with the id.
func (g *segment) rowsOf(id hub.SubscriptionID, see func(r uint32)) {
	mask := uint32(len(g.ids) - 1)
	for i := hashID(string(id)) & mask; g.ids[i] != 0; i = (i + 1) & mask {
		if r := g.ids[i] - 1; g.id(r) == id {
			see(r)
		}
	}
}

// form is the row in the text form.
func (g *segment) form(r uint32) string { return formatChat(g.chat(r)) + g.rules(r) }

// rules is the row in the text form without the chat.
func (g *segment) rules(r uint32) string {
	if said, ok := g.said[r]; ok {
		return said
	}
	return formatRules(g.manner(r).mode, g.filters(r))
}

// filters reads a row's filters back.
func (g *segment) filters(r uint32) []hub.Filter {
	var out []hub.Filter
	raw := func(terms []uint32) (values []string) {
		for _, t := range terms {
			values = append(values, strings.Clone(g.word(t).raw()))
		}
		return values
	}
	for words := g.clauses(r); len(words) > 0; {
		var c clause
		c, words = nextClause(words)
		f := hub.Filter{Type: fieldTypes[c.field], Any: raw(c.any), All: raw(c.all), None: raw(c.none)}
		if c.field == fieldShared {
			f.As = hub.AsMessage
		}
		out = append(out, f)
	}
	return out
}
