package providertest

import (
	"bytes"
	"sync"
)

// Transcript is a log that can be read while it is written.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to it. It never fails.
func (s *Transcript) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// String is all that was written so far.
func (s *Transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
