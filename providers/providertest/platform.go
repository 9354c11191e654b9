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
	Sent() []Sent                                    // accepted messages in order, as they read now
	Wait(ctx context.Context, n int) ([]Sent, error) // blocks until n are accepted
	// Retract takes a message away as somebody on the platform may do. It is
	// false if there is none.
	Retract(ref string) bool
	// Script says how the next calls that write are answered, each by one step:
	// those that send, edit and retract a message draw from one script, and any
	// other call is answered normally. So is everything once the script is over.
	Script(steps ...Step)
	// Uploads are the files that were accepted, in order, and Tries how many calls
	// wanted to bring one.
	Uploads() []Upload
	Tries() int
	// ScriptUploads says how the next calls that bring a file are answered.
	ScriptUploads(steps ...Step)
}

// Sent is a message that a look-alike accepted.
type Sent struct {
	Chat  string
	Key   string // what the platform deduplicates on, if it does
	Text  string // what a person reads: the main text or the fallback
	Root  string // Ref of the message in whose thread it is
	Ref   string // the platform's id of it
	Raw   json.RawMessage
	At    time.Time
	Edits int  // how often it was changed
	Gone  bool // it was taken back; Text and Raw are what it said last
}

// Step is an answer that is not the normal one. With none of Hang, Close and
// Status it is an empty 200.
type Step struct {
	Status      int
	Header      http.Header
	Body        string
	Hang        bool // until the client goes away; with a Status, after half an answer
	Close       bool // drop the connection without an answer
	AfterAccept bool // accept the message, edit or retraction, then fail the answer as described

	reached func() // told when the step is played
}

// Answer plays the step. A look-alike calls it when Next gave it one; for
// AfterAccept, after it has recorded the message or its change.
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
	mu      sync.Mutex
	sent    []Sent
	changes int
	steps   []Step
	more    chan struct{} // closed when sent grows or changes
	files   files
}

// Next takes the step that answers the call at hand, if one is scripted. A
// look-alike asks for it in every call that sends, edits or retracts.
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
	r.tell()
	return s
}

// Edit keeps what the message with ref says now. It is false, and nothing is
// kept, if there is no such message or it is gone.
func (r *Recorder) Edit(ref, text string, raw json.RawMessage) bool {
	return r.change(ref, func(s *Sent) {
		s.Text, s.Raw = text, raw
		s.Edits++
	})
}

// Retract implements Platform: it marks the message with ref as gone. It is
// false if there is no such message or it is gone already.
func (r *Recorder) Retract(ref string) bool {
	return r.change(ref, func(s *Sent) { s.Gone = true })
}

func (r *Recorder) change(ref string, do func(*Sent)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.sent, func(s Sent) bool { return s.Ref == ref && !s.Gone })
	if i < 0 {
		return false
	}
	do(&r.sent[i])
	r.changes++
	r.tell()
	return true
}

// tell wakes who waits. The lock is held.
func (r *Recorder) tell() {
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

// Sent implements Platform.
func (r *Recorder) Sent() []Sent {
	sent, _, _ := r.soFar()
	return sent
}

// Wait implements Platform.
func (r *Recorder) Wait(ctx context.Context, n int) ([]Sent, error) {
	return r.wait(ctx, func(sent []Sent, _ int) bool { return len(sent) >= n })
}

// Changes blocks until n edits and retractions are accepted.
func (r *Recorder) Changes(ctx context.Context, n int) ([]Sent, error) {
	return r.wait(ctx, func(_ []Sent, changes int) bool { return changes >= n })
}

func (r *Recorder) wait(ctx context.Context, enough func(sent []Sent, changes int) bool) ([]Sent, error) {
	for {
		sent, changes, more := r.soFar()
		if enough(sent, changes) {
			return sent, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return sent, ctx.Err()
		}
	}
}

func (r *Recorder) soFar() (sent []Sent, changes int, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more == nil {
		r.more = make(chan struct{})
	}
	return slices.Clone(r.sent), r.changes, r.more
}
