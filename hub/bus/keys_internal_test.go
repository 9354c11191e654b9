package bus

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// cut is a watcher whose connection ends before all has come.
type cut struct {
	jetstream.KeyWatcher
	updates chan jetstream.KeyValueEntry
}

func (c cut) Updates() <-chan jetstream.KeyValueEntry { return c.updates }
func (c cut) Stop() error                             { return nil }

type entry struct{ jetstream.KeyValueEntry }

// TestAListThatIsCutShortIsNone holds that the first keys of a bucket are not taken
// for all of them.
func TestAListThatIsCutShortIsNone(t *testing.T) {
	updates := make(chan jetstream.KeyValueEntry, 2)
	updates <- entry{}
	close(updates)
	seen := 0
	visit := func(jetstream.KeyValueEntry) error { seen++; return nil }
	require.ErrorContains(t, eachOf(t.Context(), cut{updates: updates}, "SYSTEMS", visit), "list SYSTEMS: it was ended by the bus")
	require.Equal(t, 1, seen)

	updates = make(chan jetstream.KeyValueEntry, 2)
	updates <- entry{}
	updates <- nil // all has come
	close(updates)
	require.NoError(t, eachOf(t.Context(), cut{updates: updates}, "SYSTEMS", visit))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, eachOf(ctx, cut{updates: updates}, "SYSTEMS", visit), context.Canceled)
}
