package server

import (
	"strconv"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub/deliver"
)

const (
	// dueEvery is how often messages are counted that could be sent, while somebody asks.
	dueEvery = 100 * time.Millisecond
	// dueFor is how long is believed what a worker elsewhere has told.
	dueFor = 4 * deliver.DuesEvery
)

// due tells how many messages workers could send and have not yet: those in this
// process are asked, others tell.
type due struct {
	mu      sync.Mutex
	workers map[*deliver.Worker]bool
	others  map[string]dueThere // by worker
	found   int
	last    time.Time // when they were counted
}

// dueThere is what a worker elsewhere has told.
type dueThere struct {
	due int
	at  time.Time
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

// hear takes in what a worker tells, wherever it is.
func (d *due) hear(ids []string) {
	if len(ids) != 2 {
		return
	}
	n, err := strconv.Atoi(ids[1])
	if err != nil || n < 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for w := range d.workers {
		if w.Owner() == ids[0] {
			return
		}
	}
	if d.others == nil {
		d.others = map[string]dueThere{}
	}
	d.others[ids[0]] = dueThere{n, time.Now()}
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
	for owner, t := range d.others {
		if time.Since(t.at) > dueFor {
			delete(d.others, owner)
			continue
		}
		d.found += t.due
	}
	d.last = time.Now()
	return d.found
}
