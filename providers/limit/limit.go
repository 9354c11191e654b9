// Package limit says when an account may call its platform next.
//
// A Pacer keeps the rates that a platform documents, per chat and per account,
// and what the platform itself asks for when it refuses. It never sleeps: who
// wants to call takes a Turn, waits elsewhere until it has come, and makes sure
// that it still stands.
//
// What it refuses to do: hold messages (the stream does) and decide what becomes
// of a refused one (package hub/deliver does).
package limit

import (
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/providers"
)

// learnedFor is how many calls a pace holds that a server has taught us: after
// that it is tried whether it takes more by now. A server that says when its next
// call fits (Matrix) is asked too early two or three times a minute then; one that
// says a second and takes ten calls in it, with a hundred at once after a rest
// (Mattermost), is kept to most of what it takes.
const learnedFor = 12

// sweepAt is how many chats are known before those that rest are forgotten.
const sweepAt = 1_000

// Pacer paces one account. It is safe for concurrent use.
type Pacer struct {
	limits providers.Limits

	mu      sync.Mutex
	account line
	chats   map[string]*line
	sweep   int            // the number of chats at which to look for those that rest
	learned providers.Rate // what a server has taught us
	strict  time.Time      // until when that holds
	// The last chat that was refused and until when: a second one means that the
	// account as a whole is too fast.
	refused string
	until   time.Time
}

// line is the queue before a chat or an account.
type line struct {
	next    []time.Time // when each rate is even again, by the index of its rate
	blocked time.Time   // until when the platform wants no calls
}

// New makes a Pacer for an account of a platform with these limits.
func New(l providers.Limits) *Pacer {
	return &Pacer{limits: l, chats: map[string]*line{}, sweep: sweepAt}
}

// Turn is the earliest time, from now on, at which a call for a chat may be made.
// Where taken is true the next Turn comes after it. Where it is false the chat has
// to rest longer than its account, whose calls are others' until then: ask again at
// that time.
func (p *Pacer) Turn(chat string, now time.Time) (at time.Time, taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.chat(chat, now)
	at = latest(now, p.account.blocked)
	rates := p.rates(now)
	for i, r := range rates {
		at = latest(at, p.account.free(i, r))
	}
	rested := c.blocked
	for i, r := range p.limits.Chat {
		rested = latest(rested, c.free(i, r))
	}
	if rested.After(at) {
		return rested, false
	}
	p.account.take(rates, at)
	c.take(p.limits.Chat, at)
	return at, true
}

// rates are those of the account. What was learned comes last.
func (p *Pacer) rates(now time.Time) []providers.Rate {
	if !now.Before(p.strict) {
		return p.limits.Account
	}
	return append(slices.Clip(p.limits.Account), p.learned)
}

// Stands reports whether a Turn that has come may be used. If not, the platform
// has asked to be left alone since it was taken: take another.
func (p *Pacer) Stands(chat string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.chats[chat]
	return !now.Before(p.account.blocked) && (c == nil || !now.Before(c.blocked))
}

// Refused notes that the platform refused a call for a chat, and wants none for
// some time. It reports whether that holds for the whole account: where the pace
// is learned, or where a second chat is refused while the first must wait.
func (p *Pacer) Refused(chat string, now time.Time, after time.Duration) (all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := now.Add(after)
	if p.limits.Learned {
		p.learn(now, until)
	}
	all = p.limits.Learned || p.refused != "" && p.refused != chat && now.Before(p.until)
	p.refused, p.until = chat, until
	if all {
		p.account.blocked = latest(p.account.blocked, until)
		return true
	}
	c := p.chat(chat, now)
	c.blocked = latest(c.blocked, until)
	return false
}

// learn takes the wait that a server asks for as its pace. Refused at a pace that
// it taught us before, we are slower than that: it may ask for the little that was
// missing.
func (p *Pacer) learn(now, until time.Time) {
	pace := until.Sub(now)
	if now.Before(p.strict) {
		pace = max(pace, p.learned.Per+p.learned.Per/10)
	}
	p.learned = providers.Rate{Calls: 1, Per: pace}
	p.strict = until.Add(learnedFor * pace)
}

// chat finds or makes a chat's line, and forgets those that rest.
func (p *Pacer) chat(id string, now time.Time) *line {
	c := p.chats[id]
	if c != nil {
		return c
	}
	if len(p.chats) >= p.sweep {
		for id, c := range p.chats {
			if c.rests(now) {
				delete(p.chats, id)
			}
		}
		p.sweep = max(sweepAt, 2*len(p.chats))
	}
	c = &line{}
	p.chats[id] = c
	return c
}

// rests reports whether a line is as good as a new one.
func (l *line) rests(now time.Time) bool {
	for _, t := range l.next {
		if t.After(now) {
			return false
		}
	}
	return !l.blocked.After(now)
}

// free is when rate i lets a call through: the generic cell rate algorithm, by
// which a burst may run ahead of an even pace.
// https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm
func (l *line) free(i int, r providers.Rate) time.Time {
	if i >= len(l.next) {
		return time.Time{}
	}
	return l.next[i].Add(-time.Duration(max(r.Burst, 1)-1) * every(r))
}

// take notes a call at some time.
func (l *line) take(rates []providers.Rate, at time.Time) {
	for len(l.next) < len(rates) {
		l.next = append(l.next, time.Time{})
	}
	for i, r := range rates {
		l.next[i] = latest(l.next[i], at).Add(every(r))
	}
}

// every is the even pace of a rate.
func every(r providers.Rate) time.Duration { return r.Per / time.Duration(max(r.Calls, 1)) }

func latest(a time.Time, more ...time.Time) time.Time {
	for _, b := range more {
		if b.After(a) {
			a = b
		}
	}
	return a
}
