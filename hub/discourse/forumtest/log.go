package forumtest

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is a request that has arrived.
type Request struct {
	Method string
	Path   string // without the forum's folder
	Query  string
	Key    bool   // it has an Api-Key, the right one or not
	User   string // Api-Username
	At     time.Time
}

type requestLog struct {
	mu   sync.Mutex
	all  []Request
	wake chan struct{} // closed and replaced with each request
}

func (l *requestLog) add(r Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, r)
	close(l.wake)
	l.wake = make(chan struct{})
}

// Requests lists every request so far, also those that were not answered.
func (f *Forum) Requests() []Request {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	return slices.Clone(f.log.all)
}

// Wait returns when a request has arrived that is as wanted, at any time since
// the forum was made. It asks about each request once, in order.
func (f *Forum) Wait(ctx context.Context, wanted func(Request) bool) error {
	for next := 0; ; {
		f.log.mu.Lock()
		fresh, wake := slices.Clone(f.log.all[next:]), f.log.wake
		f.log.mu.Unlock()
		next += len(fresh)
		if slices.ContainsFunc(fresh, wanted) {
			return nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Outage makes the forum answer everything with a status and a page that is not
// its own, as a proxy does; 0 is no answer at all. Back ends it.
func (f *Forum) Outage(status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outage = &status
}

// Back ends an outage.
func (f *Forum) Back() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outage = nil
}

// Limit is how many requests the forum takes in a minute, 0 for any number.
func (f *Forum) Limit(perMinute int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limit, f.spent = perMinute, nil
}

// spend takes one request off the limit, or says how long to wait for one.
func (f *Forum) spend() (wait time.Duration) {
	if f.limit == 0 {
		return 0
	}
	now := f.now()
	f.spent = slices.DeleteFunc(f.spent, func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	if len(f.spent) >= f.limit {
		return time.Minute - now.Sub(f.spent[len(f.spent)-f.limit])
	}
	f.spent = append(f.spent, now)
	return 0
}

// failing reports whether there is an outage, and answers as it wants.
func (f *Forum) failing(w http.ResponseWriter) bool {
	f.mu.Lock()
	outage := f.outage
	f.mu.Unlock()
	if outage == nil {
		return false
	}
	if *outage == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(*outage)
	_, _ = w.Write([]byte("<html><head><title>nginx</title></head><body><center>nginx</center></body></html>\n"))
	return true
}
