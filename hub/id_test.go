package hub_test

import (
	"math"
	"regexp"
	"strconv"
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
	require.Equal(t, "3ninmhqn2r5tl22resokqzavbm", hub.OrderedDigest(1_768_035_900_000, "meta", "post_created", "901"))
	require.Equal(t, hub.NotificationID("nic3absa5mhkmgkka2xazqyda5q"), hub.NotificationFor("e1", hub.Chat{System: "slack", ID: "C1"}))
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
	require.NotEqual(t, id[:10], hub.NotificationFor("e2", chat)[:10])
}

// What one event owes is kept together, and in the order of the events.
func TestIDsSort(t *testing.T) {
	c1, c2 := hub.Chat{System: "slack", ID: "C1"}, hub.Chat{System: "matrix-one", ID: "!room:example.org"}
	last := ""
	for _, number := range []uint64{1, 2, 6, 31, 32, 33, 1023, 1024, 901_000, 1_768_035_900_000, 1<<45 - 1} {
		event := hub.EventID("e" + hub.OrderedDigest(number, "meta", "post_created", strconv.FormatUint(number, 10)))
		id := hub.NotificationFor(event, c1)
		require.Regexp(t, regexp.MustCompile(`^n[a-z2-7]{26}$`), string(id))
		for _, other := range []string{string(hub.NotificationFor(event, c2)), string(hub.UpdateFor(event, id))} {
			require.Equal(t, event[1:10], hub.EventID(other[1:10]), number)
			require.NotEqual(t, id[10:], other[10:])
		}
		require.Greater(t, string(event)[1:10], last, number)
		last = string(event)[1:10]
	}
}

func TestOrderedDigestOfNoNumber(t *testing.T) {
	for _, number := range []uint64{0, 1 << 45, math.MaxUint64} {
		require.Equal(t, hub.Digest("meta", "1"), hub.OrderedDigest(number, "meta", "1"), number)
	}
}

// An event's id may be anything; what is made of it may not.
func TestNotificationForAnyEvent(t *testing.T) {
	for _, event := range []hub.EventID{"", "e", "meta/post/1", hub.EventID(strings.Repeat(".", 27)), hub.EventID("e" + strings.Repeat("é", 13)), hub.EventID(strings.Repeat("a", 200))} {
		require.Regexp(t, regexp.MustCompile(`^n[a-z2-7]{26}$`), string(hub.NotificationFor(event, hub.Chat{System: "slack", ID: "C1"})), "%q", event)
	}
}

func TestValidName(t *testing.T) {
	for _, valid := range []string{"a", "0", "meta", "slack-acme", "a_b", "9-", strings.Repeat("a", 32)} {
		require.True(t, hub.ValidName(valid), valid)
	}
	for _, invalid := range []string{"", "-a", "_a", "A", "a.b", "a b", "a*", "a>", "a/b", "é", "a\n", strings.Repeat("a", 33)} {
		require.False(t, hub.ValidName(invalid), invalid)
	}
}
