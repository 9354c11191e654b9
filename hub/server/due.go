package server

import (
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub/deliver"
)

// dueEvery is how often messages are counted that could be sent, while somebody asks.
const dueEvery = 100 * time.Millisecond

// due tells how many messages the workers in this process could send and have not yet.
type due struct {
	mu      sync.Mutex
	workers map[*deliver.Worker]bool
	found   int
	last    time.Time // when they were counted
}

// serves takes in a worker; done leaves it out again.
func (d *due) serves(w *deliver.Worker) (done func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.workers == nil {
		d.workers = map[*deliver.Worker]bool{}
	}
	d.workers[w] = true
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.workers, w)
	}
}

// now is how many there are, or were a moment ago.
func (d *due) now() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.last) < dueEvery {
		return d.found
	}
	d.found = 0
	for w := range d.workers {
		d.found += w.Due()
	}
	d.last = time.Now()
	return d.found
}
