package hub_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellhop-chat/bellhop/hub"
)

// Ids are on the wire and in databases: the same parts have to make the same
// digest in every release.
func TestDigestIsStable(t *testing.T) {
	require.Equal(t, "4oymiquy7qobjgx36tejs35zeq", hub.Digest())
	require.Equal(t, "cjjxpnrorr5tl22resokqzavbm", hub.Digest("meta", "post_created", "901"))
	require.Equal(t, hub.NotificationID("nic3absa5xhkmgkka2xazqyda5q"), hub.NotificationFor("e1", hub.Chat{System: "slack", ID: "C1"}))
}

func TestDigestTellsPartsApart(t *testing.T) {
	seen := map[string][]string{}
	for _, parts := range [][]string{
		{}, {""}, {"", ""}, {"ab", "c"}, {"a", "bc"}, {"abc"}, {"a", "b", "c"}, {"c", "ab"}, {"2:ab1:c"}, {"\x00"}, {"A", "bc"},
	} {
		d := hub.Digest(parts...)
		require.Regexp(t, regexp.MustCompile(`^[a-z2-7]{26}$`), d)
		require.NotContains(t, seen, d, "%q", parts)
		seen[d] = parts
	}
}

func TestNotificationFor(t *testing.T) {
	chat := hub.Chat{System: "slack", ID: "C1"}
	id := hub.NotificationFor("e1", chat)
	require.Equal(t, id, hub.NotificationFor("e1", chat), "routing again makes the same message")
	require.Regexp(t, regexp.MustCompile(`^n[a-z2-7]{26}$`), string(id))
	for _, other := range []hub.NotificationID{
		hub.NotificationFor("e2", chat),
		hub.NotificationFor("e1", hub.Chat{System: "slack", ID: "C2"}),
		hub.NotificationFor("e1", hub.Chat{System: "slack-acme", ID: "C1"}),
		hub.NotificationFor("e1", hub.Chat{System: "slackC", ID: "1"}),
	} {
		require.NotEqual(t, id, other)
	}
	require.Equal(t, id[:9], hub.NotificationFor("e1", hub.Chat{System: "slack", ID: "C2"})[:9], "what one event owes is kept together")
	require.NotEqual(t, id[:9], hub.NotificationFor("e2", chat)[:9])
}

func TestValidName(t *testing.T) {
	for _, valid := range []string{"a", "0", "meta", "slack-acme", "a_b", "9-", strings.Repeat("a", 32)} {
		require.True(t, hub.ValidName(valid), valid)
	}
	for _, invalid := range []string{"", "-a", "_a", "A", "a.b", "a b", "a*", "a>", "a/b", "é", "a\n", strings.Repeat("a", 33)} {
		require.False(t, hub.ValidName(invalid), invalid)
	}
}
