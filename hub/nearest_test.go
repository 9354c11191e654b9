package hub_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestNearest(t *testing.T) {
	names := []string{"support", "Support-DE", "bugs", "announcements", "off-topic"}
	require.Equal(t, []string{"support"}, hub.Nearest("suport", names, 3))
	require.Equal(t, []string{"support", "Support-DE"}, hub.Nearest("SUPPORT", names, 3))
	require.Equal(t, []string{"support"}, hub.Nearest("SUPPORT", names, 1))
	require.Equal(t, []string{"announcements"}, hub.Nearest("announce", names, 3))
	require.Empty(t, hub.Nearest("printers", names, 3))
	require.Empty(t, hub.Nearest("", names, 3))
}
