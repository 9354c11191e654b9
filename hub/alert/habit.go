package alert

import (
	"math/bits"
	"slices"
	"time"
)

// A habit is kept in slots of time: whether anything came in each of the last
// two weeks, and a day more so that the same weekday is among them whenever a
// silence began. How much came says little: a busy hour hides no quiet one.
const (
	slot   = 5 * time.Minute
	perDay = int64(24 * time.Hour / slot)
	slots  = 15 * perDay
)

// Of how many days the same hours must be known before a silence means
// anything, and from how many on the quietest of them is passed over: it may
// have been an outage or a holiday.
const (
	leastDays   = 3
	excusedFrom = 5
)

// habit is when a source usually sends: a ring of slots.
type habit struct {
	First int64  `json:"first"` // the slot in which watching began
	Last  int64  `json:"last"`  // the newest slot that is known of
	Busy  []byte `json:"busy"`  // a bit for each slot, by its number modulo slots
}

func newHabit(since time.Time) *habit {
	return &habit{First: slotOf(since), Last: slotOf(since), Busy: make([]byte, slots/8)}
}

func slotOf(t time.Time) int64 { return t.Unix() / int64(slot/time.Second) }

// valid reports whether h can be worked with, wherever it was read from.
func (h *habit) valid() bool {
	return h != nil && len(h.Busy) == int(slots/8) && h.First >= 0 && h.First <= h.Last
}

// advance notes that time has gone on.
func (h *habit) advance(now time.Time) {
	n := slotOf(now)
	if n-h.Last >= slots {
		clear(h.Busy)
		h.Last = n
	}
	for h.Last < n {
		h.Last++
		h.Busy[h.Last%slots/8] &^= 1 << (h.Last % 8)
	}
}

// mark notes that something came at t.
func (h *habit) mark(t time.Time) {
	h.advance(t)
	n := slotOf(t)
	if n > h.Last-slots && n >= 0 {
		h.Busy[n%slots/8] |= 1 << (n % 8)
		h.First = min(h.First, n)
	}
}

// busy counts the slots from one to another, both included, in which something
// came.
func (h *habit) busy(from, to int64) (n int64) {
	for s := from; s <= to; s++ {
		if s%8 == 0 && s+7 <= to {
			n += int64(bits.OnesCount8(h.Busy[s%slots/8]))
			s += 7
			continue
		}
		n += int64(h.Busy[s%slots/8] >> (s % 8) & 1)
	}
	return n
}

// quiet reports whether a silence from last to now is against the habit: on
// other days the same hours had at least so many slots in which something came.
// The same weekday counts for itself, so that a Sunday is held against Sundays.
func (h *habit) quiet(last, now time.Time, least int64) bool {
	from, to := slotOf(last)+1, slotOf(now)-1
	if least <= 0 || to-from+1 < least {
		return false
	}
	oldest := max(h.First, h.Last-slots+1)
	var days []int64
	for k := int64(1); from-k*perDay >= oldest; k++ {
		if to-k*perDay >= from { // it would be held against itself
			continue
		}
		n := h.busy(from-k*perDay, to-k*perDay)
		if k%7 == 0 && n < least {
			return false
		}
		days = append(days, n)
	}
	if len(days) < leastDays {
		return false
	}
	slices.Sort(days)
	if len(days) >= excusedFrom {
		days = days[1:]
	}
	return days[0] >= least
}
