package rules

import "github.com/bellhop-chat/bellhop/hub"

// A row is some words of a segment's arena: seven, and then its filters. It is
// named by where it begins.
const (
	rowAge    = iota // rows are older the smaller it is
	rowManner        // number of its manner
	rowID            // where the record of its id is
	rowChat          // where the record of its chat is; rows of one chat share it
	rowHash          // hash of its chat
	rowShort         // lengths of its id and its chat, see short
	rowLen           // number of words of its filters
	rowFilters
)

// rowGrain is a number of words that every row exceeds, so that begin/rowGrain
// is another for every row.
const rowGrain = 4

// short packs the number of the system and the lengths of the chat and the id,
// where each is below 128: their records then begin with two bytes. It is 0
// where they do not.
func short(system int, chat, id string) uint32 {
	if max(system, len(chat), len(id)) >= 0x80 {
		return 0
	}
	return 1<<24 | uint32(system)<<16 | uint32(len(chat))<<8 | uint32(len(id))
}

// A filter is a head and as many words as the head says, each the number of a
// term, or of a matcher with slowBit.
//
// The head holds the field, what is said below, and the numbers of any, all and
// none; where one of them exceeds a byte, three words with them follow it.
const (
	headField  = 0xf
	headGroups = 1 << 4 // an author filter that names groups
	headWide   = 1 << 5
	headCounts = 8 // the bit at which the counts begin

	slowBit = 1 << 31
)

// clause is a filter of a row, as it stands in the arena.
type clause struct {
	field          field
	groups         bool
	any, all, none []uint32
}

// plainAny is the number of values of a filter that has some of any and nothing
// else, as most have; ok is false for others.
func plainAny(head uint32) (n int, ok bool) {
	const rest = headGroups | headWide | 0xffff<<(headCounts+8)
	return int(head >> headCounts & 0xff), head&rest == 0
}

// nextClause reads the filter that words begin with.
func nextClause(words []uint32) (c clause, rest []uint32) {
	head := words[0]
	c.field, c.groups = field(head&headField), head&headGroups != 0
	words = words[1:]
	a, b, n := head>>headCounts&0xff, head>>(headCounts+8)&0xff, head>>(headCounts+16)&0xff
	if head&headWide != 0 {
		a, b, n = words[0], words[1], words[2]
		words = words[3:]
	}
	c.any, words = words[:a], words[a:]
	c.all, words = words[:b], words[b:]
	c.none, words = words[:n], words[n:]
	return c, words
}

// appendClause writes a filter.
func appendClause(to []uint32, c clause) []uint32 {
	head := uint32(c.field)
	if c.groups {
		head |= headGroups
	}
	if max(len(c.any), len(c.all), len(c.none)) > 0xff {
		to = append(to, head|headWide, uint32(len(c.any)), uint32(len(c.all)), uint32(len(c.none)))
	} else {
		to = append(to, head|uint32(len(c.any))<<headCounts|uint32(len(c.all))<<(headCounts+8)|uint32(len(c.none))<<(headCounts+16))
	}
	to = append(to, c.any...)
	to = append(to, c.all...)
	return append(to, c.none...)
}

// manner is what many rows share: where they hear, and how they act.
type manner struct {
	source  hub.Source // empty: every source
	reader  string     // folded Options.ReadAs
	mode    hub.Mode
	options *hub.Options
	rank    uint8 // precedence: the smallest decides
	traits
}

type traits uint8

const (
	isOff     traits = 1 << iota // switched off
	isBroken                     // cannot be read
	isMute                       //
	isFollow                     //
	hasKinds                     // has a kind filter
	forShared                    // hears private messages, and nothing else
	hasText                      // has a text filter
)

// is reports whether t has one of some traits.
func (t traits) is(one traits) bool { return t&one != 0 }

// rankOf is the precedence of a row: group rows first, messages before
// mentions, and within these by mode.
func rankOf(mode int, message, mention bool) uint8 {
	rank := uint8(mode)
	switch {
	case message:
	case mention:
		rank += 4
	default:
		rank += 8
	}
	return rank
}
