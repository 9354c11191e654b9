package deliver

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
	"github.com/bellhop-chat/bellhop/providers/observe"
)

// lane is the queue of one chat. Its partition's lock guards it.
type lane struct {
	name   string
	seqs   []uint64 // known, not delivered, in order: 8 bytes each
	bodies []body   // of the first len(bodies) of seqs
	tail   uint64   // last sequence known: older or equal rings are ignored
	behind bool     // seqs was full: the stream holds more after tail
	busy   bool     // queued, posting or waiting
	parked bool     // waiting for a time, or for its system

	attempt int       // failed attempts at the head
	refused int       // how often the chat has refused us in a row
	chat    string    // its id, while it does
	since   time.Time // when it began to
	turn    time.Time // when the head may be sent, once it has asked
	stored  bool      // a wait of the head is stored on the bus
	past    *bus.Wait // what its last owner stored, until that message is the head

	seen *hub.Exchange // what the platform was asked in the last attempt, and answered

	hurry  bool               // somebody wants the head tried at once
	digest hub.NotificationID // what the head is being told in, together with others
	single uint64             // the platform refused a digest that began with this message
	timer  *time.Timer

	id      string      // the chat's, once a message was looked at
	held    []held      // set aside
	soonest int64       // when the first of them is due
	begun   *begun      // what it was at when the chat was to be left alone
	groups  []group     // what of the first messages is told together
	alarm   *time.Timer // of a lane that rests with messages set aside
	anew    bool        // the chat's clocks go differently: when the digests come must be found anew
	hushed  bool        // it waits for the end of a silence with its head
}

// head is the oldest message of the lane; its body is unknown if it must be read.
func (l *lane) head() (seq uint64, b body) {
	if len(l.bodies) > 0 {
		b = l.bodies[0]
	}
	return l.seqs[0], b
}

// budget is a bound shared by all lanes of a worker.
type budget struct {
	left atomic.Int64
}

func newBudget(n int64) *budget {
	b := &budget{}
	b.left.Store(n)
	return b
}

// take reserves n and reports whether there was room.
func (b *budget) take(n int64) bool {
	if b.left.Add(-n) >= 0 {
		return true
	}
	b.left.Add(n)
	return false
}

func (b *budget) give(n int64) { b.left.Add(n) }

// saw keeps what was asked and answered in an attempt that failed.
func (l *lane) saw(trail *observe.Trail, err error) {
	if l.seen = nil; err != nil {
		l.seen = trail.Last()
	}
}

// cut takes the i-th message out of a lane.
func (l *lane) cut(i int, kept *bodies) {
	switch {
	case i == 0 && len(l.bodies) > 0:
		kept.release(l.bodies[0])
		l.bodies[0] = body{}
		l.bodies = l.bodies[1:]
	case i < len(l.bodies):
		kept.release(l.bodies[i])
		l.bodies = slices.Delete(l.bodies, i, i+1)
	}
	if i == 0 {
		l.seqs = l.seqs[1:]
	} else {
		l.seqs = slices.Delete(l.seqs, i, i+1)
	}
	for g, first := 0, 0; g < len(l.groups); g++ {
		if first += l.groups[g].n; i >= first {
			continue
		}
		if l.groups[g].n--; l.groups[g].n == 0 {
			l.groups = slices.Delete(l.groups, g, g+1)
		}
		return
	}
}

// drop lets go of the bodies of a lane that waits: they are in the stream.
func (l *lane) drop(kept *bodies) {
	kept.release(l.bodies...)
	l.bodies = nil
}
