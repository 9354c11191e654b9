package server

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// TestAuditor holds a write until others wait: they are written together, and
// one that cannot be stored keeps nobody from being stored.
func TestAuditor(t *testing.T) {
	const others = 8
	began, goOn := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	var batches [][]string
	a := &auditor{}
	a.append = func(_ context.Context, entries ...hub.AuditEntry) error {
		mu.Lock()
		defer mu.Unlock()
		var lines []string
		for _, e := range entries {
			lines = append(lines, e.Line)
		}
		batches = append(batches, lines)
		if len(batches) == 1 {
			close(began)
			<-goOn
		}
		for _, e := range entries {
			if e.Line == "broken" {
				return errors.New("it cannot be stored")
			}
		}
		return nil
	}
	errs := make(chan error, others+2)
	go func() { errs <- a.write(t.Context(), hub.AuditEntry{Line: "first"}) }()
	<-began
	broken := make(chan error, 1)
	go func() { broken <- a.write(t.Context(), hub.AuditEntry{Line: "broken"}) }()
	for range others {
		go func() { errs <- a.write(t.Context(), hub.AuditEntry{Line: "other"}) }()
	}
	require.Eventually(t, func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return len(a.waiting) == others+1
	}, 10*time.Second, time.Millisecond)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, a.write(ended, hub.AuditEntry{Line: "nobody waits for it"}), context.Canceled)
	close(goOn)
	for range others + 1 {
		require.NoError(t, <-errs)
	}
	require.EqualError(t, <-broken, "it cannot be stored")
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []string{"first"}, batches[0])
	require.Len(t, batches[1], others+2, "those who came meanwhile are written together")
	require.Len(t, batches, 2+others+2, "and one by one, since one of them cannot be stored")
}
