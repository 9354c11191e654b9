package rules

import (
	"hash/maphash"
	"sync"

	"github.com/bellhop-chat/bellhop/hub"
)

// scratch is the working memory of one Match.
type scratch struct {
	facts *Facts
	news  bool // a new post
	moved bool // a topic that stands elsewhere than before

	// The event's words, folded, list by list: first by what they mean, then for
	// one segment as the numbers that its terms have.
	letters []byte
	probes  []probe
	probed  [lists]int // where each list ends
	terms   []uint32
	termed  [lists]int

	// What most rows pass: their traits among those watched are the wanted ones,
	// and the event is nothing special. With an easy event, a row whose filters
	// hold needs nothing else but its source.
	watched, wanted traits
	special, easy   bool

	blind       []string // folded
	known       [2]uint8 // of now and before: a bit for each field that the event tells
	restricted  [2]bool
	title, text []byte // folded, made when a row asks for it
	folded      bool

	found  [][]uint32 // lists of rows to look at
	views  []view
	at     uint8 // the view that is looked at
	won    []winner
	older  [fewWinners]int // how many winners are older, for each
	ages   []uint64        // their ages, and which they are
	chats  []chatSlot      // winners by chat
	match  uint32          // number of this match, in chats
	looked []near
}

// list is what an event has, or had, that filters name. The first are fields.
type list uint8

const (
	wasCategory = list(fieldText) + iota
	wasTag
	isRestricted  // the restricted ones among its categories
	wasRestricted // and among those before
	lists         = iota + list(fieldText)
)

// Of when an event tells.
const (
	now = iota
	then
)

