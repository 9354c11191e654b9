package deliver

import (
	"sync/atomic"
	"time"
)

// lane is the queue of one chat. Its partition's lock guards it.
type lane struct {
	name   string
	seqs   []uint64 // known, not delivered, in order: 8 bytes each
	bodies [][]byte // of the first len(bodies) of seqs
	tail   uint64   // last sequence known: older or equal rings are ignored
	behind bool     // seqs was full: the stream holds more after tail
	busy   bool     // queued, posting or waiting

	attempt int  // failed attempts at the head
	stored  bool // a wait of the head is stored on the bus
	timer   *time.Timer
}

// head is the oldest message of the lane; its body is nil if it must be read.
func (l *lane) head() (seq uint64, body []byte) {
	if len(l.bodies) > 0 {
		body = l.bodies[0]
	}
	return l.seqs[0], body
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

// drop lets go of the bodies of a lane that waits: they are in the stream.
func (l *lane) drop(bytes *budget) {
	for _, b := range l.bodies {
		bytes.give(int64(len(b)))
	}
	l.bodies = nil
}
