package admin

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bellhop-chat/bellhop/hub"
)

const (
	maxRetries  = 20    // bulks that are remembered
	mostRetried = 2_000 // notifications of each that are looked at
)

// retries remembers which dead letters were sent again together, to tell how far
// they have come. Another hub does not know of them, nor does this one after a
// restart: the delivery log does.
type retries struct {
	mu   sync.Mutex
	list []retried
}

type retried struct {
	id  string
	all int
	ids []hub.NotificationID // at most mostRetried
}

// keep remembers a bulk and gives its id.
func (r *retries) keep(found []dead, now time.Time) string {
	one := retried{all: len(found)}
	for _, d := range found[:min(len(found), mostRetried)] {
		one.ids = append(one.ids, d.id)
	}
	one.id = hub.Digest("retry", now.String())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, one)
	r.list = r.list[max(0, len(r.list)-maxRetries):]
	return one.id
}

func (r *retries) find(id string) (retried, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.list, func(one retried) bool { return one.id == id })
	if i < 0 {
		return retried{}, false
	}
	return r.list[i], true
}

// RetryProgress is how far a bulk has come. Of a very large one only the first
// 2,000 are looked at.
type RetryProgress struct {
	ID     string `json:"id"`
	Count  int    `json:"count"`
	Looked int    `json:"looked"` // at how many of them
	Queued int    `json:"queued"`
	Failed int    `json:"failed"` // and tried again
	Sent   int    `json:"sent"`
	Dead   int    `json:"dead"` // given up again
}

// Done reports whether nothing more will happen by itself.
func (p RetryProgress) Done() bool { return p.Queued+p.Failed == 0 }

// RetryProgress says how far a bulk has come.
func (s *Server) RetryProgress(ctx context.Context, id string) (*RetryProgress, error) {
	one, known := s.retries.find(id)
	if !known {
		return nil, hub.Errorf(hub.CodeNotFound, "this hub does not remember such a bulk: the deliveries tell what became of each")
	}
	rows, err := s.Deliveries.FindDeliveries(ctx, one.ids)
	if err != nil {
		return nil, err
	}
	p := &RetryProgress{ID: id, Count: one.all, Looked: len(one.ids)}
	for _, d := range rows {
		switch d.Status {
		case hub.StatusQueued:
			p.Queued++
		case hub.StatusFailed:
			p.Failed++
		case hub.StatusSent:
			p.Sent++
		case hub.StatusDead:
			p.Dead++
		}
	}
	return p, nil
}

func (s *Server) getRetry(w http.ResponseWriter, r *http.Request) error {
	p, err := s.RetryProgress(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.answer(w, r, http.StatusOK, p)
}
