package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// TestSystemsAsLabelsAreBounded has many systems told that no configuration knows.
func TestSystemsAsLabelsAreBounded(t *testing.T) {
	n := newNotifications()
	labels := map[string]bool{}
	for i := range 10 * mostSystems {
		for _, s := range []string{fmt.Sprint("system-", i), fmt.Sprint("No name ", i)} {
			labels[n.system(hub.System(s))] = true
		}
	}
	require.Len(t, labels, mostSystems+1)
	require.True(t, labels[elsewhere])
	require.Equal(t, "system-0", n.system("system-0"), "one that is known stays")
}
