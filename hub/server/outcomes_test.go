package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
	"github.com/bellhop-chat/bellhop/hub/bus"
)

// TestOneMistakeInAListOfOutcomes holds that what a worker tells beside it is not lost.
func TestOneMistakeInAListOfOutcomes(t *testing.T) {
	t.Parallel()
	outcomes, err := hub.ParseOutcomes([]byte(`[{"notification":"n1","status":"sent"},{"notification":7,"status":"sent"},{"notification":"n3","status":"dead"}]`), bus.Decode)
	require.Error(t, err)
	require.Len(t, outcomes, 3)
	require.EqualValues(t, "n1", outcomes[0].Notification)
	require.Empty(t, outcomes[1].Notification)
	require.EqualValues(t, "n3", outcomes[2].Notification)
}
