package observe

import (
	"errors"
	"io"
	"sync"
	"time"
)

type body = io.ReadCloser

// reading is a body that is seen as it is read.
type reading struct {
	body
	seen *beginning
}

func (r reading) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.seen.add(p[:max(n, 0)], errors.Is(err, io.EOF))
	return n, err
}

// patience is how long a refusal may take to be read after it was closed: what
// there is to read has come with its head, mostly.
const patience = 200 * time.Millisecond

// refusal is the body of an answer that says no. What the provider has not read
// of its beginning is read when it closes it.
type refusal struct{ reading }

func (r refusal) Close() error {
	if r.seen.wanting() {
		// Bodies of HTTP answers may be closed while they are read, which ends the
		// reading.
		enough := time.AfterFunc(patience, func() { _ = r.body.Close() })
		defer enough.Stop()
		for buf := make([]byte, 1024); r.seen.wanting(); {
			if _, err := r.Read(buf); err != nil {
				break
			}
		}
	}
	return r.body.Close()
}

// beginning is the first bytes of a body. Whoever sends a request may still read
// its body when the answer is there.
type beginning struct {
	room int

	mu    sync.Mutex
	kept  []byte
	more  bool // there was more than there is room for
	ended bool
}

func newBeginning(room int) *beginning { return &beginning{room: room} }

func (b *beginning) add(p []byte, ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(b.room-len(b.kept), len(p))
	b.kept = append(b.kept, p[:n]...)
	b.more = b.more || n < len(p)
	b.ended = b.ended || ended
}

// wanting reports whether more may follow and there is room for it.
func (b *beginning) wanting() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.ended && !b.more && len(b.kept) < b.room
}

// read gives what there is, and whether that is all.
func (b *beginning) read() (text string, whole bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.kept), len(b.kept) == 0 || b.ended && !b.more
}
