package server

import (
	"context"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

// auditor writes what became of commands to the audit log, before their replies
// are shown. Each write waits for the disk, so that those who come while it does
// are written together after it.
type auditor struct {
	append func(ctx context.Context, entries ...hub.AuditEntry) error

	mu      sync.Mutex
	waiting []*audited
	writing bool
}

// audited is an entry that somebody waits for.
type audited struct {
	entry hub.AuditEntry
	done  chan error
}

// auditPatience bounds one write.
const auditPatience = 10 * time.Second

// write returns when the entry is stored, cannot be stored, or ctx ends.
func (a *auditor) write(ctx context.Context, e hub.AuditEntry) error {
	mine := &audited{e, make(chan error, 1)}
	a.mu.Lock()
	a.waiting = append(a.waiting, mine)
	begin := !a.writing
	a.writing = true
	a.mu.Unlock()
	if begin {
		go a.run()
	}
	select {
	case err := <-mine.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes until nobody waits.
func (a *auditor) run() {
	for {
		a.mu.Lock()
		batch := a.waiting
		a.waiting = nil
		a.writing = len(batch) > 0
		a.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		a.put(batch)
	}
}

// put writes entries together or, so that none suffers for another that cannot be
// stored, each by itself.
func (a *auditor) put(batch []*audited) {
	entries := make([]hub.AuditEntry, len(batch))
	for i, one := range batch {
		entries[i] = one.entry
	}
	err := a.store(entries...)
	for _, one := range batch {
		if err != nil && len(batch) > 1 {
			one.done <- a.store(one.entry)
		} else {
			one.done <- err
		}
	}
}

func (a *auditor) store(entries ...hub.AuditEntry) error {
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	return a.append(ctx, entries...)
}
