package providertest

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Platform is a look-alike of a chat platform: it answers as the platform does
// and records what was sent.
type Platform interface {
	http.Handler
	Sent() []Sent                                    // accepted messages in order
	Wait(ctx context.Context, n int) ([]Sent, error) // blocks until n are accepted
	// Script says how the next calls of the send method are answered, each by
	// one step. Afterwards the look-alike answers normally again.
	Script(steps ...Step)
}

// Sent is a message that a look-alike accepted.
type Sent struct {
	Chat string
	Key  string // what the platform deduplicates on, if it does
	Text string // what a person reads: the main text or the fallback
	Root string // Ref of the message in whose thread it is
	Ref  string // the platform's id of it
	Raw  json.RawMessage
	At   time.Time
}

// Step is an answer that is not the normal one. With none of Hang, Close and
// Status it is an empty 200.
type Step struct {
	Status      int
	Header      http.Header
	Body        string
	Hang        bool // until the client goes away; with a Status, after half an answer
	Close       bool // drop the connection without an answer
	AfterAccept bool // accept the message, then fail the answer as described

	reached func() // told when the step is played
}

// Answer plays the step. A look-alike calls it when Next gave it one; for
// AfterAccept, after it has recorded the message.
func (s Step) Answer(w http.ResponseWriter, r *http.Request) {
	// The server sees the client go only once the request's body has been read.
	_, _ = io.Copy(io.Discard, r.Body)
	if s.reached != nil {
		s.reached()
	}
	if s.Close {
		panic(http.ErrAbortHandler)
	}
	if s.Status != 0 || !s.Hang {
		maps.Copy(w.Header(), s.Header)
		if s.Status != 0 {
			w.WriteHeader(s.Status)
		}
		_, _ = io.WriteString(w, s.Body)
	}
	if s.Hang {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// Recorder is what a look-alike embeds to be a Platform. The zero Recorder is
// ready.
type Recorder struct {
	mu    sync.Mutex
	sent  []Sent
	steps []Step
	more  chan struct{} // closed when sent grows
}

// Next takes the step that answers the call at hand, if one is scripted.
func (r *Recorder) Next() (Step, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.steps) == 0 {
		return Step{}, false
	}
	step := r.steps[0]
	r.steps = r.steps[1:]
	return step, true
}

// Script implements Platform.
func (r *Recorder) Script(steps ...Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = append(r.steps, steps...)
}

// Record keeps an accepted message.
func (r *Recorder) Record(s Sent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record(s)
}

// RecordOnce keeps an accepted message unless one with its Key is there
// already, and returns the one that is kept: for platforms that deduplicate.
func (r *Recorder) RecordOnce(s Sent) Sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.sent, func(o Sent) bool { return o.Key == s.Key }); i >= 0 && s.Key != "" {
		return r.sent[i]
	}
	return r.record(s)
}

func (r *Recorder) record(s Sent) Sent {
	if s.At.IsZero() {
		s.At = time.Now()
	}
	r.sent = append(r.sent, s)
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
	return s
}

// Sent implements Platform.
func (r *Recorder) Sent() []Sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

// Wait implements Platform.
func (r *Recorder) Wait(ctx context.Context, n int) ([]Sent, error) {
	for {
		sent, more := r.soFar()
		if len(sent) >= n {
			return sent, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return sent, ctx.Err()
		}
	}
}

func (r *Recorder) soFar() ([]Sent, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more == nil {
		r.more = make(chan struct{})
	}
	return slices.Clone(r.sent), r.more
}
