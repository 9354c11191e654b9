package hub_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

func TestNearest(t *testing.T) {
	names := []string{"support", "Support-DE", "bugs", "announcements", "off-topic", "größe"}
	require.Equal(t, []string{"support"}, hub.Nearest("supprt", names, 3))
	require.Equal(t, []string{"support", "Support-DE"}, hub.Nearest("SUPPORT", names, 3))
	require.Equal(t, []string{"support"}, hub.Nearest("SUPPORT", names, 1))
	require.Equal(t, []string{"support", "Support-DE"}, hub.Nearest("supp", names, 3))
	require.Equal(t, []string{"announcements"}, hub.Nearest("announce", names, 3))
	require.Equal(t, []string{"größe"}, hub.Nearest("grösse", append(names, "gross"), 1), "letters count, not bytes")
	require.Empty(t, hub.Nearest("printers", names, 3))
	require.Empty(t, hub.Nearest("", append(names, "x"), 3), "nothing was meant")
	require.Empty(t, hub.Nearest("supprt", names, 0))
	require.Empty(t, hub.Nearest("supprt", names, -1))
	require.Empty(t, hub.Nearest("x"+strings.Repeat("ä", 64), []string{"y" + strings.Repeat("ä", 64)}, 1), "too long to be a slip")
}

func TestNearestIsADistance(t *testing.T) {
	for _, c := range []struct {
		word, name string
		near       bool
	}{
		{"ab", "b", true},
		{"ab", "ba", true}, // two letters that were swapped are one slip
		{"wacth", "watch", true},
		{"wacht", "watch", false},
		{"abc", "bca", false},
		{"kitten", "sitten", true},
		{"kitten", "sittin", true},
		{"kitten", "sitting", false},
		{"bug", "bugs", true},
		{"bug", "big", true},
		{"bug", "bag s", false},
		{"a", "b", true},
	} {
		require.Equal(t, c.near, len(hub.Nearest(c.word, []string{c.name}, 1)) == 1, "%s and %s", c.word, c.name)
	}
}
