package deliver

import "sync"

// ready is the queue of lanes whose head may be sent. A bounded number of
// goroutines drain it; there are none while it is empty.
type ready struct {
	step  func(*partition, *lane)
	limit int

	mu      sync.Mutex
	queue   []entry
	running int
}

type entry struct {
	pt *partition
	l  *lane
}

// push queues a lane. It does not block.
func (r *ready) push(pt *partition, l *lane) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(r.queue, entry{pt, l})
	if r.running < r.limit {
		r.running++
		go r.drain()
	}
}

func (r *ready) drain() {
	for {
		r.mu.Lock()
		if len(r.queue) == 0 {
			r.running--
			r.queue = nil
			r.mu.Unlock()
			return
		}
		e := r.queue[0]
		r.queue[0] = entry{}
		r.queue = r.queue[1:]
		r.mu.Unlock()
		r.step(e.pt, e.l)
	}
}