// probe is a word of the event to look up: as it is, or of letters.
type probe struct {
	word     string
	from, to uint32
	hash     uint32
	space    space
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// read takes in an event. What is in no space of those is not asked for.
func read(f *Facts, views []view) *scratch {
	s := scratches.Get().(*scratch)
	var spaces uint32
	for i := range views {
		spaces |= views[i].spaces
	}
	s.facts, s.views, s.news, s.moved = f, views, f.isNews(), f.isMove()
	s.folded = false
	for _, reader := range f.Blind {
		s.blind = append(s.blind, fold(reader))
	}
	s.know()
	s.probe(spaces)
	s.watch()
	return s
}

// watch notes what guard would say no to.
func (s *scratch) watch() {
	f := s.facts
	s.watched, s.wanted = isOff|isBroken|forShared, 0
	if f.Private {
		s.wanted |= forShared
	}
	if !s.news && !s.moved {
		s.watched |= hasKinds
		s.wanted |= hasKinds
	}
	if f.Reply {
		s.watched |= isFollow
	}
	s.special = f.Unlisted || f.Sensitive || s.restricted[now] || len(s.blind) > 0
	s.easy = !s.special && !s.moved
}

// release gives the working memory back. It keeps nothing of the event.
func (s *scratch) release() {
	clear(s.found)
	clear(s.probes)
	clear(s.blind)
	s.facts, s.views = nil, nil
	s.letters, s.probes, s.terms, s.blind, s.found = s.letters[:0], s.probes[:0], s.terms[:0], s.blind[:0], s.found[:0]
	s.won, s.looked = s.won[:0], s.looked[:0]
	s.restricted = [2]bool{}
	scratches.Put(s)
}

// know notes which fields the event tells.
func (s *scratch) know() {
	f := s.facts
	known := uint8(1 << fieldKind)
	tells := func(of field, told bool) {
		if told {
			known |= 1 << of
		}
	}
	tells(fieldCategory, len(f.Categories) > 0)
	tells(fieldTag, f.Tags != nil)
	tells(fieldTopic, f.Topic != "")
	tells(fieldAuthor, f.Author != "")
	tells(fieldMention, s.news || f.hasPost())
	tells(fieldShared, f.SharedWith != nil)
	tells(fieldText, f.Title != "" || f.Text != "")
	s.known = [2]uint8{known, known}
	if s.moved && s.cameFromNowhere() {
		s.known[then] &^= 1 << fieldCategory
	}
}

// cameFromNowhere reports whether a moved topic had no category that is known.
func (s *scratch) cameFromNowhere() bool {
	return s.facts.Type == hub.ForumTopicCategoryChanged && len(s.facts.Before.Categories) == 0
}

// probe makes the words to look up, list by list in the order of their numbers.
func (s *scratch) probe(spaces uint32) {
	f := s.facts
	s.addPlaces(f.Categories, spaces)
	s.probed[fieldCategory] = len(s.probes)
	s.addAll(f.Tags, spaceTag, spaces)
	s.probed[fieldTag] = len(s.probes)
	s.add(f.Topic, spaceTopic, spaces)
	s.probed[fieldTopic] = len(s.probes)
	s.addAuthor(spaces)
	s.probed[fieldAuthor] = len(s.probes)
	s.addAll(f.Mentions, spaceMention, spaces)
	s.probed[fieldMention] = len(s.probes)
	s.addAll(f.SharedWith, spaceShared, spaces)
	s.probed[fieldShared] = len(s.probes)
	s.addKinds(spaces)
	s.probed[fieldKind] = len(s.probes)
	s.addBefore(spaces)
}

// addBefore makes the words of where a topic stood, and of what is restricted.
func (s *scratch) addBefore(spaces uint32) {
	f := s.facts
	categories, tags := f.Categories, f.Tags
	if s.moved {
		if len(f.Before.Categories) > 0 || s.cameFromNowhere() {
			categories = f.Before.Categories
		}
		if f.Before.Tags != nil {
			tags = f.Before.Tags
		}
		s.addPlaces(categories, spaces)
	}
	s.probed[wasCategory] = len(s.probes)
	if s.moved {
		s.addAll(tags, spaceTag, spaces)
	}
	s.probed[wasTag] = len(s.probes)
	s.restricted[now] = s.addRestricted(f.Categories, spaces)
	s.probed[isRestricted] = len(s.probes)
	if s.moved {
		s.restricted[then] = s.addRestricted(categories, spaces)
	}
	s.probed[wasRestricted] = len(s.probes)
}

func (s *scratch) add(w string, in space, spaces uint32) {
	if w == "" || spaces&(1<<in) == 0 {
		return
	}
	if !isFolded(w) {
		from := len(s.letters)
		s.letters = appendFold(s.letters, w)
		s.addLetters(from, in)
		return
	}
	s.probes = append(s.probes, probe{})
	p := &s.probes[len(s.probes)-1]
	p.word, p.space = w, in
	p.hash = inSpace(maphash.String(seed, w), in)
}

func (s *scratch) addLetters(from int, in space) {
	hash := inSpace(maphash.Bytes(seed, s.letters[from:]), in)
	s.probes = append(s.probes, probe{from: uint32(from), to: uint32(len(s.letters)), hash: hash, space: in})
}

func (s *scratch) addAll(words []string, in space, spaces uint32) {
	for _, w := range words {
		s.add(w, in, spaces)
	}
}

// addPlaces adds the categories that a topic is in: the nearest, and as one
// that is below it, each of the line.
func (s *scratch) addPlaces(line []Category, spaces uint32) {
	for i := range line {
		if i == 0 {
			s.addCategory(&line[i], spaceCategory, spaces)
		}
		s.addCategory(&line[i], spaceBelow, spaces)
	}
}

func (s *scratch) addCategory(c *Category, in space, spaces uint32) {
	s.add(c.ID, in, spaces)
	if c.Slug != c.ID {
		s.add(c.Slug, in, spaces)
	}
	if c.Path != c.Slug && c.Path != c.ID {
		s.add(c.Path, in, spaces)
	}
}

// addRestricted adds the restricted categories of a line, which a row names
// either way.
func (s *scratch) addRestricted(line []Category, spaces uint32) (restricted bool) {
	for i := range line {
		if line[i].Restricted {
			restricted = true
			s.addCategory(&line[i], spaceCategory, spaces)
			s.addCategory(&line[i], spaceBelow, spaces)
		}
	}
	return restricted
}

func (s *scratch) addAuthor(spaces uint32) {
	f := s.facts
	s.add(f.Author, spaceAuthor, spaces)
	if f.Author == "" {
		return
	}
	s.addAll(f.AuthorIn, spaceAuthorIn, spaces)
	if f.Bot {
		s.add(bots, spaceAuthorIs, spaces)
	}
	if f.Staff {
		s.add(staff, spaceAuthorIs, spaces)
	}
}

// addKinds adds the event's types and the patterns that take them.
func (s *scratch) addKinds(spaces uint32) {
	if spaces&(1<<spaceKind) == 0 {
		return
	}
	for _, t := range [2]hub.EventType{s.facts.Type, s.facts.Also} {
		s.add(string(t), spaceKind, spaces)
		for i := range len(t) {
			if t[i] == '.' {
				from := len(s.letters)
				s.letters = append(appendFold(s.letters, string(t[:i])), ".*"...)
				s.addLetters(from, spaceKind)
			}
		}
	}
}

// resolve looks the words up among a segment's terms.
func (s *scratch) resolve(g *segment) {
	s.terms = s.terms[:0]
	p := 0
	for l, end := range s.probed {
		for ; p < end; p++ {
			w := &s.probes[p]
			if g.spaces&(1<<w.space) == 0 {
				continue
			}
			t, ok := uint32(0), false
			if w.word != "" {
				t, ok = findTerm(g, w.hash, w.space, w.word)
			} else {
				t, ok = findTerm(g, w.hash, w.space, s.letters[w.from:w.to])
			}
			if ok {
				s.terms = append(s.terms, t)
			}
		}
		s.termed[l] = len(s.terms)
	}
}

// list is the terms that the event has in one of its lists.
func (s *scratch) list(l list) []uint32 {
	if l == 0 {
		return s.terms[:s.termed[0]]
	}
	return s.terms[s.termed[l-1]:s.termed[l]]
}

// of is the list that a field's terms are held against.
func (s *scratch) of(f field, when int) []uint32 {
	if when == then && f <= fieldTag {
		return s.list(wasCategory + list(f))
	}
	return s.list(list(f))
}

func (s *scratch) foldText() {
	if s.folded {
		return
	}
	s.folded = true
	s.title = appendFold(s.title[:0], s.facts.Title)
	s.text = appendFold(s.text[:0], s.facts.Text)
}

// blindTo reports whether a reader may not see the event.
func (s *scratch) blindTo(reader string) bool {
	for _, b := range s.blind {
		if b == reader {
			return true
		}
	}
	return false
}
