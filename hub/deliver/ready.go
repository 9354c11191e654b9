package deliver

import (
	"sync"
	"time"
)

// ready is the queue of lanes whose head may be sent. A bounded number of
// goroutines drain it; soon after it is empty there are none.
type ready struct {
	step  func(*partition, *lane)
	limit int

	mu      sync.Mutex
	queue   []entry
	running int
	idle    int           // of those running, who wait for a call
	call    chan struct{} // to one of them
}

const (
	// linger is how long a goroutine waits for more: the stack of a new one is copied
	// three times until it is deep enough to render a message and to post it.
	linger = 250 * time.Millisecond
	// mostIdle is how many wait at a time.
	mostIdle = 32
)

type entry struct {
	pt *partition
	l  *lane
}

func newReady(limit int, step func(*partition, *lane)) *ready {
	// There is room for a call to each who may wait, so that none blocks.
	return &ready{step: step, limit: limit, call: make(chan struct{}, limit)}
}

// push queues a lane. It does not block.
func (r *ready) push(pt *partition, l *lane) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, entry{pt, l})
	switch {
	case r.idle > 0:
		r.idle--
		r.call <- struct{}{}
	case r.running < r.limit:
		r.running++
		go r.drain()
	}
}

func (r *ready) drain() {
	patience := time.NewTimer(linger)
	defer patience.Stop()
	for {
		e, found, over := r.next()
		if over {
			return
		}
		if found {
			r.step(e.pt, e.l)
			continue
		}
		patience.Reset(linger)
		select {
		case <-r.call:
		case <-patience.C:
			if r.leave() {
				return
			}
			<-r.call // it is on its way
		}
	}
}

// next takes the lane that has waited longest. Where there is none, the caller counts
// as one who waits, or it is over, where enough do.
func (r *ready) next() (e entry, found, over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(r.queue) > 0:
		e = r.queue[0]
		r.queue[0] = entry{}
		r.queue = r.queue[1:]
		return e, true, false
	case r.idle < mostIdle:
		r.queue = nil
		r.idle++
		return entry{}, false, false
	}
	r.running--
	return entry{}, false, true
}

// leave takes one who waits away. It cannot where all are called.
func (r *ready) leave() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle == 0 {
		return false
	}
	r.idle--
	r.running--
	return true
}
