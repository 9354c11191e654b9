package rules

import (
	"encoding/binary"
	"hash/maphash"
)

// seed makes it another matter in each process which words share a slot, so
// that nobody can choose words that do.
var seed = maphash.MakeSeed()

// inSpace is the hash of a word in a space; h is that of the word alone.
func inSpace(h uint64, s space) uint32 { return uint32((h ^ uint64(s+1)) * 0x9e3779b97f4a7c15 >> 32) }

// A record in a text is a number, a length and as many bytes: a word with its
// space, a chat with its system, an id with 0.

func appendRecord(to []byte, number int, text string) []byte {
	to = binary.AppendUvarint(to, uint64(number))
	to = binary.AppendUvarint(to, uint64(len(text)))
	return append(to, text...)
}

// record reads the record at an offset.
func record[T string | []byte](text T, at uint32) (number int, s T) {
	if head := text[at : at+2]; head[0]|head[1] < 0x80 {
		return int(head[0]), text[at+2 : at+2+uint32(head[1])]
	}
	return longRecord(text, at)
}

func longRecord[T string | []byte](text T, at uint32) (number int, s T) {
	number, i := uvarint(text, int(at))
	n, i := uvarint(text, i)
	return number, text[i : i+n]
}

func uvarint[T string | []byte](text T, i int) (v, next int) {
	for shift := 0; ; shift += 7 {
		b := text[i]
		i++
		v |= int(b&0x7f) << shift
		if b < 0x80 {
			return v, i
		}
	}
}

// slot of an open hash table; a free one is zero.
type slot struct {
	hash uint32
	what uint32 // plus one
}

// table is an open hash table of numbers. Who searches it compares what the
// numbers stand for.
type table struct {
	slots []slot
	used  int
}

// newTable makes a table for n numbers, which may become more.
func newTable(n int) table { return table{slots: make([]slot, tableSize(n))} }

func (t *table) put(hash, what uint32) {
	if t.used*4 >= len(t.slots)*3 {
		t.resize(2 * len(t.slots))
	}
	t.used++
	t.place(slot{hash: hash, what: what + 1})
}

func (t *table) resize(size int) {
	old := t.slots
	t.slots = make([]slot, size)
	for _, s := range old {
		if s.what != 0 {
			t.place(s)
		}
	}
}

// fitted is the slots, no more than are needed.
func (t *table) fitted() []slot {
	if size := tableSize(t.used); size < len(t.slots) {
		t.resize(size)
	}
	return t.slots
}

func (t *table) place(s slot) {
	mask := uint32(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].what != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

// term is an interned word. Its number is its place in a list of terms; the
// rows filed under it are entries[start:], up to the next term's.
type term struct {
	text  uint32 // where its record is
	start uint32
}

// findTerm gives the number of a word.
func findTerm[T string | []byte](g *segment, hash uint32, s space, word T) (uint32, bool) {
	mask := uint32(len(g.lookup) - 1)
	for i := hash & mask; g.lookup[i].what != 0; i = (i + 1) & mask {
		if g.lookup[i].hash != hash {
			continue
		}
		n := g.lookup[i].what - 1
		if is, w := record(g.text, g.terms[n].text); is == int(s) && w == string(word) {
			return n, true
		}
	}
	return 0, false
}

// tableSize is a power of two that n entries leave some room in.
func tableSize(n int) int {
	size := 8
	for size*3 <= n*4 {
		size *= 2
	}
	return size
}
