package hub_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestRoles(t *testing.T) {
	for i, role := range hub.Roles() {
		require.True(t, role.Known())
		for j, need := range hub.Roles() {
			require.Equal(t, i >= j, role.May(need), "%s may do what needs %s", role, need)
		}
		require.False(t, role.May(""), "what needs nothing named is open to nobody")
		require.False(t, hub.Role("").May(role))
		require.False(t, hub.Role("owner").May(role))
	}
	require.False(t, hub.Role("").May(""))
}
