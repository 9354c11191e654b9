package rules

import (
	"slices"

	"github.com/bellhop-chat/bellhop/hub"
)

// Decision is what the rules say for one chat.
type Decision struct {
	Subscription hub.SubscriptionID // the row that decides
	hub.Chat
	Mode    hub.Mode
	Options *hub.Options // shared by rows, never nil, not to be changed
	// Mute is that the chat hears nothing, because this row says so.
	Mute bool
	// Asked is that the row has a kind filter, which takes the event.
	Asked bool
}

// Match appends to `to` which row decides for each chat that has one, oldest row
// first. It allocates nothing else.
func (x *Index) Match(f *Facts, to []Decision) []Decision {
	s := read(f, x.views)
	s.decide()
	first := len(to)
	to = slices.Grow(to, len(s.won))[:first+len(s.won)]
	s.order(func(w *winner, place int) {
		v := &x.views[w.view]
		m := v.manner(w.row)
		// Field by field: a whole one would be made elsewhere and copied.
		d := &to[first+place]
		var id string
		id, d.Chat = v.name(w.row)
		d.Subscription = hub.SubscriptionID(id)
		d.Mode, d.Options, d.Mute, d.Asked = m.mode, m.options, m.is(isMute), m.is(hasKinds)
	})
	s.release()
	return to
}

// fewWinners are ordered without a branch: to sort so few that are in no order
// costs more in branches that nobody foresees.
const fewWinners = 24

// order calls see for every winner with its place by age.
func (s *scratch) order(see func(w *winner, place int)) {
	if len(s.won) > fewWinners {
		s.ages = s.ages[:0]
		for i := range s.won {
			s.ages = append(s.ages, uint64(s.won[i].age)<<32|uint64(i))
		}
		slices.Sort(s.ages)
		for place, a := range s.ages {
			see(&s.won[uint32(a)], place)
		}
		return
	}
	older := s.older[:len(s.won)]
	clear(older)
	for i := range s.won {
		for j := range i {
			less := int((int64(s.won[i].age) - int64(s.won[j].age)) >> 63 & 1)
			older[j] += less
			older[i] += 1 - less
		}
	}
	for i, place := range older {
		see(&s.won[i], place)
	}
}

// winner is the row that decides for a chat, as far as rows were looked at.
type winner struct {
	age  uint32
	row  uint32
	chat uint32 // where the chat's record is
	hash uint32 // of the chat
	view uint8
	rank uint8
}

// chatSlot is a slot of a hash table of winners. One of another match is free.
type chatSlot struct{ match, winner uint32 }

// decide finds the winners.
func (s *scratch) decide() {
	s.begin()
	for i := range s.views {
		v := &s.views[i]
		s.at = uint8(i)
		s.resolve(v.segment)
		s.find(v.segment)
		for _, rows := range s.found {
			for _, e := range rows {
				r := e &^ sureBit
				if v.isGone(r) {
					continue
				}
				m := v.manner(r)
				if easy := s.easy && e != r && m.traits&s.watched == s.wanted && m.source == ""; easy || s.check(v.segment, r, e != r).because == Matched {
					s.win(v.segment, r, m.rank)
				}
			}
		}
	}
}

// begin empties the table of winners.
func (s *scratch) begin() {
	s.match++
	if s.match == 0 || len(s.chats) == 0 {
		s.match = 1
		clear(s.chats)
	}
	if len(s.chats) == 0 {
		s.chats = make([]chatSlot, 64)
	}
}

// win lets a row that matches decide for its chat, unless another comes first.
func (s *scratch) win(g *segment, r uint32, rank uint8) {
	row := g.arena[r : r+rowFilters]
	age, chat, hash := row[rowAge], row[rowChat], row[rowHash]
	mask := uint32(len(s.chats) - 1)
	i := hash & mask
	for ; s.chats[i].match == s.match; i = (i + 1) & mask {
		o := &s.won[s.chats[i].winner]
		if o.hash != hash || !s.sameChat(o, g, r) {
			continue
		}
		if rank < o.rank || rank == o.rank && age < o.age {
			o.age, o.row, o.chat, o.view, o.rank = age, r, chat, s.at, rank
		}
		return
	}
	s.chats[i] = chatSlot{s.match, uint32(len(s.won))}
	s.won = append(s.won, winner{})
	o := &s.won[len(s.won)-1]
	o.age, o.row, o.chat, o.hash, o.view, o.rank = age, r, chat, hash, s.at, rank
	if 2*len(s.won) > len(s.chats) {
		s.widen()
	}
}

// sameChat reports whether o is of the chat of a row of the view looked at.
func (s *scratch) sameChat(o *winner, g *segment, r uint32) bool {
	if o.view == s.at {
		return o.chat == g.arena[r+rowChat]
	}
	return s.views[o.view].chat(o.row) == g.chat(r)
}

// widen doubles the table of winners.
func (s *scratch) widen() {
	s.chats = make([]chatSlot, 2*len(s.chats))
	mask := uint32(len(s.chats) - 1)
	for n := range s.won {
		i := s.won[n].hash & mask
		for s.chats[i].match == s.match {
			i = (i + 1) & mask
		}
		s.chats[i] = chatSlot{s.match, uint32(n)}
	}
}

// find lists the rows of g that could match, some of them twice.
func (s *scratch) find(g *segment) {
	s.found = s.found[:0]
	if !g.kinded && !s.news && !s.moved {
		return
	}
	if s.facts.Private {
		s.findUnder(g, s.list(list(fieldShared)))
		return
	}
	if s.news || s.moved {
		s.findAt(g.filed(anyPost))
	}
	s.findAt(g.filed(anyEvent))
	for f := range fieldText {
		if f != fieldShared {
			s.findUnder(g, s.list(list(f)))
		}
	}
	for i, used := range g.paired {
		if !used {
			continue
		}
		for _, a := range s.list(list(pairFields[i][0])) {
			for _, b := range s.list(list(pairFields[i][1])) {
				s.findAt(g.filedBoth(a, b))
			}
		}
	}
}

func (s *scratch) findUnder(g *segment, terms []uint32) {
	for _, t := range terms {
		s.findAt(g.filed(t))
	}
}

func (s *scratch) findAt(rows []uint32) {
	if len(rows) > 0 {
		s.found = append(s.found, rows)
	}
}
