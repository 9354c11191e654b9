package deliver

import (
	"sync/atomic"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/providers/observe"
)

// lane is the queue of one chat. Its partition's lock guards it.
type lane struct {
	name   string
	seqs   []uint64 // known, not delivered, in order: 8 bytes each
	bodies [][]byte // of the first len(bodies) of seqs
	tail   uint64   // last sequence known: older or equal rings are ignored
	behind bool     // seqs was full: the stream holds more after tail
	busy   bool     // queued, posting or waiting

	attempt int       // failed attempts at the head
	refused int       // how often the chat has refused us in a row
	chat    string    // its id, while it does
	since   time.Time // when it began to
	turn    time.Time // when the head may be sent, once it has asked
	stored  bool      // a wait of the head is stored on the bus

	seen *hub.Exchange // what the platform was asked in the last attempt, and answered

	hurry  bool               // somebody wants the head tried at once
	digest hub.NotificationID // what the head is being told in, together with others
	single uint64             // the platform refused a digest that began with this message
	timer  *time.Timer
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

// saw keeps what was asked and answered in an attempt that failed.
func (l *lane) saw(trail *observe.Trail, err error) {
	if l.seen = nil; err != nil {
		l.seen = trail.Last()
	}
}

// drop lets go of the bodies of a lane that waits: they are in the stream.
func (l *lane) drop(bytes *budget) {
	for _, b := range l.bodies {
		bytes.give(int64(len(b)))
	}
	l.bodies = nil
}
